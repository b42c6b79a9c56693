//! The wish of the user to stop, as every wait of the driver sees it.

use tokio::sync::watch;

/// Told once; seen by every trial that is running or would start.
#[derive(Debug, Clone)]
pub struct Interrupt {
    told: watch::Receiver<bool>,
}

/// Tells an [`Interrupt`].
#[derive(Debug)]
pub struct Interrupter {
    teller: watch::Sender<bool>,
}

impl Interrupt {
    /// An interrupt and the means to tell it.
    pub fn new() -> (Interrupter, Self) {
        let (teller, told) = watch::channel(false);
        (Interrupter { teller }, Self { told })
    }

    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Waits until it is told; for ever if nobody can tell it any more. Cancel safe.
    pub async fn told(&mut self) {
        if self.told.wait_for(|told| *told).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Interrupter {
    /// Tells everybody.
    pub fn tell(&self) {
        self.teller.send_replace(true);
    }
}
