//! What a collector finds of itself, look by look.

use std::time::Duration;

use daemoneye_eventbus::rpc::{CpuUse, ErrorRate, HealthStatus, Resources};

use super::alarm::Alarm;
use super::reader::Reading;
use super::window::{Recent, Totals, Window};
use crate::config::{HealthConfig, format_duration};

/// Of fewer things that were tried within a window no rate is told: one of two is no half.
const LEAST_TRIED: u64 = 5;

/// What a collector found of itself when it last looked.
///
/// Figures are those of the whole process: of several collectors in one, each tells the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnStatus {
    /// How often it has looked.
    pub looks: u64,
    /// How long it had run then.
    pub uptime: Duration,
    /// What it tried within the window, and what of it failed: events, publishes that were tried
    /// again, and health checks.
    pub errors: ErrorRate,
    /// What its process uses; CPU use is that since the look before.
    pub resources: Resources,
    /// How `errors` stand against their limits.
    pub error_rate: Finding,
    /// How CPU use over a whole window stands against its limit.
    pub cpu: Finding,
    /// How resident memory stands against its limit.
    pub memory: Finding,
}

/// How one figure stands against its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// Whether a limit is crossed, and which.
    pub status: HealthStatus,
    /// The figure and the limit, when one is crossed.
    pub reason: Option<String>,
}

/// Looks at a collector again and again, told the time and the figures.
#[derive(Debug)]
pub(crate) struct SelfWatch {
    limits: HealthConfig,
    window: Window,
    last: Option<(Duration, Reading)>,
    /// What had failed when it last looked.
    failed: u64,
    error_rate: Alarm,
    cpu: Alarm,
    memory: Alarm,
    looks: u64,
}

impl OwnStatus {
    /// Every finding and its name, in one order.
    pub fn findings(&self) -> [(&'static str, &Finding); 3] {
        [("error_rate", &self.error_rate), ("cpu", &self.cpu), ("memory", &self.memory)]
    }
}

impl SelfWatch {
    /// Nothing has been looked at yet.
    pub(crate) fn new(limits: &HealthConfig) -> Self {
        Self {
            limits: limits.clone(),
            window: Window::new(limits.window),
            last: None,
            failed: 0,
            error_rate: Alarm::new(limits.error_rate_degraded, limits.error_rate_unhealthy),
            cpu: Alarm::new(limits.cpu_percent_limit, 0.0),
            memory: Alarm::new(limits.memory_limit_bytes as f64, 0.0),
            looks: 0,
        }
    }

    /// Where counting begins: what was tried and what was used before does not count.
    pub(crate) fn begin(&mut self, at: Duration, errors: ErrorRate, reading: Reading) {
        self.window.add(at, Totals { errors, cpu_time: reading.cpu_time });
        self.last = Some((at, reading));
        self.failed = errors.failed;
    }

    /// Looks, at this moment since the run began: at what was tried since the beginning, and at
    /// what the system tells.
    pub(crate) fn look(&mut self, at: Duration, errors: ErrorRate, reading: Reading) -> OwnStatus {
        self.looks += 1;
        self.window.add(at, Totals { errors, cpu_time: reading.cpu_time });
        let recent = self.window.recent();
        let fails_still = errors.failed > self.failed;
        self.failed = errors.failed;
        let resources = self.resources(at, reading);
        self.last = Some((at, reading));
        OwnStatus {
            looks: self.looks,
            uptime: at,
            errors: recent.errors,
            resources,
            error_rate: self.judge_errors(recent, fails_still),
            cpu: self.judge_cpu(recent.cpu),
            memory: self.judge_memory(reading.memory_bytes),
        }
    }

    fn resources(&self, at: Duration, reading: Reading) -> Resources {
        let before = self.last.and_then(|(at, before)| Some((at, before.cpu_time?)));
        let cpu = before.zip(reading.cpu_time).map(|((before, used), now)| CpuUse {
            used: now.saturating_sub(used),
            over: at.saturating_sub(before),
        });
        Resources {
            cpu,
            memory_bytes: reading.memory_bytes,
            open_descriptors: reading.open_descriptors,
            threads: reading.threads,
        }
    }

