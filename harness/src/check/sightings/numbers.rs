//! C3 and C4 by the numbers a source gives its own events, and by the lives they tell.

use std::collections::{BTreeMap, BTreeSet};

use daemoneye_eventbus::BusEvent;

use crate::check::found::Found;
use crate::check::report::{Check, Message};
use crate::record::{Sightings, tells_exit, tells_start};

/// No number of a source comes twice, and they grow; nothing starts after its own exit.
pub(super) fn check(sightings: &Sightings, found: &mut Found<'_>) {
    let mut sources: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for received in &sightings.record {
        let header = received.event.header();
        let (source, number) = (&*header.source, header.source_sequence);
        let seen = sources.entry(source).or_default();
        found.judged(Check::Duplicates, 1);
        found.judged(Check::Fifo, 1);
        let last = seen.last().copied().unwrap_or(0);
        if !seen.insert(number) {
            found.violated_by(Check::Duplicates, &[message(received)], || {
                format!("event {number} of {source} was received again")
            });
        } else if number < last {
            found.violated_by(Check::Fifo, &[message(received)], || {
                format!("event {number} of {source} was received after its event {last}")
            });
        }
    }
    lives(sightings, found);
}

fn lives(sightings: &Sightings, found: &mut Found<'_>) {
    let mut ended = BTreeSet::new();
    for (seen, _) in sightings.processes() {
        let life = (seen.pid, seen.start_time_unix_ns);
        if tells_exit(seen) {
            found.judged(Check::Fifo, 1);
            ended.insert(life);
        } else if tells_start(seen) && ended.contains(&life) {
            found.violated(Check::Fifo, || {
                format!("process {} was seen exiting before it was seen starting", seen.pid)
            });
        }
    }
}

/// An event as witnesses name it: by its source's own number.
pub(super) fn message(received: &BusEvent) -> Message {
    let header = received.event.header();
    Message { publisher: header.source.to_string(), sequence: header.source_sequence }
}
