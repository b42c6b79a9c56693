//! How long to wait before something is tried again: pauses that double up to a limit, and what
//! chance takes off them, so that those who failed of one cause do not come back at one moment.
//! Told the chance; waits for nothing.

use std::time::Duration;

/// The pause after so many others, each twice the one before and none over the longest.
pub(crate) fn doubled(first: Duration, longest: Duration, pauses: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(pauses)).min(longest)
}

/// A pause without a part of this share of it; `chance`, from 0 to 1, decides how large a part.
pub(crate) fn shortened(pause: Duration, share: f64, chance: f64) -> Duration {
    pause.mul_f64(1.0 - share * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn ms<const N: usize>(all: [u64; N]) -> [Duration; N] {
        all.map(Duration::from_millis)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let [first, longest] = ms([50, 5000]);
        let told = [0, 1, 2, 6, 7, 31, 32, u32::MAX].map(|pauses| doubled(first, longest, pauses));
        assert_eq!(told, ms([50, 100, 200, 3200, 5000, 5000, 5000, 5000]));
    }

    #[test]
    fn the_longest_holds_for_the_first_and_for_the_greatest_numbers() {
        let longest = Duration::from_hours(1);
        assert_eq!(doubled(Duration::MAX, longest, 0), longest);
        assert_eq!(doubled(Duration::MAX, longest, u32::MAX), longest);
    }

    #[test]
    fn chance_decides_how_much_of_the_share_is_taken_off() {
        let pause = Duration::from_millis(100);
        let chances = [-1.0, 0.0, 0.5, 1.0, 2.0];
        let half = chances.map(|chance| shortened(pause, 0.5, chance));
        assert_eq!(half, ms([100, 100, 75, 50, 50]));
        let all = chances.map(|chance| shortened(pause, 1.0, chance));
        assert_eq!(all, ms([100, 100, 50, 0, 0]));
    }

    proptest! {
        #[test]
        fn no_more_than_the_share_is_taken_off(chance in 0.0..=1.0_f64, share in 0.0..=1.0_f64) {
            let pause = Duration::from_secs(8);
            let told = shortened(pause, share, chance);
            prop_assert!(told >= pause.mul_f64(1.0 - share) && told <= pause, "{told:?}");
        }
    }
}
