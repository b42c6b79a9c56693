//! Wilcoxon's signed-rank statistic: its exact null distribution, and confidence bounds from it.
//!
//! METHOD §4. The bounds invert the test: the one-sided bound at level α is the largest (smallest)
//! shift the test does not reject, which is an order statistic of the Walsh averages. No normal
//! approximation anywhere: the samples are six to sixteen blocks.
//!
//! **Ties and zeros.** The classical test must decide how to rank equal magnitudes and differences
//! of zero. The inverted test need not: order statistics of Walsh averages are continuous in the
//! data, so a tied sample has the bounds of the untied samples next to it, and since the interval
//! includes its ends its coverage can only be larger than stated. Hence nothing is dropped, jittered
//! or given mid-ranks here.

/// Most observations the exact distribution is computed for; 2^62 sign patterns still fit.
pub(crate) const MOST_OBSERVATIONS: usize = 62;

/// How many of the 2^n sign patterns give each value 0 ..= n(n+1)/2 of the statistic.
///
/// # Panics
/// Never below [`MOST_OBSERVATIONS`]; callers hold at most sixteen blocks.
pub(crate) fn pattern_counts(n: usize) -> Vec<u64> {
    assert!(n <= MOST_OBSERVATIONS, "the exact null distribution is for small samples");
    let mut counts = vec![0_u64; n * (n + 1) / 2 + 1];
    counts[0] = 1;
    for rank in 1..=n {
        // Downwards, so that each rank is used at most once: subsets of 1..=n by their sum.
        for sum in (rank..counts.len()).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

/// The largest `c` with P(T ≤ c) ≤ `alpha` under the null; `None` when even c = 0 is too likely.
pub(crate) fn critical_value(n: usize, alpha: f64) -> Option<usize> {
    let patterns = 2_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut at_most = 0_u64;
    let mut critical = None;
    for (value, count) in pattern_counts(n).into_iter().enumerate() {
        at_most += count;
        if at_most as f64 > alpha * patterns {
            break;
        }
        critical = Some(value);
    }
    critical
}

/// The averages of every pair of observations, each with itself included, in ascending order.
pub(crate) fn walsh_averages(observations: &[f64]) -> Vec<f64> {
    let mut averages = Vec::with_capacity(observations.len() * (observations.len() + 1) / 2);
    for (at, first) in observations.iter().enumerate() {
        for second in &observations[at..] {
            averages.push(f64::midpoint(*first, *second));
        }
    }
    averages.sort_by(f64::total_cmp);
    averages
}

/// The Hodges–Lehmann estimate: the median of the Walsh averages; `None` without observations.
pub(crate) fn hodges_lehmann(observations: &[f64]) -> Option<f64> {
    let averages = walsh_averages(observations);
    let upper = *averages.get(averages.len() / 2)?;
    let lower = averages[(averages.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// Exact one-sided bounds below and above the centre, each at level `alpha`.
///
/// `None` when so few observations cannot bound anything at this level.
pub(crate) fn bounds(observations: &[f64], alpha: f64) -> Option<(f64, f64)> {
    let critical = critical_value(observations.len(), alpha)?;
    let averages = walsh_averages(observations);
    Some((*averages.get(critical)?, *averages.get(averages.len() - 1 - critical)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One-sided critical values of published tables (Wilcoxon 1945; Hollander and Wolfe, A.4).
    const PUBLISHED: [(usize, f64, Option<usize>); 20] = [
        (5, 0.05, Some(0)),
        (5, 0.025, None),
        (6, 0.05, Some(2)),
        (6, 0.025, Some(0)),
        (6, 0.01, None),
        (7, 0.05, Some(3)),
        (7, 0.025, Some(2)),
        (7, 0.01, Some(0)),
        (8, 0.05, Some(5)),
        (8, 0.025, Some(3)),
        (8, 0.01, Some(1)),
        (8, 0.005, Some(0)),
        (9, 0.05, Some(8)),
        (9, 0.025, Some(5)),
        (9, 0.01, Some(3)),
        (10, 0.05, Some(10)),
        (10, 0.025, Some(8)),
        (10, 0.01, Some(5)),
        (10, 0.005, Some(3)),
        (16, 0.025, Some(29)),
    ];

    #[test]
    fn critical_values_are_those_of_the_published_tables() {
        for (n, alpha, critical) in PUBLISHED {
            assert_eq!(critical_value(n, alpha), critical, "n = {n}, one-sided {alpha}");
        }
    }

    #[test]
    fn the_null_distribution_equals_counting_every_sign_pattern() {
        for n in 1..=12_u32 {
            let mut counted = vec![0_u64; (n * (n + 1) / 2 + 1) as usize];
            for pattern in 0..(1_u32 << n) {
                let sum: u32 = (1..=n).filter(|rank| pattern >> (rank - 1) & 1 == 1).sum();
                counted[sum as usize] += 1;
            }
            assert_eq!(pattern_counts(n as usize), counted, "n = {n}");
        }
    }

    #[test]
    fn the_estimate_is_the_median_of_pair_averages() {
        assert_eq!(hodges_lehmann(&[]), None);
        assert_eq!(hodges_lehmann(&[3.0]), Some(3.0));
        // Walsh averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6.
        assert_eq!(hodges_lehmann(&[6.0, 1.0, 2.0]), Some(2.75));
    }

    #[test]
    fn a_shift_inside_the_bounds_is_just_not_rejected_and_outside_it_is() {
        let sample = [0.11, -0.42, 0.35, 0.9, -0.07, 0.51, 0.28, 1.3, 0.66, 0.02];
        let alpha = 0.05;
        let (low, high) = bounds(&sample, alpha).expect("ten observations bound at 5 %");
        let critical = critical_value(sample.len(), alpha).expect("known from the tables");
        let negative_ranks = |shift: f64| rank_sum(&sample, |value| shift - value);
        let positive_ranks = |shift: f64| rank_sum(&sample, |value| value - shift);
        assert!(negative_ranks(low - 1e-9) <= critical && negative_ranks(low + 1e-9) > critical);
        assert!(positive_ranks(high + 1e-9) <= critical && positive_ranks(high - 1e-9) > critical);
    }

    /// The statistic by its definition: the sum of the ranks, by magnitude, of positive distances.
    fn rank_sum(sample: &[f64], distance: impl Fn(f64) -> f64) -> usize {
        let mut distances: Vec<f64> = sample.iter().map(|value| distance(*value)).collect();
        distances.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        distances.iter().zip(1..).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum()
    }

    #[test]
    fn a_sample_of_equal_values_is_bounded_by_that_value() {
        assert_eq!(bounds(&[0.5; 10], 0.05), Some((0.5, 0.5)));
        assert_eq!(hodges_lehmann(&[0.0; 6]), Some(0.0));
    }

    #[test]
    fn ties_have_the_bounds_of_the_untied_samples_beside_them() {
        let tied = [1.0, 1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 3.0];
        let untied: Vec<f64> =
            tied.iter().zip(0_u8..).map(|(value, at)| value + f64::from(at) * 1e-9).collect();
        let (low, high) = bounds(&tied, 0.05).expect("eight observations bound at 5 %");
        let (near_low, near_high) = bounds(&untied, 0.05).expect("the same number");
        assert!((low - near_low).abs() < 1e-7 && (high - near_high).abs() < 1e-7);
    }

    proptest! {
        #[test]
        fn raising_one_observation_lowers_nothing(
            mut sample in proptest::collection::vec(-10.0..10.0_f64, 6..=16),
            at in any::<proptest::sample::Index>(),
            by in 0.0..5.0_f64,
        ) {
            let before = (bounds(&sample, 0.05), hodges_lehmann(&sample));
            *at.get_mut(&mut sample) += by;
            let after = (bounds(&sample, 0.05), hodges_lehmann(&sample));
            let ((low, high), centre) = (before.0.expect("six or more"), before.1);
            let ((new_low, new_high), new_centre) = (after.0.expect("six or more"), after.1);
            prop_assert!(new_low >= low && new_high >= high && new_centre >= centre);
            prop_assert!(new_low <= new_high);
        }
    }
}
