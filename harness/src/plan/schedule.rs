//! Planned moments of an open loop, worked out before anything runs (METHOD §2).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Arrivals, Count};

const NS_PER_S: f64 = 1e9;
const NS_PER_MS: u64 = 1_000_000;

/// Moments to publish at, nanoseconds after the start, never decreasing.
///
/// `per_second` is the mean rate, above zero. [`Count::UntilRefused`] never ends.
pub fn schedule(
    per_second: f64,
    arrivals: Arrivals,
    count: Count,
    seed: u64,
) -> impl Iterator<Item = u64> {
    let (events, end_ns) = match count {
        Count::Events(events) => (events, u64::MAX),
        Count::ForMs(ms) => (u64::MAX, ms.saturating_mul(NS_PER_MS)),
        Count::UntilRefused => (u64::MAX, u64::MAX),
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut passed = 0.0;
    (0..events)
        .map(move |index| match arrivals {
            // Multiplied, not added up: a long schedule does not drift.
            Arrivals::Constant => nanoseconds(index as f64 / per_second),
            Arrivals::Burst(size) => {
                let first_of_burst = index - index % u64::from(size.max(1));
                nanoseconds(first_of_burst as f64 / per_second)
            }
            Arrivals::Poisson => {
                let moment = nanoseconds(passed);
                // 1 − u lies in (0, 1], so the logarithm is finite.
                passed -= (1.0 - random.random::<f64>()).ln() / per_second;
                moment
            }
        })
        .take_while(move |moment| *moment < end_ns)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "moments are not negative, and the cast saturates"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * NS_PER_S).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(arrivals: Arrivals, count: Count, seed: u64) -> Vec<u64> {
        schedule(1000.0, arrivals, count, seed).collect()
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_and_stop_at_the_end() {
        let moments = moments(Arrivals::Constant, Count::ForMs(4), 1);
        assert_eq!(moments, [0, 1_000_000, 2_000_000, 3_000_000]);
    }

    #[test]
    fn bursts_come_at_once_and_keep_the_mean_rate() {
        let moments = moments(Arrivals::Burst(3), Count::Events(7), 1);
        let second = 3_000_000;
        assert_eq!(moments, [0, 0, 0, second, second, second, 2 * second]);
    }

    #[test]
    fn poisson_arrivals_follow_the_seed_and_keep_the_mean_rate() {
        let once = moments(Arrivals::Poisson, Count::Events(20_000), 7);
        assert_eq!(once, moments(Arrivals::Poisson, Count::Events(20_000), 7));
        assert_ne!(once, moments(Arrivals::Poisson, Count::Events(20_000), 8));
        assert!(once.is_sorted());
        let last_s = *once.last().expect("events") as f64 / NS_PER_S;
        assert!((19.0..21.0).contains(&last_s), "20 000 events at 1 000/s took {last_s} s");
    }
}