    /// What failed before the last look and no more is no reason to say that the work is not done.
    fn judge_errors(&mut self, Recent { errors, .. }: Recent, fails_still: bool) -> Finding {
        let enough = errors.share().filter(|_| errors.tried >= LEAST_TRIED);
        let crossed = self.error_rate.look(Some(enough.unwrap_or_default()));
        let is_over = crossed == HealthStatus::Unhealthy && !fails_still;
        let status = if is_over { HealthStatus::Degraded } else { crossed };
        let limit = match crossed {
            HealthStatus::Unhealthy => self.limits.error_rate_unhealthy,
            HealthStatus::Healthy | HealthStatus::Degraded => self.limits.error_rate_degraded,
        };
        let ErrorRate { failed, tried } = errors;
        let window = format_duration(self.limits.window);
        let limit = limit * 100.0;
        let over = if is_over { "; none since the last look" } else { "" };
        Finding::new(status, || {
            format!("{failed} of {tried} failed within {window}, the limit is {limit:.0} %{over}")
        })
    }

    fn judge_cpu(&mut self, recent: Option<CpuUse>) -> Finding {
        let percent = recent.map(CpuUse::percent);
        let status = self.cpu.look(percent);
        let window = format_duration(self.limits.window);
        let limit = self.limits.cpu_percent_limit;
        Finding::new(status, || {
            let percent = percent.map_or_else(String::new, |percent| format!("{percent:.1} % "));
            format!("{percent}of one core over {window}, the limit is {limit} %")
        })
    }

    fn judge_memory(&mut self, bytes: Option<u64>) -> Finding {
        let status = self.memory.look(bytes.map(|bytes| bytes as f64));
        let limit = self.limits.memory_limit_bytes;
        Finding::new(status, || {
            let bytes = bytes.map_or_else(String::new, |bytes| format!("{bytes} "));
            format!("{bytes}bytes are resident, the limit is {limit}")
        })
    }
}

impl Finding {
    fn new(status: HealthStatus, reason: impl FnOnce() -> String) -> Self {
        Self { status, reason: (status != HealthStatus::Healthy).then(reason) }
    }
}

#[cfg(test)]
mod tests {
    use HealthStatus::{Degraded, Healthy, Unhealthy};

    use super::*;

    const LOOK: Duration = Duration::from_secs(30);

    /// A watch that has begun at 0, with an idle process of 10 MB.
    fn watch(limits: &HealthConfig) -> SelfWatch {
        let mut watch = SelfWatch::new(limits);
        watch.begin(Duration::ZERO, ErrorRate::default(), reading(0, 10));
        watch
    }

    fn reading(cpu_ms: u64, memory_mb: u64) -> Reading {
        Reading {
            cpu_time: Some(Duration::from_millis(cpu_ms)),
            memory_bytes: Some(memory_mb * 1_000_000),
            open_descriptors: Some(12),
            threads: None,
        }
    }

    fn tried(tried: u64, failed: u64) -> ErrorRate {
        ErrorRate { failed, tried }
    }

    #[test]
    fn a_rate_is_told_from_the_fifth_attempt_on_and_crosses_both_limits() {
        let mut watch = watch(&HealthConfig::default());
        let mut look = |number: u32, errors| watch.look(LOOK * number, errors, reading(0, 10));
        assert_eq!(look(1, tried(4, 4)).error_rate, Finding::default(), "four say nothing");
        let found = look(2, tried(10, 5));
        assert_eq!(found.error_rate.status, Unhealthy);
        let reason = "5 of 10 failed within 5m, the limit is 50 %";
        assert_eq!(found.error_rate.reason.as_deref(), Some(reason));
        assert_eq!(found.errors, tried(10, 5));
        let found = look(3, tried(20, 5));
        assert_eq!(found.error_rate.status, Degraded);
        let reason = "5 of 20 failed within 5m, the limit is 10 %";
        assert_eq!(found.error_rate.reason.as_deref(), Some(reason));
        assert_eq!(look(4, tried(1000, 5)).error_rate, Finding::default());
    }

