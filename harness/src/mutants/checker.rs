//! Checkers as wholes: the real one, and those that cannot fail where they should.
//!
//! Each vacuous one is the real one with one part replaced by something that was once used to
//! compare these buses, and said yes to everything: what unmasks it is about that part alone.

use super::recorded::{Alike, Recorded};
use super::struck::Struck;
use crate::check::{Check, Judgement, Reached, Report, Verdict as Judged, Violation, check};
use crate::gate::{Direction, Evidence, Limit, Verdict, judge};
use crate::plan::Bus;
use crate::plan::gates::Metric;
use crate::record::{FENCE, History, Received, TrialFigures};

const THROUGHPUT: Limit = Limit { direction: Direction::AtLeast, ratio: 0.8 };
const LATENCY: Limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
const MEMORY: Limit = Limit { direction: Direction::AtMost, ratio: 1.5 };

/// What a checker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What was delivered and counted.
    Behaviour,
    /// Deliveries a second.
    Throughput,
    /// Time from publisher to subscriber.
    Latency,
    /// Memory of the whole tree.
    Memory,
    /// Who was cut off, who left, and the end of the bus.
    Struck,
}

/// Accepts or rejects a comparison, part by part.
#[derive(Clone, Copy)]
pub(super) struct Checker {
    pub(super) name: &'static str,
    /// What is wrong with it.
    pub(super) summary: &'static str,
    behaviour: fn(&Recorded) -> bool,
    throughput: fn(&Recorded) -> bool,
    latency: fn(&Recorded) -> bool,
    memory: fn(&Recorded) -> bool,
    struck: fn(&Recorded) -> bool,
}

impl Checker {
    /// The parts that reject a comparison; none accepts it.
    pub(super) fn rejects(&self, recorded: &Recorded) -> Vec<Part> {
        let parts = [
            (Part::Behaviour, self.behaviour),
            (Part::Throughput, self.throughput),
            (Part::Latency, self.latency),
            (Part::Memory, self.memory),
            (Part::Struck, self.struck),
        ];
        parts.into_iter().filter(|(_, accepts)| !accepts(recorded)).map(|(part, _)| part).collect()
    }
}

/// The one in use.
pub(super) const REAL: Checker = Checker {
    name: "the real checker",
    summary: "checks every message against the plan, gates on exact bounds over blocks",
    behaviour: |it| keeps_promises(it, Bus::Process, &it.candidate),
    throughput: |it| passes(Metric::Throughput, THROUGHPUT, &it.saturated),
    latency: |it| passes(Metric::LatencyP99, LATENCY, &it.paced),
    memory: |it| passes(Metric::Memory, MEMORY, &it.paced),
    struck: |it| bears(&it.struck, |_| {}),
};

