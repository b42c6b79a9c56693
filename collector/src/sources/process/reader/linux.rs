//! Linux: `/proc`, read through `procfs`.
//!
//! A process is `(pid, start ticks)`. What cannot change while it runs the same executable is read
//! once and kept. A zombie has exited: its parent only has not noticed yet.

use std::collections::HashMap;
use std::fs;
use std::io::Read;

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use nix::unistd::{Uid, User};
use procfs::process::{Process, Stat};
use procfs::{ProcError, ProcResult, WithCurrentSystemInfo};

use super::super::observation::{Identity, Observation, Scan};
use super::{ReadError, Reader};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// Reads `/proc`.
pub(super) struct ProcReader {
    boot_unix_ns: u64,
    ns_per_tick: u64,
    /// Of the processes of the last scan.
    kept: HashMap<Identity, Kept>,
    /// Names of users met so far, `None` where there is none.
    user_names: HashMap<u32, Option<ByteString>>,
}

/// What is read again only when the executable or the name changes.
#[derive(Clone)]
struct Kept {
    name: String,
    executable_path: Option<ByteString>,
    arguments: Vec<ByteString>,
    arguments_readable: bool,
}

/// What became of one process id.
enum Sight {
    Process(Box<Observation>),
    Gone,
    Unreadable,
}

impl ProcReader {
    pub(super) fn new() -> Result<Self, ReadError> {
        let boot_s = procfs::boot_time_secs().map_err(ReadError::new)?;
        Ok(Self {
            boot_unix_ns: boot_s * NS_PER_SECOND,
            ns_per_tick: NS_PER_SECOND / procfs::ticks_per_second(),
            kept: HashMap::new(),
            user_names: HashMap::new(),
        })
    }

    fn look_at(&mut self, pid: u32, kept: &mut HashMap<Identity, Kept>) -> Sight {
        match self.observe(pid, kept) {
            Ok(Some(observation)) => Sight::Process(Box::new(observation)),
            Ok(None) | Err(ProcError::NotFound(_)) => Sight::Gone,
            // The folder is open, but its process ended meanwhile: ESRCH.
            Err(ProcError::Io(error, _)) if error.raw_os_error() == Some(ESRCH) => Sight::Gone,
            Err(_) => Sight::Unreadable,
        }
    }

    /// `None` for a process that has exited.
    fn observe(
        &mut self,
        pid: u32,
        kept: &mut HashMap<Identity, Kept>,
    ) -> ProcResult<Option<Observation>> {
        let process = Process::new(i32::try_from(pid).map_err(|_| ProcError::NotFound(None))?)?;
        let stat = process.stat()?;
        if has_exited(&stat) {
            return Ok(None);
        }
        let identity = Identity { start: stat.starttime, pid };
        let details = self.details(&process, &stat, identity);
        let user_id = process.status().map(|status| status.euid).ok();
        let observation = Observation {
            identity,
            ppid: u32::try_from(stat.ppid).ok().filter(|ppid| *ppid != 0),
            name: stat.comm.as_str().into(),
            executable_path: details.executable_path.clone(),
            arguments: details.arguments.clone(),
            start_time_unix_ns: Some(self.boot_unix_ns + stat.starttime * self.ns_per_tick),
            cpu_time_ns: (stat.utime + stat.stime) * self.ns_per_tick,
            memory_bytes: stat.rss_bytes().get(),
            user_id: user_id.map(|id| id.to_string().into()),
            user_name: user_id.and_then(|id| self.user_name(id)),
            accessible: details.arguments_readable && is_complete(&details, &stat),
        };
        kept.insert(identity, details);
        Ok(Some(observation))
    }

    fn details(&self, process: &Process, stat: &Stat, identity: Identity) -> Kept {
        let path = process.exe().ok();
        let executable_path = path.map(|path| ByteString::from(path.to_string_lossy().as_ref()));
        let known = self.kept.get(&identity);
        let same = |kept: &&Kept| kept.name == stat.comm && kept.executable_path == executable_path;
        if let Some(kept) = known.filter(same) {
            return kept.clone();
        }
        let arguments = read_arguments(process);
        Kept {
            name: stat.comm.clone(),
            executable_path,
            arguments_readable: arguments.is_some(),
            arguments: arguments.unwrap_or_default(),
        }
    }

    fn user_name(&mut self, id: u32) -> Option<ByteString> {
        self.user_names
            .entry(id)
            .or_insert_with(|| {
                let user = User::from_uid(Uid::from_raw(id)).ok().flatten();
                user.map(|user| user.name.into())
            })
            .clone()
    }
}

impl Reader for ProcReader {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let mut scan = Scan {
            observed_unix_ns: unix_ns(),
            observed_monotonic_ns: monotonic_ns(),
            processes: Vec::with_capacity(self.kept.len()),
            unreadable: Vec::new(),
        };
        let mut kept = HashMap::with_capacity(self.kept.len());
        for entry in fs::read_dir("/proc").map_err(ReadError::new)? {
            let name = entry.map_err(ReadError::new)?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            match self.look_at(pid, &mut kept) {
                Sight::Process(observation) => scan.processes.push(*observation),
                Sight::Gone => {}
                Sight::Unreadable => scan.unreadable.push(pid),
            }
        }
        self.kept = kept;
        Ok(scan)
    }
}

const ESRCH: i32 = nix::errno::Errno::ESRCH as i32;

/// A zombie with other threads is a process whose first thread ended early: it runs on.
fn has_exited(stat: &Stat) -> bool {
    matches!(stat.state, 'Z' | 'X' | 'x') && stat.num_threads <= 1
}

/// Threads of the kernel have no executable; for others it must be readable.
fn is_complete(details: &Kept, stat: &Stat) -> bool {
    const KERNEL_THREADS_PARENT: i32 = 2;
    let of_the_kernel = stat.ppid == KERNEL_THREADS_PARENT || stat.pid == KERNEL_THREADS_PARENT;
    details.executable_path.is_some() || of_the_kernel
}

/// The arguments one by one, empty ones included; bytes that are no UTF-8 become U+FFFD.
fn read_arguments(process: &Process) -> Option<Vec<ByteString>> {
    let mut bytes = Vec::new();
    process.open_relative("cmdline").ok()?.read_to_end(&mut bytes).ok()?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let texts = bytes.split(|byte| *byte == 0);
    Some(texts.map(|text| String::from_utf8_lossy(text).as_ref().into()).collect())
}
