//! When to seek a collector again: exponential back-off with full jitter, so that its clients do
//! not come back as one. Told the chance; waits for nothing.

use std::time::Duration;

/// The longest pause there is, whatever is set: a client asks for an hour at most.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

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
    /// The pause after so many attempts in vain; `chance`, from 0 to 1, decides how much of what it
    /// may be it is.
    pub(super) fn pause(self, attempts: u32, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempts));
        let ceiling = doubled.min(self.most).min(LONGEST_PAUSE);
        ceiling.mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_may_double_up_to_the_longest() {
        let reconnect = IpcReconnect::default();
        let told = [0, 1, 2, 6, 7, 31, 32, u32::MAX].map(|attempts| reconnect.pause(attempts, 1.0));
        let expected = [50, 100, 200, 3200, 5000, 5000, 5000, 5000];
        assert_eq!(told, expected.map(Duration::from_millis));
    }

    #[test]
    fn no_setting_makes_a_pause_longer_than_the_longest() {
        let reconnect = IpcReconnect { first: Duration::MAX, most: Duration::MAX };
        assert_eq!(reconnect.pause(u32::MAX, 1.0), LONGEST_PAUSE);
    }

    #[test]
    fn chance_decides_how_much_of_a_pause_it_is() {
        let reconnect = IpcReconnect::default();
        let told = [-1.0, 0.0, 0.5, 1.0, 2.0].map(|chance| reconnect.pause(1, chance));
        assert_eq!(told, [0, 0, 50, 100, 100].map(Duration::from_millis));
    }
}
