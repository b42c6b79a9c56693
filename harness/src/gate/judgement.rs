//! One metric of one case, judged from all its evidence.
//!
//! The looks are asked in order, each about what had been run by then and nothing else: bars, the
//! A/A screen, floors and quantile of a look are those of its own evidence and all before. The first
//! look that decides stands, whatever is run afterwards for other gates of the case; one that does
//! not gives way to the next, which has all evidence again.
//!
//! A look is asked for a reason not to conclude first, in this order: the case is barred, a trial broke
//! physics, a generator was late, the host was busy, samples are too few, fewer than six blocks,
//! the baseline differed from itself. Only then do the intervals speak. The estimate is given
//! whatever the verdict, as far as there is one.

mod block_ratios;
mod reading;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::block_ratios::BlockRatios;
use self::reading::{Reading, Unread};
use super::{Block, Estimate, Evidence, Limit, Look, Quantile, Reason, Verdict, biased, busy};
use crate::plan::gates::Metric;
use crate::record::{Trial, Validity};

/// Which ratio a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// As measured.
    Raw,
    /// With the void floor taken off.
    Corrected,
}

/// A verdict with everything it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The limit it was judged by.
    pub limit: Limit,
    /// For a latency: the quantile that was judged, lower than asked for where samples were few.
    pub quantile: Option<Quantile>,
    /// Median of the baseline's trials, in the metric's unit.
    pub baseline: Option<f64>,
    /// Median of the candidate's trials, in the metric's unit.
    pub candidate: Option<f64>,
    /// The ratio as measured.
    pub raw: Option<Estimate>,
    /// The ratio with the void floor taken off.
    pub corrected: Option<Estimate>,
    /// Which of the two is shown: the worse for the candidate of those that are gated.
    pub basis: Basis,
    /// What a reader must know besides, one sentence each.
    pub notes: Vec<String>,
    /// The log ratios the estimates come from: up to the look that decided, where one did.
    #[serde(default)]
    pub block_ratios: BlockRatios,
}

impl Judgement {
    /// Of a metric that was not measured, for this reason.
    pub fn not_applicable(limit: Limit, why: String) -> Self {
        Self { verdict: Verdict::NotApplicable(why), ..Self::blank(limit, None) }
    }

    /// Nothing is known yet.
    fn blank(limit: Limit, quantile: Option<Quantile>) -> Self {
        Self {
            verdict: Verdict::Inconclusive(Reason::Budget),
            limit,
            quantile,
            baseline: None,
            candidate: None,
            raw: None,
            corrected: None,
            basis: Basis::Raw,
            notes: Vec::new(),
            block_ratios: BlockRatios::default(),
        }
    }

    /// The estimate the verdict rests on.
    pub fn estimate(&self) -> Option<&Estimate> {
        match self.basis {
            Basis::Raw => self.raw.as_ref(),
            Basis::Corrected => self.corrected.as_ref(),
        }
    }
}

/// Judges one metric of a case.
pub fn judge(metric: Metric, limit: Limit, evidence: &Evidence) -> Judgement {
    let Some(reached) = evidence.reached() else { return judge_all(metric, limit, evidence) };
    let reached = Look::ALL.into_iter().take_while(|look| *look <= reached);
    let mut last = None;
    for look in reached {
        let mut judgement = judge_all(metric, limit, &evidence.at(look));
        if matches!(judgement.verdict, Verdict::Pass | Verdict::Fail) {
            judgement.notes.extend(run_afterwards(look, evidence));
            return judgement;
        }
        last = Some(judgement);
    }
    last.expect("a look was reached")
}

/// What a reader of a decided gate must know of blocks that were run on for other gates.
fn run_afterwards(look: Look, evidence: &Evidence) -> Option<String> {
    let (decided, run) = (look.blocks(), evidence.kept().count());
    (run > decided).then(|| {
        format!("decided at {decided} blocks; the {run} of the case were run on for other gates")
    })
}

/// Judges one metric by all of this evidence.
fn judge_all(metric: Metric, limit: Limit, evidence: &Evidence) -> Judgement {
    let mut judgement = Judgement::blank(limit, metric.quantile());
    let bar = bar(metric, evidence);
    let read = Reading::of(metric, evidence);
    judgement.verdict = match read {
        Err(Unread::NotMeasured(why)) => Verdict::NotApplicable(why),
        Err(Unread::TooFewSamples(why)) => {
            judgement.notes.push(why);
            Verdict::Inconclusive(Reason::TooFewSamples)
        }
        Err(Unread::Partly(why)) => {
            judgement.notes.push(why);
            Verdict::Inconclusive(Reason::InvalidTrial)
        }
        Ok(reading) => weigh(&mut judgement, metric, evidence, reading),
    };
    if let (Some((reason, why)), false) =
        (bar, matches!(judgement.verdict, Verdict::NotApplicable(_)))
    {
        judgement.verdict = Verdict::Inconclusive(reason);
        judgement.notes.push(why);
    }
    judgement
}

