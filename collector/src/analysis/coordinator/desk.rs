//! What all analyses of one coordinator share: how they reach others, and a limit of their number.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use daemoneye_eventbus::{ByteString, EventBus};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::super::carrier::StageCarrier;
use super::{CoordinatorConfig, StartError};

/// The most analyses that may be set to run at once.
const MAX_CHAIN_LIMIT: u32 = 1 << 16;

/// Held by the coordinator and by every analysis.
pub(super) struct Desk {
    /// Who acts in audit records.
    pub(super) name: ByteString,
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) carrier: Arc<dyn StageCarrier>,
    pub(super) config: CoordinatorConfig,
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
    /// Records that were to be published so far, those of them that the bus did not take, and
    /// whether the last one is among these.
    records: AtomicU64,
    records_lost: AtomicU64,
    is_losing: AtomicBool,
}

impl Desk {
    pub(super) fn new(
        name: ByteString,
        bus: Arc<dyn EventBus>,
        carrier: Arc<dyn StageCarrier>,
        config: CoordinatorConfig,
    ) -> Self {
        let chain_limit = config.chain_limit.clamp(1, MAX_CHAIN_LIMIT);
        Self {
            name,
            bus,
            carrier,
            config: CoordinatorConfig { chain_limit, ..config },
            places: Arc::new(Semaphore::new(size(chain_limit))),
            closing: watch::Sender::new(false),
            records: AtomicU64::new(0),
            records_lost: AtomicU64::new(0),
            is_losing: AtomicBool::new(false),
        }
    }

    /// A place for an analysis until it is dropped, unless all are taken or the coordinator has
    /// ended.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, StartError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        // Only now: who ends the coordinator between the two waits for this place.
        if *self.closing.borrow() {
            return Err(StartError::Ended);
        }
        place.map_err(|_| StartError::TooMany { limit: self.config.chain_limit })
    }

    /// Lets nobody in any more, and cancels who is there.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Hears whether it is closed.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Completes when nobody is there. Cancel safe.
    pub(super) async fn emptied(&self) {
        // All places are free when all can be taken. Nobody closes them.
        let _all = self.places.acquire_many(self.config.chain_limit).await;
    }

    /// Analyses that run now.
    pub(super) fn running(&self) -> usize {
        size(self.config.chain_limit).saturating_sub(self.places.available_permits())
    }

    /// The number of the next record, from 1.
    pub(super) fn next_record(&self) -> u64 {
        self.records.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A record was taken.
    pub(super) fn kept_record(&self) {
        self.is_losing.store(false, Ordering::Relaxed);
    }

    /// A record was not taken; whether the one before was.
    pub(super) fn lost_record(&self) -> bool {
        self.records_lost.fetch_add(1, Ordering::Relaxed);
        !self.is_losing.swap(true, Ordering::Relaxed)
    }

    pub(super) fn records_lost(&self) -> u64 {
        self.records_lost.load(Ordering::Relaxed)
    }
}

fn size(chain_limit: u32) -> usize {
    usize::try_from(chain_limit).expect("at most 65536")
}
