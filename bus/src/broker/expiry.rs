//! Ends what clients left behind and did not come back for (W6).

use std::sync::Weak;
use std::time::Instant;

use super::Shared;

/// Runs as long as the broker. Cancel safe.
pub(super) async fn run(shared: Weak<Shared>) {
    loop {
        let Some((next, changed)) = shared.upgrade().map(|shared| {
            let hub = shared.hub.lock();
            (hub.next_expiry(), hub.expiry_changed())
        }) else {
            return;
        };
        tokio::select! {
            () = changed.notified() => {}
            () = until(next) => {
                if let Some(shared) = shared.upgrade() {
                    shared.hub.lock().expire(Instant::now());
                }
            }
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
