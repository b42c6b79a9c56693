//! Ends what clients left behind and did not come back for (W6).

use std::sync::Weak;
use std::time::Instant;

use super::Shared;
use crate::clock::reached;

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
            () = reached(next.map(Into::into)) => {
                if let Some(shared) = shared.upgrade() {
                    shared.hub.lock().expire(Instant::now());
                }
            }
        }
    }
}
