//! The way from a source to the runtime: signs and numbers what goes through, and counts what does
//! not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use daemoneye_eventbus::ByteString;
use tokio::sync::mpsc;

use crate::source::{CollectionEvent, Loss};

/// The channel of one source, and how many events went through it.
#[derive(Debug)]
pub(super) struct Outlet {
    source: &'static str,
    tx: mpsc::Sender<CollectionEvent>,
    sequence: u64,
    unsent: Unsent,
}

/// What a source has made and not sent, at any moment: when its task is aborted, too. Clones count
/// the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Unsent {
    events: Arc<AtomicU64>,
    has_uncounted: Arc<AtomicBool>,
}

/// Nobody receives any more.
#[derive(Debug)]
pub(super) struct ChannelClosed;

impl Outlet {
    /// For a source of this name, which has sent nothing yet.
    pub(super) fn new(
        source: &'static str,
        tx: mpsc::Sender<CollectionEvent>,
        unsent: Unsent,
    ) -> Self {
        Self { source, tx, sequence: 0, unsent }
    }

    /// How many events were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sequence
    }

    /// Sends events in order; waits while the channel is full. Those that it does not come to count
    /// as unsent for good.
    pub(super) async fn send_all(
        &mut self,
        events: Vec<CollectionEvent>,
    ) -> Result<(), ChannelClosed> {
        self.unsent.events.fetch_add(events.len() as u64, Ordering::Relaxed);
        for event in events {
            self.send(event).await?;
            self.unsent.events.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn send(&mut self, mut event: CollectionEvent) -> Result<(), ChannelClosed> {
        let header = event.header_mut();
        header.source = ByteString::from_static(self.source);
        header.source_sequence = self.sequence + 1;
        self.tx.send(event).await.map_err(|_| ChannelClosed)?;
        self.sequence += 1;
        Ok(())
    }
}

impl Unsent {
    /// There may be more than was made.
    pub(super) fn may_be_more(&self) {
        self.has_uncounted.store(true, Ordering::Relaxed);
    }

    /// What is unsent now; once the source has ended, what is lost with it.
    pub(super) fn loss(&self) -> Loss {
        Loss {
            events: self.events.load(Ordering::Relaxed),
            uncounted: self.has_uncounted.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::ProcessEvent;
    use futures_util::FutureExt;

    use super::*;

    fn events(many: usize) -> Vec<CollectionEvent> {
        vec![CollectionEvent::Process(ProcessEvent::default()); many]
    }

    fn counted(events: u64) -> Loss {
        Loss { events, uncounted: false }
    }

    #[tokio::test]
    async fn what_is_held_back_is_known_though_its_sender_is_dropped_or_nobody_receives_any_more() {
        let (tx, mut received) = mpsc::channel(3);
        let unsent = Unsent::default();
        let mut outlet = Outlet::new("test", tx, unsent.clone());
        outlet.send_all(events(2)).await.unwrap();
        assert_eq!(unsent.loss(), Loss::default());
        assert!(outlet.send_all(events(5)).now_or_never().is_none(), "there is room for one");
        assert_eq!((outlet.sent(), unsent.loss()), (3, counted(4)));
        received.close();
        assert!(outlet.send_all(events(6)).await.is_err());
        assert_eq!((outlet.sent(), unsent.loss()), (3, counted(10)));
    }
}
