//! How long an attempt waits after the one before it failed. Told the chance; waits for nothing.

use std::time::Duration;

/// The longest pause there is, whatever is set: longer than that, a new analysis is the better one.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// First pause by default: what was busy for a moment is free again.
const DEFAULT_FIRST: Duration = Duration::from_millis(200);
/// Longest pause by default, about the time a collector takes to be started again.
const DEFAULT_LONGEST: Duration = Duration::from_secs(10);
/// Share of a pause that chance may take off it: stages that failed of one cause do not all ask
/// again at one moment.
const JITTER: f64 = 0.5;

/// Pauses between attempts of one stage: each twice the one before, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPauses {
    /// Before the second attempt.
    pub first: Duration,
    /// What they grow to; never more than [`LONGEST_PAUSE`].
    pub longest: Duration,
}

impl Default for RetryPauses {
    fn default() -> Self {
        Self { first: DEFAULT_FIRST, longest: DEFAULT_LONGEST }
    }
}

impl RetryPauses {
    /// The pause after so many attempts, at least one; `chance`, from 0 to 1, decides how much
    /// shorter it is.
    pub(super) fn after(self, attempts: u32, chance: f64) -> Duration {
        let doublings = attempts.saturating_sub(1);
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(doublings));
        let longest = doubled.min(self.longest).min(LONGEST_PAUSE);
        longest.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_their_limit() {
        let pauses = RetryPauses { first: SECOND, longest: 5 * SECOND };
        let told: Vec<_> = (1..=5).map(|attempts| pauses.after(attempts, 0.0).as_secs()).collect();
        assert_eq!(told, [1, 2, 4, 5, 5]);
    }

    #[test]
    fn no_setting_makes_a_pause_longer_than_the_longest() {
        let pauses = RetryPauses { first: Duration::MAX, longest: Duration::MAX };
        assert_eq!(pauses.after(u32::MAX, 0.0), LONGEST_PAUSE);
    }

    proptest! {
        #[test]
        fn chance_shortens_a_pause_by_half_at_most(chance in 0.0..=1.0_f64) {
            let pause = RetryPauses { first: SECOND, longest: SECOND }.after(1, chance);
            prop_assert!(pause >= SECOND / 2 && pause <= SECOND, "{pause:?}");
        }
    }
}
