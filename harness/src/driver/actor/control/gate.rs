//! When a member answers: at once, when it is let go, or when enough have asked.

use parking_lot::Mutex;
use tokio::sync::watch;

/// Holds back what a member would answer.
pub(super) struct Gate {
    is_open: watch::Sender<bool>,
    /// Askers it waits for, and those that are there; shared by all requests that run, and never
    /// held across an await.
    awaited: Mutex<Option<Awaited>>,
}

struct Awaited {
    wanted: usize,
    present: usize,
}

impl Gate {
    /// Holds nobody back.
    pub(super) fn open() -> Self {
        Self { is_open: watch::Sender::new(true), awaited: Mutex::new(None) }
    }

    /// Lets nobody pass until it is let go.
    pub(super) fn hold(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets everybody pass.
    pub(super) fn release(&self) {
        self.is_open.send_replace(true);
    }

    /// Lets nobody pass until so many are there.
    pub(super) fn await_askers(&self, wanted: usize) {
        *self.awaited.lock() = Some(Awaited { wanted, present: 0 });
        self.hold();
    }

    /// Counts one that has come; how many there are when it was the last that was waited for.
    pub(super) fn come(&self) -> Option<usize> {
        let mut awaited = self.awaited.lock();
        let counted = awaited.as_mut()?;
        counted.present += 1;
        if counted.present < counted.wanted {
            return None;
        }
        let present = counted.present;
        *awaited = None;
        drop(awaited);
        self.release();
        Some(present)
    }

    /// Waits until it may pass. Cancel safe.
    pub(super) async fn pass(&self) {
        let mut is_open = self.is_open.subscribe();
        // The sender is this gate's own.
        let _ = is_open.wait_for(|is_open| *is_open).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_passes_before_the_last_has_come() {
        let gate = Gate::open();
        gate.pass().await;
        gate.await_askers(2);
        assert_eq!(gate.come(), None);
        let early = tokio::time::timeout(std::time::Duration::ZERO, gate.pass()).await;
        assert!(early.is_err(), "one of two is there");
        assert_eq!(gate.come(), Some(2));
        gate.pass().await;
        assert_eq!(gate.come(), None, "it is waited for once");
    }
}
