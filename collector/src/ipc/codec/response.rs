//! Responses.

use std::time::Duration;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::rpc::{HealthPart, HealthReport, HealthStatus};
use prost::Message;

use super::super::proto::{
    self, health::Level, refusal::Code, response::Body, source::State, task_result::Outcome,
};
use super::super::{
    CapabilityReport, Grant, GrantedLimits, IpcRefusal, IpcResponse, RESPONSE_LIMIT_BYTES,
    SourceReport, StatusReport, TaskReport,
};
use super::{CodecError, milliseconds};
use crate::analysis::Findings;
use crate::runtime::SourceState;

/// A response as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ipc) struct Answered {
    /// Of which request.
    pub(in crate::ipc) id: u64,
    /// What it says, or why it cannot be read.
    pub(in crate::ipc) response: Result<IpcResponse, CodecError>,
}

/// A message; one that would be longer than a client reads says so instead.
pub(in crate::ipc) fn encode_response(id: u64, response: &IpcResponse) -> Vec<u8> {
    let message = encode(id, response);
    let bytes = message.len();
    if bytes <= RESPONSE_LIMIT_BYTES {
        return message;
    }
    let reason = format!("an answer of {bytes} bytes, the limit is {RESPONSE_LIMIT_BYTES}");
    encode(id, &IpcResponse::Refused(IpcRefusal::Failed { reason }))
}

fn encode(id: u64, response: &IpcResponse) -> Vec<u8> {
    proto::Response { id, body: Some(body_of(response)) }.encode_to_vec()
}

/// An error of the message as a whole: not even whose response it is can be told.
pub(in crate::ipc) fn decode_response(message: &[u8]) -> Result<Answered, CodecError> {
    let proto::Response { id, body } = proto::Response::decode(message)?;
    let known = body.ok_or(CodecError::Missing { what: "kind of response" });
    Ok(Answered { id, response: known.and_then(response_of) })
}

fn body_of(response: &IpcResponse) -> Body {
    match response {
        IpcResponse::Granted(grant) => Body::Grant(grant_to_wire(grant)),
        IpcResponse::Capabilities(report) => Body::Capabilities(proto::Capabilities {
            collector: report.collector.clone(),
            version: report.version.clone(),
            capabilities: report.capabilities.bits(),
            analysis_types: report.analysis_types.clone(),
        }),
        IpcResponse::Health(report) => {
            Body::Health(proto::Health { parts: report.parts.iter().map(part_to_wire).collect() })
        }
        IpcResponse::Status(report) => Body::Status(status_to_wire(report)),
        IpcResponse::Task(report) => {
            Body::Task(proto::TaskResult { outcome: Some(outcome_to_wire(report)) })
        }
        IpcResponse::Refused(refusal) => Body::Refusal(refusal_to_wire(refusal)),
    }
}

fn response_of(body: Body) -> Result<IpcResponse, CodecError> {
    Ok(match body {
        Body::Grant(grant) => IpcResponse::Granted(grant_from_wire(&grant)),
        Body::Capabilities(report) => IpcResponse::Capabilities(CapabilityReport {
            collector: report.collector,
            version: report.version,
            capabilities: SourceCaps::from_bits_retain(report.capabilities),
            analysis_types: report.analysis_types,
        }),
        Body::Health(report) => {
            let parts: Result<Vec<_>, CodecError> =
                report.parts.into_iter().map(part_from_wire).collect();
            IpcResponse::Health(HealthReport { parts: parts? })
        }
        Body::Status(report) => IpcResponse::Status(status_from_wire(report)?),
        Body::Task(result) => IpcResponse::Task(outcome_from_wire(result)?),
        Body::Refusal(refusal) => IpcResponse::Refused(refusal_from_wire(refusal)),
    })
}

fn grant_to_wire(grant: &Grant) -> proto::Grant {
    let limits = grant.limits;
    proto::Grant {
        version: grant.version,
        granted: grant.granted.bits(),
        frame_limit_bytes: limits.frame_bytes,
        outstanding_limit: limits.outstanding,
        request_limit_ms: milliseconds(limits.request),
        idle_limit_ms: milliseconds(limits.idle),
    }
}