/// Why these trials may not conclude, whatever their figures are.
fn bar(metric: Metric, evidence: &Evidence) -> Option<(Reason, String)> {
    if let Some(bar) = &evidence.barred {
        return Some(bar.clone());
    }
    let blocks = || evidence.kept().chain(evidence.kept_nulls());
    let counted = || {
        let voids = evidence.kept_voids().map(|void| &void.trial);
        blocks().flat_map(|block| &block.trials).chain(voids)
    };
    let invalid = counted().find_map(|trial| match &trial.validity {
        Validity::Invalid(why) => Some(format!("a trial on {} is invalid: {why}", place(trial))),
        Validity::Valid | Validity::GeneratorLate => None,
    });
    if let Some(why) = invalid {
        return Some((Reason::InvalidTrial, why));
    }
    let late = counted().filter(|trial| trial.validity == Validity::GeneratorLate).count();
    if late > 0 {
        let why = format!("the generator missed its schedule in {late} trial(s)");
        return Some((Reason::GeneratorLate, why));
    }
    // What a busy host did to a floor is of no account where no verdict rests on floors.
    let floors = evidence.kept_voids().filter(|_| metric.gates_corrected());
    let floors = floors.filter_map(|void| {
        void.host_busy.as_ref().map(|why| format!("a void floor is not to be trusted: {why}"))
    });
    let busy = blocks().filter_map(|block| block.host_busy.clone()).chain(floors).next();
    busy.map(|why| (Reason::HostBusy, why))
}

fn place(trial: &Trial) -> &'static str {
    trial.bus.map_or("the void floor", crate::plan::Bus::as_str)
}

/// Fills the judgement with what was read, and lets the intervals speak.
fn weigh(
    judgement: &mut Judgement,
    metric: Metric,
    evidence: &Evidence,
    reading: Reading,
) -> Verdict {
    judgement.block_ratios = reading.block_ratios();
    judgement.notes.extend(reading.notes);
    judgement.notes.extend(busy::at_most(evidence.trials()));
    judgement.quantile = reading.quantile;
    judgement.baseline = reading.baseline;
    judgement.candidate = reading.candidate;
    let ratios = Ratios {
        limit: judgement.limit,
        raw: reading.raw,
        corrected: reading.corrected,
        gates_corrected: metric.gates_corrected() && reading.floors.is_some(),
    };
    let standing = ratios.all();
    judgement.raw = standing.raw;
    judgement.corrected = standing.corrected;
    judgement.basis = standing.basis;
    if Look::reached(ratios.raw.len()).is_none() {
        let (needed, run) = (Look::First.blocks(), ratios.raw.len());
        judgement.notes.push(format!("the first look is at {needed} blocks, {run} were run"));
        return Verdict::Inconclusive(Reason::Budget);
    }
    if let Some(worst) = biased(&reading.nulls, judgement.limit.ratio) {
        let ratio = worst.exp();
        judgement.notes.push(format!("the baseline differed from itself by a ratio of {ratio:.3}"));
        return Verdict::Inconclusive(Reason::NullBiased);
    }
    if ratios.gates_corrected && ratios.corrected.is_none() {
        judgement.notes.push("the instrument cost as much as the bus did".to_owned());
    }
    ran_out(standing.verdict, evidence)
}

/// Log ratios of a metric's blocks.
struct Ratios {
    limit: Limit,
    raw: Vec<f64>,
    /// `None` without a void, or when a corrected value is not positive.
    corrected: Option<Vec<f64>>,
    /// Whether the corrected ratio must agree.
    gates_corrected: bool,
}

/// What the ratios say.
struct Standing {
    raw: Option<Estimate>,
    corrected: Option<Estimate>,
    basis: Basis,
    verdict: Verdict,
}

impl Ratios {
    fn all(&self) -> Standing {
        let raw = Estimate::of(&self.raw);
        let corrected = self.corrected.as_deref().and_then(Estimate::of);
        let limit = self.limit;
        let verdict = match (raw, corrected) {
            (Some(raw), Some(corrected)) if self.gates_corrected => {
                limit.judge_both(&raw, &corrected)
            }
            (Some(_), None) if self.gates_corrected => {
                Verdict::Inconclusive(Reason::InstrumentBound)
            }
            (Some(raw), _) => limit.judge(&raw),
            (None, _) => Verdict::Inconclusive(Reason::Budget),
        };
        let worse = raw.zip(corrected).is_some_and(|(r, c)| limit.worse(c.ratio, r.ratio));
        let basis = if worse && self.gates_corrected { Basis::Corrected } else { Basis::Raw };
        Standing { raw, corrected, basis, verdict }
    }
}

/// Noise that more blocks might have settled, had they been allowed, is a matter of budget.
fn ran_out(verdict: Verdict, evidence: &Evidence) -> Verdict {
    let more_would_help = evidence.until_next_look(Look::Third.blocks()).is_some();
    if verdict == Verdict::Inconclusive(Reason::Noise) && evidence.stopped && more_would_help {
        return Verdict::Inconclusive(Reason::Budget);
    }
    verdict
}

#[cfg(test)]
mod tests;
