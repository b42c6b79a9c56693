//! The tasks of the sources: started, watched, stopped; one that ends badly ends alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::board::Board;
use super::intake::Lane;
use super::status::SourceState;
use crate::config::CollectorConfig;
use crate::source::EventSource;

/// The running sources of one collector.
pub(super) struct SourceSet {
    sources: Vec<Arc<dyn EventSource>>,
    tasks: JoinSet<anyhow::Result<()>>,
    /// Which task is which source, by index.
    owners: HashMap<Id, usize>,
    shutdown_signal: Arc<AtomicBool>,
    board: Board,
}

impl SourceSet {
    /// Starts every source with a channel of its own; the events come out of the lanes.
    pub(super) fn start(
        sources: &[Arc<dyn EventSource>],
        config: &CollectorConfig,
        board: &Board,
    ) -> (Self, Vec<Lane>) {
        let mut set = Self {
            sources: sources.to_vec(),
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            shutdown_signal: Arc::default(),
            board: board.clone(),
        };
        let lost_before = board.current().lost_before;
        let share = (config.event_buffer_size / sources.len()).max(1);
        let mut lanes = Vec::with_capacity(sources.len());
        for (index, source) in sources.iter().enumerate() {
            let (sender, receiver) = mpsc::channel(share);
            lanes.push(Lane::new(source.capabilities(), receiver));
            set.set_state(index, SourceState::Running);
            if !lost_before.is_none() {
                source.follows_loss(lost_before);
            }
            let (source, signal) = (Arc::clone(source), Arc::clone(&set.shutdown_signal));
            let task = set.tasks.spawn(async move { source.start(sender, signal).await });
            set.owners.insert(task.id(), index);
        }
        (set, lanes)
    }

    /// Waits until every source has ended, and records how. Cancel safe.
    pub(super) async fn wait_all(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.record(ended);
        }
    }

    /// Asks every source to end, and aborts those that have not by the limit.
    pub(super) async fn stop(mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        self.shutdown_signal.store(true, Ordering::Release);
        self.call_stop(deadline).await;
        if timeout_at(deadline, self.wait_all()).await.is_err() {
            self.tasks.abort_all();
            self.wait_all().await;
        }
    }

    /// Calls `stop` of every source at once, each in a task: it may panic or hang.
    async fn call_stop(&mut self, deadline: Instant) {
        let mut calls = JoinSet::new();
        for (index, source) in self.sources.iter().enumerate() {
            let source = Arc::clone(source);
            calls.spawn(async move { (index, timeout_at(deadline, source.stop()).await) });
        }
        while let Some(joined) = calls.join_next().await {
            match joined {
                Ok((_, Ok(Ok(())))) => {}
                Ok((index, Ok(Err(error)))) => self.note(index, format!("stop: {error:#}")),
                Ok((index, Err(_))) => self.note(index, "stop did not return in time".to_owned()),
                Err(error) => error!(%error, "a source panicked in stop"),
            }
        }
    }

    fn record(&mut self, ended: Result<(Id, anyhow::Result<()>), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let index = self.owners.remove(&id).expect("every task has an owner");
        let state = match ended {
            Ok((_, Ok(()))) => SourceState::Ended,
            Ok((_, Err(error))) => SourceState::Failed { error: format!("{error:#}") },
            Err(error) if error.is_cancelled() => SourceState::Aborted,
            Err(error) => SourceState::Panicked { message: panic_message(error) },
        };
        if state == SourceState::Ended {
            tracing::debug!(source = self.sources[index].name(), "source ended");
        } else {
            warn!(source = self.sources[index].name(), ?state, "source ended badly");
        }
        self.set_state(index, state);
    }

    fn set_state(&self, index: usize, state: SourceState) {
        self.board.update(|status| status.sources[index].state = state);
    }

    fn note(&self, index: usize, failure: String) {
        warn!(source = self.sources[index].name(), failure, "source did not stop in order");
        self.board.update(|status| status.sources[index].last_failure = Some(failure));
    }
}

fn panic_message(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "cancelled".to_owned() };
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
