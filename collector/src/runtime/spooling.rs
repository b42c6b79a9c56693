//! From batches to the bus, by way of the disk where the bus does not answer.
//!
//! ```text
//!                       ┌───────────── at once, while the bus takes them ─────────────┐
//! batches ── waiting ───┤                                                             ├── bus
//!                       └── spool ── read back in order, acknowledged once taken ─────┘
//! ```
//!
//! One event is on its way to the bus at a time: the oldest. If the bus does not take it soon, it is
//! kept on disk, and so is everything behind it, which frees the sources; from then on events go to
//! the disk first and come from there, until nothing is left on it. So the disk is used during an
//! outage alone, and the order is kept.
//!
//! What "taken" means is the bus's to say ([`Confirmation`](daemoneye_eventbus::contract::Confirmation)):
//! with `Fire` an event counts as taken while it may still be lost with the connection, so a spool
//! asks for more.
//!
//! The bus gets nothing before the disk has noted that it took what came before. So when the
//! process ends, however it does, the one event that was under way may have arrived and be kept as
//! well: it arrives again in the next run, the same in every field (R5). What was in memory alone
//! when the process was killed is lost.
//!
//! - `under_way`: the event the bus was last given; `kept`: the events on disk;
//! - `spilling`: the way of events from memory to the disk.

mod kept;
mod spilling;
mod under_way;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{CollectionEvent, EventBus, PublishError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::board::Board;
use super::intake::Batch;
use super::publisher::warn_once;
use super::{CollectorStatus, RunError};
use crate::causes::with_causes;
use crate::config::CollectorConfig;
use crate::spool::Spool;
use kept::{Kept, Run};
use under_way::{UnderWay, published};

/// How long the bus may take for an event before it goes to disk, with all behind it: far longer
/// than a bus that is well needs, and not long for what exists in memory alone.
const SPILL_AFTER: Duration = Duration::from_secs(1);
/// The same as a share of the time for a stop, so that a stop leaves time for it.
const SPILL_SHARE_OF_STOP: u32 = 4;
/// Pause before the disk, or a bus that had no room, is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Publishes batches in order until the intake ends, and what is on disk before them.
pub(super) struct SpoolingPublisher {
    bus: Arc<dyn EventBus>,
    batches: mpsc::Receiver<Batch>,
    permits: Arc<Semaphore>,
    /// Has the sources end when the bus is gone, so that all they have is kept.
    bus_gone: Arc<Notify>,
    /// Free permits at which backpressure ends: half, so that it does not flicker.
    relief_permits: usize,
    spill_after: Duration,
    log_events: bool,
    board: Board,
    kept: Kept,
    /// The oldest event.
    under_way: Option<UnderWay>,
    /// Events that come after all that is kept, in memory alone.
    waiting: VecDeque<CollectionEvent>,
    /// Their permits, and that of the event under way if it is not kept.
    held: Option<OwnedSemaphorePermit>,
    intake_ended: bool,
    /// When what is in memory alone is to be kept, or the disk to be tried again.
    look_at: Instant,
    told: Told,
}

/// What was told already, and is not told again while it lasts.
#[derive(Default)]
struct Told {
    /// The disk takes nothing.
    refused: bool,
    /// The bus takes nothing.
    held_up: bool,
    /// The bus takes some events never.
    lossy: bool,
}

/// What happened next.
enum Turn {
    Published(Result<(), PublishError>),
    Batch(Option<Batch>),
    Look,
}

impl SpoolingPublisher {
    pub(super) fn new(
        bus: Arc<dyn EventBus>,
        batches: mpsc::Receiver<Batch>,
        permits: Arc<Semaphore>,
        bus_gone: Arc<Notify>,
        config: &CollectorConfig,
        board: Board,
        spool: Spool,
    ) -> Self {
        Self {
            bus,
            batches,
            permits,
            bus_gone,
            relief_permits: config.backpressure_threshold.div_ceil(2),
            spill_after: SPILL_AFTER.min(config.shutdown_timeout / SPILL_SHARE_OF_STOP),
            log_events: config.enable_debug_logging,
            board,
            kept: Kept::new(spool),
            under_way: None,
            waiting: VecDeque::new(),
            held: None,
            intake_ended: false,
            look_at: Instant::now(),
            told: Told::default(),
        }
    }

    /// Runs until the intake has ended and nothing is left in memory alone; what is on disk then is
    /// for the next run. An error when the bus is gone, after everything that could be was kept.
    pub(super) async fn run(mut self) -> Result<(), RunError> {
        let result = self.publish_all().await;
        self.kept.acknowledge().await;
        // An intake that waits for a permit must learn that none will come.
        self.permits.close();
        result
    }

    async fn publish_all(&mut self) -> Result<(), RunError> {
        loop {
            self.start_next().await;
            self.release();
            if self.intake_ended && self.is_nothing_in_memory_alone() {
                return Ok(());
            }
            match self.next_turn().await {
                Turn::Published(result) => self.settle(result).await?,
                Turn::Batch(batch) => self.take(batch),
                Turn::Look => self.spill().await,
            }
        }
    }

