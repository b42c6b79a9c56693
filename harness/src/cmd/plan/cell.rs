//! One gate to come: its limit, what is known of it, and what to expect.

use std::fmt::Write as _;

use crate::gate::{Direction, FEWEST_BLOCKS, Limit, Look, Outlook};
use crate::plan::gates::{GateTable, Metric};
use crate::plan::{Bus, Case};
use crate::report::{PerformanceRow, Run};

/// One metric of one case on one candidate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) case: String,
    pub(super) candidate: Bus,
    pub(super) metric: Metric,
    pub(super) limit: Limit,
    /// The ratio last seen.
    pub(super) last: Option<f64>,
    pub(super) outlook: Option<Outlook>,
    /// Why nothing can be said, where nothing can.
    pub(super) unknown: Option<String>,
}

/// What is to be expected of a gate, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Conclusive,
    Doubtful,
    Unknown,
}

/// Where earlier figures come from.
pub(super) enum Earlier {
    /// A report of a host of this class.
    Report(Box<Run>),
    /// There is none that may be used, for this reason.
    None(String),
}

/// A/A log ratios of each metric, measured just now.
pub(super) type Nulls = Vec<(Metric, Vec<f64>)>;

impl Cell {
    /// The gates of a case, in the order of the verdict table.
    pub(super) fn of(
        case: &Case,
        (baseline, candidate): (Bus, Bus),
        (table, enforced_only): (&GateTable, bool),
        known: (&Earlier, &Nulls),
        most: usize,
    ) -> Vec<Self> {
        let judged = Metric::ALL.into_iter().filter(|metric| metric.is_judged_by(case.kind));
        let gated = judged.filter_map(|metric| table.gate(metric, &case.id, [baseline, candidate]));
        let counted = gated.filter(|gate| gate.enforced || !enforced_only);
        let cell = |(metric, limit)| {
            let empty = Self {
                case: case.id.clone(),
                candidate,
                metric,
                limit,
                last: None,
                outlook: None,
                unknown: None,
            };
            empty.filled(baseline, known, most)
        };
        counted.map(|gate| cell((gate.metric, Limit::of(&gate)))).collect()
    }

    fn filled(mut self, baseline: Bus, (earlier, nulls): (&Earlier, &Nulls), most: usize) -> Self {
        match earlier {
            Earlier::None(why) => self.unknown = Some(why.clone()),
            Earlier::Report(run) => {
                let is_this = |row: &&PerformanceRow| {
                    (&row.case, row.metric, row.baseline, row.candidate)
                        == (&self.case, self.metric, baseline, self.candidate)
                };
                match run.performance.iter().find(is_this) {
                    Some(row) => self.read(&row.clone(), most),
                    None => self.unknown = Some("no earlier figures".to_owned()),
                }
            }
        }
        if self.outlook.is_none() {
            let own = nulls.iter().find(|(metric, _)| *metric == self.metric);
            self.outlook = own.and_then(|(_, ratios)| Outlook::of_nulls(ratios));
        }
        self
    }

    /// Takes what an earlier row says: both ratios where both are gated.
    fn read(&mut self, row: &PerformanceRow, most: usize) {
        let ratios = &row.judgement.block_ratios;
        self.last = row.judgement.estimate().map(|estimate| estimate.ratio);
        let outlook = Outlook::of(&ratios.raw, self.limit, most);
        let corrected = Outlook::of(&ratios.corrected, self.limit, most);
        self.outlook = match (outlook, corrected) {
            (Some(raw), Some(corrected)) if self.metric.gates_corrected() => {
                Some(raw.and(corrected))
            }
            (raw, _) => raw,
        };
        if self.outlook.is_none() {
            let found = ratios.raw.len();
            self.unknown = Some(match found {
                0 => format!("earlier {}", row.judgement.verdict),
                _ => format!("{found} earlier block(s), {FEWEST_BLOCKS} are needed"),
            });
        }
    }

    pub(super) fn expected(&self) -> Expected {
        match self.outlook.and_then(|outlook| outlook.is_conclusive()) {
            Some(true) => Expected::Conclusive,
            Some(false) => Expected::Doubtful,
            None => Expected::Unknown,
        }
    }

    /// One line of the table.
    pub(super) fn line(&self) -> String {
        let sign = if self.limit.direction == Direction::AtLeast { ">=" } else { "<=" };
        let limit = format!("{sign} {:.2}", self.limit.ratio);
        let last = self.last.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        let resolves = self.outlook.map_or("-".to_owned(), |outlook| {
            Look::ALL.map(|look| percent(outlook.resolves(look))).join(" / ")
        });
        let (case, metric, bus) = (&self.case, self.metric.as_str(), self.candidate.as_str());
        let mut line =
            format!("{case:44}  {bus:9} {metric:12} {limit:8} {last:>6}  {resolves:24}  ");
        // Writing to a string cannot fail.
        let _ = match (self.expected(), self.outlook.and_then(|outlook| outlook.decides)) {
            (Expected::Conclusive, Some(share)) => write!(line, "conclusive ({})", chance(share)),
            (Expected::Doubtful, Some(share)) => write!(line, "doubtful ({})", chance(share)),
            _ => {
                write!(line, "unknown: {}", self.unknown.as_deref().unwrap_or("no earlier figures"))
            }
        };
        line
    }
}

/// The heads of the columns of [`Cell::line`].
pub(super) fn heads(most: usize) -> String {
    format!(
        "{:44}  {:9} {:12} {:8} {:>6}  {:24}  within {most} blocks",
        "case", "candidate", "gate", "limit", "last", "resolves in 6 / 10 / 16"
    )
}

/// How far a factor is from 1.
pub(super) fn percent(factor: f64) -> String {
    let percent = (factor - 1.0) * 100.0;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

fn chance(share: f64) -> String {
    format!("{:.0} of 100 runs", share * 100.0)
}

#[cfg(test)]
mod tests;
