//! Signals become an [`Interrupt`] that every wait of the driver sees.

use crate::driver::Interrupt;

/// An interrupt told by Ctrl-C, and on Unix by a request to terminate. Within a runtime.
pub(in crate::cmd) fn on_signals() -> std::io::Result<Interrupt> {
    let (teller, interrupt) = Interrupt::new();
    let ended = ended()?;
    tokio::spawn(async move {
        ended.await;
        teller.tell();
    });
    Ok(interrupt)
}

#[cfg(unix)]
fn ended() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    // Installed before the first process is spawned: no moment in which a signal would kill the
    // harness and leave the rest to the actors themselves.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature for every system")]
fn ended() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
