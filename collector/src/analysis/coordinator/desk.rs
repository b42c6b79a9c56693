//! What all analyses of one coordinator share: how they reach others, and a limit of their number.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use daemoneye_eventbus::{ByteString, EventBus};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::super::carrier::StageCarrier;
use super::super::outcome::AnalysisId;
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
    /// Shared, because who starts and who cancels are none of the tasks that run; never held across
    /// an await.
    table: Mutex<Table>,
    /// Records published so far.
    records: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Table {
    /// How each analysis is told that it is cancelled.
    running: HashMap<AnalysisId, watch::Sender<bool>>,
    is_closed: bool,
}

/// One analysis' place, until it is dropped.
pub(super) struct Seat {
    desk: Arc<Desk>,
    analysis: AnalysisId,
    cancel: watch::Sender<bool>,
    /// Given back after the analysis has left the table: a field is dropped after the whole.
    _place: OwnedSemaphorePermit,
}

impl Desk {
    pub(super) fn new(
        name: ByteString,
        bus: Arc<dyn EventBus>,
        carrier: Arc<dyn StageCarrier>,
        config: CoordinatorConfig,
    ) -> Self {
        let chain_limit = config.chain_limit.clamp(1, MAX_CHAIN_LIMIT);
        let places = usize::try_from(chain_limit).expect("65536 is a size");
        Self {
            name,
            bus,
            carrier,
            config: CoordinatorConfig { chain_limit, ..config },
            places: Arc::new(Semaphore::new(places)),
            table: Mutex::default(),
            records: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// A place for an analysis, unless all are taken or the coordinator has ended.
    pub(super) fn seat(desk: &Arc<Self>, analysis: &AnalysisId) -> Result<Seat, StartError> {
        let mut table = desk.table.lock();
        if table.is_closed {
            return Err(StartError::Ended);
        }
        let place = Arc::clone(&desk.places).try_acquire_owned();
        let limit = desk.config.chain_limit;
        let place = place.map_err(|_| StartError::TooMany { limit })?;
        let cancel = watch::Sender::new(false);
        table.running.insert(analysis.clone(), cancel.clone());
        let (desk, analysis) = (Arc::clone(desk), analysis.clone());
        Ok(Seat { desk, analysis, cancel, _place: place })
    }

    pub(super) fn cancel(&self, analysis: &AnalysisId) -> bool {
        let table = self.table.lock();
        let cancel = table.running.get(analysis);
        cancel.is_some_and(|cancel| {
            cancel.send_replace(true);
            true
        })
    }

    /// Lets nobody in any more, and cancels who is there.
    pub(super) fn close(&self) {
        let mut table = self.table.lock();
        table.is_closed = true;
        for cancel in table.running.values() {
            cancel.send_replace(true);
        }
    }

    /// Completes when nobody is there. Cancel safe.
    pub(super) async fn emptied(&self) {
        // All places are free when all can be taken. Nobody closes them.
        let _all = self.places.acquire_many(self.config.chain_limit).await;
    }

    pub(super) fn running(&self) -> usize {
        self.table.lock().running.len()
    }

    /// The number of the next record, from 1.
    pub(super) fn next_record(&self) -> u64 {
        self.records.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Seat {
    /// Tells the analysis that it is cancelled.
    pub(super) fn cancel(&self) -> &watch::Sender<bool> {
        &self.cancel
    }

    /// Hears whether it is.
    pub(super) fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancel.subscribe()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.desk.table.lock().running.remove(&self.analysis);
    }
}
