//! What is answered, whoever asks: by a socket or without one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daemoneye_eventbus::rpc::{HealthReport, Refusal};
use daemoneye_eventbus::{ByteString, SourceCaps};
use tokio::time::timeout;
use uuid::Uuid;

use super::negotiation::negotiate;
use super::{
    CapabilityReport, Grant, GrantedLimits, IpcRefusal, IpcRequest, IpcResponse, IpcTask, Offer,
    StatusReport, TaskReport, gate,
};
use crate::analysis::{
    AnalysisError, AnalysisRequest, AnalysisWorker, MAX_NAME_BYTES, MAX_PARAMETERS_BYTES,
    MAX_PATH_BYTES, sentence,
};
use crate::config::IpcConfig;
use crate::health;
use crate::runtime::StatusWatch;

/// Answers for one collector.
pub(super) struct Desk {
    capabilities: SourceCaps,
    status: StatusWatch,
    worker: Arc<AnalysisWorker>,
    limits: IpcConfig,
    /// Who asks the worker for what is asked here: a name nobody else has, on the bus or beside it.
    asker: ByteString,
    /// Analyses that were asked for, which names the next.
    tasks: AtomicU64,
}

impl Desk {
    pub(super) fn new(
        capabilities: SourceCaps,
        status: StatusWatch,
        worker: Arc<AnalysisWorker>,
        limits: IpcConfig,
    ) -> Self {
        let asker = ByteString::from(format!("ipc-{}", Uuid::new_v4().simple()));
        Self { capabilities, status, worker, limits, asker, tasks: AtomicU64::new(0) }
    }

    /// What the collector can do.
    pub(super) fn capabilities(&self) -> SourceCaps {
        self.capabilities
    }

    /// What its clients and it keep to.
    pub(super) fn limits(&self) -> &IpcConfig {
        &self.limits
    }

    /// Answers somebody who may use these capabilities, in the time there is. Dropping the future
    /// ends an analysis.
    pub(super) async fn answer(
        &self,
        request: IpcRequest,
        granted: SourceCaps,
        within: Option<Duration>,
    ) -> IpcResponse {
        let most = self.limits.request_limit;
        let limit = within.map_or(most, |within| within.min(most));
        let answered = timeout(limit, self.answer_in_time(request, granted)).await;
        answered.unwrap_or_else(|_| {
            let reason = format!("it was not done within {limit:?}");
            IpcResponse::Refused(IpcRefusal::TimedOut { reason })
        })
    }

    async fn answer_in_time(&self, request: IpcRequest, granted: SourceCaps) -> IpcResponse {
        let refused = IpcResponse::Refused;
        match request {
            IpcRequest::Negotiate(offer) => {
                self.grant(&offer).map_or_else(refused, IpcResponse::Granted)
            }
            IpcRequest::Capabilities => IpcResponse::Capabilities(self.report_capabilities()),
            IpcRequest::Health => IpcResponse::Health(self.report_health()),
            IpcRequest::Status => IpcResponse::Status(StatusReport::from(&self.status.current())),
            IpcRequest::Task(task) => {
                self.perform(task, granted).await.map_or_else(refused, IpcResponse::Task)
            }
        }
    }

    /// What a client gets of what it offers and wants.
    pub(super) fn grant(&self, offer: &Offer) -> Result<Grant, IpcRefusal> {
        negotiate(offer, self.capabilities, GrantedLimits::from(&self.limits))
    }

    fn report_capabilities(&self) -> CapabilityReport {
        CapabilityReport {
            collector: self.status.current().component_name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: self.capabilities,
            analysis_types: self.worker.analysis_types().map(str::to_owned).collect(),
        }
    }

    fn report_health(&self) -> HealthReport {
        let mut report = health::report(&self.status.current());
        for part in &mut report.parts {
            part.reason = part.reason.take().map(sentence);
        }
        report
    }

    async fn perform(&self, task: IpcTask, granted: SourceCaps) -> Result<TaskReport, IpcRefusal> {
        gate::check(task.kind, granted)?;
        check_lengths(&task)?;
        let number = self.tasks.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", self.asker);
        let request = AnalysisRequest {
            analysis: id.clone(),
            stage: task.analysis_type.clone(),
            analysis_type: task.analysis_type,
            subject: task.subject,
            parameters: task.parameters,
            inputs: BTreeMap::new(),
        };
        match self.worker.analyze(&self.asker, &id, request).await.map_err(refused)? {
            Ok(findings) => Ok(TaskReport { outcome: Ok(findings) }),
            Err(AnalysisError::Failed { reason }) => {
                Ok(TaskReport { outcome: Err(sentence(reason)) })
            }
            Err(error) => Err(IpcRefusal::Invalid { reason: sentence(error) }),
        }
    }
}

fn check_lengths(task: &IpcTask) -> Result<(), IpcRefusal> {
    let path_bytes = task.subject.path.as_ref().map_or(0, String::len);
    let parameters = task.parameters.iter().map(|(name, value)| name.len() + value.len());
    let parameters_bytes: usize = parameters.sum();
    for (what, bytes, limit_bytes) in [
        ("an analysis type", task.analysis_type.len(), MAX_NAME_BYTES),
        ("a path", path_bytes, MAX_PATH_BYTES),
        ("parameters", parameters_bytes, MAX_PARAMETERS_BYTES),
    ] {
        if bytes > limit_bytes {
            let reason = format!("{what} of {bytes} bytes, the limit is {limit_bytes}");
            return Err(IpcRefusal::Invalid { reason });
        }
    }
    Ok(())
}

/// What the worker refuses, in the words of this door.
fn refused(refusal: Refusal) -> IpcRefusal {
    match refusal {
        Refusal::UnknownOperation { reason } => IpcRefusal::Unknown { reason: sentence(reason) },
        Refusal::InvalidBody { reason } => IpcRefusal::Invalid { reason: sentence(reason) },
        Refusal::DeadlinePassed { reason } => IpcRefusal::TimedOut { reason: sentence(reason) },
        Refusal::Busy { reason } => IpcRefusal::Busy { reason: sentence(reason) },
        Refusal::Failed { reason } => IpcRefusal::Failed { reason: sentence(reason) },
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::acl::CollectorKind;

    use super::*;
    use crate::analysis::AnalysisSubject;

    fn task(name_bytes: usize, path_bytes: usize, parameter_bytes: usize) -> IpcTask {
        let subject = AnalysisSubject::file("x".repeat(path_bytes));
        let task = IpcTask::new(CollectorKind::Process, "x".repeat(name_bytes), subject);
        task.with_parameter("", "x".repeat(parameter_bytes))
    }

    #[test]
    fn a_task_ends_at_its_limits() {
        let (name, path, parameters) = (MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_PARAMETERS_BYTES);
        assert_eq!(check_lengths(&task(name, path, parameters)), Ok(()));
        let rows = [
            (task(name + 1, 0, 0), "an analysis type of 65 bytes, the limit is 64"),
            (task(0, path + 1, 0), "a path of 32769 bytes, the limit is 32768"),
            (task(0, 0, parameters + 1), "parameters of 16385 bytes, the limit is 16384"),
        ];
        for (task, reason) in rows {
            let reason = reason.to_owned();
            assert_eq!(check_lengths(&task), Err(IpcRefusal::Invalid { reason }));
        }
    }
}
