//! The children that a host case starts: each lives until its standard input ends.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::driver::error::DriveError;
use crate::record::WatchedChild;

/// A child ends within this time after its input.
const CHILD_LIMIT: Duration = Duration::from_secs(20);

/// How children are started.
pub(super) struct Nursery {
    program: PathBuf,
    /// As the system tells it.
    executable_path: PathBuf,
    /// What all marks begin with: no two cases have the same.
    mark: String,
}

impl Nursery {
    /// Children of an executable that has the verb `child`. They are started by another name, so
    /// that one is never taken for the harness, whose executable they share.
    pub(super) fn new(executable: &Path, folder: &Path) -> std::io::Result<Self> {
        let executable_path = executable.canonicalize()?;
        let program = renamed(&executable_path, folder)?;
        let mark = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { program, executable_path, mark })
    }

    /// Starts one; returns once its `exec` is over.
    pub(super) fn start(&self, number: usize) -> Result<(Child, WatchedChild), DriveError> {
        let failed = |cause| DriveError::Spawn { name: "child".to_owned(), cause };
        let mark = format!("{}-{number}", self.mark);
        let before = unix_ns();
        let child = Command::new(&self.program)
            .args(["child", &mark])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (after, executed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let pid = child.id().ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let program = self.program.to_string_lossy().into_owned();
        let name = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let watched = WatchedChild {
            pid,
            name,
            executable_path: self.executable_path.to_string_lossy().into_owned(),
            arguments: vec![program, "child".to_owned(), mark],
            started_unix_ns: (before, after),
            executed_monotonic_ns,
        };
        Ok((child, watched))
    }
}

/// Lets children go, all at once, and waits for each.
pub(super) async fn let_go(mut children: Vec<Child>) -> Result<(), DriveError> {
    for child in &mut children {
        drop(child.stdin.take());
    }
    for mut child in children {
        let ended = timeout(CHILD_LIMIT, child.wait()).await;
        let ended = ended.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        ended.map_err(|cause| DriveError::Actor {
            name: "child".to_owned(),
            what: format!("was let go and did not end: {cause}"),
            stderr: String::new(),
        })?;
    }
    Ok(())
}

/// Short: systems cut names after 15 bytes.
#[cfg(unix)]
fn renamed(executable: &Path, folder: &Path) -> std::io::Result<PathBuf> {
    let link = folder.join("eq-child");
    std::os::unix::fs::symlink(executable, &link)?;
    Ok(link)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
fn renamed(executable: &Path, _folder: &Path) -> std::io::Result<PathBuf> {
    Ok(executable.to_owned())
}
