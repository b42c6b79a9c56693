//! One line for everything a publisher says, where there should be two lanes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use daemoneye_eventbus::{EventBus, PublishError};
use tokio::time::{Instant, sleep};

/// The first in line waits so long for the events before it, the others no more.
const LIMIT: Duration = Duration::from_secs(1);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(5);

/// How far the line is; of the one publisher there is.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Events its publisher was told were accepted.
    accepted: AtomicU64,
    /// Somebody has waited in vain.
    is_stuck: AtomicBool,
}

impl Line {
    /// Counts what came of a publish.
    pub(super) fn published(&self, published: &Result<(), PublishError>) {
        self.accepted.fetch_add(u64::from(published.is_ok()), Ordering::Relaxed);
    }

    /// Waits until the broker has taken everything before; errs when that takes too long.
    pub(super) async fn pass(&self, bus: &dyn EventBus) -> Result<(), PublishError> {
        let until = Instant::now() + LIMIT;
        loop {
            let taken = bus.statistics().await.map_or(u64::MAX, |counted| counted.events_published);
            if taken >= self.accepted.load(Ordering::Relaxed) {
                self.is_stuck.store(false, Ordering::Relaxed);
                return Ok(());
            }
            if self.is_stuck.load(Ordering::Relaxed) || Instant::now() >= until {
                self.is_stuck.store(true, Ordering::Relaxed);
                return Err(PublishError::Timeout { waited: LIMIT });
            }
            sleep(LOOK).await;
        }
    }
}
