//! Two reports side by side: what was so, and is no more.
//!
//! Absolute figures of two runs decide nothing; ratios to the same baseline may be compared, on one class
//! of host. How much a ratio has changed is bounded by the ends of both intervals, which is more than either
//! errs: what is called worse is so whatever each of them allows.

mod open;

use self::open::open;
use super::alignment::aligned;
use super::figure::{counted, ratio};
use super::{Behaviour, BehaviourRow, PerformanceRow, Run};
use crate::gate::{Direction, Interval, Verdict};
use crate::plan::Bus;
use crate::plan::gates::Metric;

/// Columns of figures.
const FLUSH_RIGHT: [usize; 2] = [3, 4];

/// What has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Whether both ran on one class of host: otherwise ratios are for information.
    same_class: bool,
    classes: [String; 2],
    revisions: [String; 2],
    ratios: Vec<RatioChange>,
    outcomes: Vec<OutcomeChange>,
    /// Behaviour rows that are in both.
    cases: usize,
    /// Why the later report does not say enough, one sentence each.
    open: Vec<String>,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something is worse for certain.
    Worse,
    /// Nothing is, as far as the later report says; it is partial, or says less than the earlier.
    Open,
    /// Nothing is.
    NotWorse,
}

/// A ratio in both reports.
#[derive(Debug, Clone, PartialEq)]
struct RatioChange {
    case: String,
    metric: Metric,
    candidate: Bus,
    verdicts: [Verdict; 2],
    ratios: [f64; 2],
    /// By which factor it has grown, at least and at most; `None` without both intervals.
    bounds: Option<(f64, f64)>,
    trend: Trend,
}

/// Whether a change is told from none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trend {
    Better,
    Worse,
    NotTold,
}

/// A behaviour case that ends otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OutcomeChange {
    case: String,
    bus: Bus,
    outcomes: [Option<Behaviour>; 2],
}

impl Comparison {
    /// Of an earlier and a later report.
    pub fn of(earlier: &Run, later: &Run) -> Self {
        let classes = [earlier, later].map(|run| run.host.class());
        let same_baseline = earlier.baseline_revision == later.baseline_revision;
        let rows = later.performance.iter().filter(|_| same_baseline);
        let in_both = |row: &&BehaviourRow| found(earlier, row).is_some();
        Self {
            same_class: classes[0] == classes[1],
            classes,
            revisions: [earlier, later].map(|run| run.revision.clone()),
            ratios: rows.filter_map(|row| ratio_change(earlier, row)).collect(),
            outcomes: outcomes(earlier, later),
            cases: later.behaviour.iter().filter(in_both).count(),
            open: open(earlier, later),
        }
    }

    /// Whether both reports say something of the same thing.
    pub fn has_something(&self) -> bool {
        !self.ratios.is_empty() || self.cases > 0
    }

    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        let worse = self.ratios.iter().any(|change| change.trend == Trend::Worse);
        if (self.same_class && worse) || self.outcomes.iter().any(OutcomeChange::is_worse) {
            Outcome::Worse
        } else if !self.open.is_empty() || !self.has_something() {
            Outcome::Open
        } else {
            Outcome::NotWorse
        }
    }

    /// For a terminal; the first line says whether anything is worse.
    pub fn table(&self) -> String {
        let mut lines = vec![self.headline()];
        lines.push(format!("from revision {} to {}", self.revisions[0], self.revisions[1]));
        if !self.same_class {
            let [from, to] = &self.classes;
            lines.push(format!("the hosts differ, so ratios are for information: {from} | {to}"));
        }
        if !self.ratios.is_empty() {
            lines.push(String::new());
            let heads = ["case", "metric", "bus", "ratio", "was", "change [bounds]", "verdict", ""];
            let rows: Vec<[String; 8]> = self.ratios.iter().map(RatioChange::cells).collect();
            lines.extend(aligned(&heads.map(str::to_owned), &rows, &FLUSH_RIGHT));
        }
        lines.extend(self.outcomes.iter().map(OutcomeChange::line));
        lines.extend(self.open.iter().map(|why| format!("open: {why}")));
        lines.join("\n")
    }

    fn headline(&self) -> String {
        let worse = self.ratios.iter().filter(|change| change.trend == Trend::Worse);
        let worse = worse.map(|change| format!("{} of {}", change.metric.as_str(), change.case));
        let worse = worse.filter(|_| self.same_class);
        let broken = self.outcomes.iter().filter(|change| change.is_worse());
        let broken = broken.map(|change| change.case.clone());
        let all: Vec<String> = broken.chain(worse).collect();
        match all.as_slice() {
            [] if !self.has_something() => {
                "nothing to compare: no ratio and no case is in both".to_owned()
            }
            [] => {
                let cases = counted(self.cases, "case", "cases");
                let ratios = counted(self.ratios.len(), "ratio", "ratios");
                let but =
                    if self.open.is_empty() { "" } else { ", as far as the later report says" };
                format!("nothing of {cases} and {ratios} is worse for certain{but}")
            }
            [one] => format!("worse: {one}"),
            [first, rest @ ..] => format!("worse: {first}, and {} more", rest.len()),
        }
    }
}

