//! Waiting for a moment that there may be none of.

use tokio::time::{Instant, sleep_until};

/// Waits for a moment, for ever where there is none. Cancel safe.
pub(super) async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