/// Those that cannot fail where they should.
pub(super) const VACUOUS: &[Checker] = &[
    Checker {
        name: "received-anything",
        summary: "is content when every subscriber received more than nothing",
        behaviour: |it| !ordinary(&it.candidate).is_empty(),
        ..REAL
    },
    Checker {
        name: "first-ten",
        summary: "sorts both sides and compares the first ten events of a thousand",
        behaviour: |it| first_ten(&it.baseline) == first_ten(&it.candidate),
        ..REAL
    },
    Checker {
        name: "equal-counts",
        summary: "compares how many events arrived, not which",
        behaviour: |it| ordinary(&it.baseline).len() == ordinary(&it.candidate).len(),
        ..REAL
    },
    Checker {
        name: "same-set",
        summary: "compares sets: no order, no repetition",
        behaviour: |it| set(&it.baseline) == set(&it.candidate),
        ..REAL
    },
    Checker {
        name: "compares-with-itself",
        summary: "has the baseline on both sides",
        behaviour: |it| keeps_promises(it, Bus::Crossbeam, &it.baseline),
        ..REAL
    },
    Checker {
        name: "ten-times-slower",
        summary: "accepts a tenth of the throughput",
        throughput: |it| passes(Metric::Throughput, TENTH, &it.saturated),
        ..REAL
    },
    Checker {
        name: "one-trial",
        summary: "takes the first trial of each bus for all of them",
        throughput: |it| first_ratio(&it.saturated, per_second) >= THROUGHPUT.ratio,
        ..REAL
    },
    Checker {
        name: "latency-from-throughput",
        summary: "calls elapsed time divided by events a latency",
        latency: |it| first_ratio(&it.saturated, seconds_per_event) <= LATENCY.ratio,
        ..REAL
    },
    Checker {
        name: "constant-memory",
        summary: "reads the memory of both sides from a constant",
        memory: |it| first_ratio(&it.paced, constant_memory) <= MEMORY.ratio,
        ..REAL
    },
    Checker {
        name: "faults-on-trust",
        summary: "takes it that every fault of the plan hit something",
        struck: |it| {
            let is_fault = |row: &Reached| it.struck.is_fault(&row.what);
            bears(&it.struck, |judgement| judgement.reached.retain(|row| !is_fault(row)))
        },
        ..REAL
    },
    Checker {
        name: "races-on-trust",
        summary: "takes it that whoever left did so while there was something for it",
        struck: |it| {
            let is_fault = |row: &Reached| it.struck.is_fault(&row.what);
            bears(&it.struck, |judgement| judgement.reached.retain(is_fault))
        },
        ..REAL
    },
    Checker {
        name: "ends-unseen",
        summary: "asks neither whether a receiver ends nor what a bus that is down still takes",
        struck: |it| {
            let is_end = |one: &Violation| one.check == Check::Shutdown;
            bears(&it.struck, |judgement| judgement.violations.retain(|one| !is_end(one)))
        },
        ..REAL
    },
];

const TENTH: Limit = Limit { direction: Direction::AtLeast, ratio: 0.1 };
/// What every process needs, as the public project has it.
const CONSTANT_MEMORY_BYTES: f64 = 1_048_576.0;

fn keeps_promises(recorded: &Recorded, bus: Bus, history: &History) -> bool {
    check(&recorded.case, bus, history, &Alike).verdict() == Judged::Pass
}

/// Whether nothing is wrong with what somebody suffered, but for what a checker overlooks.
fn bears(struck: &Struck, overlook: impl Fn(&mut Judgement)) -> bool {
    let report = check(&struck.case, Bus::Process, &struck.history, &Alike);
    let Report::Judged(mut judgement) = report else { return false };
    overlook(&mut judgement);
    judgement.violations.is_empty() && !judgement.reached.iter().any(Reached::is_missed)
}

fn passes(metric: Metric, limit: Limit, evidence: &Evidence) -> bool {
    judge(metric, limit, evidence).verdict == Verdict::Pass
}

/// Arrivals of a history, fences left out.
fn ordinary(history: &History) -> Vec<Received> {
    let received = history.subscribers.iter().flat_map(|log| &log.received);
    received.filter(|one| one.sequence & FENCE == 0).copied().collect()
}

fn first_ten(history: &History) -> Vec<(u64, u64)> {
    let mut sorted: Vec<(u64, u64)> =
        ordinary(history).iter().map(|one| (one.sequence, one.digest)).collect();
    sorted.sort_unstable();
    sorted.truncate(10);
    sorted
}

fn set(history: &History) -> Vec<(u64, u64)> {
    let mut sorted: Vec<(u64, u64)> =
        ordinary(history).iter().map(|one| (one.sequence, one.digest)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// Candidate ÷ baseline of the first trial of each.
fn first_ratio(evidence: &Evidence, figure: fn(&TrialFigures) -> f64) -> f64 {
    let first = |bus| {
        let mut trials = evidence.trials().filter(|trial| trial.bus == Some(bus));
        trials.next().map_or(f64::NAN, |trial| figure(&trial.figures))
    };
    first(evidence.candidate) / first(evidence.baseline)
}

fn per_second(figures: &TrialFigures) -> f64 {
    figures.throughput_per_s.unwrap_or(f64::NAN)
}

fn seconds_per_event(figures: &TrialFigures) -> f64 {
    1.0 / per_second(figures)
}

fn constant_memory(_figures: &TrialFigures) -> f64 {
    CONSTANT_MEMORY_BYTES
}
