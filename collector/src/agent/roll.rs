//! Who the agent's collectors are and what state each is in: written by the supervisor, read by
//! whoever asks.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

/// The state of one collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CollectorState {
    /// Started, and not ready yet.
    Starting,
    /// Ready, in this process.
    Running { pid: u32 },
    /// It ended, and will be started again after a pause.
    Restarting { cause: String, after: Duration },
    /// It ended too often and is not started any more (R5).
    Failed { cause: String },
}

/// The writing side.
#[derive(Debug)]
pub(super) struct Roll {
    states: watch::Sender<BTreeMap<String, CollectorState>>,
}

/// The reading side.
#[derive(Debug, Clone)]
pub(super) struct RollReader {
    states: watch::Receiver<BTreeMap<String, CollectorState>>,
}

impl Roll {
    /// With nobody in it.
    pub(super) fn new() -> Self {
        Self { states: watch::Sender::new(BTreeMap::new()) }
    }

    pub(super) fn set(&self, collector: &str, state: CollectorState) {
        self.states.send_modify(|states| {
            states.insert(collector.to_owned(), state);
        });
    }

    pub(super) fn reader(&self) -> RollReader {
        RollReader { states: self.states.subscribe() }
    }
}

impl RollReader {
    /// Every collector and its state now.
    pub(super) fn states(&self) -> BTreeMap<String, CollectorState> {
        self.states.borrow().clone()
    }
}
