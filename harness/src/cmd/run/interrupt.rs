//! Signals become an [`Interrupt`] that every wait of the driver sees.

use crate::driver::Interrupt;

/// An interrupt told by Ctrl-C, and on Unix by a request to terminate or by a terminal that is closed. Within a
/// runtime.
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
    // One that is ignored stays so: whoever started this with `nohup` wants the run to go on.
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
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
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

/// Whether a hangup seems to be ignored: no safe call tells, but `nohup` leaves no output at a terminal.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_hangup_ignored() -> bool {
    use std::io::IsTerminal as _;

    !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal()
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
