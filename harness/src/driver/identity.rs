//! One life of a process: its id, and when it started where the system tells. An id alone is used
//! again after a process has ended.

use std::fmt;
use std::str::FromStr;

/// A process that was running when this was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) pid: u32,
    /// In the system's own unit; 0 where it does not tell.
    start: u64,
}

impl Identity {
    /// The process with this id; `None` when none runs, or the system does not tell.
    pub(super) fn of(pid: u32) -> Option<Self> {
        start(pid).map(|start| Self { pid, start })
    }

    /// Whether it still runs; one that has exited and was not waited for does not.
    pub(super) fn is_running(self) -> bool {
        start(self.pid) == Some(self.start)
    }

    /// Ends it by force. Without effect once it does not run.
    pub(super) fn kill(self) {
        if self.is_running() {
            kill(self.pid);
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

/// Why a text is no [`Identity`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoIdentity;

impl FromStr for Identity {
    type Err = NoIdentity;

    fn from_str(text: &str) -> Result<Self, NoIdentity> {
        let (pid, start) = text.split_once(' ').ok_or(NoIdentity)?;
        let pid = pid.parse().map_err(|_| NoIdentity)?;
        Ok(Self { pid, start: start.parse().map_err(|_| NoIdentity)? })
    }
}

#[cfg(target_os = "linux")]
fn start(pid: u32) -> Option<u64> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    (!matches!(stat.state, 'Z' | 'X' | 'x')).then_some(stat.starttime)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn start(pid: u32) -> Option<u64> {
    use nix::errno::Errno;
    use nix::sys::signal::kill;
    use nix::unistd::Pid;

    let gone = kill(Pid::from_raw(i32::try_from(pid).ok()?), None) == Err(Errno::ESRCH);
    (!gone).then_some(0)
}

#[cfg(not(unix))]
fn start(_pid: u32) -> Option<u64> {
    None
}

#[cfg(unix)]
fn kill(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(pid) = i32::try_from(pid) {
        // Gone meanwhile is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill(_pid: u32) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_another_life_with_its_id_does_not() {
        let own = Identity::of(std::process::id()).expect("it runs");
        assert!(own.is_running());
        assert!(!Identity { start: own.start + 1, ..own }.is_running());
        assert_eq!(own.to_string().parse(), Ok(own));
    }
}
