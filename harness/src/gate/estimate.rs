//! What blocks say about a ratio: estimate, exact interval, and when they may conclude.
//!
//! METHOD §4. Looks at 6, 10 and 16 blocks, each one-sided at 0.05 ÷ 3: whichever look concludes,
//! the chance of a wrong verdict stays below 0.05 in all. Blocks beyond a look wait for the next:
//! peeking in between would spend a chance nobody has. Six is the first look because the exact test
//! cannot reject below it: its smallest p is 1/64 = 0.0156 at six blocks, 1/32 at five.
//!
//! The level is exact for independent blocks with symmetric noise. Skew on one side alone leaves it
//! in place; blocks that remember the one before do not (`gate_coverage` says how much they cost).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signed_rank;

/// Chance of a wrong verdict at one look, one-sided: 0.05 shared by three looks.
pub const ALPHA_PER_LOOK: f64 = 0.05 / 3.0;

/// A number of blocks at which a verdict may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Look {
    /// At 6 blocks.
    First,
    /// At 10 blocks.
    Second,
    /// At 16 blocks.
    Third,
}

impl Look {
    /// Every look, in order.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// Blocks it needs.
    pub fn blocks(self) -> usize {
        match self {
            Self::First => 6,
            Self::Second => 10,
            Self::Third => 16,
        }
    }

    /// Which it is, counted from 1.
    pub fn number(self) -> usize {
        match self {
            Self::First => 1,
            Self::Second => 2,
            Self::Third => 3,
        }
    }

    /// The latest look this many blocks reach; `None` below the first.
    pub fn reached(blocks: usize) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|look| look.blocks() <= blocks)
    }

    /// The next look after this many blocks, if at most `most` blocks may be run.
    pub fn next(blocks: usize, most: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|look| look.blocks() > blocks && look.blocks() <= most)
    }
}

/// Blocks that may conclude: exactly as many as a look needs. Fewer cannot be built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concluding<'a> {
    log_ratios: &'a [f64],
}

impl<'a> Concluding<'a> {
    /// The blocks of the latest look reached; `None` below six blocks or with one not finite.
    pub fn new(log_ratios: &'a [f64]) -> Option<Self> {
        let look = Look::reached(log_ratios.len())?;
        let log_ratios = &log_ratios[..look.blocks()];
        log_ratios.iter().all(|ratio| ratio.is_finite()).then_some(Self { log_ratios })
    }

    /// Estimate and exact bounds of the ratio.
    pub fn estimate(self) -> Estimate {
        let centre = signed_rank::hodges_lehmann(self.log_ratios).expect("a look has blocks");
        let (low, high) = signed_rank::bounds(self.log_ratios, ALPHA_PER_LOOK)
            .expect("six blocks or more bound at this level");
        let interval = Interval {
            low: low.exp(),
            high: high.exp(),
            detectable: (high - centre).max(centre - low).exp(),
        };
        Estimate { ratio: centre.exp(), blocks: self.log_ratios.len(), interval: Some(interval) }
    }
}

/// What is known of a ratio candidate ÷ baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Hodges–Lehmann estimate.
    pub ratio: f64,
    /// Blocks it rests on.
    pub blocks: usize,
    /// Exact bounds; `None` below the first look, where nothing can be concluded.
    pub interval: Option<Interval>,
}

/// Bounds of a ratio, each one-sided at [`ALPHA_PER_LOOK`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Smallest factor, at least 1, by which a ratio must clear the limit to be told from it at
    /// this noise: the longer arm of the interval.
    pub detectable: f64,
}

impl Estimate {
    /// From block log ratios: with an interval at a look, without one below the first.
    ///
    /// `None` without blocks, or when one is not finite.
    pub fn of(log_ratios: &[f64]) -> Option<Self> {
        if let Some(blocks) = Concluding::new(log_ratios) {
            return Some(blocks.estimate());
        }
        let centre = signed_rank::hodges_lehmann(log_ratios)?;
        centre.is_finite().then(|| Self {
            ratio: centre.exp(),
            blocks: log_ratios.len(),
            interval: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_blocks_never_conclude_however_clear_they_are() {
        for blocks in 0..6 {
            assert_eq!(Concluding::new(&[5.0; 6][..blocks]), None, "{blocks} blocks");
        }
        let estimate = Estimate::of(&[5.0; 5]).expect("five blocks estimate");
        assert_eq!(estimate.interval, None);
        assert_eq!(estimate.blocks, 5);
    }

    #[test]
    fn blocks_between_looks_wait_for_the_next() {
        let mut ratios = vec![0.0; 6];
        ratios.extend([9.0; 3]);
        let estimate = Estimate::of(&ratios).expect("nine blocks estimate");
        assert_eq!((estimate.blocks, estimate.ratio), (6, 1.0));
        assert_eq!(Look::reached(9), Some(Look::First));
        assert_eq!(Look::reached(40), Some(Look::Third));
    }

    #[test]
    fn the_next_look_respects_the_most_blocks_allowed() {
        assert_eq!(Look::next(0, 10), Some(Look::First));
        assert_eq!(Look::next(6, 10), Some(Look::Second));
        assert_eq!(Look::next(10, 10), None);
        assert_eq!(Look::next(10, 16), Some(Look::Third));
        assert_eq!(Look::next(0, 5), None);
    }

    #[test]
    fn at_six_blocks_the_interval_is_the_range_of_the_data() {
        let ratios = [0.1, 0.4, -0.2, 0.1, 0.0, 0.2];
        let interval = Estimate::of(&ratios).and_then(|e| e.interval).expect("six blocks");
        assert!((interval.low.ln() + 0.2).abs() < 1e-12);
        assert!((interval.high.ln() - 0.4).abs() < 1e-12);
        assert!((interval.detectable.ln() - 0.3).abs() < 1e-12);
    }

    #[test]
    fn a_block_without_a_finite_ratio_gives_no_estimate() {
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(Estimate::of(&[0.0, f64::NAN]), None);
        assert_eq!(Concluding::new(&[f64::INFINITY; 6]), None);
    }
}
