//! Systems without `/proc`: `sysinfo`. Times are whole seconds there: an id used again within the
//! second of its first start is taken for the same process.

use std::io;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::{Look, Seen};

/// Reads through `sysinfo`.
#[derive(Debug)]
pub(super) struct PortableReader {
    system: System,
}

impl PortableReader {
    pub(super) fn new() -> io::Result<Self> {
        let failed = |error: sysinfo::Error| io::Error::other(format!("{error:?}"));
        Ok(Self { system: System::new().map_err(failed)? })
    }
}

impl Look for PortableReader {
    fn at(&mut self, pid: u32) -> Option<Seen> {
        let id = Pid::from_u32(pid);
        let what = ProcessRefreshKind::nothing().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), true, what);
        let process = self.system.process(id)?;
        Some(Seen {
            pid,
            // The first process of some systems is its own parent, or that of none.
            ppid: process.parent().map(Pid::as_u32).filter(|ppid| *ppid != 0 && *ppid != pid),
            name: process.name().to_string_lossy().into_owned(),
            start: process.start_time(),
        })
    }
}
