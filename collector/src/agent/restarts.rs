//! When a collector that ended is started again, and when no more (R5). Told the time; waits for
//! nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::backoff::shortened;
use crate::config::AgentConfig;

/// Share of a pause that chance may take off it: collectors that ended of one cause are not all
/// started at one moment.
const JITTER: f64 = 0.5;

/// The ends of one collector that still count.
#[derive(Debug)]
pub(super) struct Restarts {
    limits: AgentConfig,
    /// When it ended, oldest first; no more than the limit.
    ends: VecDeque<Instant>,
}

/// What becomes of a collector that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is started again after a pause.
    Again {
        /// The pause.
        after: Duration,
    },
    /// It ended too often.
    GivenUp,
}

impl Restarts {
    pub(super) fn new(limits: &AgentConfig) -> Self {
        Self { limits: limits.clone(), ends: VecDeque::new() }
    }

    /// It ended now; `chance`, from 0 to 1, decides how much shorter the pause is.
    pub(super) fn ended(&mut self, now: Instant, chance: f64) -> Verdict {
        let window = self.limits.restart_window;
        while self.ends.front().is_some_and(|end| now.duration_since(*end) >= window) {
            self.ends.pop_front();
        }
        let ends = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        if ends >= self.limits.restart_limit {
            return Verdict::GivenUp;
        }
        self.ends.push_back(now);
        let longest = self.limits.pause_after(ends);
        Verdict::Again { after: in_whole_ms(shortened(longest, JITTER, chance)) }
    }
}

/// Nobody reads the rest of it.
fn in_whole_ms(pause: Duration) -> Duration {
    Duration::new(pause.as_secs(), pause.subsec_millis() * 1_000_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(restart_limit: u32) -> AgentConfig {
        AgentConfig {
            restart_limit,
            restart_window: 60 * SECOND,
            restart_pause: SECOND,
            restart_pause_limit: 5 * SECOND,
            ..AgentConfig::default()
        }
    }

    /// Ends at these seconds, and the pauses that follow, in seconds; `None` when it is given up.
    fn pauses(limit: u32, ends: &[u64]) -> Vec<Option<u64>> {
        let (begin, mut restarts) = (Instant::now(), Restarts::new(&limits(limit)));
        let mut pause = |second| match restarts.ended(begin + second * SECOND, 0.0) {
            Verdict::Again { after } => Some(after.as_secs()),
            Verdict::GivenUp => None,
        };
        ends.iter().map(|second| pause(u32::try_from(*second).unwrap())).collect()
    }

    #[test]
    fn pauses_double_up_to_their_limit_and_one_end_too_many_is_the_last() {
        let expected = [Some(1), Some(2), Some(4), Some(5), None];
        assert_eq!(pauses(4, &[0, 1, 2, 3, 4]), expected);
    }

    #[test]
    fn ends_outside_the_window_no_longer_count() {
        let expected = [Some(1), Some(2), None, Some(1), Some(2), None];
        assert_eq!(pauses(2, &[0, 30, 59, 200, 259, 259]), expected);
        // The oldest has just left.
        assert_eq!(pauses(2, &[0, 30, 60]), [Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn without_restarts_the_first_end_is_the_last() {
        assert_eq!(pauses(0, &[0]), [None]);
    }

    proptest! {
        #[test]
        fn chance_shortens_a_pause_by_half_at_most(chance in 0.0..=1.0_f64) {
            let mut restarts = Restarts::new(&limits(1));
            let Verdict::Again { after } = restarts.ended(Instant::now(), chance) else {
                panic!("the first end")
            };
            prop_assert!(after >= SECOND / 2 && after <= SECOND, "{after:?}");
            prop_assert_eq!(after.subsec_nanos() % 1_000_000, 0, "it is told to people");
        }
    }
}
