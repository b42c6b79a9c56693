//! Follows requests to the end of the analyses they start, and tells their triggers.

use std::sync::Arc;

use daemoneye_eventbus::{BusEvent, ByteString, CollectionEvent, EventReceiver};
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, warn};

use super::super::account::{Account, AccountWriter};
use crate::analysis::{AnalysisChainCoordinator, AnalysisResult, StartError};
use crate::trigger::TriggerHandle;

/// Between what is asked and what is done.
pub(super) struct Follower {
    coordinator: Arc<AnalysisChainCoordinator>,
    requests: EventReceiver,
    /// Who is told what is done, if there are triggers here.
    triggers: Option<TriggerHandle>,
    account: AccountWriter,
    /// As many as the coordinator lets run.
    running: JoinSet<Ended>,
    /// Requests that were lost by the last look, and whether some were since the one before.
    lost: u64,
    is_losing: bool,
}

/// What came of a request that started an analysis.
struct Ended {
    trigger_id: ByteString,
    /// `None` when the coordinator's runtime has ended.
    result: Option<AnalysisResult>,
}

impl Follower {
    pub(super) fn new(
        coordinator: Arc<AnalysisChainCoordinator>,
        requests: EventReceiver,
        triggers: Option<TriggerHandle>,
        account: AccountWriter,
    ) -> Self {
        let running = JoinSet::new();
        Self { coordinator, requests, triggers, account, running, lost: 0, is_losing: false }
    }

    /// Runs until no request comes any more and what was started has ended.
    pub(super) async fn run(mut self) {
        let mut is_open = true;
        loop {
            tokio::select! {
                // Ends before requests, so that what has ended does not gather here.
                biased;
                Some(ended) = self.running.join_next() => self.conclude(ended).await,
                request = self.requests.recv(), if is_open => match request {
                    Some(request) => self.take(&request).await,
                    None => is_open = false,
                },
                else => break,
            }
        }
        self.count_losses();
    }

    async fn take(&mut self, request: &BusEvent) {
        self.count_losses();
        let trigger_id = trigger_id(request);
        match self.coordinator.answer(request).await {
            Ok(run) => {
                debug!(analysis = %run.id(), %trigger_id, "a request started an analysis");
                self.account.update(Account::began);
                self.running.spawn(async move { Ended { trigger_id, result: run.result().await } });
            }
            Err(error) => {
                self.refused(&error);
                // Nothing more will come of it.
                self.tell_done(trigger_id).await;
            }
        }
    }

    async fn conclude(&mut self, joined: Result<Ended, JoinError>) {
        // A task that only waits is cut off by nothing but the end of its runtime.
        let Ok(Ended { trigger_id, result }) = joined else { return };
        if let Some(result) = &result {
            self.ended(result);
        }
        self.tell_done(trigger_id).await;
    }

    /// Told once until a request starts something again.
    fn refused(&self, error: &StartError) {
        let mut is_first = false;
        self.account.update(|account| is_first = account.refused(error));
        if is_first {
            warn!(%error, "a request started nothing");
        }
    }

    /// A failure is told once until the workflow succeeds again.
    fn ended(&self, result: &AnalysisResult) {
        let mut is_first = false;
        self.account.update(|account| is_first = account.ended(result));
        if is_first {
            let (workflow, outcome) = (&result.workflow, &result.outcome);
            warn!(workflow, analysis = %result.analysis, %outcome, "an analysis failed");
        }
    }

    async fn tell_done(&mut self, trigger_id: ByteString) {
        if let Some(triggers) = &self.triggers {
            // Triggers that have ended wait for nothing.
            let _ = triggers.done(trigger_id).await;
        }
    }

    /// Those lost so far; told once until a request comes without a loss before it.
    fn count_losses(&mut self) {
        let lost = self.requests.lagged();
        let is_losing = lost > self.lost;
        if is_losing && !self.is_losing {
            warn!(lost, "requests come faster than analyses can be started");
        }
        (self.lost, self.is_losing) = (lost, is_losing);
        self.account.update(|account| account.lost = lost);
    }
}

fn trigger_id(request: &BusEvent) -> ByteString {
    match &request.event {
        CollectionEvent::TriggerRequest(request) => request.trigger_id.clone(),
        _ => ByteString::new(),
    }
}
