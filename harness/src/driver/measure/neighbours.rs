//! How busy the host was beside the measured tree: two readings of its counters and what was
//! between them (METHOD §4). It judges nothing; the limits are in the gates.
//!
//! Busy is what was neither idle nor stolen. The kernel's own count of busy time is by ticks: work
//! that begins with a timer is always, or never, seen by them, and a paced load is all such work. Idle
//! time it takes from the clock. The harness itself, which leads the trial, is no neighbour: what it
//! uses is the instrument's, the same on every bus, and nobody could stop it.

use std::time::{Duration, Instant};

use super::host;
use crate::record::HostLoad;

/// The host's counters at one moment, as far as they only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// CPU time taken by the hypervisor for others, all CPUs.
    pub(super) stolen: Duration,
    /// CPU time with nothing to do, all CPUs.
    pub(super) idle: Duration,
    /// CPU time of this very process.
    pub(super) own: Duration,
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
        let all_s = passed.as_secs_f64() * host::cpus() as f64;
        let busy_s = all_s - (spent.stolen + spent.idle + spent.own).as_secs_f64();
        let (runnable, load_1_min) = host::queue();
        let share = |part_s: f64, whole_s: f64| (part_s / whole_s).clamp(0.0, 1.0);
        (all_s > 0.0).then(|| HostLoad {
            stolen: share(spent.stolen.as_secs_f64(), all_s),
            outside: share(busy_s - tree_s, all_s),
            pressure: spent.waited.map(|waited| share(waited.as_secs_f64(), passed.as_secs_f64())),
            runnable,
            load_1_min,
        })
    }
}

impl Counters {
    fn since(self, before: Self) -> Self {
        Self {
            stolen: self.stolen.saturating_sub(before.stolen),
            idle: self.idle.saturating_sub(before.idle),
            own: self.own.saturating_sub(before.own),
            waited: self.waited.zip(before.waited).map(|(now, then)| now.saturating_sub(then)),
        }
    }

    fn and(self, more: Self) -> Self {
        Self {
            stolen: self.stolen + more.stolen,
            idle: self.idle + more.idle,
            own: self.own + more.own,
            waited: more.waited.map(|waited| waited + self.waited.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four seconds of the host, of whose CPU time these shares were stolen and idle.
    fn spent(stolen: f64, idle: f64) -> Neighbours {
        let passed = Duration::from_secs(4);
        let of_all = |share: f64| passed.mul_f64(share * host::cpus() as f64);
        let waited = Some(Duration::from_secs(1));
        let (stolen, idle, own) = (of_all(stolen), of_all(idle), Duration::ZERO);
        let counters = Counters { stolen, idle, own, waited };
        Neighbours { before: None, spent: Some((passed, counters)) }
    }

    #[test]
    fn what_the_tree_used_is_not_outside_it() {
        let all_s = 4.0 * host::cpus() as f64;
        let load = spent(0.1, 0.3).load(0.4 * all_s).expect("counters");
        assert!((load.outside - 0.2).abs() < 1e-6 && (load.stolen - 0.1).abs() < 1e-6, "{load:?}");
        assert_eq!(load.pressure, Some(0.25));
        let mut told = spent(0.1, 0.3);
        if let Some((_, counters)) = &mut told.spent {
            counters.own = Duration::from_secs_f64(0.05 * all_s);
        }
        let load = told.load(0.4 * all_s).expect("counters");
        assert!((load.outside - 0.15).abs() < 1e-6, "nor is what the harness used: {load:?}");
        // Idle time is told in ticks, which are coarser than the tree's own clocks.
        assert!(spent(0.0, 0.4).load(0.61 * all_s).expect("counters").outside <= 0.0);
    }

    #[test]
    fn without_counters_nothing_is_claimed() {
        assert_eq!(Neighbours::default().load(1.0), None);
    }

    #[test]
    fn phases_add_up() {
        let once = Counters { idle: Duration::from_secs(1), ..Counters::default() };
        let twice = Counters::default().and(once).and(once);
        assert_eq!(twice.idle, Duration::from_secs(2));
        assert_eq!(twice.since(once).idle, Duration::from_secs(1));
    }
}
