//! How busy the host was beside the measured tree: two readings of its counters and what was
//! between them (METHOD §4). It judges nothing; the limits are in the gates.
//!
//! Others' use is added up from the clocks of their processes, which count what a process really ran.
//! What is left when idle time and the tree are taken from the whole is no measure of it: switching
//! and interrupts, which no process is charged for, are several percent of a saturated host.

use std::time::{Duration, Instant};

use super::host;
use crate::record::HostLoad;

/// The host's counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// CPU time taken by the hypervisor for others, all CPUs.
    pub(super) stolen: Duration,
    /// CPU time of all processes but the harness and what it started, dead ones included.
    pub(super) others: Duration,
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

    /// What the host did besides.
    pub(super) fn load(&self) -> Option<HostLoad> {
        let (passed, spent) = self.spent?;
        let all_s = passed.as_secs_f64() * host::cpus() as f64;
        let (runnable, load_1_min) = host::queue();
        let share = |part: Duration, whole_s: f64| (part.as_secs_f64() / whole_s).clamp(0.0, 1.0);
        (all_s > 0.0).then(|| HostLoad {
            stolen: share(spent.stolen, all_s),
            outside: share(spent.others, all_s),
            pressure: spent.waited.map(|waited| share(waited, passed.as_secs_f64())),
            runnable,
            load_1_min,
        })
    }
}

impl Counters {
    /// The sum over the others falls when one ends whose parent does not care.
    fn since(self, before: Self) -> Self {
        Self {
            stolen: self.stolen.saturating_sub(before.stolen),
            others: self.others.saturating_sub(before.others),
            waited: self.waited.zip(before.waited).map(|(now, then)| now.saturating_sub(then)),
        }
    }

    fn and(self, more: Self) -> Self {
        Self {
            stolen: self.stolen + more.stolen,
            others: self.others + more.others,
            waited: more.waited.map(|waited| waited + self.waited.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all_the_cpu_time_there_was() {
        let passed = Duration::from_secs(4);
        let of_all = |share: f64| passed.mul_f64(share * host::cpus() as f64);
        let waited = Some(Duration::from_secs(1));
        let counters = Counters { stolen: of_all(0.1), others: of_all(0.2), waited };
        let spent = Neighbours { before: None, spent: Some((passed, counters)) };
        let load = spent.load().expect("counters");
        assert!((load.outside - 0.2).abs() < 1e-6 && (load.stolen - 0.1).abs() < 1e-6, "{load:?}");
        assert_eq!(load.pressure, Some(0.25));
    }

    #[test]
    fn without_counters_nothing_is_claimed() {
        assert_eq!(Neighbours::default().load(), None);
    }

    #[test]
    fn phases_add_up() {
        let once = Counters { others: Duration::from_secs(1), ..Counters::default() };
        let twice = Counters::default().and(once).and(once);
        assert_eq!(twice.others, Duration::from_secs(2));
        assert_eq!(twice.since(once).others, Duration::from_secs(1));
        assert_eq!(once.since(twice).others, Duration::ZERO);
    }
}
