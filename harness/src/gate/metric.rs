//! The metrics a gate can judge: where each stands in a trial, which way is good, what it is called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Direction, Floor, Quantile};
use crate::record::Trial;

/// One number a trial yields to the gates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Unique correct deliveries per second.
    Throughput,
    /// Median gated latency.
    LatencyP50,
    /// 99th percentile of the gated latency.
    LatencyP99,
    /// 99.9th percentile of the gated latency.
    LatencyP999,
    /// CPU seconds per million deliveries, whole tree.
    Cpu,
    /// Anonymous memory plus socket bytes, whole tree, at its peak.
    Memory,
    /// Bytes per queued event behind a stopped subscriber.
    Backlog,
}

impl Metric {
    /// Which way is good.
    pub fn direction(self) -> Direction {
        if self == Self::Throughput { Direction::AtLeast } else { Direction::AtMost }
    }

    /// How the void floor is taken off.
    pub fn floor(self) -> Floor {
        if self == Self::Throughput { Floor::Rate } else { Floor::Cost }
    }

    /// Whether the corrected ratio takes part in the verdict.
    ///
    /// Memory above the void tree is printed and never gated: little remains, so its ratio swings
    /// (METHOD §3). The backlog is a difference already.
    pub fn gates_corrected(self) -> bool {
        !matches!(self, Self::Memory | Self::Backlog)
    }

    /// The latency quantile it asks for, if it is a latency.
    pub fn quantile(self) -> Option<Quantile> {
        match self {
            Self::LatencyP50 => Some(Quantile::P50),
            Self::LatencyP99 => Some(Quantile::P99),
            Self::LatencyP999 => Some(Quantile::P999),
            Self::Throughput | Self::Cpu | Self::Memory | Self::Backlog => None,
        }
    }

    /// Its figure in a trial; a latency is read at `quantile`, which samples may have lowered.
    pub(crate) fn figure(self, trial: &Trial, quantile: Option<Quantile>) -> Option<f64> {
        let figures = &trial.figures;
        match self {
            Self::Throughput => figures.throughput_per_s,
            Self::LatencyP50 | Self::LatencyP99 | Self::LatencyP999 => {
                Some(quantile?.of(figures.latency.as_ref()?) as f64)
            }
            Self::Cpu => figures.cpu_s_per_million,
            Self::Memory => figures.memory_bytes,
            Self::Backlog => figures.backlog_bytes_per_event,
        }
    }

    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::LatencyP50 => "latency p50",
            Self::LatencyP99 => "latency p99",
            Self::LatencyP999 => "latency p99.9",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Backlog => "backlog",
        }
    }
}
