//! C3 and C4 by the numbers a source gives its own events, and by the lives they tell.

use std::collections::{BTreeMap, BTreeSet};

use daemoneye_eventbus::event::ProcessChange;
use daemoneye_eventbus::{BusEvent, CollectionEvent};

use crate::check::found::Found;
use crate::check::report::{Check, Message};
use crate::record::{Sightings, Step};

/// No number of a source comes twice, and they grow; no process starts after its own exit, and no
/// step of a thing comes before an earlier one.
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
    steps(sightings, found);
}

/// No process starts after its own exit, a stranger neither.
fn lives(sightings: &Sightings, found: &mut Found<'_>) {
    let mut ended = BTreeSet::new();
    for received in &sightings.record {
        let CollectionEvent::Process(seen) = &received.event else { continue };
        let life = (seen.pid, seen.start_time_unix_ns);
        if seen.change == ProcessChange::Exited {
            found.judged(Check::Fifo, 1);
            ended.insert(life);
        } else if seen.change == ProcessChange::Started && ended.contains(&life) {
            found.violated(Check::Fifo, || {
                format!("process {} was seen exiting before it was seen starting", seen.pid)
            });
        }
    }
}

/// No step of a thing comes before an earlier one. Of processes, `lives` tells.
fn steps(sightings: &Sightings, found: &mut Found<'_>) {
    let mut last: Vec<Option<Step>> = vec![None; sightings.things.len()];
    for (received, index) in sightings.told() {
        let Some(index) = index else { continue };
        let thing = &sightings.things[index];
        let Some(step) = thing.step_told_by(&received.event) else { continue };
        if thing.child().is_some() {
            continue;
        }
        found.judged(Check::Fifo, 1);
        match last[index] {
            Some(later) if later > step => {
                found.violated_by(Check::Fifo, &[message(received)], || {
                    format!("{} was seen {step} after it was seen {later}", thing.called(index))
                });
            }
            _ => last[index] = Some(step),
        }
    }
}

/// An event as witnesses name it: by its source's own number.
pub(super) fn message(received: &BusEvent) -> Message {
    let header = received.event.header();
    Message { publisher: header.source.to_string(), sequence: header.source_sequence }
}
