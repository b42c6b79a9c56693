//! Ctrl-C: the first ends a verb in order, with what it has gathered; the second ends the process.

use std::io;

use tokio::sync::watch;

use crate::exit::Exit;

/// Tells when the verb shall end.
#[derive(Debug)]
pub(crate) struct Interrupt {
    told: watch::Receiver<bool>,
}

impl Interrupt {
    /// From here on the signals no longer kill the process. Must be called inside a runtime.
    pub(crate) fn trap() -> io::Result<Self> {
        let mut signals = Signals::trap()?;
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            tell.send_replace(true);
            // Whoever asks twice does not want to wait, for a pager that reads no more, say.
            signals.next().await;
            std::process::exit(Exit::Infrastructure.code().into());
        });
        Ok(Self { told })
    }

    /// Waits for the first signal; again and again it has come. Cancel safe.
    pub(crate) async fn told(&mut self) {
        if self.told.wait_for(|told| *told).await.is_err() {
            // The task that tells ends only with the process.
            std::future::pending::<()>().await;
        }
    }
}

/// SIGINT and SIGTERM.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn trap() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn trap() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) {
        let _ = self.interrupt.recv().await;
    }
}
