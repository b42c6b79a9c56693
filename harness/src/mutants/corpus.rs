//! Comparisons that must be rejected, each doctored in one place, with the part that must reject it.

use super::checker::Part;
use super::recorded::{Recorded, set_latency};
use super::struck::Struck;
use crate::gate::Evidence;
use crate::record::{History, Received, TrialFigures, UNKNOWN_PUBLISHER};

/// One doctored comparison.
pub(super) struct Doctored {
    pub(super) name: &'static str,
    /// The one part of a checker that must reject it.
    pub(super) rejected_by: Part,
    doctor: fn(&mut Recorded),
}

impl Doctored {
    /// The right comparison with this one thing wrong.
    pub(super) fn recorded(&self) -> Recorded {
        let mut recorded = Recorded::right();
        (self.doctor)(&mut recorded);
        recorded
    }
}

const fn doctored(name: &'static str, rejected_by: Part, doctor: fn(&mut Recorded)) -> Doctored {
    Doctored { name, rejected_by, doctor }
}

/// An event in the middle of the thousand: far from the first ten, far from the end.
const MIDDLE: usize = 500;

/// Every doctored comparison.
pub(super) const CORPUS: &[Doctored] = &[
    doctored("all-but-three-lost", Part::Behaviour, |it| received(it).truncate(3)),
    doctored("one-lost", Part::Behaviour, |it| {
        received(it).remove(MIDDLE);
    }),
    doctored("one-twice", Part::Behaviour, |it| {
        let twice = received(it)[MIDDLE];
        received(it).insert(MIDDLE, twice);
    }),
    doctored("two-swapped", Part::Behaviour, |it| {
        let received = received(it);
        let (first, second) = (received[MIDDLE], received[MIDDLE + 1]);
        received[MIDDLE] = moved(second, first);
        received[MIDDLE + 1] = moved(first, second);
    }),
    doctored("one-altered", Part::Behaviour, |it| received(it)[MIDDLE].digest ^= 1),
    doctored("one-of-nobody", Part::Behaviour, |it| {
        received(it)[MIDDLE].publisher = UNKNOWN_PUBLISHER;
    }),
    doctored("a-correlation-shared", Part::Behaviour, |it| received(it)[MIDDLE].correlation = 7),
    doctored("one-counted-too-many", Part::Behaviour, |it| {
        it.candidate.statistics.iter_mut().for_each(|counted| counted.events_published += 1);
    }),
    doctored("nothing-recorded", Part::Behaviour, |it| it.candidate = History::default()),
    doctored("throughput-0.7", Part::Throughput, |it| slow_down(&mut it.saturated, 0, 0.7)),
    doctored("throughput-0.3", Part::Throughput, |it| slow_down(&mut it.saturated, 0, 0.3)),
    doctored("throughput-0.5-but-once", Part::Throughput, |it| {
        slow_down(&mut it.saturated, 1, 0.5);
    }),
    doctored("latency-3", Part::Latency, |it| {
        change(&mut it.paced, 0, |figures| {
            let p99_ns = figures.latency.as_ref().map_or(0, |latency| latency.p99_ns);
            set_latency(figures, p99_ns * 3);
        });
    }),
    doctored("memory-2", Part::Memory, |it| {
        change(&mut it.paced, 0, |figures| {
            figures.memory_bytes = figures.memory_bytes.map(|bytes| bytes * 2.0);
        });
    }),
    doctored("cut-off-when-all-was-over", Part::Struck, |it| it.struck = Struck::cut_off_late()),
    doctored("left-when-all-was-over", Part::Struck, |it| it.struck = Struck::left_late()),
    doctored("one-cut-off-waits-on", Part::Struck, |it| it.struck.forget_the_cut_off()),
    doctored("one-outlives-its-bus", Part::Struck, |it| it.struck.forget_the_last()),
    doctored("one-taken-by-a-bus-that-is-down", Part::Struck, |it| it.struck.accept_the_last()),
];

/// What the candidate's subscriber received.
fn received(recorded: &mut Recorded) -> &mut Vec<Received> {
    &mut recorded.candidate.subscribers[0].received
}

/// An arrival in the place of another.
fn moved(arrival: Received, place: Received) -> Received {
    Received { receive_ns: place.receive_ns.max(arrival.receive_ns), ..arrival }
}

fn slow_down(evidence: &mut Evidence, from_block: usize, factor: f64) {
    change(evidence, from_block, |figures| {
        figures.throughput_per_s = figures.throughput_per_s.map(|per_s| per_s * factor);
    });
}

/// Changes the candidate's figures from a block on.
fn change(evidence: &mut Evidence, from_block: usize, change: impl Fn(&mut TrialFigures)) {
    let candidate = evidence.candidate;
    let blocks = evidence.blocks.iter_mut().skip(from_block);
    let trials = blocks.flat_map(|block| &mut block.trials);
    for trial in trials.filter(|trial| trial.bus == Some(candidate)) {
        change(&mut trial.figures);
    }
}
