//! What a collector answers (CONTRACT §6): how it is, what it can do, and that it will end.
//!
//! Other operations are refused as unknown here: procmond has no tasks, and its configuration is
//! its file's.

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    Asked, Capabilities, HealthPart, HealthReport, Operation, Refusal, Registration, Request,
    Response, RpcHandler, ShutdownMode,
};
use tokio::sync::watch;

use crate::health::HealthStatus;
use crate::runtime::{CollectorStatus, SourceState, SourceStatus, StatusWatch};

/// What this handler does.
const OPERATIONS: [Operation; 3] =
    [Operation::HealthCheck, Operation::GetCapabilities, Operation::Shutdown];

/// Answers for one collector.
pub(super) struct CollectorHandler {
    pub(super) registration: Registration,
    pub(super) status: StatusWatch,
    /// How it was asked to end, if it was; the last word counts.
    pub(super) end: watch::Sender<Option<ShutdownMode>>,
}

#[async_trait]
impl RpcHandler for CollectorHandler {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::HealthCheck => Ok(Response::Health(report(&self.status.current()))),
            Request::GetCapabilities => Ok(Response::Capabilities(self.capabilities())),
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
            operations: OPERATIONS.to_vec(),
        }
    }
}

/// Each source is a part, and the way from them to the bus is one.
fn report(status: &CollectorStatus) -> HealthReport {
    let sources = status.sources.iter().map(|source| HealthPart {
        name: source.name.to_owned(),
        status: HealthStatus::of_source(source).into(),
        reason: reason(source),
    });
    let way = HealthPart {
        name: "publishing".to_owned(),
        status: HealthStatus::of_publishing(status).into(),
        reason: (status.events_lost > 0).then(|| format!("{} events lost", status.events_lost)),
    };
    HealthReport { parts: sources.chain([way]).collect() }
}

fn reason(source: &SourceStatus) -> Option<String> {
    match &source.state {
        SourceState::Failed { error } => Some(error.clone()),
        SourceState::Panicked { message } => Some(format!("it panicked: {message}")),
        _ if source.failed_checks > 0 => source.last_failure.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::SourceCaps;
    use daemoneye_eventbus::rpc::HealthStatus as Told;

    use super::*;

    #[test]
    fn a_failed_source_and_lost_events_are_parts_with_their_reasons() {
        let source = |name, state| SourceStatus {
            name,
            capabilities: SourceCaps::PROCESS,
            state,
            events_accepted: 0,
            events_refused: 0,
            failed_checks: 0,
            last_failure: None,
        };
        let broken = SourceState::Failed { error: "no such device".to_owned() };
        let report = report(&CollectorStatus {
            component_name: "c".to_owned(),
            sources: vec![source("well", SourceState::Running), source("ill", broken)],
            events_accepted: 3,
            events_published: 1,
            events_lost: 2,
            publish_retries: 0,
            backpressure: false,
            backpressure_episodes: 0,
        });
        let part = |name: &str, status, reason: Option<&str>| HealthPart {
            name: name.to_owned(),
            status,
            reason: reason.map(str::to_owned),
        };
        assert_eq!(
            report.parts,
            [
                part("well", Told::Healthy, None),
                part("ill", Told::Unhealthy, Some("no such device")),
                part("publishing", Told::Degraded, Some("2 events lost")),
            ]
        );
    }
}
