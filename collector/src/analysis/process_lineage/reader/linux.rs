//! Linux: `/proc`, read through `procfs`. A process began so many clock ticks after the host.

use std::{fs, io};

use procfs::process::Process;

use super::{Look, Seen};

/// Where every process finds itself.
const OWN: &str = "/proc/self/stat";

/// Reads `/proc`.
#[derive(Debug)]
pub(super) struct ProcReader;

impl ProcReader {
    /// Fails where there is no `/proc`.
    pub(super) fn new() -> io::Result<Self> {
        fs::metadata(OWN).map(|_| Self)
    }
}

impl Look for ProcReader {
    fn at(&mut self, pid: u32) -> Option<Seen> {
        let stat =
            Process::new(i32::try_from(pid).ok()?).and_then(|process| process.stat()).ok()?;
        Some(Seen {
            pid,
            // 0 is the parent of the first process, and of those whose parent is in another
            // namespace.
            ppid: u32::try_from(stat.ppid).ok().filter(|ppid| *ppid != 0),
            name: stat.comm,
            start: stat.starttime,
        })
    }
}
