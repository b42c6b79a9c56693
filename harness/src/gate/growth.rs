//! How what a delivery costs grows along an axis: the exponent of a power law, round by round.
//!
//! A round measures every point once, points side by side in time, and has an exponent of its own:
//! the slope of the least squares line through the logarithms. What the host did to a whole round
//! moves its line and not its slope. Rounds are to exponents what blocks are to ratios (METHOD §4):
//! Hodges–Lehmann estimate, exact signed-rank bounds, no conclusion below six.
//!
//! A cost that is even at first and grows at last, as that of a search through a list does once it
//! is longer than everything else, has a small slope over the whole axis. So the last step is
//! judged by itself as well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::estimate::ALPHA_PER_LOOK;
use super::{Look, Reason, Verdict, signed_rank};

/// Greatest exponent that counts as flat over a whole axis: a cost that rises by a quarter while
/// what it should not depend on becomes ten times as much. Caches of the processor give as much.
pub const FLAT_MOST: f64 = 0.1;
/// The same for the last step alone, whose exponent rests on two points: 1.6 times a decade. A cost
/// that doubles on the way to ten times as much, and would go on to do so, has 0.26.
pub const LAST_FLAT_MOST: f64 = 0.2;

/// Growth along an axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Growth {
    /// Over all points.
    pub whole: Exponent,
    /// From the last point but one to the last.
    pub last: Exponent,
    /// Rounds it rests on.
    pub rounds: usize,
}

/// An exponent: cost is proportional to this power of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exponent {
    /// The estimate.
    pub estimate: f64,
    /// Exact bounds; `None` below the first look, where nothing can be concluded.
    pub bounds: Option<Bounds>,
}

/// Bounds of an exponent, each one-sided at [`ALPHA_PER_LOOK`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Growth {
    /// From whole rounds, each its points `(place, cost)` in the order of the axis; `None` without
    /// rounds, or where a line cannot be drawn.
    pub fn of(rounds: &[Vec<(f64, f64)>]) -> Option<Self> {
        let slopes = |most: usize| -> Option<Vec<f64>> {
            let from = |round: &[(f64, f64)]| round.len().saturating_sub(most);
            rounds.iter().map(|round| slope(&round[from(round)..])).collect()
        };
        let whole = Exponent::of(&slopes(usize::MAX)?)?;
        let last = Exponent::of(&slopes(2)?)?;
        Some(Self { whole, last, rounds: rounds.len() })
    }

    /// Whether it is none, as far as these rounds can tell.
    pub fn is_flat(&self) -> Verdict {
        let parts = [(self.whole, FLAT_MOST), (self.last, LAST_FLAT_MOST)];
        let bounds = parts.map(|(exponent, most)| exponent.bounds.map(|own| (own, most)));
        let [Some(whole), Some(last)] = bounds else {
            return Verdict::Inconclusive(Reason::Budget);
        };
        let bounds = [whole, last];
        if bounds.iter().any(|(own, most)| own.low > *most) {
            Verdict::Fail
        } else if bounds.iter().all(|(own, most)| own.high <= *most) {
            Verdict::Pass
        } else {
            Verdict::Inconclusive(Reason::Noise)
        }
    }
}

impl Exponent {
    fn of(slopes: &[f64]) -> Option<Self> {
        let estimate = signed_rank::hodges_lehmann(slopes).filter(|centre| centre.is_finite())?;
        let enough = Look::reached(slopes.len()).is_some();
        let bounds = signed_rank::bounds(slopes, ALPHA_PER_LOOK).filter(|_| enough);
        Some(Self { estimate, bounds: bounds.map(|(low, high)| Bounds { low, high }) })
    }
}

