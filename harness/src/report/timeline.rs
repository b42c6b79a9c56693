//! What happened around a violation, from the history of its trial: who published what and when, and
//! what the subscriber it is about received.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::{FENCE, History, Outcome, PublisherLog, SubscriberLog};

/// Events shown before and after each of a witness, of the same publisher.
const AROUND: u64 = 3;
/// Most events shown.
const MOST_EVENTS: usize = 24;

/// Two lanes: what was published, and what one subscriber received of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The subscriber.
    pub subscriber: String,
    /// In the order of their publishes.
    pub events: Vec<Passage>,
    /// Events around the witness for which there was no room.
    pub left_out: usize,
}

/// One event from its publish to the subscriber. Moments are nanoseconds since the first call shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    /// Which, as `p0#17`.
    pub event: String,
    /// Whether the witness names it.
    pub is_witness: bool,
    /// When `publish` was called.
    pub called_ns: u64,
    /// How that ended, where it did not succeed.
    pub refused: Option<String>,
    /// When the subscriber received it, as often as it did.
    pub received_ns: Vec<u64>,
}

impl Timeline {
    /// Around these events, as `p0#17`, at the subscriber that a witness is about; `None` where nobody
    /// published one.
    pub fn around(history: &History, about: Option<&str>, named: &[String]) -> Option<Self> {
        let shown = shown(history, named);
        let subscriber = subscriber(history, about, &shown)?;
        let left_out = shown.len().saturating_sub(MOST_EVENTS);
        let mut events: Vec<Passage> =
            shown.iter().take(MOST_EVENTS).map(|one| one.passage(subscriber, named)).collect();
        events.sort_by_key(|event| event.called_ns);
        let first = events.first()?.called_ns;
        for event in &mut events {
            event.called_ns -= first;
            // Nothing arrives before it is called, unless the record itself is broken.
            event.received_ns.iter_mut().for_each(|at| *at = at.saturating_sub(first));
        }
        Some(Self { subscriber: subscriber.name.clone(), events, left_out })
    }
}

/// One publish of the history that is shown.
struct Shown<'a> {
    publisher: usize,
    log: &'a PublisherLog,
    /// Its place in the publisher's log.
    at: usize,
}

impl Shown<'_> {
    fn sequence(&self) -> u64 {
        self.log.published[self.at].sequence
    }

    fn is_received_by(&self, subscriber: &SubscriberLog) -> bool {
        self.received_ns(subscriber).next().is_some()
    }

    fn received_ns<'b>(&'b self, subscriber: &'b SubscriberLog) -> impl Iterator<Item = u64> + 'b {
        let is_it = |publisher: u16, sequence: u64| {
            usize::from(publisher) == self.publisher && sequence == self.sequence()
        };
        let own = subscriber.received.iter();
        own.filter(move |one| is_it(one.publisher, one.sequence)).map(|one| one.receive_ns)
    }

    fn passage(&self, subscriber: &SubscriberLog, named: &[String]) -> Passage {
        let published = &self.log.published[self.at];
        let event = format!("{}#{}", self.log.name, published.sequence);
        Passage {
            is_witness: named.contains(&event),
            event,
            called_ns: published.call_ns,
            refused: refusal(published.outcome).map(str::to_owned),
            received_ns: self.received_ns(subscriber).collect(),
        }
    }
}

fn refusal(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok => None,
        Outcome::Closed => Some("closed"),
        Outcome::TooLarge => Some("too large"),
        Outcome::Denied => Some("denied"),
        Outcome::Timeout => Some("timed out"),
        Outcome::Unknown => Some("disconnected"),
    }
}

/// The events of a witness and their neighbours, fences left out: those named first, so that these are
/// never without room.
fn shown<'a>(history: &'a History, named: &[String]) -> Vec<Shown<'a>> {
    let mut shown: Vec<Shown<'a>> = Vec::new();
    for reach in 0..=AROUND {
        for (name, number) in named.iter().filter_map(|event| split(event)) {
            let found = history.publishers.iter().enumerate().find(|(_, log)| log.name == name);
            let Some((publisher, log)) = found else { continue };
            let is_near =
                |sequence: u64| sequence & FENCE == 0 && sequence.abs_diff(number) == reach;
            let near = log.published.iter().enumerate().filter(|(_, one)| is_near(one.sequence));
            for (at, _) in near {
                let is_new = |one: &Shown<'_>| (one.publisher, one.at) != (publisher, at);
                if shown.iter().all(is_new) {
                    shown.push(Shown { publisher, log, at });
                }
            }
        }
    }
    shown
}

