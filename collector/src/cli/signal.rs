//! When a process shall end: a signal, or its parent is gone; and when at once: another Ctrl-C.

use std::io::{self, Read};
use std::thread;

use tokio::sync::oneshot;

/// Completes when the process shall end: at a signal or, if asked to, when its parent is gone.
///
/// Must be called inside a runtime. From the call on, not from the first poll, the signals no
/// longer kill the process.
pub fn told_to_end(with_parent: bool) -> io::Result<impl Future<Output = ()> + Send> {
    let signal = terminated()?;
    let parent = if with_parent { Some(parent_gone()?) } else { None };
    Ok(async move {
        match parent {
            Some(parent) => tokio::select! { () = signal => {}, () = parent => {} },
            None => signal.await,
        }
    })
}

/// Completes at a Ctrl-C from its first poll on: for whoever was told to end already, and is told
/// again. Must be polled inside a runtime.
pub async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Nobody can say it, then; what is under way has limits of its own.
        std::future::pending::<()>().await;
    }
}

/// Traps the signals that ask a process to end; the future completes at the first of them.
#[cfg(unix)]
fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // One that is ignored stays so: whoever started this with `nohup` wants it to go on.
    let mut hangup = if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => {
                    hangup.recv().await;
                }
                None => std::future::pending::<()>().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = hung_up => {}
        }
    })
}

/// Whether a hangup, signal 1, was ignored when the process began.
#[cfg(target_os = "linux")]
fn is_hangup_ignored() -> bool {
    let status = procfs::process::Process::myself().and_then(|own| own.status());
    status.is_ok_and(|status| status.sigign & 1 != 0)
}

/// Whether a hangup seems to be ignored. There is no safe call that tells, but `nohup` leaves
/// neither output at a terminal; where that is so without it, a hangup does what it did before.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_hangup_ignored() -> bool {
    use std::io::IsTerminal;

    !io::stdout().is_terminal() && !io::stderr().is_terminal()
}

/// Traps Ctrl-C; the future completes at the first.
#[cfg(windows)]
fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
    })
}

/// Completes when standard input ends: the parent has closed its pipe, or is gone.
///
/// A thread reads, not the runtime: a runtime would wait for the read when it ends.
fn parent_gone() -> io::Result<impl Future<Output = ()> + Send> {
    let (tell, gone) = oneshot::channel::<()>();
    thread::Builder::new().name("parent-watch".to_owned()).spawn(move || {
        let mut ignored = [0; 64];
        let mut input = io::stdin().lock();
        while matches!(input.read(&mut ignored), Ok(1..)) {}
        drop(tell);
    })?;
    Ok(async move {
        let _ = gone.await;
    })
}
