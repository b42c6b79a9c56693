//! Sums over the last minutes, of figures that only grow. Told the time; bounded.

use std::collections::VecDeque;
use std::time::Duration;

use daemoneye_eventbus::rpc::{CpuUse, ErrorRate};

/// Parts a window is counted in: the oldest that counts is off by no more than one of them.
const STEPS: u32 = 64;

/// What has come together since the beginning, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// What was tried, and what of it failed.
    pub(super) errors: ErrorRate,
    /// CPU time of the process; `None` where nobody tells.
    pub(super) cpu_time: Option<Duration>,
}

/// What came together within a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Recent {
    pub(super) errors: ErrorRate,
    /// `None` where nobody tells, and as long as the window is not full.
    pub(super) cpu: Option<CpuUse>,
}

/// The totals of the last minutes.
#[derive(Debug)]
pub(super) struct Window {
    length: Duration,
    /// Oldest first; the first is the last at or before the window's beginning. At most two for
    /// each step, and a few.
    marks: VecDeque<Mark>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Duration,
    totals: Totals,
}

impl Window {
    /// An empty window; the first totals it is told are where it begins.
    pub(super) fn new(length: Duration) -> Self {
        Self { length, marks: VecDeque::new() }
    }

    /// Takes the totals of a moment, which is not before the last one.
    pub(super) fn add(&mut self, at: Duration, totals: Totals) {
        let step = self.length / STEPS;
        // The last mark counts as the present alone, as long as another is near before it.
        let is_near = |before: &Mark| at.saturating_sub(before.at) < step;
        if self.marks.iter().nth_back(1).is_some_and(is_near) {
            self.marks.pop_back();
        }
        self.marks.push_back(Mark { at, totals });
        let begin = at.saturating_sub(self.length);
        while self.marks.get(1).is_some_and(|second| second.at <= begin) {
            self.marks.pop_front();
        }
    }

    /// What came together within it.
    pub(super) fn recent(&self) -> Recent {
        let (Some(first), Some(last)) = (self.marks.front(), self.marks.back()) else {
            return Recent::default();
        };
        let over = last.at.saturating_sub(first.at);
        let grown = |before: u64, now: u64| now.saturating_sub(before);
        let (before, now) = (first.totals, last.totals);
        let used = before.cpu_time.zip(now.cpu_time);
        let used = used.map(|(before, now)| now.saturating_sub(before));
        let used = used.filter(|_| over >= self.length);
        Recent {
            errors: ErrorRate {
                failed: grown(before.errors.failed, now.errors.failed),
                tried: grown(before.errors.tried, now.errors.tried),
            },
            cpu: used.map(|used| CpuUse { used, over }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn totals(tried: u64, failed: u64) -> Totals {
        Totals { errors: ErrorRate { failed, tried }, cpu_time: None }
    }

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn nothing_and_one_moment_are_no_time_to_fail_in() {
        let mut window = Window::new(MINUTE);
        assert_eq!(window.recent(), Recent::default());
        window.add(second(0), totals(7, 7));
        assert_eq!(window.recent(), Recent::default());
    }

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut window = Window::new(MINUTE);
        // At each of these seconds so much was tried, and failed, from the beginning on.
        for (at, tried, failed, expected) in [
            (0, 0, 0, (0, 0)),
            (30, 10, 10, (10, 10)),
            (60, 20, 10, (20, 10)),
            // From here on it begins at 30.
            (90, 30, 10, (20, 0)),
            (1000, 31, 11, (1, 1)),
        ] {
            window.add(second(at), totals(tried, failed));
            let ErrorRate { tried, failed } = window.recent().errors;
            assert_eq!((tried, failed), expected, "at {at} s");
        }
    }

    #[test]
    fn cpu_use_is_told_once_the_window_is_full_and_over_the_time_it_was_used_in() {
        let mut window = Window::new(MINUTE);
        let at = |cpu: u64| Totals { cpu_time: Some(second(cpu)), ..Totals::default() };
        window.add(second(0), at(100));
        window.add(second(59), at(103));
        assert_eq!(window.recent().cpu, None);
        window.add(second(60), at(103));
        assert_eq!(window.recent().cpu, Some(CpuUse { used: second(3), over: second(60) }));
        window.add(second(120), Totals::default());
        assert_eq!(window.recent().cpu, None, "nobody told it this time");
    }

    #[test]
    fn a_step_longer_than_the_window_is_counted_whole() {
        let mut window = Window::new(second(1));
        for (at, tried) in [(0, 0), (30, 6), (60, 13)] {
            window.add(second(at), totals(tried, 0));
        }
        assert_eq!(window.recent().errors.tried, 7);
    }

    proptest! {
        #[test]
        fn it_holds_few_marks_and_never_more_than_happened(
            steps in prop::collection::vec((0..10_000_u64, 0..100_u64, any::<bool>()), 1..500),
        ) {
            let mut window = Window::new(MINUTE);
            let (mut at_ms, mut tried, mut failed) = (0, 0, 0);
            let mut told = vec![(0, 0, 0)];
            window.add(Duration::ZERO, totals(0, 0));
            for (wait_ms, tries, fails) in steps {
                at_ms += wait_ms;
                tried += tries;
                failed += if fails { tries } else { 0 };
                told.push((at_ms, tried, failed));
                window.add(Duration::from_millis(at_ms), totals(tried, failed));
                prop_assert!(window.marks.len() <= 2 * 64 + 4, "{}", window.marks.len());
                let recent = window.recent().errors;
                prop_assert!(recent.failed <= recent.tried);
                // At least what is certainly within, at most one step and one moment more.
                let since = |begin_ms: u64| {
                    let before = told.iter().rev().find(|(at, ..)| *at <= begin_ms);
                    tried - before.map_or(0, |(_, tried, _)| *tried)
                };
                let begin_ms = at_ms.saturating_sub(60_000);
                prop_assert!(recent.tried >= since(begin_ms));
            }
            let last = window.marks.back().map(|mark| mark.totals);
            prop_assert_eq!(last, Some(totals(tried, failed)));
        }
    }
}
