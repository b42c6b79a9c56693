//! How a stage reaches whoever does it: the [`StageCarrier`] trait, and tasks as the way over a
//! bus.
//!
//! A stage is a task of the control plane. A trigger request could not carry it: it goes to the
//! agent, and no collector may read it (A2); it has no deadline and no answer, and nobody gives it
//! to another collector when one is lost. A task has all of it: it is addressed by kind or by name,
//! answered to its asker in time or not at all (W9), moved when its member fails (R3), and its
//! answer is a child of its request (R6).

mod failure;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::rpc::{
    Call, Dispatcher, Request, Response, RpcClient, Task, TaskPriority, TaskResult,
};
use daemoneye_eventbus::{ByteString, CorrelationMetadata};
use tracing::debug;

use super::findings::Findings;
use super::message::{RECALL, decode_findings, encode_request};
use super::outcome::StageFailure;
use super::request::AnalysisRequest;
use super::stage::StageTarget;
use failure::{of_call, of_execute};

/// How long collectors may take to confirm a recall; nothing depends on it.
const RECALL_LIMIT: Duration = Duration::from_secs(5);

/// One attempt of a stage on its way.
#[derive(Debug, Clone)]
pub struct StageCall {
    /// Its id, unique.
    pub id: String,
    /// Who shall do it.
    pub target: StageTarget,
    /// What comes first where there is more to do.
    pub priority: TaskPriority,
    /// How long its findings are waited for.
    pub within: Duration,
    /// How it belongs to other events.
    pub correlation: CorrelationMetadata,
    /// What is asked.
    pub request: AnalysisRequest,
}

/// An attempt nobody waits for any more.
#[derive(Debug, Clone)]
pub struct StageRecall {
    /// The id of its call.
    pub id: String,
    /// Who was to do it.
    pub target: StageTarget,
    /// How the recall belongs to other events.
    pub correlation: CorrelationMetadata,
}

/// Brings stages to whoever does them, and findings back.
#[async_trait]
pub trait StageCarrier: Send + Sync + 'static {
    /// Has one attempt made. Dropping the future lets go of it; a [`recall`](Self::recall) follows.
    async fn carry(&self, call: StageCall) -> Result<Findings, StageFailure>;

    /// Tells whoever may be at it that an attempt is of no use any more; takes seconds at most.
    async fn recall(&self, recall: StageRecall);
}

/// Carries stages as tasks over a bus.
///
/// With a dispatcher, stages for a kind go to one of its members that has room, and to another one
/// when that is lost. Without one they go to every collector of the kind that listens, and the
/// first answer counts: that is for a bus with one of each. A stage for a collector by name goes
/// there.
pub struct TaskCarrier {
    client: Arc<RpcClient>,
    dispatcher: Option<Arc<Dispatcher>>,
}

impl TaskCarrier {
    /// Asks with this client. Its limit of pending requests is one of stages that run at once, of
    /// all analyses.
    pub fn new(client: Arc<RpcClient>) -> Self {
        Self { client, dispatcher: None }
    }

    /// Lets this dispatcher say who of a kind does a stage.
    #[must_use]
    pub fn with_dispatcher(mut self, dispatcher: Arc<Dispatcher>) -> Self {
        self.dispatcher = Some(dispatcher);
        self
    }

    /// Asks a collector by name, or whoever of the kind listens.
    async fn ask(
        &self,
        task: Task,
        collector: Option<String>,
        within: Duration,
        correlation: CorrelationMetadata,
    ) -> Result<TaskResult, StageFailure> {
        let id = task.id.clone();
        let call = Call::new(Request::ExecuteTask(task)).within(within).correlated(correlation);
        let call = match collector {
            Some(collector) => call.to(collector),
            None => call,
        };
        let answered = self.client.call(call).await;
        match answered.map_err(|error| of_call(error, within))?.response {
            Response::Task(result) if result.task == id => Ok(result),
            _ => Err(StageFailure::failed("the answer is no result of the task")),
        }
    }
}

#[async_trait]
impl StageCarrier for TaskCarrier {
    async fn carry(&self, call: StageCall) -> Result<Findings, StageFailure> {
        let StageCall { id, target, priority, within, correlation, request } = call;
        let action = request.analysis_type.clone();
        let arguments = encode_request(request).map_err(StageFailure::impossible)?;
        let within_ns = u64::try_from(within.as_nanos()).unwrap_or(u64::MAX);
        let task = Task {
            id,
            kind: target.kind,
            priority,
            deadline_monotonic_ns: Some(monotonic_ns().saturating_add(within_ns)),
            action,
            arguments: arguments.into(),
        };
        let result = match (&self.dispatcher, target.collector) {
            (Some(dispatcher), None) => {
                let executed = dispatcher.execute_correlated(task, correlation).await;
                executed.map_err(|error| of_execute(error, within))?
            }
            (_, collector) => self.ask(task, collector, within, correlation).await?,
        };
        let output = result.outcome.map_err(StageFailure::failed)?;
        decode_findings(&output).map_err(StageFailure::impossible)
    }

    async fn recall(&self, recall: StageRecall) {
        let StageRecall { id, target, correlation } = recall;
        let task = Task {
            id: format!("{id}/recall"),
            kind: target.kind,
            priority: TaskPriority::Urgent,
            deadline_monotonic_ns: None,
            action: RECALL.to_owned(),
            arguments: ByteString::from(id).into_bytes(),
        };
        // To everybody of the kind: who has it, or had it before it moved, only they know.
        let recalled = self.ask(task, target.collector, RECALL_LIMIT, correlation).await;
        if let Err(error) = recalled {
            debug!(%error, "a recall was not confirmed");
        }
    }
}
