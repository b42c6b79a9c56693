//! Whether something grows: Theil–Sen slope with exact bounds (METHOD §9).
//!
//! The slope is the median of the slopes between all pairs of points, so that a single step or a
//! spike does not make one. Its bounds invert Kendall's test, whose distribution is counted out
//! and not approximated: if nothing grew faster than the upper bound, so few pairs would rise
//! faster than it in at most one case of twenty.

use super::median;

/// Chance of a wrong bound, one-sided.
const ALPHA: f64 = 0.05;
/// Points that may conclude: below them the bound is the steepest pair, whatever it rests on.
const FEWEST_POINTS: usize = 10;
/// Most points a trend rests on. Samples beyond them are gathered into as many groups, each one
/// point, its medians: neighbours in time resemble each other, and would count as evidence.
const MOST_POINTS: usize = 30;

/// How something changes with something else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// The estimate.
    pub slope: f64,
    /// Lower bound, one-sided at 95 %.
    pub low: f64,
    /// Upper bound, one-sided at 95 %.
    pub high: f64,
    /// Points it rests on.
    pub points: usize,
}

impl Trend {
    /// Of samples `(x, y)` in the order of x; `None` when they are too few.
    pub fn of(samples: &[(f64, f64)]) -> Option<Self> {
        let points = gathered(samples);
        if points.len() < FEWEST_POINTS {
            return None;
        }
        let slopes = slopes(&points);
        let spared = spared(points.len())?;
        // Pairs of equal x have no slope; without all pairs the count says nothing.
        if slopes.len() != points.len() * (points.len() - 1) / 2 {
            return None;
        }
        Some(Self {
            slope: median(&slopes)?,
            low: slopes[spared],
            high: slopes[slopes.len() - 1 - spared],
            points: points.len(),
        })
    }
}

/// At most [`MOST_POINTS`] points: medians of groups of neighbours, as even as they can be.
fn gathered(samples: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let groups = samples.len().min(MOST_POINTS);
    let bound = |group: usize| group * samples.len() / groups.max(1);
    let group = |number: usize| {
        let members = &samples[bound(number)..bound(number + 1)];
        let of =
            |axis: fn(&(f64, f64)) -> f64| median(&members.iter().map(axis).collect::<Vec<_>>());
        Some((of(|point| point.0)?, of(|point| point.1)?))
    };
    (0..groups).filter_map(group).collect()
}

/// Slopes between all pairs, in ascending order.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let pairs = points.iter().enumerate().flat_map(|(at, one)| {
        points[at + 1..].iter().map(move |other| (other.1 - one.1) / (other.0 - one.0))
    });
    let mut slopes: Vec<f64> = pairs.filter(|slope| slope.is_finite()).collect();
    slopes.sort_by(f64::total_cmp);
    slopes
}

/// How many slopes may lie beyond a bound: the most for which the chance of so few stays within
/// [`ALPHA`]. `None` where even none is too likely.
fn spared(points: usize) -> Option<usize> {
    let sums = inversions(points).into_iter().scan(0.0, |sum, chance| {
        *sum += chance;
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= ALPHA).count().checked_sub(1)
}

/// The chance of each number of inversions in a random order of so many: Kendall's distribution.
fn inversions(points: usize) -> Vec<f64> {
    let mut chances = vec![1.0];
    for already in 1..points {
        // The next one stands before 0 to `already` of those there are, each as likely.
        let mut next = vec![0.0; chances.len() + already];
        for (inversions, chance) in chances.iter().enumerate() {
            for more in 0..=already {
                next[inversions + more] += chance / (already + 1) as f64;
            }
        }
        chances = next;
    }
    chances
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A line with even noise of this width around it.
    fn line(samples: u32, slope: f64, noise: f64, seed: u64) -> Vec<(f64, f64)> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let point = |at: u32| {
            let x = f64::from(at);
            (x, 100.0 + slope * x + noise * (random.random::<f64>() - 0.5))
        };
        (0..samples).map(point).collect()
    }

    #[test]
    fn a_straight_line_is_its_slope_and_its_bounds() {
        let trend = Trend::of(&line(200, 0.25, 0.0, 1)).expect("samples enough");
        assert_eq!(trend.points, MOST_POINTS);
        for slope in [trend.slope, trend.low, trend.high] {
            assert!((slope - 0.25).abs() < 1e-9, "{trend:?}");
        }
    }

    #[test]
    fn growth_below_the_noise_of_one_sample_shows_and_none_does_not() {
        let growing = Trend::of(&line(300, 0.02, 3.0, 2)).expect("samples enough");
        assert!(growing.low > 0.0 && growing.high < 0.04, "{growing:?}");
        let still = Trend::of(&line(300, 0.0, 3.0, 3)).expect("samples enough");
        assert!(still.low < 0.0 && still.high > 0.0, "{still:?}");
    }

    #[test]
    fn a_spike_makes_no_slope() {
        let mut samples = line(100, 0.0, 0.0, 4);
        samples[99].1 = 1e9;
        let trend = Trend::of(&samples).expect("samples enough");
        assert!(trend.slope.abs() < 1e-9, "{trend:?}");
    }

    #[test]
    fn too_few_samples_or_none_that_differ_conclude_nothing() {
        assert_eq!(Trend::of(&line(9, 1.0, 0.0, 5)), None);
        assert!(Trend::of(&line(10, 1.0, 0.0, 5)).is_some());
        assert_eq!(Trend::of(&[(1.0, 1.0); 20]), None);
    }

    #[test]
    fn the_exact_level_is_that_of_the_tables() {
        // Of 4 orders 1 in 24 has no inversion; of 10 points 0.036 of 36 have at most 13.
        assert_eq!(spared(3), None);
        assert_eq!(spared(4), Some(0));
        let at_most = |points, most| inversions(points)[..=most].iter().sum::<f64>();
        assert!((at_most(4, 0) - 1.0 / 24.0).abs() < 1e-12);
        let spared = spared(10).expect("ten points bound");
        assert!(at_most(10, spared) <= ALPHA && at_most(10, spared + 1) > ALPHA);
        // S = 45 - 2 * 12 = 21 of Kendall's table for ten points: p = 0.036.
        assert!((at_most(10, 12) - 0.036).abs() < 5e-4, "{}", at_most(10, 12));
    }

    #[test]
    fn an_upper_bound_is_wrong_in_about_one_case_of_twenty() {
        let wrong = (0..400).filter(|seed| {
            let trend = Trend::of(&line(30, 0.5, 8.0, 1000 + seed)).expect("samples enough");
            trend.high < 0.5
        });
        // 5 % of 400 are 20, give or take 4 each deviation; below 40 by more than four.
        let wrong = wrong.count();
        assert!(wrong < 40, "{wrong} of 400");
    }
}
