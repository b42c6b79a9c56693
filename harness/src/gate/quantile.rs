//! Which latency quantile a trial's samples can carry.
//!
//! METHOD §2: the 99th percentile needs 10 000 samples, the 99.9th 100 000, that is a hundred
//! samples beyond it; the same rule is applied further down. Where samples are too few the next
//! lower quantile is used, and the row says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::Latency;

/// A quantile of a latency histogram.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Quantile {
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    P999,
}

impl Quantile {
    /// Highest first.
    const DESCENDING: [Self; 4] = [Self::P999, Self::P99, Self::P90, Self::P50];

    /// Samples a trial must have for it.
    pub fn needs_samples(self) -> u64 {
        match self {
            Self::P50 => 200,
            Self::P90 => 1_000,
            Self::P99 => 10_000,
            Self::P999 => 100_000,
        }
    }

    /// Its value in a summary, nanoseconds.
    pub fn of(self, latency: &Latency) -> u64 {
        match self {
            Self::P50 => latency.p50_ns,
            Self::P90 => latency.p90_ns,
            Self::P99 => latency.p99_ns,
            Self::P999 => latency.p999_ns,
        }
    }

    /// The highest quantile, not above `self`, that so many samples carry; `None` below the least.
    pub fn carried_by(self, samples: u64) -> Option<Self> {
        Self::DESCENDING.into_iter().find(|q| *q <= self && samples >= q.needs_samples())
    }

    /// `p99.9` and the like.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_samples_fall_to_the_next_lower_quantile() {
        assert_eq!(Quantile::P999.carried_by(100_000), Some(Quantile::P999));
        assert_eq!(Quantile::P999.carried_by(99_999), Some(Quantile::P99));
        assert_eq!(Quantile::P99.carried_by(10_000), Some(Quantile::P99));
        assert_eq!(Quantile::P99.carried_by(9_999), Some(Quantile::P90));
        assert_eq!(Quantile::P99.carried_by(999), Some(Quantile::P50));
        assert_eq!(Quantile::P99.carried_by(199), None);
    }

    #[test]
    fn many_samples_never_raise_the_quantile_asked_for() {
        assert_eq!(Quantile::P50.carried_by(u64::MAX), Some(Quantile::P50));
    }
}
