//! [`AgentLink`]: keeps a collector a member of its agent while it runs.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::rpc::{Registration, RpcService, RpcServiceConfig, ShutdownMode, Vitals};
use daemoneye_eventbus::{EventBus, SubscribeError};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use super::Steering;
use super::handler::CollectorHandler;
use super::joined::Joined;
use super::pauses::Pauses;
use crate::analysis::AnalysisWorker;
use crate::runtime::StatusWatch;

/// Pause before a collector that was not let in asks again: an agent that starts or is busy is
/// there soon, and one that is not is not to be flooded.
const JOIN_PAUSE: Duration = Duration::from_secs(1);

/// A collector's link to its agent.
///
/// Dropping it ends the collector's part without a word; [`end`](Self::end) takes leave.
#[derive(Debug)]
pub struct AgentLink {
    /// How the collector was asked to end, if it was.
    asked: watch::Receiver<Option<ShutdownMode>>,
    /// Tells the task to take leave, and within which time.
    leave: oneshot::Sender<Duration>,
    linking: JoinHandle<()>,
}

impl AgentLink {
    /// Begins to join over the collector's bus, answers from what the status says, has tasks done
    /// by the worker, and what is to be changed changed by the steering, where there is one. Must
    /// be called inside a tokio runtime, on which its task then runs.
    pub fn start(
        bus: Arc<dyn EventBus>,
        registration: Registration,
        status: StatusWatch,
        worker: Arc<AnalysisWorker>,
        steering: Option<Steering>,
    ) -> Self {
        let (end, asked) = watch::channel(None);
        let (leave, to_leave) = oneshot::channel();
        let handler = CollectorHandler { registration, status, worker, steering, end };
        let linking = tokio::spawn(keep(bus, Arc::new(handler), to_leave));
        Self { asked, leave, linking }
    }

    /// The same on a bus whose handles have no names, as the one in the agent's own process has
    /// not: there nobody can join, nor has to, and whatever is asked from when this returns is
    /// answered.
    ///
    /// Cancelling it leaves nothing behind.
    pub async fn serve(
        bus: Arc<dyn EventBus>,
        registration: Registration,
        status: StatusWatch,
        worker: Arc<AnalysisWorker>,
        steering: Option<Steering>,
    ) -> Result<Self, SubscribeError> {
        let (end, asked) = watch::channel(None);
        let (leave, to_leave) = oneshot::channel();
        let config = RpcServiceConfig::collector(registration.member.clone(), registration.kind);
        let handler = CollectorHandler { registration, status, worker, steering, end };
        let service = RpcService::start(bus, config, Arc::new(handler)).await?;
        let linking = tokio::spawn(answer(service, to_leave));
        Ok(Self { asked, leave, linking })
    }

    /// Completes when the collector was asked to end; how long it may take then. Cancel safe.
    pub async fn told_to_end(&self) -> Duration {
        let mut asked = self.asked.clone();
        let mode = asked.wait_for(Option::is_some).await.map(|mode| *mode);
        match mode {
            Ok(Some(ShutdownMode::Graceful { within })) => within,
            Ok(Some(ShutdownMode::Forced)) => Duration::ZERO,
            // The task has ended with the bus: nobody will ask.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Takes leave of the agent within a limit.
    pub async fn end(mut self, limit: Duration) {
        // A task that has ended has nobody to take leave of.
        let _ = self.leave.send(limit);
        if tokio::time::timeout(limit, &mut self.linking).await.is_err() {
            self.linking.abort();
        }
    }
}

async fn keep(
    bus: Arc<dyn EventBus>,
    handler: Arc<CollectorHandler>,
    mut to_leave: oneshot::Receiver<Duration>,
) {
    let joined = tokio::select! {
        joined = join(&bus, &handler) => joined,
        _ = &mut to_leave => return,
    };
    let Some(joined) = joined else { return };
    let limit = tokio::select! {
        limit = to_leave => limit,
        never = tell_news(&joined, &handler) => match never {},
    };
    if let Ok(limit) = limit {
        joined.leave(limit).await;
    }
}

/// Shows life whenever a look or a pause has changed how the collector is: the agent is not to know
/// that only with the next heartbeat.
async fn tell_news(joined: &Joined, handler: &CollectorHandler) -> Infallible {
    let mut status = handler.status.clone();
    let mut pauses = handler.steering.as_ref().map_or_else(Pauses::none, Steering::pauses);
    let mut known = handler.health().overall();
    loop {
        tokio::select! {
            looked = status.next_look() => if looked.is_none() {
                return std::future::pending().await;
            },
            () = pauses.changed() => {}
        }
        let now = handler.health().overall();
        if std::mem::replace(&mut known, now) != now {
            joined.show_life();
        }
    }
}

/// Answers until it is told to take leave, of nobody.
async fn answer(service: RpcService, to_leave: oneshot::Receiver<Duration>) {
    if let Ok(limit) = to_leave.await
        && let Err(error) = service.end(limit).await
    {
        debug!(%error, "cut off what was being answered");
    }
}

/// Tries until the collector is a member; `None` when the bus has ended.
async fn join(bus: &Arc<dyn EventBus>, handler: &Arc<CollectorHandler>) -> Option<Joined> {
    let mut tried = 0_u64;
    loop {
        let (registration, answers) = (handler.registration.clone(), Arc::clone(handler));
        let own = Arc::clone(handler);
        let vitals = move || Vitals {
            status: own.health().overall(),
            running_tasks: u32::try_from(own.worker.jobs()).unwrap_or(u32::MAX),
        };
        match Joined::register(bus, registration, answers, vitals).await {
            Ok(joined) => {
                info!("joined the agent");
                return Some(joined);
            }
            Err(error) if error.is_final() => {
                debug!(%error, "the bus ended before the agent let this collector in");
                return None;
            }
            Err(error) if tried == 0 => warn!(%error, "not with the agent; trying again"),
            Err(error) => debug!(%error, "still not with the agent"),
        }
        tried += 1;
        tokio::time::sleep(JOIN_PAUSE).await;
    }
}
