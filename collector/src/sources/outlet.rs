//! The way from a source to the runtime: signs and numbers what goes through.

use daemoneye_eventbus::ByteString;
use tokio::sync::mpsc;

use crate::source::CollectionEvent;

/// The channel of one source, and how many events went through it.
#[derive(Debug)]
pub(super) struct Outlet {
    source: &'static str,
    tx: mpsc::Sender<CollectionEvent>,
    sequence: u64,
}

/// Nobody receives any more.
#[derive(Debug)]
pub(super) struct ChannelClosed;

impl Outlet {
    /// For a source of this name, which has sent nothing yet.
    pub(super) fn new(source: &'static str, tx: mpsc::Sender<CollectionEvent>) -> Self {
        Self { source, tx, sequence: 0 }
    }

    /// How many events were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sequence
    }

    /// Sends an event; waits while the channel is full.
    pub(super) async fn send(&mut self, mut event: CollectionEvent) -> Result<(), ChannelClosed> {
        let header = event.header_mut();
        header.source = ByteString::from_static(self.source);
        header.source_sequence = self.sequence + 1;
        self.tx.send(event).await.map_err(|_| ChannelClosed)?;
        self.sequence += 1;
        Ok(())
    }
}
