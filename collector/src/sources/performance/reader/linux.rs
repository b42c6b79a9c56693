//! Linux: `/proc`, read through `procfs`.
//!
//! It counts where `sysinfo` tells percentages of its own making, it knows devices without a file
//! system, and a process costs one file instead of three.

mod mounts;

use std::path::Path;

use daemoneye_eventbus::ByteString;
use procfs::process::{Process, Stat, all_processes};
use procfs::{CurrentSI, KernelStats, ProcError, WithCurrentSystemInfo};
use rustix::fs::statvfs;

use super::super::sample::{Cpu, CpuTime, Moved, ProcessUsage, Space, Traffic};
use super::{Figures, FileSystems, Processes, ReadError};

const NS_PER_SECOND: u64 = 1_000_000_000;
/// The kernel counts in these, whatever the sectors of the device are.
const BYTES_PER_SECTOR: u64 = 512;

/// Reads `/proc`.
pub(super) struct ProcFigures {
    ns_per_tick: u64,
}

impl ProcFigures {
    pub(super) fn open() -> Result<Self, ReadError> {
        // Without `/proc` there is nothing to begin with.
        KernelStats::current().map_err(ReadError::new)?;
        Ok(Self { ns_per_tick: NS_PER_SECOND / procfs::ticks_per_second() })
    }

    fn usage(&self, stat: Stat) -> Option<ProcessUsage> {
        Some(ProcessUsage {
            pid: u32::try_from(stat.pid).ok()?,
            start: stat.starttime,
            cpu_time_ns: (stat.utime + stat.stime) * self.ns_per_tick,
            memory_bytes: stat.rss_bytes().get(),
            name: ByteString::from(stat.comm),
        })
    }
}

impl Figures for ProcFigures {
    fn cpu(&mut self) -> Result<Cpu, ReadError> {
        let stats = KernelStats::current().map_err(ReadError::new)?;
        let cores = stats.cpu_time.iter().map(cpu_time).collect();
        Ok(Cpu { all: cpu_time(&stats.total), cores })
    }

    fn file_systems(&mut self) -> Result<FileSystems, ReadError> {
        let mounted = Process::myself().and_then(|process| process.mountinfo());
        let mut file_systems = FileSystems::default();
        for mount_point in mounts::told(mounted.map_err(ReadError::new)?) {
            match space(&mount_point) {
                Some(space) => {
                    file_systems.spaces.insert(ByteString::from(mount_point), space);
                }
                None => file_systems.unreadable += 1,
            }
        }
        Ok(file_systems)
    }

    fn disks(&mut self) -> Result<Traffic, ReadError> {
        let devices = procfs::diskstats().map_err(ReadError::new)?;
        let disks = devices.into_iter().filter(|device| is_hardware(&device.name));
        let traffic = disks.map(|disk| {
            let moved = Moved {
                in_bytes: disk.sectors_read.saturating_mul(BYTES_PER_SECTOR),
                out_bytes: disk.sectors_written.saturating_mul(BYTES_PER_SECTOR),
            };
            (ByteString::from(disk.name), moved)
        });
        Ok(traffic.collect())
    }

    fn interfaces(&mut self) -> Result<Traffic, ReadError> {
        let interfaces = procfs::net::dev_status().map_err(ReadError::new)?;
        let traffic = interfaces.into_iter().map(|(name, status)| {
            let moved = Moved { in_bytes: status.recv_bytes, out_bytes: status.sent_bytes };
            (ByteString::from(name), moved)
        });
        Ok(traffic.collect())
    }

    fn processes(&mut self) -> Result<Processes, ReadError> {
        let mut processes = Processes::default();
        for process in all_processes().map_err(ReadError::new)? {
            match process.and_then(|process| process.stat()) {
                Ok(stat) => processes.list.extend(self.usage(stat)),
                // It has ended meanwhile.
                Err(ProcError::NotFound(_)) => {}
                Err(_) => processes.unreadable += 1,
            }
        }
        Ok(processes)
    }
}

/// Time of guests is part of that of the processes they run in. Time that was stolen was wanted.
fn cpu_time(ticks: &procfs::CpuTime) -> CpuTime {
    let of_processes = ticks.user + ticks.nice + ticks.system;
    let of_interrupts = ticks.irq.unwrap_or(0) + ticks.softirq.unwrap_or(0);
    let busy = of_processes + of_interrupts + ticks.steal.unwrap_or(0);
    CpuTime { busy, total: busy + ticks.idle + ticks.iowait.unwrap_or(0) }
}

/// Whether a block device is a disk by itself, and not a part of one, or made of others.
fn is_hardware(device: &str) -> bool {
    // Names in `/sys` have no slash.
    let name = device.replace('/', "!");
    Path::new("/sys/block").join(name).join("device").exists()
}

/// `None` when the file system does not answer, or has no size.
fn space(mount_point: &str) -> Option<Space> {
    let statistics = statvfs(mount_point).ok().filter(|statistics| statistics.f_blocks > 0)?;
    let bytes = |blocks: u64| blocks.saturating_mul(statistics.f_frsize);
    Some(Space {
        used_bytes: bytes(statistics.f_blocks.saturating_sub(statistics.f_bfree)),
        available_bytes: bytes(statistics.f_bavail),
    })
}

#[cfg(test)]
mod tests;
