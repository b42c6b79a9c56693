//! When a source has told what was there before it came: from then on it reports what happens.

use tokio::sync::watch;

/// The source's side.
#[derive(Debug)]
pub(super) struct FirstScanSender {
    events: watch::Sender<Option<u64>>,
}

/// What a source found when it began.
#[derive(Debug, Clone)]
pub struct FirstScan {
    events: watch::Receiver<Option<u64>>,
}

impl FirstScanSender {
    pub(super) fn new() -> Self {
        Self { events: watch::Sender::new(None) }
    }

    pub(super) fn subscribe(&self) -> FirstScan {
        FirstScan { events: self.events.subscribe() }
    }

    /// So many events are sent; later calls change nothing.
    pub(super) fn sent(&self, events: u64) {
        self.events.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(events);
            is_first
        });
    }
}

impl FirstScan {
    /// Waits until all events of the first scan were sent, and returns how many there are; `None`
    /// when the source is gone before. Cancel safe.
    pub async fn sent(&mut self) -> Option<u64> {
        *self.events.wait_for(Option::is_some).await.ok()?
    }
}
