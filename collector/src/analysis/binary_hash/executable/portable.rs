//! Systems without `/proc`: the path, as `sysinfo` tells it. The file of that path may be another
//! one by now.

use std::io::{self, ErrorKind};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

use super::Executable;

pub(in super::super) fn executable(pid: u32) -> io::Result<Executable> {
    let failed = |error: sysinfo::Error| io::Error::other(format!("{error:?}"));
    let mut system = System::new().map_err(failed)?;
    let pid = Pid::from_u32(pid);
    let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
    let missing = || io::Error::new(ErrorKind::NotFound, "no such process");
    let process = system.process(pid).ok_or_else(missing)?;
    let unnamed = || io::Error::new(ErrorKind::PermissionDenied, "the system does not tell it");
    let path = process.exe().ok_or_else(unnamed)?;
    Ok(Executable { opened_by: path.to_owned(), path: path.to_string_lossy().into_owned() })
}
