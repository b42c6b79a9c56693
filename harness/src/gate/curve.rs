//! The points of one curve on one bus, judged together.
//!
//! What a delivery costs is CPU time of the whole tree, instrument included: the void floor is not
//! taken off. The constant part of it makes a growth look smaller. Rounds in which a trial may not be
//! used are left out of the growth, and said to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::median;
use super::{Growth, Knee, Paced, Quantile, Reason, Rung, Verdict, busy};
use crate::plan::{Asks, Axis, Bus};
use crate::record::{CurveTrial, HostLoad, Latency, TrialFigures, Validity};

/// A curve on one bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurveLine {
    /// The bus.
    pub bus: Bus,
    /// Its points, in the order of the axis.
    pub points: Vec<CurvePoint>,
    /// How the cost of a delivery grows; `None` where it could not be read, and of a knee.
    pub growth: Option<Growth>,
    /// How far the bus climbed, where that is asked.
    pub knee: Option<Knee>,
    /// Whether the cost is flat, where theory says so.
    pub verdict: Option<Verdict>,
    /// What a reader must know besides, one sentence each.
    pub notes: Vec<String>,
}

/// One point of a curve on one bus, over its usable trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Place on the axis, in its unit.
    pub at: f64,
    /// Trials that may be used.
    pub trials: usize,
    /// Deliveries per second over all subscribers.
    pub throughput_per_s: Option<Spread>,
    /// CPU seconds of the whole tree per million deliveries.
    pub cpu_s_per_million: Option<Spread>,
    /// Median latency, nanoseconds; paced trials only.
    pub p50_ns: Option<Spread>,
    /// 99th percentile of the latency, nanoseconds; where every trial has samples enough.
    pub p99_ns: Option<Spread>,
}

/// Median and range of a figure over trials.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
}

impl Spread {
    /// Of the figures of some trials; `None` without any, or where one is missing.
    fn of(figures: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let figures: Option<Vec<f64>> = figures.collect();
        let figures = figures?;
        Some(Self {
            median: median(&figures)?,
            low: figures.iter().copied().reduce(f64::min)?,
            high: figures.iter().copied().reduce(f64::max)?,
        })
    }
}

impl CurveLine {
    /// Of a bus that cannot be had, for this reason.
    pub fn absent(bus: Bus, why: String) -> Self {
        let (points, notes) = (Vec::new(), vec![why]);
        Self { bus, points, growth: None, knee: None, verdict: None, notes }
    }

    /// From the trials of a curve, those of other buses left aside; `concludes`: whether verdicts may
    /// be given at all.
    pub fn of(axis: &Axis, bus: Bus, trials: &[CurveTrial], concludes: bool) -> Self {
        let own: Vec<&CurveTrial> = trials.iter().filter(|trial| trial.bus == bus).collect();
        let places = places(&own);
        let points = places.iter().map(|at| point(*at, &own)).collect();
        let mut notes = unusable(&own);
        let whole = whole_rounds(&own, &places);
        let is_busy = busy_round(&own);
        notes.extend(is_busy.clone());
        let (mut growth, mut knee, mut verdict) = (None, None, None);
        match axis.asks {
            Asks::Knee(limit_ns) => knee = Some(Knee::of(&rungs(&own, &places), limit_ns)),
            Asks::Flat | Asks::Growth => {
                growth = Growth::of(&costs(&whole));
                verdict = (axis.asks == Asks::Flat).then(|| match (&growth, is_busy) {
                    (_, _) if !concludes => Verdict::Inconclusive(Reason::Smoke),
                    (None, _) if whole.is_empty() => Verdict::Inconclusive(Reason::InvalidTrial),
                    (None, _) => Verdict::NotApplicable("CPU time was not read".to_owned()),
                    (Some(_), Some(_)) => Verdict::Inconclusive(Reason::HostBusy),
                    (Some(growth), None) => growth.is_flat(),
                });
            }
        }
        Self { bus, points, growth, knee, verdict, notes }
    }
}

