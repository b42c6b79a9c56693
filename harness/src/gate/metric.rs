//! What the gates know of each metric: where it stands in a trial, and how the floor is taken off.

use super::{Direction, Floor, Limit, Quantile};
use crate::plan::gates::{GateCell, Metric};
use crate::record::Trial;

impl Metric {
    /// Which way is good.
    pub fn direction(self) -> Direction {
        if self.more_is_better() { Direction::AtLeast } else { Direction::AtMost }
    }

    /// How the void floor is taken off.
    pub(crate) fn floor(self) -> Floor {
        if self == Self::Throughput { Floor::Rate } else { Floor::Cost }
    }

    /// Whether the corrected ratio takes part in the verdict.
    ///
    /// Memory above the void tree is printed and never gated: little remains, so its ratio swings
    /// (METHOD §3). The backlog is a difference already.
    pub(crate) fn gates_corrected(self) -> bool {
        !matches!(self, Self::Memory | Self::Backlog)
    }

    /// The latency quantile it asks for, if it is a latency.
    pub(crate) fn quantile(self) -> Option<Quantile> {
        match self {
            Self::LatencyP50 => Some(Quantile::P50),
            Self::LatencyP99 => Some(Quantile::P99),
            Self::Throughput | Self::Memory | Self::Cpu | Self::Backlog => None,
        }
    }

    /// Its figure in a trial; a latency is read at `quantile`, which samples may have lowered.
    pub(crate) fn figure(self, trial: &Trial, quantile: Option<Quantile>) -> Option<f64> {
        let figures = &trial.figures;
        match self {
            Self::Throughput => figures.throughput_per_s,
            Self::LatencyP50 | Self::LatencyP99 => {
                Some(quantile?.of(figures.latency.as_ref()?) as f64)
            }
            Self::Cpu => figures.cpu_s_per_million,
            Self::Memory => figures.memory_bytes,
            Self::Backlog => figures.backlog_bytes_per_event,
        }
    }
}

impl Limit {
    /// The limit a cell of the gate table sets.
    pub fn of(cell: &GateCell) -> Self {
        Self { direction: cell.metric.direction(), ratio: cell.limit }
    }

    /// No difference: what a metric without a gate is set against, for information.
    pub fn none(metric: Metric) -> Self {
        Self { direction: metric.direction(), ratio: 1.0 }
    }
}