impl RatioChange {
    fn cells(&self) -> [String; 8] {
        let [was, is] = self.ratios;
        let bounds = self.bounds.map_or_else(String::new, |(least, most)| {
            format!(" [{}, {}]", ratio(least), ratio(most))
        });
        let [before, now] = [0, 1].map(|at| self.verdicts[at].to_string());
        let verdict = if before == now { now } else { format!("{before} -> {now}") };
        let trend = match self.trend {
            Trend::Better => "better",
            Trend::Worse => "WORSE",
            Trend::NotTold => "",
        };
        [
            self.case.clone(),
            self.metric.as_str().to_owned(),
            self.candidate.as_str().to_owned(),
            ratio(is),
            ratio(was),
            format!("{}{bounds}", ratio(is / was)),
            verdict,
            trend.to_owned(),
        ]
    }
}

/// The row of the later report beside that of the earlier; `None` where either has no ratio.
fn ratio_change(earlier: &Run, row: &PerformanceRow) -> Option<RatioChange> {
    let is_same = |other: &&PerformanceRow| {
        (&other.case, other.metric, other.baseline, other.candidate)
            == (&row.case, row.metric, row.baseline, row.candidate)
            && other.judgement.quantile == row.judgement.quantile
    };
    let before = earlier.performance.iter().find(is_same)?;
    let [was, is] = [before, row].map(|row| row.judgement.estimate());
    let (was, is) = (was?, is?);
    let bounds = was.interval.zip(is.interval).map(|(was, is)| factor(was, is));
    let direction = row.judgement.limit.direction;
    Some(RatioChange {
        case: row.case.clone(),
        metric: row.metric,
        candidate: row.candidate,
        verdicts: [before.judgement.verdict.clone(), row.judgement.verdict.clone()],
        ratios: [was.ratio, is.ratio],
        bounds,
        trend: bounds.map_or(Trend::NotTold, |bounds| trend(direction, bounds)),
    })
}

/// The least and the most by which a ratio has grown.
fn factor(was: Interval, is: Interval) -> (f64, f64) {
    (is.low / was.high, is.high / was.low)
}

fn trend(direction: Direction, (least, most): (f64, f64)) -> Trend {
    let (grows, shrinks) = (least > 1.0, most < 1.0);
    match direction {
        Direction::AtLeast if shrinks => Trend::Worse,
        Direction::AtLeast if grows => Trend::Better,
        Direction::AtMost if grows => Trend::Worse,
        Direction::AtMost if shrinks => Trend::Better,
        Direction::AtLeast | Direction::AtMost => Trend::NotTold,
    }
}

impl OutcomeChange {
    /// A promise that held and is broken.
    fn is_worse(&self) -> bool {
        self.outcomes[1] == Some(Behaviour::Fail) && self.outcomes[0] != Some(Behaviour::Fail)
    }

    fn line(&self) -> String {
        let [was, is] =
            [0, 1].map(|at| self.outcomes[at].as_ref().map_or("not run", Behaviour::word));
        format!("{} on {}: {is}, was {was}", self.case, self.bus.as_str())
    }
}

/// The row of a report about the same case on the same bus.
fn found<'a>(run: &'a Run, row: &BehaviourRow) -> Option<&'a BehaviourRow> {
    run.behaviour.iter().find(|other| other.case == row.case && other.bus == row.bus)
}