/// Places on the axis, each once, in ascending order.
fn places(trials: &[&CurveTrial]) -> Vec<f64> {
    let mut places: Vec<f64> = trials.iter().map(|trial| trial.at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

fn is_at(trial: &CurveTrial, at: f64) -> bool {
    trial.at.total_cmp(&at).is_eq()
}

fn point(at: f64, own: &[&CurveTrial]) -> CurvePoint {
    let usable: Vec<&TrialFigures> = own
        .iter()
        .filter(|trial| is_at(trial, at) && trial.validity == Validity::Valid)
        .map(|trial| &trial.figures)
        .collect();
    let spread =
        |figure: fn(&TrialFigures) -> Option<f64>| Spread::of(usable.iter().map(|own| figure(own)));
    CurvePoint {
        at,
        trials: usable.len(),
        throughput_per_s: spread(|own| own.throughput_per_s.or_else(|| paced_throughput(own))),
        cpu_s_per_million: spread(|own| own.cpu_s_per_million),
        p50_ns: spread(|own| own.latency.as_ref().map(|latency| latency.p50_ns as f64)),
        p99_ns: spread(|own| p99_of(own.latency.as_ref()).map(|ns| ns as f64)),
    }
}

/// Deliveries a second of a paced trial: those of its window.
fn paced_throughput(figures: &TrialFigures) -> Option<f64> {
    (figures.window_s > 0.0).then(|| figures.deliveries as f64 / figures.window_s)
}

/// The 99th percentile, where samples carry it (METHOD §2).
fn p99_of(latency: Option<&Latency>) -> Option<u64> {
    let latency = latency?;
    (latency.samples >= Quantile::P99.needs_samples()).then(|| Quantile::P99.of(latency))
}

/// Rounds that have a usable trial at every place, points in the order of the axis.
fn whole_rounds<'a>(own: &[&'a CurveTrial], places: &[f64]) -> Vec<Vec<&'a CurveTrial>> {
    let last = own.iter().map(|trial| trial.round).max();
    let usable = |round: u32, at: f64| {
        let is_it = |trial: &&&CurveTrial| trial.round == round && is_at(trial, at);
        own.iter().find(is_it).copied().filter(|trial| trial.validity == Validity::Valid)
    };
    let whole = |round| places.iter().map(|at| usable(round, *at)).collect::<Option<Vec<_>>>();
    last.map_or_else(Vec::new, |last| (0..=last).filter_map(whole).collect())
}

/// What a delivery cost at each place, round by round; nothing unless all of it was read.
fn costs(whole: &[Vec<&CurveTrial>]) -> Vec<Vec<(f64, f64)>> {
    let cost = |trial: &&CurveTrial| Some((trial.at, trial.figures.cpu_s_per_million?));
    let round = |round: &Vec<&CurveTrial>| round.iter().map(cost).collect::<Option<Vec<_>>>();
    whole.iter().map(round).collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn rungs(own: &[&CurveTrial], places: &[f64]) -> Vec<Rung> {
    // From the planned moment on: a bus that keeps its publisher waiting has not kept the rate.
    let p99_ns = |figures: &TrialFigures| p99_of(figures.response.as_ref());
    let climbed = |trial: &&&CurveTrial| match (&trial.validity, p99_ns(&trial.figures)) {
        (Validity::GeneratorLate, _) => Paced::GeneratorLate,
        (Validity::Valid, Some(ns)) => Paced::P99(ns),
        (Validity::Valid | Validity::Invalid(_), _) => Paced::Unknown,
    };
    let rung = |at: &f64| Rung {
        rate_per_s: *at,
        trials: own.iter().filter(|trial| is_at(trial, *at)).map(|trial| climbed(&trial)).collect(),
    };
    places.iter().map(rung).collect()
}

/// The first round in which the host was too busy with others, in words.
fn busy_round(own: &[&CurveTrial]) -> Option<String> {
    let last = own.iter().map(|trial| trial.round).max()?;
    (0..=last).find_map(|round| {
        let trials = own.iter().filter(|trial| trial.round == round);
        let loads: Vec<HostLoad> = trials.filter_map(|trial| trial.figures.host).collect();
        busy::busy_with(&loads, "round")
    })
}

/// What is said of trials that may not be used.
fn unusable(own: &[&CurveTrial]) -> Vec<String> {
    let mut notes = Vec::new();
    let late = own.iter().filter(|trial| trial.validity == Validity::GeneratorLate).count();
    if late > 0 {
        notes.push(format!("the generator missed its schedule in {late} trial(s)"));
    }
    let invalid = own.iter().filter_map(|trial| match &trial.validity {
        Validity::Invalid(why) => Some((trial, why)),
        Validity::Valid | Validity::GeneratorLate => None,
    });
    if let Some((trial, why)) = invalid.clone().next() {
        let many = invalid.count();
        notes.push(format!("{many} trial(s) are invalid, the first of {}: {why}", trial.case));
    }
    notes
}

#[cfg(test)]
mod tests;
