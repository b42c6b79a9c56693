//! The log ratios of one metric, read out of the trials of one case.

use super::super::{Quantile, by_side, log_ratio, median};
use super::{Block, BlockRatios, Evidence, Metric, Trial};
use crate::plan::Bus;

/// What one metric's trials say.
pub(super) struct Reading {
    /// Log ratio of each counted block.
    pub(super) raw: Vec<f64>,
    /// The same with the void floor taken off; `None` when a corrected value is not positive.
    pub(super) corrected: Option<Vec<f64>>,
    /// Log ratio of each A/A block.
    pub(super) nulls: Vec<f64>,
    /// The quantile read, for a latency.
    pub(super) quantile: Option<Quantile>,
    /// The baseline's and the candidate's void, where both were measured.
    pub(super) floors: Option<(f64, f64)>,
    /// Median of the baseline's figures.
    pub(super) baseline: Option<f64>,
    /// Median of the candidate's figures.
    pub(super) candidate: Option<f64>,
    /// What a reader must know.
    pub(super) notes: Vec<String>,
}

/// Why there is no reading.
pub(super) enum Unread {
    /// No trial has the figure.
    NotMeasured(String),
    /// Some have it, others do not.
    Partly(String),
    /// No quantile is carried by the samples.
    TooFewSamples(String),
}

/// The baseline's and the candidate's two figures of one block.
type Sides = ([f64; 2], [f64; 2]);

/// A metric as it is read from every trial alike.
#[derive(Clone, Copy)]
struct Reader {
    metric: Metric,
    quantile: Option<Quantile>,
}

impl Reading {
    pub(super) fn of(metric: Metric, evidence: &Evidence) -> Result<Self, Unread> {
        let mut notes = Vec::new();
        let reader = Reader::choose(metric, evidence, &mut notes)?;
        let blocks = reader.blocks(evidence.kept())?;
        let nulls = reader.blocks(evidence.kept_nulls())?;
        let sides =
            |side: fn(&Sides) -> [f64; 2]| blocks.iter().flat_map(side).collect::<Vec<f64>>();
        let void_of = |bus| reader.void(evidence, bus);
        let voids = void_of(evidence.baseline).zip(void_of(evidence.candidate));
        let corrected = voids.and_then(|floor| corrected(metric, &blocks, floor));
        if voids.is_none() {
            notes.push("no void floor was measured; the ratio is raw".to_owned());
        }
        if nulls.is_empty() {
            notes.push("no A/A block was run; the baseline was not screened".to_owned());
        }
        let redone = evidence.blocks.iter().filter(|block| block.redone).count();
        if redone > 0 {
            notes.push(format!("{redone} block(s) redone because the host was busy"));
        }
        let redone = evidence.voids.iter().filter(|void| void.redone).count();
        if redone > 0 {
            notes.push(format!("{redone} void trial(s) redone because the host was busy"));
        }
        notes.extend(unread(metric, evidence));
        Ok(Self {
            raw: log_ratios(&blocks)?,
            corrected,
            nulls: log_ratios(&nulls)?,
            quantile: reader.quantile,
            floors: voids,
            baseline: median(&sides(|block| block.0)),
            candidate: median(&sides(|block| block.1)),
            notes,
        })
    }

    /// What was read, for the report.
    pub(super) fn block_ratios(&self) -> BlockRatios {
        BlockRatios {
            raw: self.raw.clone(),
            corrected: self.corrected.clone().unwrap_or_default(),
            nulls: self.nulls.clone(),
            baseline_floor: self.floors.map(|floors| floors.0),
            candidate_floor: self.floors.map(|floors| floors.1),
        }
    }
}

impl Reader {
    /// One quantile for all trials of the case: the highest their fewest samples carry.
    fn choose(
        metric: Metric,
        evidence: &Evidence,
        notes: &mut Vec<String>,
    ) -> Result<Self, Unread> {
        let Some(asked) = metric.quantile() else { return Ok(Self { metric, quantile: None }) };
        let latencies = || {
            let trials = evidence.kept().flat_map(|block| &block.trials);
            trials.filter_map(|trial| trial.figures.latency.as_ref())
        };
        let Some(samples) = latencies().map(|latency| latency.samples).min() else {
            return Ok(Self { metric, quantile: Some(asked) });
        };
        let Some(used) = asked.carried_by(samples) else {
            let why = format!("a trial has only {samples} samples");
            return Err(Unread::TooFewSamples(why));
        };
        if used != asked {
            let (used, asked_name, needs) = (used.as_str(), asked.as_str(), asked.needs_samples());
            notes.push(format!(
                "{used} instead of {asked_name}: a trial has {samples} samples, \
                 {asked_name} needs {needs}"
            ));
        }
        Ok(Self { metric, quantile: Some(used) })
    }

    /// Baseline's and candidate's figures of each block.
    fn blocks<'a>(self, blocks: impl Iterator<Item = &'a Block>) -> Result<Vec<Sides>, Unread> {
        let mut read = Vec::new();
        let (mut there, mut missing) = (0, 0);
        for block in blocks {
            let figures = block.trials.each_ref().map(|trial| self.figure(trial));
            let found = figures.iter().flatten().count();
            there += found;
            missing += figures.len() - found;
            if let [Some(first), Some(second), Some(third), Some(fourth)] = figures {
                read.push(by_side(block.order, [first, second, third, fourth]));
            }
        }
        match (there, missing) {
            (_, 0) => Ok(read),
            (0, _) => Err(Unread::NotMeasured(format!("{} not measured", self.metric.as_str()))),
            _ => Err(Unread::Partly(format!("{missing} trial(s) lack {}", self.metric.as_str()))),
        }
    }

    fn figure(self, trial: &Trial) -> Option<f64> {
        self.metric.figure(trial, self.quantile)
    }

    /// The floor of the process layout a bus is run in.
    fn void(self, evidence: &Evidence, bus: Bus) -> Option<f64> {
        let kept = evidence.kept_voids().map(|void| &void.trial);
        let own = kept.filter(|trial| trial.void_of == Some(bus));
        let figures: Vec<f64> = own.filter_map(|trial| self.figure(trial)).collect();
        median(&figures)
    }
}

/// What is missing from memory, where the host does not tell what is queued in sockets.
fn unread(metric: Metric, evidence: &Evidence) -> Option<String> {
    let is_memory = matches!(metric, Metric::Memory | Metric::Backlog);
    let mut trials = evidence.trials().filter(|_| is_memory);
    let why = trials.find_map(|trial| trial.figures.sockets_unread.as_ref())?;
    Some(format!("bytes queued in sockets are n/a, and not in the memory: {why}"))
}

fn log_ratios(blocks: &[Sides]) -> Result<Vec<f64>, Unread> {
    let ratios: Option<Vec<f64>> = blocks.iter().map(|(a, b)| log_ratio(*a, *b)).collect();
    ratios.ok_or_else(|| Unread::Partly("a figure is not positive".to_owned()))
}

/// Log ratios without the floor; `None` when any value is not positive.
fn corrected(
    metric: Metric,
    blocks: &[Sides],
    (baseline, candidate): (f64, f64),
) -> Option<Vec<f64>> {
    let off = |figures: [f64; 2], void| {
        let [first, second] = figures.map(|figure| metric.floor().corrected(figure, void));
        Some([first?, second?])
    };
    blocks.iter().map(|(a, b)| log_ratio(off(*a, baseline)?, off(*b, candidate)?)).collect()
}