    #[test]
    fn what_failed_often_and_fails_no_more_degrades_until_it_has_left_the_window() {
        let mut watch = watch(&HealthConfig::default());
        let (mut status, mut reasons) = (Vec::new(), Vec::new());
        for number in 1..=22_u32 {
            // The first ten fail, one at each look; then nothing does.
            let errors = tried(number.into(), number.min(10).into());
            let found = watch.look(LOOK * number, errors, reading(0, 10)).error_rate;
            status.push(found.status);
            reasons.push(found.reason.unwrap_or_default());
        }
        assert_eq!(status[3], Healthy);
        assert_eq!(status[4..10], [Unhealthy; 6]);
        assert_eq!(status[10], Degraded, "nine of ten, and the last one went well");
        let reason = "9 of 10 failed within 5m, the limit is 50 %; none since the last look";
        assert_eq!(reasons[10], reason);
        assert_eq!(status[16], Degraded, "three of ten");
        assert_eq!(reasons[16], "3 of 10 failed within 5m, the limit is 10 %");
        assert_eq!(status[19], Healthy, "none of ten");
        let changes = status.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(changes, 3, "{status:?}");
    }

    #[test]
    fn cpu_use_is_that_between_two_looks() {
        let mut watch = watch(&HealthConfig::default());
        let found = watch.look(LOOK, tried(0, 0), reading(300, 10));
        let cpu = CpuUse { used: Duration::from_millis(300), over: LOOK };
        assert_eq!(found.resources.cpu, Some(cpu));
        assert_eq!(found.resources.open_descriptors, Some(12));
        assert_eq!((found.looks, found.uptime), (1, LOOK));
        let found = watch.look(LOOK * 2, tried(0, 0), reading(300, 10));
        assert_eq!(found.resources.cpu, Some(CpuUse { used: Duration::ZERO, over: LOOK }));
        assert_eq!(found.resources.threads, None, "nobody told it");
    }

    #[test]
    fn much_cpu_use_counts_once_it_has_lasted_for_a_whole_window() {
        let mut watch = watch(&HealthConfig::default());
        for number in 1..=10_u32 {
            // 3 s of 30 s: 10 % of one core.
            let found =
                watch.look(LOOK * number, tried(0, 0), reading(u64::from(number) * 3000, 10));
            let expected = if number < 10 { Healthy } else { Degraded };
            assert_eq!(found.cpu.status, expected, "{number}");
            if number == 10 {
                let reason = "10.0 % of one core over 5m, the limit is 5 %";
                assert_eq!(found.cpu.reason.as_deref(), Some(reason));
            }
        }
    }

    #[test]
    fn memory_counts_at_once_and_without_a_limit_not_at_all() {
        let mut watch = watch(&HealthConfig::default());
        let found = watch.look(LOOK, tried(0, 0), reading(0, 100));
        assert_eq!(found.memory.status, Degraded);
        let reason = "100000000 bytes are resident, the limit is 100000000";
        assert_eq!(found.memory.reason.as_deref(), Some(reason));
        let found = watch.look(LOOK * 2, tried(0, 0), reading(0, 79));
        assert_eq!(found.memory, Finding::default());

        let mut lenient = self::watch(&HealthConfig::default().with_memory_limit_bytes(0));
        let found = lenient.look(LOOK, tried(0, 0), reading(0, 5000));
        assert_eq!(found.memory, Finding::default());
    }

    #[test]
    fn what_was_before_the_beginning_does_not_count() {
        let mut watch = SelfWatch::new(&HealthConfig::default());
        watch.begin(Duration::ZERO, tried(50, 50), reading(0, 10));
        let found = watch.look(LOOK, tried(60, 50), reading(0, 10));
        assert_eq!((found.errors, found.error_rate.status), (tried(10, 0), Healthy));
    }

    #[test]
    fn a_system_that_tells_nothing_is_no_reason_for_alarm() {
        let mut watch = watch(&HealthConfig::default());
        let found = watch.look(LOOK, tried(10, 0), Reading::default());
        assert_eq!(found.resources, Resources::default());
        assert!(found.findings().iter().all(|(_, finding)| finding.status == Healthy));
    }
}
