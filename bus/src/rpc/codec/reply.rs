//! Replies: a code and its reason, or a result.

use std::time::Duration;

use prost::Message;

use super::super::config::ConfigOutcome;
use super::super::member::{Capabilities, Registered};
use super::super::proto::{self, reply::Code, reply::Result as Wire, task_result::Outcome};
use super::super::task::TaskResult;
use super::super::{Refusal, Response};
use super::BodyError;
use super::health::{report_from_wire, report_to_wire};
use super::numbers::{kind_from_wire, kind_to_wire, milliseconds};
use super::status::{agent_status_from_wire, agent_status_to_wire};
use crate::event::{ControlBody, SourceCaps};

/// The body of a reply.
pub(in super::super) fn encode_reply(
    outcome: &Result<Response, Refusal>,
) -> Result<ControlBody, BodyError> {
    let message = match outcome {
        Ok(response) => {
            proto::Reply { result: result_to_wire(response), ..proto::Reply::default() }
        }
        Err(refusal) => refusal_to_wire(refusal),
    };
    Ok(ControlBody::new(message.encode_to_vec())?)
}

/// What a reply says.
pub(in super::super) fn decode_reply(
    body: &ControlBody,
) -> Result<Result<Response, Refusal>, BodyError> {
    let message = proto::Reply::decode(body.as_bytes().clone())?;
    let reason = message.message;
    Ok(match Code::try_from(message.code) {
        Ok(Code::Ok) => Ok(result_from_wire(message.result)?),
        Ok(Code::UnknownOperation) => Err(Refusal::UnknownOperation { reason }),
        Ok(Code::InvalidBody) => Err(Refusal::InvalidBody { reason }),
        Ok(Code::DeadlinePassed) => Err(Refusal::DeadlinePassed { reason }),
        Ok(Code::Busy) => Err(Refusal::Busy { reason }),
        Ok(Code::Failed) => Err(Refusal::Failed { reason }),
        Err(_) => {
            return Err(BodyError::UnknownNumber { what: "code of a reply", number: message.code });
        }
    })
}

fn refusal_to_wire(refusal: &Refusal) -> proto::Reply {
    let (code, reason) = match refusal {
        Refusal::UnknownOperation { reason } => (Code::UnknownOperation, reason),
        Refusal::InvalidBody { reason } => (Code::InvalidBody, reason),
        Refusal::DeadlinePassed { reason } => (Code::DeadlinePassed, reason),
        Refusal::Busy { reason } => (Code::Busy, reason),
        Refusal::Failed { reason } => (Code::Failed, reason),
    };
    proto::Reply { code: code as i32, message: reason.clone(), result: None }
}

fn result_to_wire(response: &Response) -> Option<Wire> {
    Some(match response {
        Response::Done => return None,
        Response::Registered(registered) => {
            Wire::Registered(proto::Registered { heartbeat_ms: milliseconds(registered.heartbeat) })
        }
        Response::Health(report) => Wire::Health(report_to_wire(report)),
        Response::Capabilities(capabilities) => {
            Wire::Capabilities(capabilities_to_wire(capabilities))
        }
        Response::Config(outcome) => Wire::Config(proto::ConfigOutcome {
            version: outcome.version,
            hot_keys: outcome.hot_keys.clone(),
            restart_keys: outcome.restart_keys.clone(),
        }),
        Response::Task(result) => Wire::Task(task_result_to_wire(result)),
        Response::Status(status) => Wire::Status(agent_status_to_wire(status)),
    })
}

fn result_from_wire(result: Option<Wire>) -> Result<Response, BodyError> {
    Ok(match result {
        None => Response::Done,
        Some(Wire::Registered(message)) => Response::Registered(Registered {
            heartbeat: Duration::from_millis(message.heartbeat_ms),
        }),
        Some(Wire::Health(message)) => Response::Health(report_from_wire(message)?),
        Some(Wire::Capabilities(message)) => {
            Response::Capabilities(capabilities_from_wire(message)?)
        }
        Some(Wire::Config(message)) => Response::Config(ConfigOutcome {
            version: message.version,
            hot_keys: message.hot_keys,
            restart_keys: message.restart_keys,
        }),
        Some(Wire::Task(message)) => Response::Task(task_result_from_wire(message)?),
        Some(Wire::Status(message)) => Response::Status(agent_status_from_wire(message)?),
    })
}

fn capabilities_to_wire(capabilities: &Capabilities) -> proto::Capabilities {
    proto::Capabilities {
        kind: kind_to_wire(capabilities.kind),
        capabilities: capabilities.capabilities.bits(),
        version: capabilities.version.clone(),
        operations: capabilities.operations.iter().map(ToString::to_string).collect(),
    }
}

/// Operations of a later version are left out: nobody here could ask them.
fn capabilities_from_wire(message: proto::Capabilities) -> Result<Capabilities, BodyError> {
    Ok(Capabilities {
        kind: kind_from_wire(message.kind)?,
        capabilities: SourceCaps::from_bits_retain(message.capabilities),
        version: message.version,
        operations: message.operations.iter().filter_map(|name| name.parse().ok()).collect(),
    })
}

fn task_result_to_wire(result: &TaskResult) -> proto::TaskResult {
    let outcome = match &result.outcome {
        Ok(output) => Outcome::Output(output.clone()),
        Err(failure) => Outcome::Failure(failure.clone()),
    };
    proto::TaskResult { task: result.task.clone(), outcome: Some(outcome) }
}

fn task_result_from_wire(message: proto::TaskResult) -> Result<TaskResult, BodyError> {
    let outcome = match message.outcome.ok_or(BodyError::Missing { what: "outcome" })? {
        Outcome::Output(output) => Ok(output),
        Outcome::Failure(failure) => Err(failure),
    };
    Ok(TaskResult { task: message.task, outcome })
}
