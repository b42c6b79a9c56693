//! Three-way verdicts: a bound that clears the limit, the opposite bound beyond it, or neither.
//!
//! METHOD §3 and §4. An estimate alone decides nothing. Where the void floor is taken off, raw and
//! corrected ratios must agree, and the worse of the two for the candidate is the one shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Estimate;

/// Which side of the limit a candidate must stay on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Throughput: the ratio must be at least the limit.
    AtLeast,
    /// Costs: the ratio must be at most the limit.
    AtMost,
}

/// A limit on a ratio candidate ÷ baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Which side is allowed, the limit itself included.
    pub direction: Direction,
    /// The ratio, above 0.
    pub ratio: f64,
}

/// What is decided about a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum Verdict {
    /// The bound clears the limit.
    Pass,
    /// The opposite bound is beyond it.
    Fail,
    /// Neither, for this reason.
    Inconclusive(Reason),
    /// The metric does not exist here, in these words.
    NotApplicable(String),
}

/// Why a gate is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The interval holds the limit.
    Noise,
    /// The host was busy with something else, after all redos.
    HostBusy,
    /// The generator missed its schedule.
    GeneratorLate,
    /// Raw and corrected ratios disagree, or the instrument cost as much as the bus.
    InstrumentBound,
    /// Too few samples for any quantile.
    TooFewSamples,
    /// A fault of the case was never reached.
    FaultNotReached,
    /// Time or blocks ran out before a look decided.
    Budget,
    /// The smoke profile does not conclude on performance.
    Smoke,
    /// The baseline differed from itself.
    NullBiased,
    /// A trial contradicted physics.
    InvalidTrial,
}

impl Reason {
    /// `host-busy` and the like, as in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::HostBusy => "host-busy",
            Self::GeneratorLate => "generator-late",
            Self::InstrumentBound => "instrument-bound",
            Self::TooFewSamples => "too-few-samples",
            Self::FaultNotReached => "fault-not-reached",
            Self::Budget => "budget",
            Self::Smoke => "smoke",
            Self::NullBiased => "null-biased",
            Self::InvalidTrial => "invalid-trial",
        }
    }
}

/// What one estimate says about one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Pass,
    Fail,
    Open,
}

impl Limit {
    /// The verdict of one estimate alone.
    pub fn judge(self, estimate: &Estimate) -> Verdict {
        match self.decide(estimate) {
            Decision::Pass => Verdict::Pass,
            Decision::Fail => Verdict::Fail,
            Decision::Open => Verdict::Inconclusive(Reason::Noise),
        }
    }

    /// The verdict of a raw and a corrected estimate together.
    pub fn judge_both(self, raw: &Estimate, corrected: &Estimate) -> Verdict {
        if self.decide(raw) == self.decide(corrected) {
            self.judge(raw)
        } else {
            Verdict::Inconclusive(Reason::InstrumentBound)
        }
    }

    /// Whether `ratio` is worse for the candidate than `than`.
    pub fn worse(self, ratio: f64, than: f64) -> bool {
        match self.direction {
            Direction::AtLeast => ratio < than,
            Direction::AtMost => ratio > than,
        }
    }

    fn decide(self, estimate: &Estimate) -> Decision {
        let Some(interval) = estimate.interval else { return Decision::Open };
        let (worst, best) = match self.direction {
            Direction::AtLeast => (interval.low, interval.high),
            Direction::AtMost => (interval.high, interval.low),
        };
        if self.worse(best, self.ratio) {
            Decision::Fail
        } else if self.worse(worst, self.ratio) {
            Decision::Open
        } else {
            Decision::Pass
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pass => f.write_str("PASS"),
            Self::Fail => f.write_str("FAIL"),
            Self::Inconclusive(reason) => write!(f, "INCONCLUSIVE({})", reason.as_str()),
            Self::NotApplicable(why) => write!(f, "n/a ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Interval;

    const AT_MOST_TWICE: Limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
    const AT_LEAST_80: Limit = Limit { direction: Direction::AtLeast, ratio: 0.8 };

    fn between(low: f64, high: f64) -> Estimate {
        let ratio = (low * high).sqrt();
        let interval = Interval { low, high, detectable: high / ratio };
        Estimate { ratio, blocks: 6, interval: Some(interval) }
    }

    #[test]
    fn costs_pass_below_fail_above_and_stay_open_across_the_limit() {
        assert_eq!(AT_MOST_TWICE.judge(&between(1.5, 2.0)), Verdict::Pass);
        assert_eq!(AT_MOST_TWICE.judge(&between(2.01, 2.5)), Verdict::Fail);
        assert_eq!(
            AT_MOST_TWICE.judge(&between(2.0, 2.5)),
            Verdict::Inconclusive(Reason::Noise),
            "a lower bound on the limit is not beyond it"
        );
    }

    #[test]
    fn throughput_is_judged_the_other_way_round() {
        assert_eq!(AT_LEAST_80.judge(&between(0.8, 1.5)), Verdict::Pass);
        assert_eq!(AT_LEAST_80.judge(&between(0.5, 0.79)), Verdict::Fail);
        assert_eq!(AT_LEAST_80.judge(&between(0.7, 0.9)), Verdict::Inconclusive(Reason::Noise));
    }

    #[test]
    fn an_estimate_without_an_interval_never_decides() {
        for ratio in [0.001, 1.0, 1_000.0] {
            let estimate = Estimate { ratio, blocks: 5, interval: None };
            let open = Verdict::Inconclusive(Reason::Noise);
            assert_eq!(AT_MOST_TWICE.judge(&estimate), open);
            assert_eq!(AT_LEAST_80.judge(&estimate), open);
        }
    }

    #[test]
    fn raw_and_corrected_must_agree() {
        let (good, bad, open) = (between(1.0, 1.1), between(3.0, 4.0), between(1.5, 3.0));
        let bound = Verdict::Inconclusive(Reason::InstrumentBound);
        assert_eq!(AT_MOST_TWICE.judge_both(&good, &good), Verdict::Pass);
        assert_eq!(AT_MOST_TWICE.judge_both(&bad, &bad), Verdict::Fail);
        assert_eq!(AT_MOST_TWICE.judge_both(&good, &bad), bound);
        assert_eq!(AT_MOST_TWICE.judge_both(&good, &open), bound);
        let noise = Verdict::Inconclusive(Reason::Noise);
        assert_eq!(AT_MOST_TWICE.judge_both(&open, &open), noise);
    }

    #[test]
    fn a_verdict_names_its_reason() {
        let verdict = Verdict::Inconclusive(Reason::GeneratorLate);
        assert_eq!(verdict.to_string(), "INCONCLUSIVE(generator-late)");
        assert_eq!(Verdict::NotApplicable("no smaps".to_owned()).to_string(), "n/a (no smaps)");
    }
}
