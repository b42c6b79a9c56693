//! Systems without `/proc`: `sysinfo`.
//!
//! Start times are whole seconds there: an id used again within the second of its first start is
//! taken for the same process.

use std::ffi::OsStr;

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use sysinfo::{
    Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind, Users,
};

use super::super::observation::{Identity, Observation, Scan};
use super::{ReadError, Reader};

const NS_PER_SECOND: u64 = 1_000_000_000;
const NS_PER_MILLISECOND: u64 = 1_000_000;

/// Reads through `sysinfo`.
pub(super) struct PortableReader {
    system: System,
    users: Users,
}

impl PortableReader {
    pub(super) fn new() -> Result<Self, ReadError> {
        let failed = |error: sysinfo::Error| ReadError::new(format!("{error:?}"));
        let system = System::new().map_err(failed)?;
        let users = Users::new_with_refreshed_list().map_err(failed)?;
        Ok(Self { system, users })
    }

    fn observe(&self, process: &Process) -> Observation {
        let user = process.user_id();
        let path = process.exe().map(|path| text(path.as_os_str()));
        Observation {
            identity: Identity { start: process.start_time(), pid: process.pid().as_u32() },
            ppid: process.parent().map(sysinfo::Pid::as_u32),
            name: text(process.name()),
            accessible: path.is_some(),
            executable_path: path,
            arguments: process.cmd().iter().map(|argument| text(argument)).collect(),
            start_time_unix_ns: Some(process.start_time() * NS_PER_SECOND),
            cpu_time_ns: process.accumulated_cpu_time() * NS_PER_MILLISECOND,
            memory_bytes: process.memory(),
            user_id: user.map(|id| id.to_string().into()),
            user_name: user
                .and_then(|id| self.users.get_user_by_id(id))
                .map(|user| user.name().into()),
        }
    }
}

impl Reader for PortableReader {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let (observed_unix_ns, observed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let what = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_user(UpdateKind::OnlyIfNotSet)
            .with_exe(UpdateKind::OnlyIfNotSet)
            .with_cmd(UpdateKind::OnlyIfNotSet)
            .without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let processes = self.system.processes().values();
        Ok(Scan {
            observed_unix_ns,
            observed_monotonic_ns,
            processes: processes
                .filter(|process| !has_exited(process))
                .map(|process| self.observe(process))
                .collect(),
            unreadable: Vec::new(),
        })
    }
}

fn has_exited(process: &Process) -> bool {
    matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead)
}

fn text(text: &OsStr) -> ByteString {
    text.to_string_lossy().as_ref().into()
}
