//! The knee: up to which rate the 99th percentile of the latency stays below a limit.
//!
//! Rates are climbed in order and the climb ends at the first that was missed: one that is kept
//! after one that was not is luck. A rate is kept when every trial is below the limit; beside it
//! stands the climb by medians, which one disturbed trial does not end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::median;

/// What one trial at a rate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paced {
    /// Its 99th percentile, nanoseconds.
    P99(u64),
    /// The generator missed the schedule though the bus left it time: this rate was not offered.
    GeneratorLate,
    /// Samples too few for a 99th percentile, or a trial that may not be used.
    Unknown,
}

/// One rate and its trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Events per second.
    pub rate_per_s: f64,
    /// Its trials.
    pub trials: Vec<Paced>,
}

/// How far a bus climbed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// The greatest rate at which, and at every one below, each trial stayed below the limit;
    /// `None` where not even the first was kept.
    pub kept_per_s: Option<f64>,
    /// The same where the median of a rate's trials decides.
    pub kept_by_median_per_s: Option<f64>,
    /// The rate that ended the climb; `None` where all were kept.
    pub missed: Option<Missed>,
    /// Trials of each rate, at least.
    pub trials: usize,
}

/// The first rate that was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Missed {
    /// Events per second.
    pub rate_per_s: f64,
    /// Why.
    pub why: WhyMissed,
}

/// Why a rate was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhyMissed {
    /// So many trials were not below the limit.
    OverLimit(usize),
    /// The generator could not offer the rate: it says nothing about the bus.
    GeneratorLate,
    /// Trials could not be used: it says nothing about the bus.
    Unknown,
}

impl Knee {
    /// Of rates in ascending order.
    pub fn of(rungs: &[Rung], limit_ns: u64) -> Self {
        let missed = rungs.iter().find_map(|rung| {
            let why = rung.missed(limit_ns)?;
            Some(Missed { rate_per_s: rung.rate_per_s, why })
        });
        let by_median = |rung: &&Rung| rung.median_ns().is_some_and(|p99| p99 < limit_ns as f64);
        let kept = |is_kept: &dyn Fn(&&Rung) -> bool| {
            rungs.iter().take_while(is_kept).last().map(|rung| rung.rate_per_s)
        };
        Self {
            kept_per_s: kept(&|rung| rung.missed(limit_ns).is_none()),
            kept_by_median_per_s: kept(&by_median),
            missed,
            trials: rungs.iter().map(|rung| rung.trials.len()).min().unwrap_or_default(),
        }
    }

    /// Whether the bus may keep more than [`kept_per_s`](Self::kept_per_s): nothing that was asked of
    /// it was too much.
    pub fn is_at_least(&self) -> bool {
        self.missed.is_none_or(|missed| missed.why == WhyMissed::GeneratorLate)
    }
}

impl Rung {
    /// Why the rate was not kept; a bus that was over is told before a generator that was late.
    fn missed(&self, limit_ns: u64) -> Option<WhyMissed> {
        let count = |is: &dyn Fn(&Paced) -> bool| self.trials.iter().filter(|one| is(one)).count();
        let over = count(&|one| matches!(one, Paced::P99(ns) if *ns >= limit_ns));
        if over > 0 {
            Some(WhyMissed::OverLimit(over))
        } else if count(&|one| *one == Paced::GeneratorLate) > 0 {
            Some(WhyMissed::GeneratorLate)
        } else {
            let unknown = self.trials.is_empty() || count(&|one| *one == Paced::Unknown) > 0;
            unknown.then_some(WhyMissed::Unknown)
        }
    }

    /// Median of the trials that have a 99th percentile, where most have.
    fn median_ns(&self) -> Option<f64> {
        let of = |one: &Paced| match one {
            Paced::P99(ns) => Some(*ns as f64),
            Paced::GeneratorLate | Paced::Unknown => None,
        };
        let known: Vec<f64> = self.trials.iter().filter_map(of).collect();
        (known.len() * 2 > self.trials.len()).then(|| median(&known)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_NS: u64 = 1_000_000;

    fn rung(rate_per_s: f64, p99_us: &[u64]) -> Rung {
        Rung { rate_per_s, trials: p99_us.iter().map(|us| Paced::P99(us * 1_000)).collect() }
    }

    #[test]
    fn the_knee_is_the_last_rate_before_the_first_that_was_missed() {
        let rungs = [rung(1e3, &[80, 90, 85]), rung(2e3, &[200, 300, 999]), rung(4e3, &[9_000; 3])];
        let knee = Knee::of(&rungs, LIMIT_NS);
        assert_eq!((knee.kept_per_s, knee.kept_by_median_per_s), (Some(2e3), Some(2e3)));
        let why = WhyMissed::OverLimit(3);
        assert_eq!(knee.missed, Some(Missed { rate_per_s: 4e3, why }));
        assert!(!knee.is_at_least());
        assert_eq!(knee.trials, 3);
    }

    #[test]
    fn the_limit_itself_is_not_below_it() {
        let knee = Knee::of(&[rung(1e3, &[1_000])], LIMIT_NS);
        assert_eq!((knee.kept_per_s, knee.kept_by_median_per_s), (None, None));
    }

    #[test]
    fn one_trial_over_ends_the_climb_but_not_that_by_medians() {
        let rungs = [rung(1e3, &[80; 3]), rung(2e3, &[90, 5_000, 95]), rung(4e3, &[100; 3])];
        let knee = Knee::of(&rungs, LIMIT_NS);
        assert_eq!((knee.kept_per_s, knee.kept_by_median_per_s), (Some(1e3), Some(4e3)));
        assert_eq!(knee.missed.map(|missed| missed.why), Some(WhyMissed::OverLimit(1)));
    }

    #[test]
    fn a_rate_kept_after_one_that_was_missed_is_luck() {
        let rungs = [rung(1e3, &[80]), rung(2e3, &[3_000]), rung(4e3, &[80])];
        let knee = Knee::of(&rungs, LIMIT_NS);
        assert_eq!((knee.kept_per_s, knee.kept_by_median_per_s), (Some(1e3), Some(1e3)));
    }

    #[test]
    fn where_all_is_kept_or_the_generator_gives_up_the_knee_is_at_least_that() {
        let all = Knee::of(&[rung(1e3, &[80]), rung(2e3, &[90])], LIMIT_NS);
        assert_eq!((all.kept_per_s, all.missed), (Some(2e3), None));
        let late = Rung { rate_per_s: 4e3, trials: vec![Paced::P99(90), Paced::GeneratorLate] };
        let late = Knee::of(&[rung(2e3, &[90, 80]), late], LIMIT_NS);
        let why = WhyMissed::GeneratorLate;
        assert_eq!(late.missed, Some(Missed { rate_per_s: 4e3, why }));
        assert!(all.is_at_least() && late.is_at_least());
        assert_eq!(late.kept_per_s, Some(2e3));
    }

    #[test]
    fn a_rate_without_trials_is_not_kept() {
        let rungs = [rung(1e3, &[80]), rung(2e3, &[])];
        let knee = Knee::of(&rungs, LIMIT_NS);
        assert_eq!(knee.missed.map(|missed| missed.why), Some(WhyMissed::Unknown));
        assert_eq!((knee.kept_per_s, knee.trials), (Some(1e3), 0));
        assert!(!knee.is_at_least(), "what cannot be used may have been too much");
    }
}
