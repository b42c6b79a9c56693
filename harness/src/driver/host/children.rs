//! The children that a host case starts: each lives until its standard input ends.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use sha2::{Digest, Sha256};
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
    /// SHA-256 of the executable, where it is small enough to be told.
    executable_sha256: Option<String>,
    /// Arguments before the mark.
    arguments: &'static [&'static str],
    /// What all marks begin with: no two cases have the same.
    mark: String,
}

impl Nursery {
    /// Children of an executable that has the verb `child`. They are started by another name, so
    /// that one is never taken for the harness, whose executable they share.
    pub(super) fn new(executable: &Path, folder: &Path) -> std::io::Result<Self> {
        let executable_path = executable.canonicalize()?;
        let program = renamed(&executable_path, folder)?;
        let (arguments, mark) = (&["child"][..], mark(folder));
        Ok(Self { program, executable_path, executable_sha256: None, arguments, mark })
    }

    /// Children of a small program that nobody has seen before, and whose hash is known.
    pub(super) fn of_known_program(folder: &Path) -> std::io::Result<Self> {
        let mark = mark(folder);
        let program = known_program(folder, &mark)?.canonicalize()?;
        let digest = Sha256::digest(std::fs::read(&program)?);
        Ok(Self {
            executable_path: program.clone(),
            program,
            executable_sha256: Some(hex::encode(digest)),
            arguments: &["-c", "read line"],
            mark,
        })
    }

    /// Starts one; returns once its `exec` is over.
    pub(super) fn start(&self, number: usize) -> Result<(Child, WatchedChild), DriveError> {
        let failed = |cause| DriveError::Spawn { name: "child".to_owned(), cause };
        let mark = format!("{}-{number}", self.mark);
        let before = unix_ns();
        let child = Command::new(&self.program)
            .args(self.arguments)
            .arg(&mark)
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
        let arguments = self.arguments.iter().copied().map(str::to_owned);
        let watched = WatchedChild {
            pid,
            name,
            executable_path: self.executable_path.to_string_lossy().into_owned(),
            arguments: [program].into_iter().chain(arguments).chain([mark]).collect(),
            started_unix_ns: (before, after),
            executed_monotonic_ns,
            executable_sha256: self.executable_sha256.clone(),
        };
        Ok((child, watched))
    }
}

/// Lets a child go: it ends with its input.
pub(super) fn let_go(child: &mut Child) {
    drop(child.stdin.take());
}

/// Waits for the end of a child that was let go.
pub(super) async fn ended(child: &mut Child) -> Result<(), DriveError> {
    let ended = timeout(CHILD_LIMIT, child.wait()).await;
    let ended = ended.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    ended.map_err(|cause| DriveError::Actor {
        name: "child".to_owned(),
        what: format!("was let go and did not end: {cause}"),
        stderr: String::new(),
    })?;
    Ok(())
}

fn mark(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The system's shell with a mark behind its end, which it does not mind.
#[cfg(target_os = "linux")]
fn known_program(folder: &Path, mark: &str) -> std::io::Result<PathBuf> {
    let program = folder.join("eq-child");
    // Written by another process: a child of this one that is forked meanwhile would hold it open for
    // writing, and what is written cannot be executed.
    let script = r#"cat /bin/sh > "$1" && printf %s "$2" >> "$1" && chmod 700 "$1""#;
    let mut writer = std::process::Command::new("/bin/sh");
    let written = writer.args(["-c", script, "sh"]).arg(&program).arg(mark).status()?;
    if written.success() { Ok(program) } else { Err(std::io::Error::other(written.to_string())) }
}

/// Elsewhere a program that was changed is not executed, as its signature does not hold any more.
#[cfg(not(target_os = "linux"))]
fn known_program(_folder: &Path, _mark: &str) -> std::io::Result<PathBuf> {
    Err(std::io::ErrorKind::Unsupported.into())
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
