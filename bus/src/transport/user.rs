//! The user of this process, on Windows: what is that user's alone, and which processes are (A4).
//!
//! Elsewhere a socket tells whose the other end is. Here the system lets nobody else open a pipe,
//! which its descriptor asks for, and a client looks at the user of the process that serves it.

use std::io;

use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use widestring::U16CString;

/// The descriptor of what this user alone may open: one entry, for all access, and nothing
/// inherited. Administrators can take ownership of it, as they can of anything.
pub(super) fn alone() -> io::Result<SecurityDescriptor> {
    let own = std::process::id();
    let [user] = users([own])?;
    only(&user.ok_or_else(|| unknown(own))?)
}

/// The descriptor of what one user alone may open.
pub(super) fn only(user: &str) -> io::Result<SecurityDescriptor> {
    let text = U16CString::from_str(format!("D:P(A;;GA;;;{user})")).map_err(io::Error::other)?;
    SecurityDescriptor::deserialize(&text)
}

/// Whether a process runs as the same user as this one. False where the system does not tell.
pub(super) fn is_own(pid: u32) -> bool {
    matches!(users([std::process::id(), pid]), Ok([Some(own), Some(other)]) if own == other)
}

/// The security identifiers of the users of these processes, as far as the system tells. Blocks for some milliseconds.
fn users<const N: usize>(pids: [u32; N]) -> io::Result<[Option<String>; N]> {
    let pids = pids.map(Pid::from_u32);
    let mut system = System::new().map_err(io::Error::other)?;
    let wanted = ProcessRefreshKind::nothing().with_user(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, wanted);
    Ok(pids.map(|pid| Some(system.process(pid)?.user_id()?.to_string())))
}

fn unknown(pid: u32) -> io::Error {
    io::Error::other(format!("the system does not tell whose process {pid} is"))
}

#[cfg(test)]
mod tests {
    use interprocess::os::windows::security_descriptor::AsSecurityDescriptorExt as _;
    use widestring::U16CStr;

    use super::*;

    #[test]
    fn this_process_is_its_own_and_one_that_is_not_there_is_not() {
        assert!(is_own(std::process::id()));
        assert!(!is_own(u32::MAX));
    }

    #[test]
    fn what_is_this_users_alone_names_nobody_else() {
        /// `DACL_SECURITY_INFORMATION`: who may.
        const WHO_MAY: u32 = 4;
        let [own] = users([std::process::id()]).expect("a list");
        let expected = format!("D:P(A;;GA;;;{})", own.expect("this process has a user"));
        let told = alone().expect("valid").serialize(WHO_MAY, U16CStr::to_string_lossy);
        assert_eq!(told.expect("valid"), expected);
        assert!(only("nobody").is_err(), "not an identifier");
    }
}
