//! When a process shall end: a signal, or its parent is gone.

use std::io::{self, Read};
use std::thread;

use tokio::sync::oneshot;

/// Traps the signals that ask a process to end; the future completes at the first of them.
///
/// Must be called inside a runtime. From the call on, not from the first poll, the signals no
/// longer kill the process.
#[cfg(unix)]
pub fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Traps Ctrl-C; the future completes at the first.
#[cfg(not(unix))]
pub fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Completes when standard input ends: the parent has closed its pipe, or is gone.
///
/// A thread reads, not the runtime: a runtime would wait for the read when it ends.
pub fn parent_gone() -> io::Result<impl Future<Output = ()> + Send> {
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
