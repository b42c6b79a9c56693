//! How long an attempt waits after the one before it failed. Told the chance; waits for nothing.

use std::time::Duration;

use crate::backoff::{doubled, shortened};

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
        let longest = self.longest.min(LONGEST_PAUSE);
        let pause = doubled(self.first, longest, attempts.saturating_sub(1));
        shortened(pause, JITTER, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_from_the_first_attempt_on_and_chance_takes_half_off_at_most() {
        let pauses = RetryPauses { first: SECOND, longest: 5 * SECOND };
        let told: Vec<_> = (1..=5).map(|attempts| pauses.after(attempts, 0.0).as_secs()).collect();
        assert_eq!(told, [1, 2, 4, 5, 5]);
        assert_eq!(pauses.after(1, 1.0), SECOND / 2);
    }

    #[test]
    fn no_setting_makes_a_pause_longer_than_the_longest() {
        let pauses = RetryPauses { first: Duration::MAX, longest: Duration::MAX };
        assert_eq!(pauses.after(u32::MAX, 0.0), LONGEST_PAUSE);
    }
}
