//! Gathers what the checkers find: counts for all, witnesses for the first few of each check.

use std::collections::BTreeMap;

use super::life::Life;
use super::report::{Check, Checked, Judgement, MAX_WITNESSES, Message, Violation};
use super::trace::{Item, Trace};
use crate::plan::Claim;
use crate::record::FENCE;

/// The violations of one history, as they are found.
pub(crate) struct Findings<'a, 'h> {
    trace: &'a Trace<'h>,
    judgement: Judgement,
    /// Witnesses kept, by check.
    kept: BTreeMap<Check, u64>,
}

/// A violation without what all violations of a history share.
pub(crate) struct Witness {
    /// What happened.
    pub(crate) sentence: String,
    /// Index of the publisher concerned.
    pub(crate) publisher: Option<usize>,
    /// Index of the subscriber concerned.
    pub(crate) subscriber: Option<usize>,
    /// The events that show it.
    pub(crate) messages: Vec<Message>,
}

impl<'a, 'h> Findings<'a, 'h> {
    /// Nothing found, nothing looked at.
    pub(crate) fn new(trace: &'a Trace<'h>) -> Self {
        let checked = Check::ALL
            .into_iter()
            .map(|check| Checked { check, items: 0, violations: 0 })
            .collect();
        let judgement = Judgement { checked, ..Judgement::default() };
        Self { trace, judgement, kept: BTreeMap::new() }
    }

    /// Notes that a check judged this many more things.
    pub(crate) fn judged(&mut self, check: Check, items: u64) {
        self.row(check).items += items;
    }

    /// Notes a violation; its witness is made only if it will be kept.
    pub(crate) fn violated(&mut self, check: Check, witness: impl FnOnce() -> Witness) {
        self.note(check, check.rule(), 1, witness);
    }

    /// Notes so many violations that one witness tells of; nothing for none.
    pub(crate) fn violated_times(
        &mut self,
        check: Check,
        times: u64,
        witness: impl FnOnce() -> Witness,
    ) {
        if times > 0 {
            self.note(check, check.rule(), times, witness);
        }
    }

    /// Notes a violation of a check that judges by several rules.
    pub(crate) fn violated_as(
        &mut self,
        check: Check,
        rule: Claim,
        witness: impl FnOnce() -> Witness,
    ) {
        self.note(check, rule.as_str(), 1, witness);
    }

    fn note(&mut self, check: Check, rule: &str, times: u64, witness: impl FnOnce() -> Witness) {
        self.row(check).violations += times;
        let kept = self.kept.entry(check).or_default();
        if *kept == MAX_WITNESSES {
            return;
        }
        *kept += 1;
        let Witness { sentence, publisher, subscriber, messages } = witness();
        self.judgement.violations.push(Violation {
            rule: rule.to_owned(),
            check,
            sentence: format!("{sentence} ({rule})"),
            case: self.trace.case.id.clone(),
            bus: self.trace.bus,
            publisher: publisher.map(|index| publisher_name(self.trace, index).to_owned()),
            subscriber: subscriber.map(|index| subscriber_name(self.trace, index).to_owned()),
            messages,
        });
    }

    /// Everything found.
    pub(crate) fn into_judgement(self) -> Judgement {
        self.judgement
    }

    fn row(&mut self, check: Check) -> &mut Checked {
        self.judgement
            .checked
            .iter_mut()
            .find(|row| row.check == check)
            .expect("every check has a row")
    }
}

/// A witness about events at one subscription.
pub(crate) fn at_life(trace: &Trace<'_>, life: &Life, items: &[u32], sentence: String) -> Witness {
    let publishers: Vec<u16> =
        items.iter().map(|item| trace.items[*item as usize].publisher).collect();
    let one = publishers.first().filter(|first| publishers.iter().all(|other| other == *first));
    Witness {
        sentence,
        publisher: one.map(|index| usize::from(*index)),
        subscriber: Some(life.subscriber),
        messages: items.iter().map(|item| message(trace, *item)).collect(),
    }
}

/// An item as witnesses name it.
pub(crate) fn message(trace: &Trace<'_>, item: u32) -> Message {
    let Item { publisher, published, .. } = trace.items[item as usize];
    Message {
        publisher: publisher_name(trace, usize::from(publisher)).to_owned(),
        sequence: published.sequence & !FENCE,
    }
}

/// A publisher's name in the case.
pub(crate) fn publisher_name<'a>(trace: &Trace<'a>, publisher: usize) -> &'a str {
    &trace.case.topology.publishers[publisher].name
}

/// A subscriber's name in the case.
pub(crate) fn subscriber_name<'a>(trace: &Trace<'a>, subscriber: usize) -> &'a str {
    &trace.case.topology.subscribers[subscriber].name
}
