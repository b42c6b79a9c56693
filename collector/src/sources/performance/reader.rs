//! Reading the figures of this host: memory and load in one way everywhere, the rest in the way of
//! each system.
//!
//! A part that cannot be read is missing from the sample, which says so; the others are told.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use std::collections::BTreeMap;
use std::fmt::Display;

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use sysinfo::System;
use thiserror::Error;

use super::sample::{Cpu, ProcessUsage, Sample, Space, Traffic};
use super::shortfall::Shortfall;

/// Takes samples of this host.
pub(super) struct Reader {
    /// For memory alone.
    system: System,
    figures: Box<dyn Figures>,
    /// Listing processes costs more than everything else together.
    lists_processes: bool,
}

/// What each system tells in its own way. Everything blocks, for some milliseconds at most.
trait Figures: Send {
    fn cpu(&mut self) -> Result<Cpu, ReadError>;

    fn file_systems(&mut self) -> Result<FileSystems, ReadError>;

    fn disks(&mut self) -> Result<Traffic, ReadError>;

    fn interfaces(&mut self) -> Result<Traffic, ReadError>;

    fn processes(&mut self) -> Result<Processes, ReadError>;
}

#[derive(Debug, Default)]
struct FileSystems {
    /// By mount point.
    spaces: BTreeMap<ByteString, Space>,
    /// How many more there are.
    unreadable: usize,
}

#[derive(Debug, Default)]
struct Processes {
    list: Vec<ProcessUsage>,
    /// How many more there are.
    unreadable: usize,
}

/// Why figures cannot be read.
#[derive(Debug, Error)]
#[error("cannot read the figures of this host: {reason}")]
pub(super) struct ReadError {
    /// What the system said.
    reason: String,
}

impl Reader {
    /// A reader for this system.
    pub(super) fn open(lists_processes: bool) -> Result<Self, ReadError> {
        let system = System::new().map_err(ReadError::new)?;
        Ok(Self { system, figures: system_figures()?, lists_processes })
    }

    /// Looks at everything once.
    pub(super) fn sample(&mut self) -> Sample {
        let (observed_unix_ns, observed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let mut shortfalls = Vec::new();
        let gaps = &mut shortfalls;
        Sample {
            observed_unix_ns,
            observed_monotonic_ns,
            cpu: unless_missing("CPU time", self.figures.cpu(), gaps),
            disks: unless_missing("disks", self.figures.disks(), gaps).unwrap_or_default(),
            interfaces: unless_missing("interfaces", self.figures.interfaces(), gaps)
                .unwrap_or_default(),
            processes: self.processes(gaps),
            memory: unless_missing("memory", self.memory(), gaps),
            swap: self.swap(),
            load: unless_missing("load", load(), gaps).flatten(),
            file_systems: self.file_systems(gaps),
            shortfalls,
        }
    }

    fn processes(&mut self, gaps: &mut Vec<Shortfall>) -> Vec<ProcessUsage> {
        if !self.lists_processes {
            return Vec::new();
        }
        let processes = unless_missing("processes", self.figures.processes(), gaps);
        let processes = processes.unwrap_or_default();
        gaps.extend(unreadable("some processes", processes.unreadable));
        processes.list
    }

    fn file_systems(&mut self, gaps: &mut Vec<Shortfall>) -> BTreeMap<ByteString, Space> {
        let file_systems = unless_missing("file systems", self.figures.file_systems(), gaps);
        let file_systems = file_systems.unwrap_or_default();
        gaps.extend(unreadable("the space of some file systems", file_systems.unreadable));
        file_systems.spaces
    }

    fn memory(&mut self) -> Result<Space, ReadError> {
        self.system.refresh_memory();
        let total_bytes = self.system.total_memory();
        if total_bytes == 0 {
            return Err(ReadError::new("the system tells no size of it"));
        }
        Ok(Space::of(total_bytes, self.system.available_memory()))
    }

    /// As it was when memory was read.
    fn swap(&self) -> Option<Space> {
        let total_bytes = self.system.total_swap();
        (total_bytes > 0).then(|| Space::of(total_bytes, self.system.free_swap()))
    }
}

impl ReadError {
    fn new(reason: impl Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

fn system_figures() -> Result<Box<dyn Figures>, ReadError> {
    #[cfg(target_os = "linux")]
    return Ok(Box::new(linux::ProcFigures::open()?));
    #[cfg(not(target_os = "linux"))]
    return Ok(Box::new(portable::PortableFigures::open()?));
}

/// Windows has no load average.
fn load() -> Result<Option<[f64; 3]>, ReadError> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let load = System::load_average().map_err(ReadError::new)?;
    Ok(Some([load.one, load.five, load.fifteen]))
}

/// What was read; that it was not is noted.
fn unless_missing<T>(
    what: &'static str,
    read: Result<T, ReadError>,
    gaps: &mut Vec<Shortfall>,
) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            gaps.push(Shortfall { what, why: error.reason });
            None
        }
    }
}

fn unreadable(what: &'static str, count: usize) -> Option<Shortfall> {
    (count > 0).then(|| Shortfall { what, why: format!("{count} of them cannot be read") })
}

#[cfg(test)]
mod tests;
