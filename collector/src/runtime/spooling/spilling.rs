//! From memory to the disk: what the bus did not take soon, and all that is left once it is gone.

use daemoneye_eventbus::PublishError;
use tokio::time::Instant;
use tracing::warn;

use super::super::RunError;
use super::kept::Run;
use super::under_way::UnderWay;
use super::{RETRY_PAUSE, SpoolingPublisher};
use crate::causes::with_causes;
use crate::spool::AppendError;

impl SpoolingPublisher {
    /// Keeps what is in memory alone, the event under way first, as far as there is room.
    pub(super) async fn spill(&mut self) {
        let mut events = std::mem::take(&mut self.waiting);
        let in_memory = |one: &&UnderWay| one.kept_as.is_none();
        let oldest = self.under_way.as_ref().filter(in_memory).map(|one| one.event.clone());
        let mut leads = oldest.is_some();
        if let Some(event) = oldest {
            events.push_front(event);
        }
        while !events.is_empty() {
            let (rest, kept) = self.kept.keep(events).await;
            events = rest;
            self.count(|_| {});
            if let Some(first) = kept.first
                && std::mem::take(&mut leads)
                && let Some(under_way) = &mut self.under_way
            {
                under_way.kept_as = Some(first);
            }
            match kept.refused {
                None => self.told.refused = false,
                // It is on its way to the bus all the same, and whatever follows can be kept.
                Some(AppendError::TooLarge { .. }) if std::mem::take(&mut leads) => {
                    events.pop_front();
                }
                Some(error @ AppendError::TooLarge { .. }) => {
                    warn!(error = with_causes(&error), "event lost");
                    events.pop_front();
                    self.count_lost(Run::This);
                }
                Some(error) => {
                    self.tell_refused(&error);
                    break;
                }
            }
        }
        if leads {
            events.pop_front();
        }
        self.waiting = events;
        self.look_at = Instant::now() + RETRY_PAUSE;
    }

    /// The bus is gone: ends the sources, and keeps whatever they have sent, as far as there is room.
    pub(super) async fn keep_rest(&mut self, source: PublishError) -> RunError {
        self.bus_gone.notify_one();
        loop {
            self.spill().await;
            if !self.waiting.is_empty() {
                break;
            }
            self.release();
            match self.batches.recv().await {
                Some(batch) => self.take(Some(batch)),
                None => break,
            }
        }
        RunError::BusLost { source, lost: 0 }
    }

    /// Once for as long as it lasts.
    fn tell_refused(&mut self, error: &AppendError) {
        if !std::mem::replace(&mut self.told.refused, true) {
            let error = with_causes(error);
            warn!(error, "events cannot be kept on disk; sources are held back");
        }
    }
}