/// `p0#17` in its parts.
fn split(event: &str) -> Option<(&str, u64)> {
    let (publisher, number) = event.rsplit_once('#')?;
    Some((publisher, number.parse().ok()?))
}

/// Whom the witness is about; else who received any of the events, else anybody.
fn subscriber<'a>(
    history: &'a History,
    about: Option<&str>,
    shown: &[Shown<'_>],
) -> Option<&'a SubscriberLog> {
    let logs = &history.subscribers;
    about
        .and_then(|name| logs.iter().find(|log| log.name == name))
        .or_else(|| logs.iter().find(|log| shown.iter().any(|one| one.is_received_by(log))))
        .or_else(|| logs.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Published, Received};

    fn published(sequence: u64, call_ns: u64) -> Published {
        let outcome = if sequence == 5 { Outcome::Timeout } else { Outcome::Ok };
        Published { sequence, phase: 0, call_ns, return_ns: call_ns + 1, outcome, digest: 0 }
    }

    fn received(sequence: u64, receive_ns: u64) -> Received {
        Received {
            publisher: 0,
            subscription: 0,
            sequence,
            receive_ns,
            position: 0,
            digest: 0,
            correlation: 0,
            is_root: true,
        }
    }

    /// `p0` publishes ten events; `s1` receives 4 twice and 3 after it, and never 5.
    fn history() -> History {
        let numbers = (1..=10).chain([FENCE | 1]);
        let log = |name: &str| SubscriberLog { name: name.to_owned(), ..SubscriberLog::default() };
        let mut about = log("s1");
        about.received = vec![received(4, 1_040), received(3, 1_050), received(4, 1_060)];
        History {
            publishers: vec![PublisherLog {
                name: "p0".to_owned(),
                published: numbers.map(|number| published(number, 1_000 + number % 100)).collect(),
                ..PublisherLog::default()
            }],
            subscribers: vec![log("s0"), about],
            ..History::default()
        }
    }

    fn around(about: Option<&str>, named: &[&str]) -> Option<Timeline> {
        let named: Vec<String> = named.iter().map(|&event| event.to_owned()).collect();
        Timeline::around(&history(), about, &named)
    }

    #[test]
    fn neighbours_are_shown_in_order_with_what_became_of_each() {
        let timeline = around(Some("s1"), &["p0#4"]).expect("it names events");
        let names: Vec<&str> = timeline.events.iter().map(|one| one.event.as_str()).collect();
        assert_eq!(names, ["p0#1", "p0#2", "p0#3", "p0#4", "p0#5", "p0#6", "p0#7"]);
        let [first, _, third, fourth, fifth, ..] = timeline.events.as_slice() else { panic!() };
        assert_eq!((first.called_ns, first.is_witness), (0, false));
        assert_eq!(third.received_ns, [49]);
        assert!(fourth.is_witness);
        assert_eq!(fourth.received_ns, [39, 59]);
        assert_eq!((fifth.refused.as_deref(), &*fifth.received_ns), (Some("timed out"), &[][..]));
    }

    #[test]
    fn without_a_subscriber_it_is_whoever_received_something() {
        let subscriber = |named| around(None, &[named]).expect("it names events").subscriber;
        assert_eq!(subscriber("p0#4"), "s1");
        assert_eq!(subscriber("p0#10"), "s0", "nobody: the first");
    }

    #[test]
    fn what_a_witness_names_always_has_room() {
        let mut history = history();
        history.publishers[0].published = (1..=400).map(|n| published(n, n)).collect();
        let named: Vec<String> = (1..=20).map(|n| format!("p0#{}", n * 20)).collect();
        let timeline = Timeline::around(&history, Some("s1"), &named).expect("it names events");
        assert_eq!(timeline.events.len(), MOST_EVENTS);
        assert_eq!(timeline.events.iter().filter(|one| one.is_witness).count(), 20);
        // Each of the twenty and three on either side, but for the last, which has none after it.
        assert_eq!(timeline.left_out, 20 * 7 - 3 - MOST_EVENTS);
    }

    #[test]
    fn without_events_there_is_nothing_to_show() {
        assert_eq!(around(Some("s1"), &[]), None);
        assert_eq!(around(None, &["nobody#1"]), None);
    }
}
