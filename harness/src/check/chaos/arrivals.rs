//! C1, C2, C3, C4 and C6 by the numbers sources give their events, and by the script.

use std::collections::BTreeSet;

use daemoneye_eventbus::{BusEvent, CollectionEvent};

use crate::check::found::Found;
use crate::check::report::{Check, Message};
use crate::plan::Case;
use crate::plan::chaos::SourceSpec;
use crate::record::ChaosHistory;

/// Judges every arrival; returns how many events that had to arrive did not.
pub(super) fn check(case: &Case, history: &ChaosHistory, found: &mut Found<'_>) -> u64 {
    let sources = &case.chaos.sources;
    let mut seen: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); sources.len()];
    for received in &history.received {
        let source = &received.event.header().source;
        found.judged(Check::Foreign, 1);
        match sources.iter().position(|spec| *source == spec.name.as_str()) {
            Some(index) => arrival(received, &sources[index], &mut seen[index], found),
            None => found.violated_by(Check::Foreign, &[message(received)], || {
                format!("an event of {source} was received, which is no source of the collector")
            }),
        }
    }
    let of_each = sources.iter().zip(&seen).map(|(spec, seen)| missing(spec, seen, found));
    of_each.sum()
}

fn arrival(
    received: &BusEvent,
    spec: &SourceSpec,
    seen: &mut BTreeSet<u64>,
    found: &mut Found<'_>,
) {
    let (name, number) = (&spec.name, received.event.header().source_sequence);
    let messages = [message(received)];
    if !spec.declares(number) {
        found.violated_by(Check::Foreign, &messages, || {
            format!("event {number} of {name} was received, which it does not declare")
        });
        return;
    }
    found.judged(Check::Duplicates, 1);
    found.judged(Check::Fifo, 1);
    found.judged(Check::Content, 1);
    let last = seen.last().copied().unwrap_or_default();
    if !seen.insert(number) {
        found.violated_by(Check::Duplicates, &messages, || {
            format!("event {number} of {name} was received again")
        });
    } else if number < last {
        found.violated_by(Check::Fifo, &messages, || {
            format!("event {number} of {name} was received after its event {last}")
        });
    }
    if !is_as_sent(&received.event, spec, number) {
        found.violated_by(Check::Content, &messages, || {
            format!("event {number} of {name} is not what was sent: {:?}", received.event)
        });
    }
}

/// Whether an event is the scripted one; when it was sent is its sender's to say.
fn is_as_sent(seen: &CollectionEvent, spec: &SourceSpec, number: u64) -> bool {
    let mut sent = spec.event(number);
    let (stamps, header) = (seen.header(), sent.header_mut());
    header.observed_unix_ns = stamps.observed_unix_ns;
    header.observed_monotonic_ns = stamps.observed_monotonic_ns;
    sent == *seen
}

fn missing(spec: &SourceSpec, seen: &BTreeSet<u64>, found: &mut Found<'_>) -> u64 {
    found.judged(Check::Delivery, spec.events);
    let mut missing = 0;
    for number in (1..=spec.sends()).filter(|number| spec.declares(*number)) {
        if !seen.contains(&number) {
            missing += 1;
            let messages = [Message { publisher: spec.name.clone(), sequence: number }];
            found.violated_by(Check::Delivery, &messages, || {
                format!("event {number} of {} was never received", spec.name)
            });
        }
    }
    missing
}

/// An event as witnesses name it: by its source's own number.
fn message(received: &BusEvent) -> Message {
    let header = received.event.header();
    Message { publisher: header.source.to_string(), sequence: header.source_sequence }
}