fn grant_from_wire(grant: &proto::Grant) -> Grant {
    Grant {
        version: grant.version,
        granted: SourceCaps::from_bits_retain(grant.granted),
        limits: GrantedLimits {
            frame_bytes: grant.frame_limit_bytes,
            outstanding: grant.outstanding_limit,
            request: Duration::from_millis(grant.request_limit_ms),
            idle: Duration::from_millis(grant.idle_limit_ms),
        },
    }
}

fn part_to_wire(part: &HealthPart) -> proto::health::Part {
    let level = match part.status {
        HealthStatus::Healthy => Level::Healthy,
        HealthStatus::Degraded => Level::Degraded,
        HealthStatus::Unhealthy => Level::Unhealthy,
    };
    let (name, reason) = (part.name.clone(), part.reason.clone());
    proto::health::Part { name, level: level.into(), reason }
}

fn part_from_wire(part: proto::health::Part) -> Result<HealthPart, CodecError> {
    let number = part.level;
    let status = match Level::try_from(number) {
        Ok(Level::Healthy) => HealthStatus::Healthy,
        Ok(Level::Degraded) => HealthStatus::Degraded,
        Ok(Level::Unhealthy) => HealthStatus::Unhealthy,
        Ok(Level::Unspecified) | Err(_) => {
            return Err(CodecError::UnknownNumber { what: "level of health", number });
        }
    };
    Ok(HealthPart { name: part.name, status, reason: part.reason })
}

fn status_to_wire(report: &StatusReport) -> proto::Status {
    proto::Status {
        component_name: report.component_name.clone(),
        sources: report.sources.iter().map(source_to_wire).collect(),
        events_accepted: report.events_accepted,
        events_published: report.events_published,
        events_lost: report.events_lost,
        events_spooled: report.events_spooled,
        events_replayed: report.events_replayed,
        publish_retries: report.publish_retries,
        backpressure: report.backpressure,
        backpressure_episodes: report.backpressure_episodes,
    }
}

fn status_from_wire(report: proto::Status) -> Result<StatusReport, CodecError> {
    let sources: Result<Vec<_>, CodecError> =
        report.sources.into_iter().map(source_from_wire).collect();
    Ok(StatusReport {
        component_name: report.component_name,
        sources: sources?,
        events_accepted: report.events_accepted,
        events_published: report.events_published,
        events_lost: report.events_lost,
        events_spooled: report.events_spooled,
        events_replayed: report.events_replayed,
        publish_retries: report.publish_retries,
        backpressure: report.backpressure,
        backpressure_episodes: report.backpressure_episodes,
    })
}

fn source_to_wire(source: &SourceReport) -> proto::Source {
    let (state, ending) = match &source.state {
        SourceState::Registered => (State::Registered, String::new()),
        SourceState::Running => (State::Running, String::new()),
        SourceState::Ended => (State::Ended, String::new()),
        SourceState::Failed { error } => (State::Failed, error.clone()),
        SourceState::Panicked { message } => (State::Panicked, message.clone()),
        SourceState::Aborted => (State::Aborted, String::new()),
    };
    proto::Source {
        name: source.name.clone(),
        capabilities: source.capabilities.bits(),
        state: state.into(),
        ending,
        events_accepted: source.events_accepted,
        events_refused: source.events_refused,
        failed_checks: source.failed_checks,
        last_failure: source.last_failure.clone(),
    }
}

fn source_from_wire(source: proto::Source) -> Result<SourceReport, CodecError> {
    let (number, ending) = (source.state, source.ending);
    let state = match State::try_from(number) {
        Ok(State::Registered) => SourceState::Registered,
        Ok(State::Running) => SourceState::Running,
        Ok(State::Ended) => SourceState::Ended,
        Ok(State::Failed) => SourceState::Failed { error: ending },
        Ok(State::Panicked) => SourceState::Panicked { message: ending },
        Ok(State::Aborted) => SourceState::Aborted,
        Ok(State::Unspecified) | Err(_) => {
            return Err(CodecError::UnknownNumber { what: "state of a source", number });
        }
    };
    Ok(SourceReport {
        name: source.name,
        capabilities: SourceCaps::from_bits_retain(source.capabilities),
        state,
        events_accepted: source.events_accepted,
        events_refused: source.events_refused,
        failed_checks: source.failed_checks,
        last_failure: source.last_failure,
    })
}

