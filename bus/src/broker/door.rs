//! The door: connections are accepted here, and whoever cannot say who it is comes no further.
//!
//! It has a thread of its own, so that strangers, however many, take no time from the broker's. A place
//! is for whoever has said hello; those who have not are as many at most, and the one that has said
//! nothing for longest makes room for the next.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::{self, Guest};
use super::{Phase, Shared};
use crate::clock::reached;
use crate::transport::{Acceptor, Stream};

/// Pause after a failed accept (out of descriptors, say), so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// What is needed to let somebody in.
#[derive(Debug)]
pub(super) struct Door {
    shared: Weak<Shared>,
    introduced: mpsc::Sender<Guest>,
    /// Talks with those who have not said who they are.
    talks: JoinSet<()>,
    /// Who they are, the first to come first; dropped, a talk ends. Some may have ended already.
    waiting: VecDeque<oneshot::Sender<()>>,
    waiting_limit: usize,
}

impl Door {
    pub(super) fn new(shared: &Arc<Shared>, introduced: mpsc::Sender<Guest>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            introduced,
            talks: JoinSet::new(),
            waiting: VecDeque::new(),
            waiting_limit: shared.config.connection_limit.max(1),
        }
    }

    /// Lets people in until the broker ends.
    pub(super) async fn keep(mut self, mut acceptor: Acceptor) {
        let Some(mut phase) = self.shared.upgrade().map(|shared| shared.phase.subscribe()) else {
            return;
        };
        let introduced = self.introduced.clone();
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
                Some(ended) = self.talks.join_next() => connection::note_end(ended),
                // Nobody serves those who are let in.
                () = introduced.closed() => break,
                _ = phase.wait_for(|phase| *phase >= Phase::Ending) => break,
            }
        }
        drop(acceptor);
        while let Some(ended) = self.talks.join_next().await {
            connection::note_end(ended);
        }
    }

    fn hear(&mut self, shared: Arc<Shared>, stream: Stream) {
        if self.waiting.len() >= self.waiting_limit {
            self.waiting.retain(|talk| !talk.is_closed());
        }
        if self.waiting.len() >= self.waiting_limit {
            self.waiting.pop_front();
        }
        let (stays, is_sent_away) = oneshot::channel();
        self.waiting.push_back(stays);
        let introduced = self.introduced.clone();
        self.talks.spawn(async move {
            let crowded = async { drop(is_sent_away.await) };
            if let Some(guest) = connection::introduce(&shared, stream, crowded).await {
                // Nobody is served any more when this fails.
                let _ = introduced.send(guest).await;
            }
        });
    }
}
