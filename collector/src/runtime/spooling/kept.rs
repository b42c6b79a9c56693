//! A spool as a publisher uses it: off the runtime's thread, with a few events read ahead, and a count
//! of whose they are.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::resume_unwind;

use daemoneye_eventbus::CollectionEvent;
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::causes::with_causes;
use crate::spool::{AppendError, ReadError, Record, Spool};

/// Events that are read at once; each is acknowledged by itself.
const READ_AHEAD: usize = 64;

/// The events on disk.
pub(super) struct Kept {
    /// `None` only while a blocking call has it.
    spool: Option<Spool>,
    /// Read ahead, oldest first.
    ahead: VecDeque<Record>,
    /// The last number that was passed: published, or lost.
    passed: u64,
    /// The last number that was acknowledged.
    acknowledged: u64,
    /// Whether it was told that acknowledgements are not written down.
    is_unwritten: bool,
    /// Whether it is written down what earlier runs lost, which the first event of this run tells.
    has_loss: bool,
    /// How many there still are of earlier runs; they come before those of this one.
    earlier: u64,
    /// How many there still are of this run.
    own: u64,
}

/// In which run an event was taken from its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    This,
    Earlier,
}

/// What was kept.
pub(super) struct Keeping {
    /// The number of the first event, if there was room for it.
    pub(super) first: Option<u64>,
    /// Why the first of those that are left was not kept.
    pub(super) refused: Option<AppendError>,
}

/// What comes next.
pub(super) struct Next {
    /// The oldest event that was not passed; `None` when there are no more.
    pub(super) record: Option<Record>,
    /// How many before it cannot be read any more.
    pub(super) lost: u64,
}

impl Kept {
    /// Whatever is in the spool now is of earlier runs.
    pub(super) fn new(spool: Spool) -> Self {
        let (earlier, has_loss) = (spool.usage().events, spool.follows_loss());
        Self {
            spool: Some(spool),
            has_loss,
            ahead: VecDeque::new(),
            passed: 0,
            acknowledged: 0,
            is_unwritten: false,
            earlier,
            own: 0,
        }
    }

    pub(super) fn has_any(&self) -> bool {
        self.earlier + self.own > 0
    }

    pub(super) fn of_this_run(&self) -> u64 {
        self.own
    }

    /// Keeps events in order as far as there is room; returns those that are left.
    pub(super) async fn keep(
        &mut self,
        mut events: VecDeque<CollectionEvent>,
    ) -> (VecDeque<CollectionEvent>, Keeping) {
        let before = events.len();
        let (events, keeping) = self
            .with(move |spool| {
                let keeping = keep_all(spool, &mut events);
                (events, keeping)
            })
            .await;
        self.own += (before - events.len()) as u64;
        (events, keeping)
    }

    /// The next event to publish, once the one before it is acknowledged: of what was published, one
    /// comes again at most when the process dies. Cancelling it loses what was read, and nothing on
    /// disk.
    pub(super) async fn next(&mut self) -> Result<Next, ReadError> {
        self.acknowledge().await;
        let mut lost = 0;
        if self.ahead.is_empty() {
            let passed = self.passed;
            let chunk = self.with(move |spool| spool.read_after(passed, READ_AHEAD)).await?;
            lost = chunk.lost;
            self.ahead = chunk.records.into();
            if self.ahead.is_empty() {
                // Nothing can be read where something should be.
                lost = self.earlier + self.own;
            }
        }
        Ok(Next { record: self.ahead.pop_front(), lost })
    }

    /// An event is published, or never will be.
    pub(super) fn passed(&mut self, sequence: u64) {
        self.passed = sequence;
    }

    /// There is one event less; whose it was.
    pub(super) fn forget_oldest(&mut self) -> Run {
        if let Some(earlier) = self.earlier.checked_sub(1) {
            self.earlier = earlier;
            Run::Earlier
        } else {
            self.own = self.own.saturating_sub(1);
            Run::This
        }
    }

    /// Acknowledges everything that was passed.
    pub(super) async fn acknowledge(&mut self) {
        let passed = self.passed;
        if passed <= self.acknowledged {
            return;
        }
        self.acknowledged = passed;
        let written = self.with(move |spool| spool.acknowledge(passed)).await;
        let Err(error) = written else {
            self.is_unwritten = false;
            return;
        };
        if !std::mem::replace(&mut self.is_unwritten, true) {
            let error = with_causes(&error);
            warn!(error, "what is published from here on may come again after a restart");
        }
    }

    /// What earlier runs lost was told by an event that the bus has.
    pub(super) async fn forget_loss(&mut self) {
        if !std::mem::take(&mut self.has_loss) {
            return;
        }
        if let Err(error) = self.with(Spool::forget_loss).await {
            let error = with_causes(&error);
            warn!(error, "the next run tells once more what was lost before this one");
        }
    }

    /// Does something with the spool where it may block.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Spool) -> T + Send + 'static,
    ) -> T {
        let mut spool = self.spool.take().expect("each call gives it back");
        let worked = spawn_blocking(move || {
            let result = work(&mut spool);
            (spool, result)
        });
        match worked.await {
            Ok((spool, result)) => {
                self.spool = Some(spool);
                result
            }
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime ends, and with it whoever waits here.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// Keeps events from the front until none are left, or one is refused.
fn keep_all(spool: &mut Spool, events: &mut VecDeque<CollectionEvent>) -> Keeping {
    let mut first = None;
    while !events.is_empty() {
        match spool.append(events.make_contiguous()) {
            Ok(appended) => {
                first.get_or_insert(appended.first);
                events.drain(..appended.taken);
            }
            Err(error) => return Keeping { first, refused: Some(error) },
        }
    }
    Keeping { first, refused: None }
}
