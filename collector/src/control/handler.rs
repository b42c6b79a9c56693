//! What a collector answers (CONTRACT §6): how it is, what it can do, what comes of a task, and
//! that it will end.
//!
//! Other operations are refused as unknown here: its configuration is its file's.

use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    Asked, Capabilities, Operation, Refusal, Registration, Request, Response, RpcHandler,
    ShutdownMode,
};
use tokio::sync::watch;

use crate::analysis::AnalysisWorker;
use crate::health;
use crate::runtime::StatusWatch;

/// What this handler does; tasks, where the worker offers any.
const OPERATIONS: [Operation; 4] = [
    Operation::HealthCheck,
    Operation::GetCapabilities,
    Operation::ExecuteTask,
    Operation::Shutdown,
];

/// Answers for one collector.
pub(super) struct CollectorHandler {
    pub(super) registration: Registration,
    pub(super) status: StatusWatch,
    /// Does its tasks.
    pub(super) worker: Arc<AnalysisWorker>,
    /// How it was asked to end, if it was; the last word counts.
    pub(super) end: watch::Sender<Option<ShutdownMode>>,
}

#[async_trait]
impl RpcHandler for CollectorHandler {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::HealthCheck => Ok(Response::Health(health::report(&self.status.current()))),
            Request::GetCapabilities => Ok(Response::Capabilities(self.capabilities())),
            Request::ExecuteTask(task) => self.worker.execute(task, asked).await,
            Request::Shutdown(mode) => {
                self.end.send_replace(Some(mode));
                Ok(Response::Done)
            }
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

impl CollectorHandler {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kind: self.registration.kind,
            capabilities: self.registration.capabilities,
            version: self.registration.version.clone(),
            operations: OPERATIONS.into_iter().filter(|done| self.does(*done)).collect(),
        }
    }

    fn does(&self, operation: Operation) -> bool {
        operation != Operation::ExecuteTask || self.worker.task_limit() > 0
    }
}