/// Cases that end otherwise, those of one report alone among them.
fn outcomes(earlier: &Run, later: &Run) -> Vec<OutcomeChange> {
    let outcome = |run: &Run, row: &BehaviourRow| found(run, row).map(|own| own.outcome.clone());
    let change = |row: &BehaviourRow| OutcomeChange {
        case: row.case.clone(),
        bus: row.bus,
        outcomes: [outcome(earlier, row), outcome(later, row)],
    };
    let gone = earlier.behaviour.iter().filter(|row| found(later, row).is_none());
    let all = later.behaviour.iter().chain(gone).map(change);
    let tells = |change: &OutcomeChange| match &change.outcomes {
        [Some(was), Some(is)] => was.word() != is.word(),
        [was, is] => [was, is].into_iter().flatten().any(|only| *only == Behaviour::Fail),
    };
    let mut told: Vec<OutcomeChange> = all.filter(tells).collect();
    told.dedup();
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Reason;
    use crate::report::sample::{failing, leftover, passing, run};

    /// The sample with the ratio of its throughput and of its latency multiplied.
    fn scaled(throughput: f64, latency: f64) -> Run {
        let mut run = run();
        for (row, by) in run.performance.iter_mut().zip([throughput, latency]) {
            for estimate in [&mut row.judgement.raw, &mut row.judgement.corrected] {
                let Some(estimate) = estimate else { continue };
                estimate.ratio *= by;
                let interval = estimate.interval.as_mut().expect("six blocks have one");
                interval.low *= by;
                interval.high *= by;
            }
        }
        run
    }

    fn trends(comparison: &Comparison) -> Vec<Trend> {
        comparison.ratios.iter().map(|change| change.trend).collect()
    }

    #[test]
    fn a_ratio_is_worse_where_the_intervals_leave_no_other_way() {
        // Of the throughput 2.9 to 3.125, of the latency 1.25 to 1.75.
        let same = Comparison::of(&run(), &run());
        assert_eq!(trends(&same), [Trend::NotTold, Trend::NotTold]);
        assert_eq!(same.outcome(), Outcome::NotWorse);
        let worse = Comparison::of(&run(), &scaled(0.7, 1.5));
        assert_eq!(trends(&worse), [Trend::Worse, Trend::Worse]);
        assert_eq!(worse.outcome(), Outcome::Worse);
        assert!(worse.table().starts_with("worse: throughput of"));
        let better = Comparison::of(&run(), &scaled(1.5, 0.5));
        assert_eq!(trends(&better), [Trend::Better, Trend::Better]);
        assert_eq!(better.outcome(), Outcome::NotWorse);
        let near = Comparison::of(&run(), &scaled(1.0, 1.3));
        assert_eq!(trends(&near), [Trend::NotTold, Trend::NotTold], "intervals overlap");
    }

    #[test]
    fn of_another_class_of_host_ratios_are_for_information() {
        let mut later = scaled(0.1, 10.0);
        later.host.cores = 64;
        let comparison = Comparison::of(&run(), &later);
        assert_eq!(comparison.outcome(), Outcome::NotWorse);
        assert!(comparison.table().contains("the hosts differ"));
    }

    #[test]
    fn a_promise_that_is_broken_now_is_worse_on_any_host() {
        let mut later = run();
        later.host.cores = 64;
        later.behaviour = vec![passing(Bus::Crossbeam), failing(Bus::Process)];
        let comparison = Comparison::of(&run(), &later);
        assert_eq!(comparison.outcome(), Outcome::Worse);
        assert!(comparison.table().contains("ordering/one on process: FAIL, was pass"));
        let mended = Comparison::of(&later, &run());
        assert_eq!(mended.outcome(), Outcome::NotWorse);
        assert!(mended.table().contains("ordering/one on process: pass, was FAIL"));
    }

    #[test]
    fn nothing_in_common_leaves_it_open() {
        let mut empty = run();
        empty.performance.clear();
        empty.behaviour.clear();
        let comparison = Comparison::of(&empty, &run());
        assert_eq!(comparison.outcome(), Outcome::Open);
        assert!(comparison.table().starts_with("nothing to compare"));
    }

    #[test]
    fn a_later_report_that_says_less_leaves_it_open() {
        let changes: [fn(&mut Run); 8] = [
            |run| run.interrupted = Some("interrupted".to_owned()),
            |run| run.infrastructure.push("a process did not start".to_owned()),
            |run| run.left_behind.push(leftover(Bus::Process)),
            |run| run.behaviour[1].outcome = Behaviour::Broken("why".to_owned()),
            |run| run.baseline_revision = Some("abc".to_owned()),
            |run| run.behaviour.truncate(1),
            |run| run.performance.truncate(1),
            |run| run.performance[0].judgement.verdict = Verdict::Inconclusive(Reason::Noise),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut later = run();
            change(&mut later);
            let comparison = Comparison::of(&run(), &later);
            assert_eq!(comparison.outcome(), Outcome::Open, "{number}");
            assert!(comparison.table().contains("open: "), "{number}");
        }
    }
}
