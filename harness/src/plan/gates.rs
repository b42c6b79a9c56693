//! The limits a candidate must keep against its baseline, cell by cell.
//!
//! A cell is a metric × cases × candidate bus. `scenarios/gates.toml` gives the table; a scenario's
//! `[gate.*]` may only tighten it ([`GateTable::tighten`]). Nothing here judges: a cell says what is
//! demanded and whether missing it fails the build (`enforced`, a ratchet).

mod file;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Bus, TrialKind};

/// The bus whose limits a bus set against itself borrows where none are set for it.
pub const LENDER: Bus = Bus::Process;

/// What is compared between candidate and baseline, always as a ratio.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Deliveries per second at saturation; more is better.
    Throughput,
    /// Median of `receive − start` at a fixed rate; less is better.
    LatencyP50,
    /// 99th percentile of the same; less is better.
    LatencyP99,
    /// Anonymous memory and socket bytes of the whole tree at its peak; less is better.
    Memory,
    /// CPU seconds of the whole tree per million deliveries at a fixed rate; less is better.
    Cpu,
    /// Bytes held per queued event behind a stopped subscriber; less is better.
    Backlog,
}

impl Metric {
    /// Every metric, in the order of the verdict table.
    pub const ALL: [Self; 6] = [
        Self::Throughput,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::Memory,
        Self::Cpu,
        Self::Backlog,
    ];

    /// The name in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::LatencyP50 => "latency-p50",
            Self::LatencyP99 => "latency-p99",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Backlog => "backlog",
        }
    }

    /// Whether a larger ratio is the better one: then the limit is a floor, else a ceiling.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }

    /// Whether trials of this kind can say anything about it.
    ///
    /// At a fixed rate every bus that keeps up has the same throughput, and at saturation latency,
    /// CPU and memory belong to different amounts of work: such ratios would pass without meaning.
    pub fn is_judged_by(self, kind: TrialKind) -> bool {
        match self {
            Self::Throughput => kind == TrialKind::Saturation,
            Self::LatencyP50 | Self::LatencyP99 | Self::Memory | Self::Cpu => {
                kind == TrialKind::Paced
            }
            Self::Backlog => kind.is_performance(),
        }
    }

    /// Whether `limit` demands at least as much of the candidate as `other`.
    pub fn at_least_as_tight(self, limit: f64, other: f64) -> bool {
        if self.more_is_better() { limit >= other } else { limit <= other }
    }
}

/// What a candidate is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// Another bus, or itself.
    #[default]
    Bus,
    /// The same bus as another revision of the project has it.
    Revision,
}

/// What is demanded of one candidate bus in some cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCell {
    /// What is compared.
    pub metric: Metric,
    /// A case id, or a pattern with `*` for any run of characters.
    pub case: String,
    /// The candidate.
    pub bus: Bus,
    /// What it is compared with.
    #[serde(default)]
    pub against: Against,
    /// The ratio candidate ÷ baseline that must be reached (throughput) or kept (all others).
    pub limit: f64,
    /// Whether a conclusive miss fails the build.
    pub enforced: bool,
}

impl GateCell {
    /// Whether the cell speaks about this case on this candidate.
    pub fn covers(&self, metric: Metric, case: &str, bus: Bus, against: Against) -> bool {
        (self.metric, self.bus, self.against) == (metric, bus, against)
            && matches_glob(&self.case, case)
    }
}

/// Why a scenario's own limit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum TightenError {
    /// A scenario may only be stricter than the table.
    #[error("it would loosen the limit of {0} in force")]
    Looser(f64),
    /// A limit for a case without a gate would bind nobody.
    #[error("no gate covers the case")]
    Uncovered,
}

/// Every gate of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateTable {
    /// Later cells overrule earlier ones.
    pub cells: Vec<GateCell>,
}

impl GateTable {
    /// The cell that governs, if the metric is gated there at all: the last that covers it.
    pub fn cell(&self, metric: Metric, case: &str, bus: Bus) -> Option<&GateCell> {
        self.cells.iter().rev().find(|cell| cell.covers(metric, case, bus, Against::Bus))
    }

    /// The gate of a bus against what another revision has of it.
    pub fn between_revisions(&self, metric: Metric, case: &str, bus: Bus) -> Option<GateCell> {
        let covers = |cell: &&GateCell| cell.covers(metric, case, bus, Against::Revision);
        self.cells.iter().rev().find(covers).cloned()
    }

