//! Requests that are being done.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::super::{Refusal, Request, Response};
use super::{Asked, RpcHandler, RpcServiceConfig};
use crate::clock::monotonic_ns;
use crate::contract::{BusEvent, EventBus};
use crate::event::{CollectionEvent, ControlMessage};
use crate::topic::default_topic;

/// What the serving task owns.
pub(super) struct Running {
    answers: Answers,
    handler: Arc<dyn RpcHandler>,
    tasks: JoinSet<()>,
    /// Who asked for what a task does, should it panic.
    asked: HashMap<Id, Asked>,
}

/// Which request is done, or panicked.
pub(super) type Finished = Result<(Id, ()), JoinError>;

/// How replies leave.
#[derive(Clone)]
struct Answers {
    bus: Arc<dyn EventBus>,
    config: Arc<RpcServiceConfig>,
}

impl Running {
    pub(super) fn new(
        bus: Arc<dyn EventBus>,
        config: RpcServiceConfig,
        handler: Arc<dyn RpcHandler>,
    ) -> Self {
        let answers = Answers { bus, config: Arc::new(config) };
        Self { answers, handler, tasks: JoinSet::new(), asked: HashMap::new() }
    }

    /// Begins what an event asks, or answers why not. What is not asked of this member is none of
    /// its business.
    pub(super) async fn take(&mut self, event: &BusEvent) {
        let now_ns = monotonic_ns();
        let member = &self.answers.config.member;
        let Some((asked, message)) = Asked::read(event, member, now_ns) else { return };
        let request = self
            .admit(&asked, now_ns)
            .and_then(|()| asked.request(&message.body))
            .and_then(|request| on_its_topic(request, event));
        match request {
            Ok(request) => self.begin(request, asked),
            Err(refusal) => self.answers.send(&asked, &Err(refusal)).await,
        }
    }

    fn admit(&self, asked: &Asked, now_ns: u64) -> Result<(), Refusal> {
        let limit = self.answers.config.running_limit;
        if asked.time_left(now_ns).is_none() {
            return Err(Refusal::DeadlinePassed { reason: "before it was begun".to_owned() });
        }
        if self.tasks.len() >= limit {
            return Err(Refusal::Busy { reason: format!("{limit} requests are running") });
        }
        Ok(())
    }

    fn begin(&mut self, request: Request, asked: Asked) {
        let (answers, handler) = (self.answers.clone(), Arc::clone(&self.handler));
        let by = asked.clone();
        let task = self.tasks.spawn(async move {
            let outcome = in_time(&*handler, request, &asked).await;
            answers.send(&asked, &outcome).await;
        });
        self.asked.insert(task.id(), by);
    }

    /// Waits until a request is done; `None` when none is running. Cancel safe.
    pub(super) async fn next_finished(&mut self) -> Option<Finished> {
        self.tasks.join_next_with_id().await
    }

    /// Forgets a request that is done; whoever asked for one that panicked is told.
    pub(super) async fn account(&mut self, finished: Finished) {
        let (id, panicked) = match &finished {
            Ok((id, ())) => (*id, false),
            Err(error) => (error.id(), true),
        };
        if let Some(asked) = self.asked.remove(&id).filter(|_| panicked) {
            self.answers.send(&asked, &Err(Refusal::failed("the handler panicked"))).await;
        }
    }
}

/// Access is decided by topic (A2): whoever may ask how somebody is may not thereby shut it down.
fn on_its_topic(request: Request, event: &BusEvent) -> Result<Request, Refusal> {
    let subject = request.subject();
    let message = ControlMessage { subject, ..ControlMessage::default() };
    let topic = default_topic(&CollectionEvent::Control(message));
    if event.topic == topic {
        return Ok(request);
    }
    let operation = request.operation();
    let reason = format!("{operation} is asked on {topic}, not on {}", event.topic);
    Err(Refusal::InvalidBody { reason })
}

async fn in_time(
    handler: &dyn RpcHandler,
    request: Request,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let left = asked.time_left(monotonic_ns()).unwrap_or_default();
    let passed = |_| Err(Refusal::DeadlinePassed { reason: "while it was done".to_owned() });
    tokio::time::timeout(left, handler.handle(request, asked)).await.unwrap_or_else(passed)
}

impl Answers {
    /// Answers whoever asked, if it wants to know. A bus that refuses has no asker any more.
    async fn send(&self, asked: &Asked, outcome: &Result<Response, Refusal>) {
        let Some((event, correlation)) = asked.reply(&self.config.member, outcome) else { return };
        if let Err(error) = self.bus.publish(event, Some(correlation)).await {
            tracing::warn!(%error, asker = %asked.by, "a reply was not sent");
        }
    }
}
