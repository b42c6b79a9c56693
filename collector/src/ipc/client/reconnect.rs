//! When to seek a collector again: exponential back-off with full jitter, so that its clients do
//! not come back as one. Told the chance; waits for nothing.

use std::time::Duration;

use crate::backoff::{doubled, shortened};

/// The longest pause there is, whatever is set: a client asks for an hour at most.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Share of a pause that chance may take off it: all of it, as many clients may have lost one
/// collector at one moment.
const JITTER: f64 = 1.0;

/// Pauses before attempts to find a collector again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpcReconnect {
    /// The first pause is up to so long, each further one up to twice as long. Default 50 ms.
    pub first: Duration,
    /// But never longer than this. Default 5 s.
    pub most: Duration,
}

impl Default for IpcReconnect {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), most: Duration::from_secs(5) }
    }
}

impl IpcReconnect {
    /// The pause after so many attempts in vain; `chance`, from 0 to 1, decides how much shorter it
    /// is than it may be.
    pub(super) fn pause(self, attempts: u32, chance: f64) -> Duration {
        let longest = self.most.min(LONGEST_PAUSE);
        shortened(doubled(self.first, longest, attempts), JITTER, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_may_double_up_to_the_longest() {
        let reconnect = IpcReconnect::default();
        let told = [0, 1, 2, 6, 7].map(|attempts| reconnect.pause(attempts, 0.0));
        assert_eq!(told, [50, 100, 200, 3200, 5000].map(Duration::from_millis));
    }

    #[test]
    fn no_setting_makes_a_pause_longer_than_the_longest() {
        let reconnect = IpcReconnect { first: Duration::MAX, most: Duration::MAX };
        assert_eq!(reconnect.pause(u32::MAX, 0.0), LONGEST_PAUSE);
    }

    #[test]
    fn chance_may_leave_nothing_of_a_pause() {
        let reconnect = IpcReconnect::default();
        let told = [0.0, 0.5, 1.0].map(|chance| reconnect.pause(1, chance));
        assert_eq!(told, [100, 50, 0].map(Duration::from_millis));
    }
}