    /// The gate of a comparison of buses: the candidate's own; a bus set against itself that has none
    /// is held to that of [`LENDER`], which then names its own bus and is never enforced.
    pub fn gate(&self, metric: Metric, case: &str, [a, b]: [Bus; 2]) -> Option<GateCell> {
        if let Some(own) = self.cell(metric, case, b) {
            return Some(own.clone());
        }
        let lent = self.cell(metric, case, LENDER).filter(|_| a == b)?;
        Some(GateCell { enforced: false, ..lent.clone() })
    }

    /// What is demanded of a bus against another, in some case or other, in the order of the verdict table.
    pub fn metrics(&self, bus: Bus) -> Vec<Metric> {
        let is_demanded = |metric: &Metric| {
            let own = (*metric, bus, Against::Bus);
            self.cells.iter().any(|cell| (cell.metric, cell.bus, cell.against) == own)
        };
        Metric::ALL.into_iter().filter(is_demanded).collect()
    }

    /// The patterns over cases in which buses are compared by a metric, without those that another of
    /// them takes in.
    pub fn patterns(&self, metric: Metric) -> Vec<&str> {
        let is_own = |cell: &&GateCell| cell.metric == metric && cell.against == Against::Bus;
        let own = self.cells.iter().filter(is_own);
        let mut patterns: Vec<&str> = own.map(|cell| cell.case.as_str()).collect();
        patterns.sort_unstable();
        patterns.dedup();
        let is_inside =
            |one: &&str| patterns.iter().any(|other| other != one && matches_glob(other, one));
        patterns.iter().copied().filter(|one| !is_inside(one)).collect()
    }

    /// Demands `limit` of every bus that has a cell for this metric and case already.
    ///
    /// # Errors
    ///
    /// The case has no gate, or `limit` would loosen it; then nothing changes.
    pub fn tighten(&mut self, metric: Metric, case: &str, limit: f64) -> Result<(), TightenError> {
        let governing: Vec<GateCell> =
            Bus::ALL.iter().filter_map(|bus| self.cell(metric, case, *bus)).cloned().collect();
        if governing.is_empty() {
            return Err(TightenError::Uncovered);
        }
        if let Some(looser) =
            governing.iter().find(|cell| !metric.at_least_as_tight(limit, cell.limit))
        {
            return Err(TightenError::Looser(looser.limit));
        }
        self.cells.extend(governing.into_iter().map(|cell| GateCell {
            case: case.to_owned(),
            limit,
            ..cell
        }));
        Ok(())
    }
}

