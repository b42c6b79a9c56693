//! What the oracle says of every publish and subscription, kept small: once for each topic where
//! the topic alone decides, once for each event where a subscription asks for more.

use bytestring::ByteString;
use daemoneye_eventbus::EventSubscription;
use rustc_hash::FxHashMap;

use super::PlannedAttributes;
use super::oracle::{self, Match};
use crate::plan::Case;

/// The row of an item the plan does not know.
const UNKNOWN: u32 = u32::MAX;

/// The oracle's answers, by subscriber and item.
pub(super) struct Matches<'a> {
    subscriptions: Vec<&'a EventSubscription>,
    /// By item: the row of its topic.
    rows: Vec<u32>,
    /// By row, then subscriber: whether the topic passes.
    topics: Vec<bool>,
    /// By subscriber that filters events: by item.
    events: Vec<Option<Vec<Match>>>,
    /// Rows of the topics met so far.
    known: FxHashMap<ByteString, u32>,
}

impl<'a> Matches<'a> {
    /// No answers yet, and room for those about so many items.
    pub(super) fn new(case: &'a Case, items: usize) -> Self {
        let specs = &case.topology.subscribers;
        let subscriptions: Vec<_> = specs.iter().map(|spec| &spec.subscription).collect();
        let filters = |own: &&EventSubscription| {
            own.event_filter.is_some() || own.correlation_filter.is_some()
        };
        let events = subscriptions
            .iter()
            .map(|own| filters(own).then(|| Vec::with_capacity(items)))
            .collect();
        Self {
            subscriptions,
            rows: Vec::with_capacity(items),
            topics: Vec::new(),
            events,
            known: FxHashMap::default(),
        }
    }

    /// Asks about the next item; `None` for a fence the plan does not know.
    pub(super) fn ask(&mut self, event: Option<&PlannedAttributes>) {
        let row = event.map_or(UNKNOWN, |event| self.row(&event.topic));
        self.rows.push(row);
        for (subscriber, answers) in self.events.iter_mut().enumerate() {
            let Some(answers) = answers else { continue };
            let by_topic = by_topic(&self.topics, self.subscriptions.len(), row, subscriber);
            answers.push(match (by_topic, event) {
                (Match::Yes, Some(event)) => {
                    oracle::matches_attributes(self.subscriptions[subscriber], event)
                }
                (by_topic, _) => by_topic,
            });
        }
    }

    /// Whether an item matches a subscriber's subscription.
    pub(super) fn answer(&self, subscriber: usize, item: usize) -> Match {
        match &self.events[subscriber] {
            Some(answers) => answers[item],
            None => by_topic(&self.topics, self.subscriptions.len(), self.rows[item], subscriber),
        }
    }

    fn row(&mut self, topic: &ByteString) -> u32 {
        if let Some(row) = self.known.get(topic) {
            return *row;
        }
        let row = u32::try_from(self.known.len()).expect("fewer topics than items");
        self.known.insert(topic.clone(), row);
        let passes = self.subscriptions.iter().map(|own| oracle::matches_topic(own, topic));
        self.topics.extend(passes);
        row
    }
}

fn by_topic(topics: &[bool], subscribers: usize, row: u32, subscriber: usize) -> Match {
    match row {
        UNKNOWN => Match::Undecided,
        row if topics[row as usize * subscribers + subscriber] => Match::Yes,
        _ => Match::No,
    }
}
