//! [`Pauses`]: whether a collector is told not to collect, for whoever tells others of that.

use daemoneye_eventbus::rpc::{HealthPart, HealthStatus};
use tokio::sync::watch;

/// Hears of the pauses of one collector.
#[derive(Debug, Clone)]
pub(super) struct Pauses(watch::Receiver<bool>);

impl Pauses {
    /// Those that are told here, from now on.
    pub(super) fn of(told: &watch::Sender<bool>) -> Self {
        Self(told.subscribe())
    }

    /// Of a collector that nobody can pause.
    pub(super) fn none() -> Self {
        Self(watch::channel(false).1)
    }

    /// That it does not collect, for as long as it does not.
    pub(super) fn part(&self) -> Option<HealthPart> {
        part(*self.0.borrow())
    }

    /// Completes when a pause begins or ends. Cancel safe.
    pub(super) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody can pause it any more.
            std::future::pending::<()>().await;
        }
    }
}

/// A pause as a part of a collector's health.
pub(super) fn part(is_paused: bool) -> Option<HealthPart> {
    is_paused.then(|| HealthPart {
        name: "collecting".to_owned(),
        status: HealthStatus::Degraded,
        reason: Some("paused".to_owned()),
    })
}