/// Whether `pattern`, in which `*` stands for any run of characters, matches all of `text`.
pub fn matches_glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Where to go on after the last `*`: it swallows one byte more each time the rest fails.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at + 1, read));
            at += 1;
        } else if pattern.get(at) == Some(&text[read]) {
            (at, read) = (at + 1, read + 1);
        } else if let Some((after, swallowed)) = retry {
            retry = Some((after, swallowed + 1));
            (at, read) = (after, swallowed + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> GateTable {
        let cell = |case: &str, limit, enforced| GateCell {
            metric: Metric::Throughput,
            case: case.into(),
            bus: Bus::Process,
            against: Against::Bus,
            limit,
            enforced,
        };
        GateTable {
            cells: vec![cell("*", 0.8, false), cell("perf/saturation[subs=1*]", 0.9, true)],
        }
    }

    #[test]
    fn the_last_cell_that_covers_a_case_governs() {
        let table = table();
        let at = |case| table.cell(Metric::Throughput, case, Bus::Process).map(|cell| cell.limit);
        assert_eq!(at("perf/saturation[subs=1,payload=200]"), Some(0.9));
        assert_eq!(at("perf/saturation[subs=4]"), Some(0.8));
        assert_eq!(table.cell(Metric::Cpu, "perf/paced", Bus::Process), None);
    }

    #[test]
    fn what_is_demanded_of_a_bus_is_told_once_and_without_what_is_between_revisions() {
        let mut table = table();
        let (metric, against) = (Metric::Cpu, Against::Revision);
        table.cells.push(GateCell { metric, against, ..table.cells[0].clone() });
        table.cells.push(GateCell { metric: Metric::LatencyP50, ..table.cells[0].clone() });
        assert_eq!(table.metrics(Bus::Process), [Metric::Throughput, Metric::LatencyP50]);
        assert_eq!(table.metrics(Bus::Agent), []);
    }

    #[test]
    fn a_bus_against_itself_borrows_limits_that_bind_nobody() {
        let table = table();
        let case = "perf/saturation[subs=1]";
        let gate = |pair| table.gate(Metric::Throughput, case, pair);
        let lent = gate([Bus::Crossbeam; 2]).expect("lent");
        assert_eq!((lent.limit, lent.enforced, lent.bus), (0.9, false, LENDER));
        assert!(gate([Bus::Process; 2]).expect("its own").enforced);
        assert_eq!(gate([Bus::Crossbeam, Bus::CrossbeamSpinning]), None, "no bus against itself");
        assert_eq!(table.gate(Metric::Cpu, case, [Bus::Crossbeam; 2]), None);
    }

    #[test]
    fn limits_between_revisions_are_apart_from_those_between_buses() {
        let mut table = table();
        let case = "perf/saturation[subs=4]";
        assert_eq!(table.between_revisions(Metric::Throughput, case, Bus::Process), None);
        let between =
            GateCell { against: Against::Revision, limit: 0.85, ..table.cells[0].clone() };
        table.cells.push(between.clone());
        assert_eq!(table.between_revisions(Metric::Throughput, case, Bus::Process), Some(between));
        let own = table.cell(Metric::Throughput, case, Bus::Process).map(|cell| cell.limit);
        assert_eq!(own, Some(0.8));
    }

    #[test]
    fn a_scenario_may_tighten_a_gate_but_not_loosen_it() {
        let mut table = table();
        let looser = table.tighten(Metric::Throughput, "perf/x", 0.7);
        assert_eq!(looser, Err(TightenError::Looser(0.8)));
        assert_eq!(table.tighten(Metric::Throughput, "perf/x", 0.95), Ok(()));
        let limit = |case| table.cell(Metric::Throughput, case, Bus::Process).map(|c| c.limit);
        assert_eq!((limit("perf/x"), limit("perf/y")), (Some(0.95), Some(0.8)));
    }

    #[test]
    fn a_limit_without_a_gate_to_tighten_is_refused() {
        let mut table = table();
        table.cells.remove(0);
        let outside = table.tighten(Metric::Throughput, "perf/x", 0.95);
        assert_eq!(outside, Err(TightenError::Uncovered));
        let other = table.tighten(Metric::Cpu, "perf/saturation[subs=1]", 1.0);
        assert_eq!(other, Err(TightenError::Uncovered));
        assert_eq!(table.cells.len(), 1, "nothing was added");
    }

    #[test]
    fn the_widest_patterns_of_a_metric_are_named_once() {
        let mut table = table();
        assert_eq!(table.patterns(Metric::Throughput), ["*"]);
        assert!(table.patterns(Metric::Cpu).is_empty());
        table.cells[0].against = Against::Revision;
        table.cells.push(GateCell { bus: Bus::Agent, ..table.cells[1].clone() });
        assert_eq!(table.patterns(Metric::Throughput), ["perf/saturation[subs=1*]"]);
    }

    #[test]
    fn no_metric_is_judged_where_it_would_pass_without_meaning() {
        for metric in Metric::ALL {
            let saturated = metric.is_judged_by(TrialKind::Saturation);
            let paced = metric.is_judged_by(TrialKind::Paced);
            assert!(saturated || paced, "{metric:?} is judged nowhere");
            assert!(metric == Metric::Backlog || saturated != paced, "{metric:?} is judged twice");
            let others = TrialKind::ALL.into_iter().filter(|kind| !kind.is_performance());
            for kind in others {
                assert!(!metric.is_judged_by(kind), "{metric:?} in {kind:?}: nothing is measured");
            }
        }
    }

    #[test]
    fn a_star_stands_for_any_run_and_everything_else_for_itself() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("perf/*", "perf/paced[rate=1000/s]", true),
            ("perf/*[*subs=1]", "perf/paced[rate=1000/s,subs=1]", true),
            ("perf/*[*subs=1]", "perf/paced[rate=1000/s,subs=11]", false),
            ("perf", "perf/paced", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
        ] {
            assert_eq!(matches_glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
