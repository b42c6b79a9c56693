//! Systems without `/proc`: `sysinfo`.
//!
//! Start times are whole seconds there: an id used again within the second of its first start is
//! taken for the same process.

use std::ffi::{OsStr, OsString};

use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use sysinfo::{
    Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind, Users,
};

use super::super::observation::{Identity, MAX_ARGUMENTS_BYTES, Observation, Scan};
use super::{ReadError, Reader};

const NS_PER_SECOND: u64 = 1_000_000_000;
const NS_PER_MILLISECOND: u64 = 1_000_000;

/// How often executable and arguments are asked for: on Windows a process keeps them.
const ONCE_UNLESS_EXEC: UpdateKind =
    if cfg!(windows) { UpdateKind::OnlyIfNotSet } else { UpdateKind::Always };

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
        let (arguments, arguments_cut) = arguments(process.cmd());
        Observation {
            identity: Identity { start: process.start_time(), pid: process.pid().as_u32() },
            ppid: process.parent().map(sysinfo::Pid::as_u32),
            name: text(process.name()),
            accessible: path.is_some(),
            executable_path: path,
            arguments,
            arguments_cut,
            image: None,
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
            .with_user(UpdateKind::Always)
            .with_exe(ONCE_UNLESS_EXEC)
            .with_cmd(ONCE_UNLESS_EXEC)
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

/// As many arguments as are kept, and whether there are more.
fn arguments(all: &[OsString]) -> (Vec<ByteString>, bool) {
    let mut left_bytes = MAX_ARGUMENTS_BYTES;
    let mut kept = Vec::with_capacity(all.len().min(MAX_ARGUMENTS_BYTES));
    for argument in all {
        // With the zero behind it, so that empty ones count as well.
        let Some(left) = left_bytes.checked_sub(argument.len() + 1) else { break };
        left_bytes = left;
        kept.push(text(argument));
    }
    let is_cut = kept.len() < all.len();
    (kept, is_cut)
}

fn text(text: &OsStr) -> ByteString {
    text.to_string_lossy().as_ref().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_arguments_the_first_are_kept() {
        let some = |count| vec![OsString::from("1234567"); count];
        let fits = MAX_ARGUMENTS_BYTES / 8;
        let (kept, is_cut) = arguments(&some(fits));
        assert_eq!((kept.len(), is_cut), (fits, false));
        let (kept, is_cut) = arguments(&some(fits + 1));
        assert_eq!((kept.len(), is_cut), (fits, true));
    }
}
