//! When to try again after a connection broke (W5): exponential back-off with full jitter, so that
//! a thousand clients of one broker do not come back as one.

use std::time::Duration;

/// How a broken connection is sought again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnect {
    /// The first pause is up to so long, each further one up to twice as long. Default 100 ms.
    pub first: Duration,
    /// But never longer than this. Default 30 s.
    pub most: Duration,
    /// How long it is sought in all; then the handle ends. Default 2 min.
    pub limit: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            most: Duration::from_secs(30),
            limit: Duration::from_mins(2),
        }
    }
}

impl Reconnect {
    /// Sets the longest pause.
    #[must_use]
    pub fn with_most(mut self, pause: Duration) -> Self {
        self.most = pause;
        self
    }

    /// Sets how long it is sought in all.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The longest that the pause before an attempt may be; attempts count from 0.
    fn ceiling(&self, attempt: u32) -> Duration {
        self.first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.most)
    }

    /// The pause before an attempt: anything up to its ceiling, each as likely as the other.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        self.ceiling(attempt).mul_f64(rand::random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Reconnect;

    #[test]
    fn pauses_may_double_up_to_the_longest() {
        let reconnect = Reconnect::default();
        let ceilings = [0, 1, 2, 8, 9, 31, 32, 1000].map(|attempt| reconnect.ceiling(attempt));
        let expected = [100, 200, 400, 25_600, 30_000, 30_000, 30_000, 30_000];
        assert_eq!(ceilings, expected.map(Duration::from_millis));
    }

    #[test]
    fn pauses_are_spread_over_all_that_is_allowed() {
        let reconnect = Reconnect::default();
        let pauses: Vec<_> = (0..1000).map(|_| reconnect.pause(0)).collect();
        assert!(pauses.iter().all(|pause| *pause <= reconnect.first));
        // Each would fail once in 2^1000 / 10^100 runs.
        assert!(pauses.iter().any(|pause| *pause < reconnect.first / 2));
        assert!(pauses.iter().any(|pause| *pause > reconnect.first / 2));
    }
}
