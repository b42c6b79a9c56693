//! What earlier blocks foretell: how fine the next run can tell, and whether a gate will be decided.
//!
//! METHOD §4. A forecast, never a verdict: nothing here decides a gate. It plays the looks, the
//! exact bounds and the A/A screen on simulated blocks whose centre and spread are drawn as the
//! earlier blocks allow: few of them foretell little. The blocks are taken as normal; heavy tails
//! are paid for through the spread they raise. A busy host, late generators and invalid trials are
//! not foretold.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::signed_rank;
use super::{Estimate, Limit, Look, Verdict, biased};

/// Fewest blocks that tell a spread.
pub const FEWEST_BLOCKS: usize = 3;
/// Share of runs that must be decided for a gate to be called conclusive, and for a distance to be
/// called resolved.
pub const MOSTLY: f64 = 0.8;
/// Simulated runs; their seed is fixed, so that the same figures foretell the same.
const RUNS: u32 = 500;
const SEED: u64 = 0x4f55_544c;
/// Distance from the limit, in spreads of a block, that is decided at each look in [`MOSTLY`] of
/// all runs: quantiles of the exact upper bound over normal blocks, found by simulation.
const RESOLVED_SPREADS: [f64; 3] = [1.79, 1.15, 0.84];

/// What is to be expected of a gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Standard deviation of a block's log ratio.
    pub spread: f64,
    /// Share of simulated runs that decide; `None` where no earlier ratio is known.
    pub decides: Option<f64>,
}

impl Outlook {
    /// From the log ratios of an earlier run's blocks against `limit`, `most` blocks allowed now.
    ///
    /// `None` below [`FEWEST_BLOCKS`] or when one is not finite.
    pub fn of(log_ratios: &[f64], limit: Limit, most: usize) -> Option<Self> {
        let past = Past::of(log_ratios)?;
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let decided =
            (0..RUNS).filter(|_| past.next(&mut random).decides(limit, most, &mut random));
        let decides = decided.count() as f64 / f64::from(RUNS);
        Some(Self { spread: past.spread, decides: Some(decides) })
    }

    /// From A/A blocks alone, whose centre is known to be 0: how fine, but not where.
    pub fn of_nulls(log_ratios: &[f64]) -> Option<Self> {
        let enough = log_ratios.len() >= FEWEST_BLOCKS;
        let squares: f64 = log_ratios.iter().map(|ratio| ratio * ratio).sum();
        let spread = (squares / log_ratios.len() as f64).sqrt();
        (enough && spread.is_finite()).then_some(Self { spread, decides: None })
    }

    /// The more careful of two about the same gate: raw and corrected must both decide.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let decides = self.decides.zip(other.decides).map(|(one, two)| one.min(two));
        Self { spread: self.spread.max(other.spread), decides }
    }

    /// The factor, at least 1, by which a ratio must clear a limit to be decided at this look in
    /// [`MOSTLY`] of all runs.
    pub fn resolves(&self, look: Look) -> f64 {
        let [first, second, third] = RESOLVED_SPREADS;
        let spreads = match look {
            Look::First => first,
            Look::Second => second,
            Look::Third => third,
        };
        (self.spread * spreads).exp()
    }

    /// Whether the gate will most probably be decided; `None` where no earlier ratio is known.
    pub fn is_conclusive(&self) -> Option<bool> {
        self.decides.map(|share| share >= MOSTLY)
    }
}

/// Earlier blocks in three numbers.
struct Past {
    centre: f64,
    spread: f64,
    blocks: u32,
}

impl Past {
    fn of(log_ratios: &[f64]) -> Option<Self> {
        let blocks = u32::try_from(log_ratios.len()).ok()?;
        if log_ratios.len() < FEWEST_BLOCKS {
            return None;
        }
        let centre = signed_rank::hodges_lehmann(log_ratios)?;
        let mean = log_ratios.iter().sum::<f64>() / f64::from(blocks);
        let squares: f64 = log_ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum();
        let spread = (squares / f64::from(blocks - 1)).sqrt();
        (centre.is_finite() && spread.is_finite()).then_some(Self { centre, spread, blocks })
    }

    /// A centre and a spread that could have given these blocks, as likely as they could.
    fn next(&self, random: &mut ChaCha8Rng) -> Next {
        let freedom = self.blocks - 1;
        let chi_square: f64 = (0..freedom).map(|_| normal(random).powi(2)).sum();
        let spread = self.spread * (f64::from(freedom) / chi_square).sqrt();
        let error = spread / f64::from(self.blocks).sqrt();
        Next { centre: self.centre + error * normal(random), spread }
    }
}

/// One simulated run.
struct Next {
    centre: f64,
    spread: f64,
}

impl Next {
    fn decides(&self, limit: Limit, most: usize, random: &mut ChaCha8Rng) -> bool {
        let (mut blocks, mut nulls) = (Vec::new(), Vec::new());
        while let Some(look) = Look::next(blocks.len(), most) {
            while blocks.len() < look.blocks() {
                blocks.push(self.centre + self.spread * normal(random));
            }
            nulls.push(self.spread * normal(random));
            if biased(&nulls, limit.ratio).is_some() {
                return false;
            }
            let verdict = Estimate::of(&blocks).map(|estimate| limit.judge(&estimate));
            if matches!(verdict, Some(Verdict::Pass | Verdict::Fail)) {
                return true;
            }
        }
        false
    }
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, turn): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
}

#[cfg(test)]
mod tests;
