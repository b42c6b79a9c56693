//! From two samples in a row to the values that are told. No clock, no system.

use std::cmp::Reverse;
use std::collections::HashMap;

use daemoneye_eventbus::{ByteString, PerformanceEvent};

use super::limits::{MAX_CORES, MAX_DISKS, MAX_FILE_SYSTEMS, MAX_INTERFACES};
use super::metric::Metric;
use super::sample::{CpuTime, ProcessUsage, Sample, Space, Traffic};

/// Used, available, and percent used of a space.
type SpaceMetrics = [Metric; 3];
/// Bytes read or received, and bytes written or sent, each second.
type RateMetrics = [Metric; 2];

const MEMORY: SpaceMetrics =
    [Metric::MemoryUsed, Metric::MemoryAvailable, Metric::MemoryUsedPercent];
const SWAP: SpaceMetrics = [Metric::SwapUsed, Metric::SwapAvailable, Metric::SwapUsedPercent];
const FILE_SYSTEM: SpaceMetrics =
    [Metric::FilesystemUsed, Metric::FilesystemAvailable, Metric::FilesystemUsedPercent];
const LOAD: [Metric; 3] = [Metric::Load1m, Metric::Load5m, Metric::Load15m];
const DISK: RateMetrics = [Metric::DiskRead, Metric::DiskWritten];
const INTERFACE: RateMetrics = [Metric::NetworkReceived, Metric::NetworkSent];

const NS_PER_SECOND: f64 = 1e9;

/// What a sample tells: rates and CPU use against the sample before, and the rest as it is. Of the
/// processes the first `top_processes` by CPU use.
pub(super) fn derive(
    before: Option<&Sample>,
    now: &Sample,
    top_processes: usize,
) -> Vec<PerformanceEvent> {
    let mut told = Vec::new();
    levels(now, &mut told);
    if let Some(interval) = before.and_then(|before| Interval::between(before, now)) {
        interval.cpu(&mut told);
        let (before, now) = (interval.before, interval.now);
        interval.traffic(&before.disks, &now.disks, DISK, MAX_DISKS, &mut told);
        interval.traffic(&before.interfaces, &now.interfaces, INTERFACE, MAX_INTERFACES, &mut told);
        interval.processes(top_processes, &mut told);
    }
    told
}

/// What needs no sample before.
fn levels(now: &Sample, told: &mut Vec<PerformanceEvent>) {
    for (space, metrics) in [(now.memory, MEMORY), (now.swap, SWAP)] {
        let Some(space) = space else { continue };
        let figures = of_space(space, metrics).into_iter();
        told.extend(figures.map(|(metric, value)| metric.of_system(value)));
    }
    if let Some(load) = now.load {
        told.extend(LOAD.into_iter().zip(load).map(|(metric, value)| metric.of_system(value)));
    }
    for (mount_point, space) in now.file_systems.iter().take(MAX_FILE_SYSTEMS) {
        let figures = of_space(*space, FILE_SYSTEM).into_iter();
        told.extend(figures.map(|(metric, value)| metric.of(mount_point.clone(), value)));
    }
}

fn of_space(space: Space, [used, available, percent]: SpaceMetrics) -> Vec<(Metric, f64)> {
    let bytes = [(used, space.used_bytes as f64), (available, space.available_bytes as f64)];
    bytes.into_iter().chain(space.used_percent().map(|value| (percent, value))).collect()
}

/// The time between two samples in a row.
struct Interval<'a> {
    before: &'a Sample,
    now: &'a Sample,
    /// Never 0.
    elapsed_ns: u64,
}

impl<'a> Interval<'a> {
    /// `None` when no time has passed.
    fn between(before: &'a Sample, now: &'a Sample) -> Option<Self> {
        let elapsed_ns = now.observed_monotonic_ns.checked_sub(before.observed_monotonic_ns)?;
        (elapsed_ns > 0).then_some(Self { before, now, elapsed_ns })
    }

    fn cpu(&self, told: &mut Vec<PerformanceEvent>) {
        let (Some(before), Some(now)) = (&self.before.cpu, &self.now.cpu) else { return };
        told.extend(busy_percent(before.all, now.all).map(|busy| Metric::CpuBusy.of_system(busy)));
        // When cores come or go, what was the second may now be the first.
        if before.cores.len() != now.cores.len() {
            return;
        }
        let cores = before.cores.iter().zip(&now.cores).take(MAX_CORES).enumerate();
        told.extend(cores.filter_map(|(index, (before, now))| {
            let busy = busy_percent(*before, *now)?;
            Some(Metric::CpuBusy.of(ByteString::from(format!("cpu{index}")), busy))
        }));
    }

    /// The first `limit` by name, if they were there before.
    fn traffic(
        &self,
        before: &Traffic,
        now: &Traffic,
        [inward, outward]: RateMetrics,
        limit: usize,
        told: &mut Vec<PerformanceEvent>,
    ) {
        for (name, now) in now.iter().take(limit) {
            let Some(before) = before.get(name) else { continue };
            let rates = [
                (inward, self.per_second(before.in_bytes, now.in_bytes)),
                (outward, self.per_second(before.out_bytes, now.out_bytes)),
            ];
            for (metric, rate) in rates {
                told.extend(rate.map(|rate| metric.of(name.clone(), rate)));
            }
        }
    }

    fn processes(&self, top: usize, told: &mut Vec<PerformanceEvent>) {
        for (used_ns, process) in self.busiest(top) {
            let percent = used_ns as f64 * 100.0 / self.elapsed_ns as f64;
            let figures = [
                (Metric::ProcessCpu, percent),
                (Metric::ProcessMemory, process.memory_bytes as f64),
            ];
            told.extend(figures.map(|(metric, value)| PerformanceEvent {
                pid: Some(process.pid),
                ..metric.of(process.name.clone(), value)
            }));
        }
    }

    /// The processes that used the most CPU time, and how much, nanoseconds; those that used none
    /// are not among them.
    fn busiest(&self, top: usize) -> Vec<(u64, &'a ProcessUsage)> {
        let before: HashMap<(u32, u64), u64> = self
            .before
            .processes
            .iter()
            .map(|process| ((process.pid, process.start), process.cpu_time_ns))
            .collect();
        let used = self.now.processes.iter().filter_map(|process| {
            let before_ns = before.get(&(process.pid, process.start))?;
            let used_ns = process.cpu_time_ns.checked_sub(*before_ns)?;
            (used_ns > 0).then_some((used_ns, process))
        });
        let mut used: Vec<_> = used.collect();
        used.sort_unstable_by_key(|(used_ns, process)| (Reverse(*used_ns), process.pid));
        used.truncate(top);
        used
    }

    /// `None` when the counter ran backwards: it is another one, or has begun anew.
    fn per_second(&self, before: u64, now: u64) -> Option<f64> {
        let moved = now.checked_sub(before)?;
        Some(moved as f64 * NS_PER_SECOND / self.elapsed_ns as f64)
    }
}

/// `None` when no time was counted, or less than before.
fn busy_percent(before: CpuTime, now: CpuTime) -> Option<f64> {
    let busy = now.busy.checked_sub(before.busy)?;
    let total = now.total.checked_sub(before.total)?;
    // Time spent waiting for disks can shrink by some ticks, and the total with it.
    (total > 0).then(|| (busy as f64 * 100.0 / total as f64).min(100.0))
}

#[cfg(test)]
mod tests;
