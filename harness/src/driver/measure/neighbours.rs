//! How busy the host was beside the measured tree: two readings of its counters and what was
//! between them (METHOD §4). It judges nothing; the limits are in the gates.

use std::time::{Duration, Instant};

use super::host;
use crate::record::HostLoad;

/// The host's counters at one moment, as far as they only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// CPU time spent on anything, all CPUs.
    pub(super) busy: Duration,
    /// CPU time taken by the hypervisor for others, all CPUs.
    pub(super) stolen: Duration,
    /// CPU time with nothing to do, all CPUs.
    pub(super) idle: Duration,
    /// Time in which some task waited for a CPU; `None` where the kernel does not tell.
    pub(super) waited: Option<Duration>,
}

/// Sums up measured phases.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    before: Option<(Instant, Counters)>,
    spent: Option<(Duration, Counters)>,
}

impl Neighbours {
    /// A measured phase begins.
    pub(super) fn begin(&mut self) {
        self.before = host::counters().map(|now| (Instant::now(), now));
    }

    /// It has ended.
    pub(super) fn end(&mut self) {
        if let (Some((began, before)), Some(now)) = (self.before.take(), host::counters()) {
            let (passed, sum) = self.spent.unwrap_or_default();
            let phase = now.since(before);
            self.spent = Some((passed + began.elapsed(), sum.and(phase)));
        }
    }

    /// What the host did besides, the tree having used `tree_s` seconds of CPU.
    pub(super) fn load(&self, tree_s: f64) -> Option<HostLoad> {
        let (passed, spent) = self.spent?;
        let all_s = (spent.busy + spent.stolen + spent.idle).as_secs_f64();
        let (runnable, load_1_min) = host::queue();
        let share = |part_s: f64, whole_s: f64| (part_s / whole_s).clamp(0.0, 1.0);
        (all_s > 0.0).then(|| HostLoad {
            stolen: share(spent.stolen.as_secs_f64(), all_s),
            outside: share(spent.busy.as_secs_f64() - tree_s, all_s),
            pressure: spent.waited.map(|waited| share(waited.as_secs_f64(), passed.as_secs_f64())),
            runnable,
            load_1_min,
        })
    }
}

impl Counters {
    fn since(self, before: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(before.busy),
            stolen: self.stolen.saturating_sub(before.stolen),
            idle: self.idle.saturating_sub(before.idle),
            waited: self.waited.zip(before.waited).map(|(now, then)| now.saturating_sub(then)),
        }
    }

    fn and(self, more: Self) -> Self {
        Self {
            busy: self.busy + more.busy,
            stolen: self.stolen + more.stolen,
            idle: self.idle + more.idle,
            waited: more.waited.map(|waited| waited + self.waited.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(busy_s: u64, stolen_s: u64, idle_s: u64) -> Neighbours {
        let counters = Counters {
            busy: Duration::from_secs(busy_s),
            stolen: Duration::from_secs(stolen_s),
            idle: Duration::from_secs(idle_s),
            waited: Some(Duration::from_secs(1)),
        };
        Neighbours { before: None, spent: Some((Duration::from_secs(4), counters)) }
    }

    #[test]
    fn what_the_tree_used_is_not_outside_it() {
        let load = spent(6, 1, 3).load(4.0).expect("counters");
        assert_eq!((load.outside, load.stolen, load.pressure), (0.2, 0.1, Some(0.25)));
        // Ticks are coarser than the tree's own clocks.
        assert!(spent(6, 0, 4).load(6.1).expect("counters").outside <= 0.0);
    }

    #[test]
    fn without_counters_nothing_is_claimed() {
        assert_eq!(Neighbours::default().load(1.0), None);
    }

    #[test]
    fn phases_add_up() {
        let once = Counters { busy: Duration::from_secs(1), ..Counters::default() };
        let twice = Counters::default().and(once).and(once);
        assert_eq!(twice.busy, Duration::from_secs(2));
        assert_eq!(twice.since(once).busy, Duration::from_secs(1));
    }
}
