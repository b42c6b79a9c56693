//! Stopping a process and letting it run on, by its id. Ids are those of actors this harness has
//! started and not yet waited for, so that none can be another's.

#[cfg(target_os = "linux")]
use std::time::Duration;

/// A process has stopped within this time: each of its threads at its next step in the kernel.
#[cfg(target_os = "linux")]
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// Time between two looks at whether it has.
#[cfg(target_os = "linux")]
const LOOK: Duration = Duration::from_micros(200);

/// Stops a process (SIGSTOP); returns whether it has, on Linux once the kernel says so.
#[cfg(unix)]
pub(in crate::driver) async fn freeze(pid: u32) -> bool {
    send(pid, nix::sys::signal::Signal::SIGSTOP) && has_stopped(pid).await
}

/// Lets it run on (SIGCONT); returns whether it is there.
#[cfg(unix)]
pub(in crate::driver) fn thaw(pid: u32) -> bool {
    send(pid, nix::sys::signal::Signal::SIGCONT)
}

#[cfg(unix)]
fn send(pid: u32, signal: nix::sys::signal::Signal) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).is_ok()
}

#[cfg(target_os = "linux")]
async fn has_stopped(pid: u32) -> bool {
    let stopped = async {
        while !all_threads_stopped(pid) {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(STOP_LIMIT, stopped).await.is_ok()
}

#[cfg(target_os = "linux")]
fn all_threads_stopped(pid: u32) -> bool {
    let process = i32::try_from(pid).ok().and_then(|pid| procfs::process::Process::new(pid).ok());
    let Some(Ok(mut tasks)) = process.map(|process| process.tasks()) else { return false };
    tasks.all(|task| task.and_then(|task| task.stat()).is_ok_and(|stat| stat.state == 'T'))
}

/// Elsewhere the signal itself has to do.
#[cfg(all(unix, not(target_os = "linux")))]
async fn has_stopped(_pid: u32) -> bool {
    std::future::ready(true).await
}

/// There is no such signal: the fault is not done, and the case not exercised.
#[cfg(not(unix))]
pub(in crate::driver) async fn freeze(_pid: u32) -> bool {
    std::future::ready(false).await
}

/// As with [`freeze`].
#[cfg(not(unix))]
pub(in crate::driver) fn thaw(_pid: u32) -> bool {
    false
}
