//! What a collector answers (CONTRACT §6): how it is, what it can do, what comes of a task, that
//! it is changed, paused or goes on, and that it will end.
//!
//! Other operations are refused as unknown here: who wants one to begin anew asks it to end, and
//! its agent starts it again.

use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    Asked, Capabilities, HealthReport, Operation, Refusal, Registration, Request, Response,
    RpcHandler, ShutdownMode,
};
use tokio::sync::watch;

use super::Steering;
use crate::analysis::AnalysisWorker;
use crate::health;
use crate::runtime::StatusWatch;

/// What this handler does; tasks, where the worker offers any, and changes, where there is somebody
/// to make them.
const OPERATIONS: [Operation; 7] = [
    Operation::Pause,
    Operation::Resume,
    Operation::HealthCheck,
    Operation::GetCapabilities,
    Operation::UpdateConfig,
    Operation::ExecuteTask,
    Operation::Shutdown,
];

/// Answers for one collector.
pub(super) struct CollectorHandler {
    pub(super) registration: Registration,
    pub(super) status: StatusWatch,
    /// Does its tasks.
    pub(super) worker: Arc<AnalysisWorker>,
    /// Changes it while it runs; `None` for one that nobody can.
    pub(super) steering: Option<Steering>,
    /// How it was asked to end, if it was; the last word counts.
    pub(super) end: watch::Sender<Option<ShutdownMode>>,
}

#[async_trait]
impl RpcHandler for CollectorHandler {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::HealthCheck => Ok(Response::Health(self.health())),
            Request::GetCapabilities => Ok(Response::Capabilities(self.capabilities())),
            Request::ExecuteTask(task) => self.worker.execute(task, asked).await,
            Request::Shutdown(mode) => {
                self.end.send_replace(Some(mode));
                Ok(Response::Done)
            }
            other => match &self.steering {
                Some(steering) => steering.handle(&other),
                None => Err(Refusal::unknown(other.operation())),
            },
        }
    }
}

impl CollectorHandler {
    /// How the collector is, and whether it is paused.
    pub(super) fn health(&self) -> HealthReport {
        let mut report = health::report(&self.status.current());
        report.parts.extend(self.steering.as_ref().and_then(Steering::pause));
        report
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kind: self.registration.kind,
            capabilities: self.registration.capabilities,
            version: self.registration.version.clone(),
            operations: OPERATIONS.into_iter().filter(|done| self.does(*done)).collect(),
        }
    }

    fn does(&self, operation: Operation) -> bool {
        match operation {
            Operation::ExecuteTask => self.worker.task_limit() > 0,
            Operation::UpdateConfig | Operation::Pause | Operation::Resume => {
                self.steering.is_some()
            }
            _ => true,
        }
    }
}
