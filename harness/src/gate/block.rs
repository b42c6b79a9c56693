//! A block: four trials, two of each bus, in an order that a steady drift cannot favour.
//!
//! METHOD §4. The host warms up, throttles and fills its caches while trials run. A round runs
//! everybody who takes part once and then, backwards, once more: all stand at the same mean position,
//! so a drift linear in time (in the logarithm) cancels exactly between any two of them. The four trials
//! of a pair are its block, `ABBA` or `BAAB`. Who begins is drawn for each round, so that a drift with the
//! period of a round cannot favour anybody either.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Trials in a block.
pub const TRIALS_PER_BLOCK: usize = 4;

/// Which of the two buses a trial runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The baseline, A.
    Baseline,
    /// The candidate, B.
    Candidate,
}

/// The order of round `round` (counted from 0) of a run with this seed: places `0..seats`, each twice.
pub fn round_order(seed: u64, round: u32, seats: usize) -> Vec<usize> {
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    draw.set_stream(u64::from(round));
    let mut there: Vec<usize> = (0..seats).collect();
    there.shuffle(&mut draw);
    let back = there.iter().rev().copied();
    there.iter().copied().chain(back).collect()
}

/// The order of a round of two, which is block `block` of a run with this seed.
pub fn order(seed: u64, block: u32) -> [Side; TRIALS_PER_BLOCK] {
    use Side::{Baseline as A, Candidate as B};

    if round_order(seed, block, 2)[0] == 0 { [A, B, B, A] } else { [B, A, A, B] }
}

/// A block's evidence about candidate ÷ baseline, as a natural logarithm.
///
/// `None` when a value is not positive and finite: its logarithm would say nothing.
pub fn log_ratio(baseline: [f64; 2], candidate: [f64; 2]) -> Option<f64> {
    let usable = |value: &f64| value.is_finite() && *value > 0.0;
    let all = baseline.iter().chain(&candidate).all(usable);
    let logs = |values: [f64; 2]| values[0].ln() + values[1].ln();
    all.then(|| (logs(candidate) - logs(baseline)) / 2.0)
}

/// Splits what was measured in [`order`] into the baseline's and the candidate's values.
pub fn by_side<T: Copy>(order: [Side; TRIALS_PER_BLOCK], values: [T; 4]) -> ([T; 2], [T; 2]) {
    if order[0] == Side::Baseline {
        ([values[0], values[3]], [values[1], values[2]])
    } else {
        ([values[1], values[2]], [values[0], values[3]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_in_a_round_stands_at_the_same_mean_position() {
        for seats in 1..6 {
            let order = round_order(7, 3, seats);
            for seat in 0..seats {
                let places = order.iter().enumerate().filter(|(_, who)| **who == seat);
                let places: Vec<usize> = places.map(|(place, _)| place).collect();
                assert_eq!(places.len(), 2);
                assert_eq!(places[0] + places[1], 2 * seats - 1);
            }
        }
        let begins = |round| round_order(7, round, 4)[0];
        let begun: std::collections::BTreeSet<usize> = (0..50).map(begins).collect();
        assert_eq!(begun.len(), 4, "each begins some round");
    }

    #[test]
    fn each_order_holds_both_sides_at_the_same_mean_position() {
        for block in 0..100 {
            let order = order(7, block);
            let places = |side| -> usize { (0..4).filter(|at| order[*at] == side).sum() };
            assert_eq!(places(Side::Baseline), 3);
            assert_eq!(places(Side::Candidate), 3);
        }
    }

    #[test]
    fn the_coin_is_fair_and_repeats_with_its_seed() {
        let heads = (0..1_000).filter(|block| order(42, *block)[0] == Side::Baseline).count();
        assert!((430..=570).contains(&heads), "{heads} of 1000");
        assert!((0..100).all(|block| order(42, block) == order(42, block)));
        assert!((0..100).any(|block| order(42, block) != order(43, block)));
    }

    #[test]
    fn a_linear_drift_cancels_exactly() {
        for block in 0..20 {
            let order = order(1, block);
            for drift in [-0.25, 0.125, 2.0] {
                let mut position = 0.0;
                let values = order.map(|side| {
                    let truth: f64 = if side == Side::Candidate { 3.0 } else { 2.0 };
                    let value = truth.ln() + drift * position;
                    position += 1.0;
                    value.exp()
                });
                let (a, b) = by_side(order, values);
                let ratio = log_ratio(a, b).expect("all values are positive");
                assert!((ratio - 1.5_f64.ln()).abs() < 1e-12, "{ratio}");
            }
        }
    }

    #[test]
    fn a_value_without_a_logarithm_gives_no_ratio() {
        for broken in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(log_ratio([1.0, broken], [1.0, 1.0]), None);
            assert_eq!(log_ratio([1.0, 1.0], [broken, 1.0]), None);
        }
    }
}