fn outcome_to_wire(report: &TaskReport) -> Outcome {
    match &report.outcome {
        Ok(findings) => {
            let values = findings.iter();
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Outcome::Findings(proto::Findings { values })
        }
        Err(failure) => Outcome::Failure(failure.clone()),
    }
}

fn outcome_from_wire(result: proto::TaskResult) -> Result<TaskReport, CodecError> {
    let outcome = match result.outcome {
        Some(Outcome::Findings(findings)) => Ok(Findings::new(findings.values)?),
        Some(Outcome::Failure(failure)) => Err(failure),
        None => return Err(CodecError::Missing { what: "outcome of a task" }),
    };
    Ok(TaskReport { outcome })
}

fn refusal_to_wire(refusal: &IpcRefusal) -> proto::Refusal {
    let told = |code: Code| proto::Refusal {
        code: code.into(),
        message: refusal.to_string(),
        ..proto::Refusal::default()
    };
    let because = |code: Code, reason: &String| proto::Refusal {
        code: code.into(),
        message: reason.clone(),
        ..proto::Refusal::default()
    };
    match refusal {
        IpcRefusal::Version { min, max } => {
            proto::Refusal { min_version: *min, max_version: *max, ..told(Code::Version) }
        }
        IpcRefusal::MissingCapabilities { needed, present } => proto::Refusal {
            needed: needed.bits(),
            present: present.bits(),
            ..told(Code::MissingCapabilities)
        },
        IpcRefusal::NotNegotiated => told(Code::NotNegotiated),
        IpcRefusal::Unknown { reason } => because(Code::Unknown, reason),
        IpcRefusal::Invalid { reason } => because(Code::Invalid, reason),
        IpcRefusal::Busy { reason } => because(Code::Busy, reason),
        IpcRefusal::TimedOut { reason } => because(Code::TimedOut, reason),
        IpcRefusal::Failed { reason } => because(Code::Failed, reason),
        IpcRefusal::Ending => told(Code::Ending),
        IpcRefusal::Protocol { reason } => because(Code::Protocol, reason),
        IpcRefusal::TooLarge { reason } => because(Code::TooLarge, reason),
        IpcRefusal::Other { code, reason } => {
            proto::Refusal { code: *code, ..because(Code::Unspecified, reason) }
        }
    }
}

fn refusal_from_wire(refusal: proto::Refusal) -> IpcRefusal {
    let proto::Refusal { code, message: reason, min_version, max_version, needed, present } =
        refusal;
    match Code::try_from(code) {
        Ok(Code::Version) => IpcRefusal::Version { min: min_version, max: max_version },
        Ok(Code::MissingCapabilities) => IpcRefusal::MissingCapabilities {
            needed: SourceCaps::from_bits_retain(needed),
            present: SourceCaps::from_bits_retain(present),
        },
        Ok(Code::NotNegotiated) => IpcRefusal::NotNegotiated,
        Ok(Code::Unknown) => IpcRefusal::Unknown { reason },
        Ok(Code::Invalid) => IpcRefusal::Invalid { reason },
        Ok(Code::Busy) => IpcRefusal::Busy { reason },
        Ok(Code::TimedOut) => IpcRefusal::TimedOut { reason },
        Ok(Code::Failed) => IpcRefusal::Failed { reason },
        Ok(Code::Ending) => IpcRefusal::Ending,
        Ok(Code::Protocol) => IpcRefusal::Protocol { reason },
        Ok(Code::TooLarge) => IpcRefusal::TooLarge { reason },
        // Of a newer collector: final, as nobody here knows what would help.
        Ok(Code::Unspecified) | Err(_) => IpcRefusal::Other { code, reason },
    }
}
