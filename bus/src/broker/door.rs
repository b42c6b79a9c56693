//! The door: connections are accepted here, and whoever cannot say who it is comes no further.
//!
//! It has a thread of its own, so that strangers, however many, take no time from the broker's.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::{self, Guest};
use super::slots::Slots;
use super::{Phase, Shared};
use crate::clock::reached;
use crate::transport::{Acceptor, Stream};

/// Pause after a failed accept (out of descriptors, say), so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// What is needed to let somebody in.
#[derive(Debug)]
pub(super) struct Door {
    shared: Weak<Shared>,
    phase: watch::Receiver<Phase>,
    slots: Slots,
    introduced: mpsc::Sender<Guest>,
    /// Talks with those who have not said who they are.
    talks: JoinSet<()>,
}

impl Door {
    pub(super) fn new(shared: &Arc<Shared>, introduced: mpsc::Sender<Guest>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            phase: shared.phase.subscribe(),
            slots: Slots::new(shared.config.connection_limit),
            introduced,
            talks: JoinSet::new(),
        }
    }

    /// Lets people in until the broker ends.
    pub(super) async fn keep(mut self, mut acceptor: Acceptor) {
        let mut phase = self.phase.clone();
        let mut retry_at: Option<Instant> = None;
        loop {
            tokio::select! {
                accepted = acceptor.accept(), if retry_at.is_none() => {
                    match (accepted, self.shared.upgrade()) {
                        (_, None) => break,
                        (Ok(stream), Some(shared)) => self.hear(shared, stream),
                        (Err(error), _) => {
                            tracing::warn!(%error, "cannot accept a connection");
                            retry_at = Some(Instant::now() + ACCEPT_RETRY);
                        }
                    }
                }
                () = reached(retry_at), if retry_at.is_some() => retry_at = None,
                Some(ended) = self.talks.join_next() => note(ended),
                _ = phase.wait_for(|phase| *phase >= Phase::Ending) => break,
            }
        }
        drop(acceptor);
        while let Some(ended) = self.talks.join_next().await {
            note(ended);
        }
    }

    fn hear(&mut self, shared: Arc<Shared>, stream: Stream) {
        let Some(slot) = self.slots.take() else {
            self.talks.spawn(async move { connection::refuse(&shared, stream).await });
            return;
        };
        let introduced = self.introduced.clone();
        self.talks.spawn(async move {
            if let Some(guest) = connection::introduce(&shared, stream, slot).await {
                // Nobody is served any more when this fails.
                let _ = introduced.send(guest).await;
            }
        });
    }
}

/// A task ended; by a panic is a defect of ours.
pub(super) fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
