//! Systems without `/proc`: `sysinfo`.
//!
//! It tells the use of a core as the percentage since it last looked; added up over time that is a
//! counter as on Linux. Devices without a file system it does not know.

use std::time::Duration;

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::monotonic_ns;
use sysinfo::{
    Disk, DiskRefreshKind, Disks, MINIMUM_CPU_UPDATE_INTERVAL, Networks, Process,
    ProcessRefreshKind, ProcessesToUpdate, System,
};

use super::super::sample::{Cpu, CpuTime, Moved, ProcessUsage, Space, Traffic};
use super::{Figures, FileSystems, Processes, ReadError};

const NS_PER_MILLISECOND: u64 = 1_000_000;

/// Reads through `sysinfo`.
pub(super) struct PortableFigures {
    cores: System,
    /// Apart from the cores: to list processes looks at their use too, and would take it away.
    processes: System,
    networks: Networks,
    cpu: Cpu,
    /// When the use of the cores was last looked at, monotonic nanoseconds; `None` before.
    looked_ns: Option<u64>,
}

impl PortableFigures {
    pub(super) fn open() -> Result<Self, ReadError> {
        Ok(Self {
            cores: System::new().map_err(ReadError::new)?,
            processes: System::new().map_err(ReadError::new)?,
            networks: Networks::new().map_err(ReadError::new)?,
            cpu: Cpu::default(),
            looked_ns: None,
        })
    }
}

impl Figures for PortableFigures {
    fn cpu(&mut self) -> Result<Cpu, ReadError> {
        let passed_ns = self.looked_ns.map(|looked_ns| monotonic_ns().saturating_sub(looked_ns));
        let passed = passed_ns.map(Duration::from_nanos);
        // Asked again too soon it tells the percentage of before: the counters stand still instead.
        if passed.is_some_and(|passed| passed < MINIMUM_CPU_UPDATE_INTERVAL) {
            return Ok(self.cpu.clone());
        }
        self.cores.refresh_cpu_usage();
        // After it has looked, so that it does not find the time shorter than it is found here.
        self.looked_ns = Some(monotonic_ns());
        let percents: Vec<_> = self.cores.cpus().iter().map(sysinfo::Cpu::usage).collect();
        // The first percentage is of no time at all.
        let passed = passed.unwrap_or_default();
        count(&mut self.cpu, passed, self.cores.global_cpu_usage(), &percents);
        Ok(self.cpu.clone())
    }

    fn file_systems(&mut self) -> Result<FileSystems, ReadError> {
        // Anew each time: one that does not answer would be told as it was.
        let what = DiskRefreshKind::nothing().with_storage();
        let disks = Disks::new_with_refreshed_list_specifics(what).map_err(ReadError::new)?;
        let mut file_systems = FileSystems::default();
        for disk in &disks {
            match space(disk) {
                Some(space) => {
                    let mount_point = disk.mount_point().to_string_lossy();
                    file_systems.spaces.insert(ByteString::from(&*mount_point), space);
                }
                None => file_systems.unreadable += 1,
            }
        }
        Ok(file_systems)
    }

    fn disks(&mut self) -> Result<Traffic, ReadError> {
        Ok(Traffic::new())
    }

    fn interfaces(&mut self) -> Result<Traffic, ReadError> {
        self.networks.refresh(true);
        let traffic = self.networks.iter().map(|(name, data)| {
            let moved =
                Moved { in_bytes: data.total_received(), out_bytes: data.total_transmitted() };
            (ByteString::from(&*name.to_string_lossy()), moved)
        });
        Ok(traffic.collect())
    }

    fn processes(&mut self) -> Result<Processes, ReadError> {
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        self.processes.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let list = self.processes.processes().values().map(usage).collect();
        Ok(Processes { list, unreadable: 0 })
    }
}

/// Adds percentages of the time that has passed; starts anew when cores came or went.
fn count(cpu: &mut Cpu, passed: Duration, all_percent: f32, core_percents: &[f32]) {
    add(&mut cpu.all, passed, all_percent);
    if cpu.cores.len() != core_percents.len() {
        cpu.cores = vec![CpuTime::default(); core_percents.len()];
    }
    for (core, percent) in cpu.cores.iter_mut().zip(core_percents) {
        add(core, passed, *percent);
    }
}

/// Counts in nanoseconds.
fn add(time: &mut CpuTime, passed: Duration, busy_percent: f32) {
    let busy_s = passed.as_secs_f64() * f64::from(busy_percent) / 100.0;
    let busy = Duration::try_from_secs_f64(busy_s).unwrap_or_default();
    time.busy = time.busy.saturating_add(nanoseconds(busy));
    time.total = time.total.saturating_add(nanoseconds(passed));
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `None` when the file system does not answer, or has no size.
fn space(disk: &Disk) -> Option<Space> {
    let total_bytes = disk.total_space();
    (total_bytes > 0).then(|| Space::of(total_bytes, disk.available_space()))
}

fn usage(process: &Process) -> ProcessUsage {
    ProcessUsage {
        pid: process.pid().as_u32(),
        start: process.start_time(),
        name: ByteString::from(&*process.name().to_string_lossy()),
        cpu_time_ns: process.accumulated_cpu_time().saturating_mul(NS_PER_MILLISECOND),
        memory_bytes: process.memory(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn percentages_add_up_to_a_counter() {
        let mut cpu = Cpu::default();
        count(&mut cpu, Duration::ZERO, 99.0, &[99.0, 99.0]);
        assert_eq!(cpu, Cpu { all: CpuTime::default(), cores: vec![CpuTime::default(); 2] });
        count(&mut cpu, SECOND, 50.0, &[100.0, 0.0]);
        count(&mut cpu, 2 * SECOND, 25.0, &[50.0, 0.0]);
        let time = |busy_s, total_s| CpuTime {
            busy: busy_s * 1_000_000_000_u64,
            total: total_s * 1_000_000_000_u64,
        };
        assert_eq!(cpu, Cpu { all: time(1, 3), cores: vec![time(2, 3), time(0, 3)] });
    }

    #[test]
    fn counters_begin_anew_when_cores_come_or_go() {
        let mut cpu = Cpu::default();
        count(&mut cpu, SECOND, 50.0, &[50.0, 50.0]);
        count(&mut cpu, SECOND, 50.0, &[50.0]);
        assert_eq!(cpu.cores.len(), 1);
        assert_eq!(cpu.cores[0].total, 1_000_000_000);
    }

    #[test]
    fn no_percentage_at_all_adds_no_use() {
        let mut time = CpuTime::default();
        add(&mut time, SECOND, f32::NAN);
        assert_eq!(time.busy, 0);
    }
}
