//! Requests, by their operation.

use std::time::Duration;

use prost::Message;

use super::super::config::{ConfigChange, ConfigChanges, ConfigUpdate};
use super::super::member::Registration;
use super::super::proto::{self, shutdown::Mode, update_config::Action};
use super::super::task::Task;
use super::super::{Operation, Request, ShutdownMode};
use super::BodyError;
use super::numbers::{
    kind_from_wire, kind_to_wire, milliseconds, priority_from_wire, priority_to_wire,
};
use crate::event::{ControlBody, SourceCaps};

/// The body of a request; empty where the operation says all.
pub(in super::super) fn encode_request(request: &Request) -> Result<ControlBody, BodyError> {
    let bytes = match request {
        Request::Register(registration) => register_to_wire(registration).encode_to_vec(),
        Request::Deregister { member, reason } => {
            proto::Deregister { member: member.clone(), reason: reason.clone() }.encode_to_vec()
        }
        Request::UpdateConfig(update) => update_to_wire(update).encode_to_vec(),
        Request::ExecuteTask(task) => task_to_wire(task).encode_to_vec(),
        Request::Shutdown(mode) => shutdown_to_wire(*mode).encode_to_vec(),
        Request::Start
        | Request::Stop
        | Request::Restart
        | Request::Pause
        | Request::Resume
        | Request::HealthCheck
        | Request::GetCapabilities
        | Request::GetStatus => Vec::new(),
    };
    Ok(ControlBody::new(bytes)?)
}

/// The request of an operation and its body.
pub(in super::super) fn decode_request(
    operation: Operation,
    body: &ControlBody,
) -> Result<Request, BodyError> {
    let bytes = body.as_bytes().clone();
    Ok(match operation {
        Operation::Register => {
            Request::Register(register_from_wire(proto::Register::decode(bytes)?)?)
        }
        Operation::Deregister => {
            let proto::Deregister { member, reason } = proto::Deregister::decode(bytes)?;
            Request::Deregister { member, reason }
        }
        Operation::Start => Request::Start,
        Operation::Stop => Request::Stop,
        Operation::Restart => Request::Restart,
        Operation::Pause => Request::Pause,
        Operation::Resume => Request::Resume,
        Operation::HealthCheck => Request::HealthCheck,
        Operation::GetCapabilities => Request::GetCapabilities,
        Operation::GetStatus => Request::GetStatus,
        Operation::UpdateConfig => {
            Request::UpdateConfig(update_from_wire(proto::UpdateConfig::decode(bytes)?)?)
        }
        Operation::ExecuteTask => {
            Request::ExecuteTask(task_from_wire(proto::ExecuteTask::decode(bytes)?)?)
        }
        Operation::Shutdown => {
            Request::Shutdown(shutdown_from_wire(&proto::Shutdown::decode(bytes)?)?)
        }
    })
}

fn register_to_wire(registration: &Registration) -> proto::Register {
    proto::Register {
        member: registration.member.clone(),
        kind: kind_to_wire(registration.kind),
        capabilities: registration.capabilities.bits(),
        version: registration.version.clone(),
        task_limit: registration.task_limit,
    }
}

fn register_from_wire(message: proto::Register) -> Result<Registration, BodyError> {
    Ok(Registration {
        member: message.member,
        kind: kind_from_wire(message.kind)?,
        capabilities: SourceCaps::from_bits_retain(message.capabilities),
        version: message.version,
        task_limit: message.task_limit,
    })
}

fn update_to_wire(update: &ConfigUpdate) -> proto::UpdateConfig {
    let action = match update {
        ConfigUpdate::Validate(changes) => Action::Validate(changes_to_wire(changes)),
        ConfigUpdate::Apply(changes) => Action::Apply(changes_to_wire(changes)),
        ConfigUpdate::Rollback { to_version } => Action::Rollback(*to_version),
    };
    proto::UpdateConfig { action: Some(action) }
}

fn update_from_wire(message: proto::UpdateConfig) -> Result<ConfigUpdate, BodyError> {
    Ok(match message.action.ok_or(BodyError::Missing { what: "action" })? {
        Action::Validate(changes) => ConfigUpdate::Validate(changes_from_wire(changes)),
        Action::Apply(changes) => ConfigUpdate::Apply(changes_from_wire(changes)),
        Action::Rollback(to_version) => ConfigUpdate::Rollback { to_version },
    })
}

fn changes_to_wire(changes: &ConfigChanges) -> proto::update_config::Changes {
    let change = |change: &ConfigChange| proto::update_config::Change {
        key: change.key.clone(),
        value: change.value.clone(),
    };
    proto::update_config::Changes {
        base_version: changes.base_version,
        changes: changes.changes.iter().map(change).collect(),
    }
}

fn changes_from_wire(message: proto::update_config::Changes) -> ConfigChanges {
    let change = |change: proto::update_config::Change| ConfigChange {
        key: change.key,
        value: change.value,
    };
    ConfigChanges {
        base_version: message.base_version,
        changes: message.changes.into_iter().map(change).collect(),
    }
}

fn task_to_wire(task: &Task) -> proto::ExecuteTask {
    proto::ExecuteTask {
        task: task.id.clone(),
        kind: kind_to_wire(task.kind),
        priority: priority_to_wire(task.priority),
        deadline_monotonic_ns: task.deadline_monotonic_ns,
        action: task.action.clone(),
        arguments: task.arguments.clone(),
    }
}

fn task_from_wire(message: proto::ExecuteTask) -> Result<Task, BodyError> {
    Ok(Task {
        id: message.task,
        kind: kind_from_wire(message.kind)?,
        priority: priority_from_wire(message.priority)?,
        deadline_monotonic_ns: message.deadline_monotonic_ns,
        action: message.action,
        arguments: message.arguments,
    })
}

fn shutdown_to_wire(mode: ShutdownMode) -> proto::Shutdown {
    let mode = match mode {
        ShutdownMode::Graceful { within } => Mode::GracefulWithinMs(milliseconds(within)),
        ShutdownMode::Forced => Mode::Forced(proto::shutdown::Forced {}),
    };
    proto::Shutdown { mode: Some(mode) }
}

fn shutdown_from_wire(message: &proto::Shutdown) -> Result<ShutdownMode, BodyError> {
    match message.mode {
        Some(Mode::GracefulWithinMs(within)) => {
            Ok(ShutdownMode::Graceful { within: Duration::from_millis(within) })
        }
        Some(Mode::Forced(_)) => Ok(ShutdownMode::Forced),
        None => Err(BodyError::Missing { what: "mode" }),
    }
}
