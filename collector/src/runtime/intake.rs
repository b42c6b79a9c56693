//! From the sources' channels to batches: fair turns, refusals, and permits under way.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use daemoneye_eventbus::{ByteString, CollectionEvent, SourceCaps};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::board::Board;
use crate::config::CollectorConfig;
use crate::source::{Loss, covers};

/// The receiving end of one source's channel.
pub(super) struct Lane {
    capabilities: SourceCaps,
    events: mpsc::Receiver<CollectionEvent>,
}

/// Events on their way to the bus, in order.
pub(super) struct Batch {
    pub(super) events: Vec<CollectionEvent>,
    /// One per event; returned when the batch is through.
    pub(super) permits: OwnedSemaphorePermit,
}

/// Takes events from the lanes in turn and gathers batches by size or time.
pub(super) struct Intake {
    lanes: Vec<Lane>,
    /// Where the next turn begins.
    turn: usize,
    gathered: Vec<CollectionEvent>,
    /// Permits of what is gathered; `None` exactly while that is empty.
    held: Option<OwnedSemaphorePermit>,
    /// When the gathered events are published at the latest.
    due: Instant,
    max_batch_size: usize,
    batch_timeout: Duration,
    permits: Arc<Semaphore>,
    batches: mpsc::Sender<Batch>,
    board: Board,
    close_lanes: Arc<Notify>,
    /// What earlier runs lost, until the first event tells it.
    lost_before: Loss,
}

/// The publisher is gone: nothing can be passed on any more.
struct Gone;

impl Lane {
    pub(super) fn new(capabilities: SourceCaps, events: mpsc::Receiver<CollectionEvent>) -> Self {
        Self { capabilities, events }
    }
}

impl Intake {
    pub(super) fn new(
        lanes: Vec<Lane>,
        config: &CollectorConfig,
        permits: Arc<Semaphore>,
        batches: mpsc::Sender<Batch>,
        board: Board,
        close_lanes: Arc<Notify>,
    ) -> Self {
        let lost_before = board.current().lost_before;
        Self {
            lanes,
            turn: 0,
            gathered: Vec::new(),
            held: None,
            due: Instant::now(),
            max_batch_size: config.max_batch_size,
            batch_timeout: config.batch_timeout,
            permits,
            batches,
            board,
            close_lanes,
            lost_before,
        }
    }

    /// Runs until all lanes have ended and are drained, or the publisher is gone; then what is
    /// left in the lanes is counted, so that it is known as lost.
    pub(super) async fn run(mut self) {
        if self.pass_on().await.is_err() {
            self.count_rest();
        }
    }

    async fn pass_on(&mut self) -> Result<(), Gone> {
        let close_lanes = Arc::clone(&self.close_lanes);
        loop {
            let (due, waiting) = (self.due, !self.gathered.is_empty());
            tokio::select! {
                next = std::future::poll_fn(|cx| self.poll_next(cx)) => match next {
                    Some((lane, event)) => self.take(lane, event).await?,
                    None => return self.flush().await,
                },
                () = sleep_until(due), if waiting => self.flush().await?,
                () = close_lanes.notified() => self.close(),
            }
        }
    }

    fn close(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.events.close());
    }

    fn count_rest(&mut self) {
        self.close();
        for index in 0..self.lanes.len() {
            while let Ok(event) = self.lanes[index].events.try_recv() {
                self.admit(index, &event);
            }
        }
    }

    /// The next event of any lane, lanes taking turns; `None` when all have ended.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, CollectionEvent)>> {
        let count = self.lanes.len();
        let mut ended = 0;
        for lane in (self.turn..count).chain(0..self.turn) {
            match self.lanes[lane].events.poll_recv(cx) {
                Poll::Ready(Some(event)) => {
                    self.turn = (lane + 1) % count;
                    return Poll::Ready(Some((lane, event)));
                }
                Poll::Ready(None) => ended += 1,
                Poll::Pending => {}
            }
        }
        if ended == count { Poll::Ready(None) } else { Poll::Pending }
    }

    async fn take(&mut self, lane: usize, mut event: CollectionEvent) -> Result<(), Gone> {
        if !self.admit(lane, &event) {
            return Ok(());
        }
        self.tell_lost_before(&mut event);
        let permit = self.permit().await?;
        if let Some(held) = &mut self.held {
            held.merge(permit);
        } else {
            self.held = Some(permit);
            self.due = Instant::now() + self.batch_timeout;
        }
        self.gathered.push(event);
        if self.gathered.len() >= self.max_batch_size { self.flush().await } else { Ok(()) }
    }

    /// The first event says what was lost before it.
    fn tell_lost_before(&mut self, event: &mut CollectionEvent) {
        let Loss { events, uncounted } = std::mem::take(&mut self.lost_before);
        let metadata = &mut event.header_mut().metadata;
        if events > 0 {
            let events = ByteString::from(events.to_string());
            metadata.push((ByteString::from_static("lost_before"), events));
        }
        if uncounted {
            let name = ByteString::from_static("lost_before_uncounted");
            metadata.push((name, ByteString::from_static("true")));
        }
    }

    /// A permit for one event. Without one at hand, what is gathered goes out first: it holds
    /// permits that would never come back otherwise.
    async fn permit(&mut self) -> Result<OwnedSemaphorePermit, Gone> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(Gone),
            Err(TryAcquireError::NoPermits) => {}
        }
        self.flush().await?;
        self.board.update(|status| {
            if !status.backpressure {
                status.backpressure = true;
                status.backpressure_episodes += 1;
            }
        });
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let Some(permits) = self.held.take() else { return Ok(()) };
        let events = std::mem::take(&mut self.gathered);
        self.batches.send(Batch { events, permits }).await.map_err(|_| Gone)
    }

    /// Counts an event, as accepted or as outside its source's declared capabilities.
    fn admit(&self, lane: usize, event: &CollectionEvent) -> bool {
        let kind = event.kind();
        let covered = covers(self.lanes[lane].capabilities, kind);
        self.board.update(|status| {
            let source = &mut status.sources[lane];
            if covered {
                source.events_accepted += 1;
                status.events_accepted += 1;
                return;
            }
            source.events_refused += 1;
            if source.events_refused == 1 {
                let kind = kind.as_str();
                warn!(source = source.name, kind, "event outside the declared capabilities");
            }
        });
        covered
    }
}