    async fn next_turn(&mut self) -> Turn {
        let may_take = !self.intake_ended && self.is_nothing_in_memory_alone();
        let is_stuck = self.under_way.is_none() && self.kept.has_any();
        let must_look = is_stuck || !self.is_nothing_in_memory_alone();
        let look_at = self.look_at;
        tokio::select! {
            result = published(&mut self.under_way) => Turn::Published(result),
            batch = self.batches.recv(), if may_take => Turn::Batch(batch),
            () = sleep_until(look_at), if must_look => Turn::Look,
        }
    }

    fn is_nothing_in_memory_alone(&self) -> bool {
        let is_kept = self.under_way.as_ref().is_none_or(|event| event.kept_as.is_some());
        is_kept && self.waiting.is_empty()
    }

    /// Gives the bus the oldest event there is, unless it has one: what is kept came before what
    /// waits.
    async fn start_next(&mut self) {
        while self.under_way.is_none() && self.kept.has_any() {
            let next = match self.kept.next().await {
                Ok(next) => next,
                Err(error) => {
                    let error = with_causes(&error);
                    warn!(error, "events on disk cannot be read; trying again");
                    self.look_at = Instant::now() + RETRY_PAUSE;
                    return;
                }
            };
            self.lose_from_disk(next.lost, "it had changed on disk");
            let Some(record) = next.record else { continue };
            match record.event {
                Ok(event) => self.begin(event, Some(record.sequence), Duration::ZERO),
                Err(error) => {
                    self.kept.passed(record.sequence);
                    self.lose_from_disk(1, &error.to_string());
                }
            }
        }
        if !self.kept.has_any() {
            // Nobody may come to it for a long time.
            self.kept.acknowledge().await;
        }
        if self.under_way.is_none()
            && let Some(event) = self.waiting.pop_front()
        {
            self.look_at = Instant::now() + self.spill_after;
            self.begin(event, None, Duration::ZERO);
        }
    }

    fn begin(&mut self, event: CollectionEvent, kept_as: Option<u64>, pause: Duration) {
        self.under_way = Some(UnderWay::begin(&self.bus, event, kept_as, pause));
    }

    /// What became of the event under way.
    async fn settle(&mut self, result: Result<(), PublishError>) -> Result<(), RunError> {
        let Some(UnderWay { event, kept_as, .. }) = self.under_way.take() else { return Ok(()) };
        match result {
            Ok(()) => self.published(&event, kept_as).await,
            Err(error @ PublishError::Undelivered) => {
                warn!(%error, kind = event.kind().as_str(), "a subscriber lost an event");
                self.published(&event, kept_as).await;
            }
            Err(error @ (PublishError::TooLarge { .. } | PublishError::Denied(_))) => {
                warn_once(&mut self.told.lossy, &error, "events are lost");
                // The bus will never take it.
                let run = self.forget(kept_as);
                self.count_lost(run);
            }
            Err(error @ (PublishError::Timeout { .. } | PublishError::Unconfirmed { .. })) => {
                warn_once(&mut self.told.held_up, &error, "events are kept on disk");
                self.board.update(|status| status.publish_retries += 1);
                self.begin(event, kept_as, RETRY_PAUSE);
                self.look_at = Instant::now();
            }
            Err(source) => {
                if kept_as.is_none() {
                    self.waiting.push_front(event);
                }
                return Err(self.keep_rest(source).await);
            }
        }
        Ok(())
    }

    async fn published(&mut self, event: &CollectionEvent, kept_as: Option<u64>) {
        if self.log_events {
            debug!(?event, "published");
        }
        (self.told.held_up, self.told.lossy) = (false, false);
        let run = self.forget(kept_as);
        self.count(|status| match run {
            Run::This => status.events_published += 1,
            Run::Earlier => status.events_replayed += 1,
        });
        if run == Run::This {
            self.kept.forget_loss().await;
        }
    }

    /// Events that were kept and cannot be read any more.
    fn lose_from_disk(&mut self, events: u64, reason: &str) {
        if events > 0 {
            warn!(events, reason, "events that were kept on disk are lost");
        }
        for _ in 0..events {
            let run = self.kept.forget_oldest();
            self.count_lost(run);
        }
    }

    fn forget(&mut self, kept_as: Option<u64>) -> Run {
        let Some(sequence) = kept_as else { return Run::This };
        self.kept.passed(sequence);
        self.kept.forget_oldest()
    }

    fn count_lost(&self, run: Run) {
        self.count(|status| {
            status.events_lost += 1;
            // Nobody has counted it in this run.
            status.events_accepted += u64::from(run == Run::Earlier);
        });
    }

    /// Counts what has become of an event, and what is on disk, at once: no event is in two places.
    fn count(&self, change: impl FnOnce(&mut CollectorStatus)) {
        let events = self.kept.of_this_run();
        self.board.update(|status| {
            change(status);
            status.events_spooled = events;
        });
    }

    fn take(&mut self, batch: Option<Batch>) {
        let Some(Batch { events, permits }) = batch else {
            self.intake_ended = true;
            return;
        };
        self.waiting = events.into();
        self.held = Some(permits);
        if self.kept.has_any() {
            // They come after what is kept, and so they are kept as well.
            self.look_at = Instant::now();
        }
    }

    /// Gives permits back once what they were for is kept or published.
    fn release(&mut self) {
        if self.is_nothing_in_memory_alone() && self.held.take().is_some() {
            let is_relieved = self.permits.available_permits() >= self.relief_permits;
            if is_relieved {
                self.board.update(|status| status.backpressure = false);
            }
        }
    }
}
