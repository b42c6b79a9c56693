//! What is measured: names and units, the same on every system.

use daemoneye_eventbus::event::PerformanceScope;
use daemoneye_eventbus::{ByteString, PerformanceEvent};

const BYTES: &str = "bytes";
const BYTES_PER_SECOND: &str = "bytes_per_second";
const PERCENT: &str = "percent";
const TASKS: &str = "tasks";

/// One row of the table of metrics in `EVENTS.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    CpuBusy,
    MemoryUsed,
    MemoryAvailable,
    MemoryUsedPercent,
    SwapUsed,
    SwapAvailable,
    SwapUsedPercent,
    Load1m,
    Load5m,
    Load15m,
    FilesystemUsed,
    FilesystemAvailable,
    FilesystemUsedPercent,
    DiskRead,
    DiskWritten,
    NetworkReceived,
    NetworkSent,
    ProcessCpu,
    ProcessMemory,
}

impl Metric {
    /// A value of the system as a whole.
    pub(super) fn of_system(self, value: f64) -> PerformanceEvent {
        self.event(PerformanceScope::System, None, value)
    }

    /// A value of one of its parts.
    pub(super) fn of(self, component: ByteString, value: f64) -> PerformanceEvent {
        self.event(PerformanceScope::Utilization, Some(component), value)
    }

    fn event(
        self,
        scope: PerformanceScope,
        component: Option<ByteString>,
        value: f64,
    ) -> PerformanceEvent {
        let (name, unit) = self.name_and_unit();
        PerformanceEvent {
            scope,
            metric_name: ByteString::from_static(name),
            value,
            unit: ByteString::from_static(unit),
            component,
            ..PerformanceEvent::default()
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.name_and_unit().0
    }

    fn name_and_unit(self) -> (&'static str, &'static str) {
        match self {
            Self::CpuBusy => ("cpu.busy", PERCENT),
            Self::MemoryUsed => ("memory.used", BYTES),
            Self::MemoryAvailable => ("memory.available", BYTES),
            Self::MemoryUsedPercent => ("memory.used_percent", PERCENT),
            Self::SwapUsed => ("swap.used", BYTES),
            Self::SwapAvailable => ("swap.available", BYTES),
            Self::SwapUsedPercent => ("swap.used_percent", PERCENT),
            Self::Load1m => ("load.1m", TASKS),
            Self::Load5m => ("load.5m", TASKS),
            Self::Load15m => ("load.15m", TASKS),
            Self::FilesystemUsed => ("filesystem.used", BYTES),
            Self::FilesystemAvailable => ("filesystem.available", BYTES),
            Self::FilesystemUsedPercent => ("filesystem.used_percent", PERCENT),
            Self::DiskRead => ("disk.read", BYTES_PER_SECOND),
            Self::DiskWritten => ("disk.written", BYTES_PER_SECOND),
            Self::NetworkReceived => ("network.received", BYTES_PER_SECOND),
            Self::NetworkSent => ("network.sent", BYTES_PER_SECOND),
            Self::ProcessCpu => ("process.cpu", PERCENT),
            Self::ProcessMemory => ("process.memory", BYTES),
        }
    }
}

/// Names and units as `EVENTS.md` has them, for tests.
#[cfg(test)]
pub(super) fn documented() -> Vec<(&'static str, &'static str)> {
    crate::sources::page::rows("Metrics")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Metric; 19] = [
        Metric::CpuBusy,
        Metric::MemoryUsed,
        Metric::MemoryAvailable,
        Metric::MemoryUsedPercent,
        Metric::SwapUsed,
        Metric::SwapAvailable,
        Metric::SwapUsedPercent,
        Metric::Load1m,
        Metric::Load5m,
        Metric::Load15m,
        Metric::FilesystemUsed,
        Metric::FilesystemAvailable,
        Metric::FilesystemUsedPercent,
        Metric::DiskRead,
        Metric::DiskWritten,
        Metric::NetworkReceived,
        Metric::NetworkSent,
        Metric::ProcessCpu,
        Metric::ProcessMemory,
    ];

    #[test]
    fn the_documented_metrics_are_those_there_are() {
        assert_eq!(documented(), ALL.map(Metric::name_and_unit));
    }

    #[test]
    fn names_are_lower_case_levels() {
        for metric in ALL {
            let is_level = |level: &str| {
                let mut bytes = level.bytes();
                !level.is_empty()
                    && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            };
            let name = metric.name();
            assert!(name.split('.').all(is_level) && name.contains('.'), "{name}");
        }
    }

    #[test]
    fn a_value_with_a_component_is_of_one_resource_and_without_of_the_system() {
        let whole = Metric::CpuBusy.of_system(7.0);
        assert_eq!((whole.scope, whole.component), (PerformanceScope::System, None));
        let part = Metric::CpuBusy.of("cpu0".into(), 7.0);
        assert_eq!(part.scope, PerformanceScope::Utilization);
        assert_eq!(part.component.as_deref(), Some("cpu0"));
    }
}