/// Slope of the least squares line through the logarithms; `None` with fewer than two places, or
/// with a place or cost that has no logarithm.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(at, cost)| (at.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| logs.iter().map(part).sum::<f64>() / count;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let spread: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    let rise: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let slope = rise / spread;
    slope.is_finite().then_some(slope)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DECADES: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];

    /// Six rounds of a law, each multiplied by what the host did meanwhile, and each point by a
    /// little that repeats in no other.
    fn rounds(law: impl Fn(f64) -> f64) -> Vec<Vec<(f64, f64)>> {
        let host = [1.0, 1.3, 0.9, 2.0, 1.1, 1.05];
        let noise = |round: usize, point: usize| 1.0 + 0.01 * ((round * 7 + point * 3) % 5) as f64;
        (0..6)
            .map(|round| {
                let point = |(at, x): (usize, &f64)| (*x, law(*x) * host[round] * noise(round, at));
                DECADES.iter().enumerate().map(point).collect()
            })
            .collect()
    }

    fn verdict(law: impl Fn(f64) -> f64) -> Verdict {
        Growth::of(&rounds(law)).expect("a line").is_flat()
    }

    #[test]
    fn a_power_law_is_found_with_its_exponent_however_the_host_sways() {
        let growth = Growth::of(&rounds(|x| 3.0 * x.powf(0.3))).expect("a line");
        let bounds = growth.whole.bounds.expect("six rounds");
        assert!((growth.whole.estimate - 0.3).abs() < 0.01, "{growth:?}");
        assert!(bounds.low < 0.3 && 0.3 < bounds.high, "{growth:?}");
        assert_eq!((growth.rounds, growth.is_flat()), (6, Verdict::Fail));
    }

    #[test]
    fn an_even_cost_is_flat_and_so_is_one_that_falls() {
        assert_eq!(verdict(|_| 2.0), Verdict::Pass);
        assert_eq!(verdict(|x| 2.0 * x.powf(-0.4)), Verdict::Pass);
    }

    #[test]
    fn a_search_through_a_list_is_not_flat_even_where_only_its_end_shows() {
        let linear = |x: f64| 1.0 + x / 10_000.0;
        let growth = Growth::of(&rounds(linear)).expect("a line");
        assert!(growth.whole.bounds.expect("six rounds").high < FLAT_MOST, "{growth:?}");
        assert_eq!(growth.is_flat(), Verdict::Fail, "{growth:?}");
        assert_eq!(verdict(|x| 1.0 + x), Verdict::Fail);
    }

    #[test]
    fn a_growth_about_the_limit_is_left_open() {
        let about =
            |round: usize| FLAT_MOST + 0.05 * if round.is_multiple_of(2) { 1.0 } else { -1.0 };
        let rounds: Vec<Vec<(f64, f64)>> =
            (0..6).map(|round| DECADES.map(|x| (x, x.powf(about(round)))).to_vec()).collect();
        let growth = Growth::of(&rounds).expect("a line");
        assert_eq!(growth.is_flat(), Verdict::Inconclusive(Reason::Noise));
    }

    #[test]
    fn five_rounds_conclude_nothing_however_clear_they_are() {
        let growth = Growth::of(&rounds(|x| x)[..5]).expect("a line");
        assert_eq!(growth.whole.bounds, None);
        assert_eq!(growth.is_flat(), Verdict::Inconclusive(Reason::Budget));
    }

    #[test]
    fn what_has_no_logarithm_or_no_length_has_no_growth() {
        assert_eq!(Growth::of(&[]), None);
        assert_eq!(Growth::of(&[vec![(1.0, 1.0)]]), None, "one point");
        assert_eq!(Growth::of(&[vec![(1.0, 1.0), (2.0, 0.0)]]), None, "a cost of nothing");
        assert_eq!(Growth::of(&[vec![(0.0, 1.0), (2.0, 1.0)]]), None, "a place at zero");
        assert_eq!(Growth::of(&[vec![(2.0, 1.0), (2.0, 3.0)]]), None, "one place twice");
    }

    proptest! {
        #[test]
        fn the_unit_of_the_cost_does_not_matter(scale in 1e-6_f64..1e6, exponent in -2.0_f64..2.0) {
            let rounds = [DECADES.map(|x| (x, scale * x.powf(exponent))).to_vec()];
            let growth = Growth::of(&rounds).expect("a line");
            prop_assert!((growth.whole.estimate - exponent).abs() < 1e-9);
            prop_assert!((growth.last.estimate - exponent).abs() < 1e-9);
        }
    }
}
