//! The agent's analyses: triggers of the configuration ask for them, and this has them made.
//!
//! ```text
//! events ── triggers ── control.trigger.request ── follower ── coordinator ── stages
//!              ▲                                       │            │
//!              └────────────────── done ───────────────┘            └── events.audit.record
//! ```
//!
//! What is asked goes over the bus, though both ends are here: collectors may ask as well, and
//! whoever listens sees it.
//!
//! The triggers never wait for the follower, whose subscription gives up what it has no room for.
//! So the follower, which tells them what is done, cannot wait for triggers that wait for it.
//!
//! - `workflows`: what can be asked for; `follower`: from a request to the end of what it started;
//! - `carrier`: the way to collectors on a bus without members;
//! - `idle`: what is wanted of collectors that do not run.

mod carrier;
mod follower;
mod idle;
#[cfg(test)]
mod tests;
mod workflows;

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{
    EventBus, EventReceiver, EventSubscription, OverflowPolicy, SubscribeError,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::AgentError;
use super::account::AccountWriter;
use crate::analysis::{AnalysisChainCoordinator, TaskCarrier};
use crate::config::Settings;
use crate::control::AGENT_NAME;
use crate::trigger::{
    TriggerHandle, TriggerManager, TriggerService, TriggerServiceConfig, TriggerServiceError,
    TriggerServiceStatistics,
};
use follower::Follower;

/// Where analyses are asked for.
const REQUESTS: &str = "control.trigger.request";
/// Who follows requests, as a subscriber.
const FOLLOWER: &str = "daemoneye-agent.analyses";
/// Who looks at events for triggers, as a subscriber.
const TRIGGERS: &str = "daemoneye-agent.triggers";
/// Requests that wait to be followed, four times those of as many triggers as there may be with the
/// usual limit of pending ones; at the next it is given up, and counted.
const CAPACITY_REQUESTS: usize = 4096;

/// Triggers, analyses, and what brings one to the other.
pub(super) struct Analyses {
    bus: Arc<dyn EventBus>,
    coordinator: Arc<AnalysisChainCoordinator>,
    following: JoinHandle<()>,
    /// Absent where the configuration has no triggers.
    triggers: Option<RunningTriggers>,
    account: AccountWriter,
}

/// Triggers at work.
struct RunningTriggers {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<TriggerServiceStatistics, TriggerServiceError>>,
}

impl Analyses {
    /// Begins to look at events and to follow requests; everything published after this returns
    /// is looked at. Stages go to members of the control plane, or else to whoever listens. Must be
    /// called inside a tokio runtime, on which its tasks then run.
    ///
    /// Cancelling it leaves nothing behind.
    pub(super) async fn start(
        bus: &Arc<dyn EventBus>,
        settings: &Settings,
        members: Option<TaskCarrier>,
        account: AccountWriter,
    ) -> Result<Self, AgentError> {
        for told in idle::idle(settings) {
            warn!("{told}");
        }
        let manager = TriggerManager::from_config(AGENT_NAME, &settings.triggers)?;
        let carrier = match members {
            Some(members) => members,
            None => carrier::without_members(bus).await?,
        };
        let coordinator = workflows::coordinator(Arc::clone(bus), carrier, &settings.workflows)?;
        let coordinator = Arc::new(coordinator);
        // Before anything can ask.
        let requests = subscribe(bus).await?;
        let service = if settings.triggers.is_empty() {
            None
        } else {
            let config = TriggerServiceConfig {
                subscriber_id: TRIGGERS.to_owned(),
                ..TriggerServiceConfig::default()
            };
            Some(TriggerService::subscribe(Arc::clone(bus), manager, config).await?)
        };
        let (triggers, handle) = service.map(|(service, handle)| begin(service, handle)).unzip();
        if let Some(handle) = &handle {
            account.show(handle.clone());
        }
        let follower = Follower::new(Arc::clone(&coordinator), requests, handle, account.clone());
        let following = tokio::spawn(follower.run());
        Ok(Self { bus: Arc::clone(bus), coordinator, following, triggers, account })
    }

    /// Ends all of it within a limit, whoever asks before whoever is asked: first no event is
    /// looked at any more, then no request is followed, then what runs is cancelled, which those at
    /// work are told. Every analysis that began has its record on the bus then, or is counted as
    /// one whose record was lost.
    pub(super) async fn end(self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let Self { bus, coordinator, following, triggers, account } = self;
        if let Some(triggers) = triggers {
            triggers.end(deadline).await;
        }
        // What waits is still handed out. A bus that is gone has ended the subscription by itself.
        let _ = timeout_at(deadline, bus.unsubscribe(FOLLOWER)).await;
        let left = deadline.saturating_duration_since(Instant::now());
        if let Err(error) = coordinator.end(left).await {
            warn!(%error, "analyses are cut off");
        }
        within(following, deadline, "requests").await;
        let (account, records_lost) = (account.current(), coordinator.records_lost());
        info!(?account, records_lost, "analyses have ended");
    }
}

impl RunningTriggers {
    async fn end(self, deadline: Instant) {
        // A service that has ended needs not be told.
        let _ = self.stop.send(());
        if let Some(Ok(statistics)) = within(self.running, deadline, "triggers").await {
            info!(?statistics, "triggers have ended");
        }
    }
}

/// Has triggers look at events until they are stopped.
fn begin(service: TriggerService, handle: TriggerHandle) -> (RunningTriggers, TriggerHandle) {
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move {
        let _ = stopped.await;
    };
    let running = tokio::spawn(async move {
        let ended = service.run_until(stopped).await;
        if let Err(error) = &ended {
            warn!(%error, "triggers have ended before the agent, and look at nothing any more");
        }
        ended
    });
    (RunningTriggers { stop, running }, handle)
}

async fn subscribe(bus: &Arc<dyn EventBus>) -> Result<EventReceiver, SubscribeError> {
    let wanted = EventSubscription::new(FOLLOWER)
        .with_pattern(REQUESTS)
        .with_policy(OverflowPolicy::DropNewest)
        .with_capacity(CAPACITY_REQUESTS);
    bus.subscribe(wanted).await
}

/// What a task comes to; one that does not end in time is cut off.
async fn within<T>(mut task: JoinHandle<T>, deadline: Instant, what: &'static str) -> Option<T> {
    match timeout_at(deadline, &mut task).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            warn!(%error, what, "a task of the agent did not end by itself");
            None
        }
        Err(_) => {
            warn!(what, "a task of the agent is cut off");
            task.abort();
            None
        }
    }
}
