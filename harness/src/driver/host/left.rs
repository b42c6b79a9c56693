//! What a host case leaves behind: processes, socket files, descriptors of the harness (C13).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Child;
use tokio::time::Instant;

use super::stage::Held;
use crate::driver::identity::Identity;
use crate::driver::processes::EXIT_LIMIT;
use crate::record::TearDown;

/// Time between two looks at processes that are ending.
const LOOK: Duration = Duration::from_millis(20);

/// What belongs to one host case, gathered while it runs.
#[derive(Debug, Default)]
pub(super) struct Belongings {
    /// Processes the agent said it started, with their names.
    pub(super) collectors: Vec<(String, Identity)>,
    /// Pipes to the children, as the system names them.
    pipes: BTreeSet<PathBuf>,
}

impl Belongings {
    /// Remembers what the harness holds of a thing: its end of the pipe to a child.
    pub(super) fn hold(&mut self, held: &Held) {
        if let Held::Child(child) = held {
            self.pipes.extend(pipe_to(child));
        }
    }

    /// A collector that has died, and the id of its process.
    pub(super) fn dead(&self) -> Option<(&str, u32)> {
        let dead = self.collectors.iter().find(|(_, process)| !process.is_running());
        dead.map(|(name, process)| (name.as_str(), process.pid))
    }

    /// Looks for what remains once the agent has ended, and ends processes that do.
    pub(super) async fn left(&self, folder: &Path) -> TearDown {
        let mut left = TearDown::default();
        for (name, process) in self.outliving(folder).await {
            left.killed.push(format!("{name} (process {})", process.pid));
            process.kill();
        }
        // The broker's own folder within stays empty after an orderly end.
        if let Ok(entries) = folder.join("run").read_dir() {
            left.sockets.extend(entries.flatten().map(|entry| entry.path().display().to_string()));
        }
        let open = own_descriptors();
        let own = open.iter().filter(|link| self.pipes.contains(*link) || link.starts_with(folder));
        left.descriptors.extend(own.map(|link| format!("harness: {}", link.display())));
        left
    }

    /// Processes of the case that have not ended within the limit.
    async fn outliving(&self, folder: &Path) -> Vec<(String, Identity)> {
        let until = Instant::now() + EXIT_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        loop {
            let mut all = working_in(folder);
            let known = self.collectors.iter().filter(|(_, process)| process.is_running());
            all.extend(known.cloned());
            all.sort_by_key(|(_, process)| *process);
            all.dedup_by_key(|(_, process)| *process);
            if all.is_empty() || Instant::now() >= until {
                return all;
            }
            look.tick().await;
        }
    }
}

/// Processes with the folder of the case among their arguments, children that were let go
/// included: nothing else knows it, so that a collector nobody told of is found as well.
#[cfg(target_os = "linux")]
fn working_in(folder: &Path) -> Vec<(String, Identity)> {
    let Some(folder) = folder.to_str() else { return Vec::new() };
    let Ok(processes) = procfs::process::all_processes() else { return Vec::new() };
    let named = processes.flatten().filter_map(|process| {
        let is_own = process.uid().ok()? == nix::unistd::geteuid().as_raw();
        let arguments = process.cmdline().ok().filter(|_| is_own)?;
        let told = arguments.iter().any(|argument| argument.contains(folder));
        let pid = u32::try_from(process.pid).ok().filter(|pid| *pid != std::process::id())?;
        let name = process.stat().ok()?.comm;
        if told { Some((name, Identity::of(pid)?)) } else { None }
    });
    named.collect()
}

#[cfg(not(target_os = "linux"))]
fn working_in(_folder: &Path) -> Vec<(String, Identity)> {
    Vec::new()
}

/// What the descriptors of this process lead to.
#[cfg(target_os = "linux")]
fn own_descriptors() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    entries.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect()
}

#[cfg(not(target_os = "linux"))]
fn own_descriptors() -> Vec<PathBuf> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn pipe_to(child: &Child) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;

    let descriptor = child.stdin.as_ref()?.as_raw_fd();
    std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()
}

#[cfg(not(target_os = "linux"))]
fn pipe_to(_child: &Child) -> Option<PathBuf> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Stdio;

    use tokio::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_pipe_to_a_child_that_stays_open_is_told_until_it_is_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("every host");
        let mut held = Held::Child(Box::new(child));
        let mut belongings = Belongings::default();
        belongings.hold(&held);
        let left = belongings.left(folder.path()).await;
        assert_eq!(left.descriptors.len(), 1, "{left:?}");
        let Held::Child(child) = &mut held else { unreachable!("it is one") };
        child.wait().await.expect("waiting closes the pipe");
        assert!(belongings.left(folder.path()).await.is_clean());
    }
}
