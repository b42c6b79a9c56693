//! Payloads: each kind of event to its message and back, field for field (C6).

use prost::Message;

use super::DecodeError;
use super::proto::{self, envelope::Payload};
use super::text::{
    entries_from_wire, entries_to_wire, from_wire, option_from_wire, option_to_wire, to_wire,
};
use crate::event::{
    AuditEvent, AuditOutcome, CollectionEvent, EventHeader, FilesystemEvent, FilesystemOperation,
    NetworkChange, NetworkEvent, PerformanceEvent, PerformanceScope, ProcessChange, ProcessEvent,
    TriggerRequest,
};

/// Encoded size of an event's payload, bytes; what the payload limit counts (W2).
pub fn payload_bytes(event: &CollectionEvent) -> usize {
    match payload_to_wire(event) {
        Payload::Process(message) => message.encoded_len(),
        Payload::Network(message) => message.encoded_len(),
        Payload::Filesystem(message) => message.encoded_len(),
        Payload::Performance(message) => message.encoded_len(),
        Payload::TriggerRequest(message) => message.encoded_len(),
        Payload::Audit(message) => message.encoded_len(),
    }
}

pub(super) fn payload_to_wire(event: &CollectionEvent) -> Payload {
    match event {
        CollectionEvent::Process(event) => Payload::Process(process_to_wire(event)),
        CollectionEvent::Network(event) => Payload::Network(network_to_wire(event)),
        CollectionEvent::Filesystem(event) => Payload::Filesystem(filesystem_to_wire(event)),
        CollectionEvent::Performance(event) => Payload::Performance(performance_to_wire(event)),
        CollectionEvent::TriggerRequest(event) => Payload::TriggerRequest(trigger_to_wire(event)),
        CollectionEvent::Audit(event) => Payload::Audit(audit_to_wire(event)),
    }
}

/// The event without the parts of its header that travel in the envelope.
pub(super) fn payload_from_wire(payload: Payload) -> Result<CollectionEvent, DecodeError> {
    Ok(match payload {
        Payload::Process(message) => CollectionEvent::Process(process_from_wire(message)?),
        Payload::Network(message) => CollectionEvent::Network(network_from_wire(message)?),
        Payload::Filesystem(message) => CollectionEvent::Filesystem(filesystem_from_wire(message)?),
        Payload::Performance(message) => {
            CollectionEvent::Performance(performance_from_wire(message)?)
        }
        Payload::TriggerRequest(message) => {
            CollectionEvent::TriggerRequest(trigger_from_wire(message)?)
        }
        Payload::Audit(message) => CollectionEvent::Audit(audit_from_wire(message)?),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the schema's message fields are optional")]
fn observation_to_wire(header: &EventHeader) -> Option<proto::Observation> {
    Some(proto::Observation {
        source_sequence: header.source_sequence,
        unix_ns: header.observed_unix_ns,
        monotonic_ns: header.observed_monotonic_ns,
        metadata: entries_to_wire(&header.metadata),
    })
}

fn header_from_wire(observation: Option<proto::Observation>) -> Result<EventHeader, DecodeError> {
    let observation = observation.unwrap_or_default();
    Ok(EventHeader {
        source_sequence: observation.source_sequence,
        observed_unix_ns: observation.unix_ns,
        observed_monotonic_ns: observation.monotonic_ns,
        metadata: entries_from_wire(observation.metadata)?,
        ..EventHeader::default()
    })
}

/// One table per enum: model ↔ wire. An unknown number is malformed, not guessed.
macro_rules! enum_table {
    ($to:ident, $from:ident, $model:ident, $wire:path, { $($variant:ident),+ $(,)? }) => {
        fn $to(value: $model) -> i32 {
            use $wire as Wire;
            match value { $($model::$variant => Wire::$variant as i32),+ }
        }

        fn $from(number: i32) -> Result<$model, DecodeError> {
            use $wire as Wire;
            match Wire::try_from(number) {
                $(Ok(Wire::$variant) => Ok($model::$variant),)+
                Err(_) => Err(DecodeError::Malformed(concat!("unknown ", stringify!($model)))),
            }
        }
    };
}

enum_table!(process_change_to_wire, process_change_from_wire, ProcessChange,
    proto::process_event::Change,
    { Started, Exited, Executed, Metadata, Tree, Integrity, Anomaly, Enumerated });
enum_table!(network_change_to_wire, network_change_from_wire, NetworkChange,
    proto::network_event::Change, { Opened, Changed, Closed, Dns, Traffic, Anomaly });
enum_table!(operation_to_wire, operation_from_wire, FilesystemOperation,
    proto::filesystem_event::Operation,
    { Created, Modified, Deleted, Renamed, Attributes, Accessed, Bulk, Anomaly });
enum_table!(scope_to_wire, scope_from_wire, PerformanceScope,
    proto::performance_event::Scope, { Utilization, System, Anomaly });
enum_table!(outcome_to_wire, outcome_from_wire, AuditOutcome,
    proto::audit_event::Outcome, { Allowed, Refused, Failed });

fn process_to_wire(event: &ProcessEvent) -> proto::ProcessEvent {
    proto::ProcessEvent {
        observation: observation_to_wire(&event.header),
        change: process_change_to_wire(event.change),
        pid: event.pid,
        ppid: event.ppid,
        name: to_wire(&event.name),
        executable_path: option_to_wire(event.executable_path.as_ref()),
        arguments: event.arguments.iter().map(to_wire).collect(),
        start_time_unix_ns: event.start_time_unix_ns,
        cpu_percent: event.cpu_percent,
        memory_bytes: event.memory_bytes,
        user_id: option_to_wire(event.user_id.as_ref()),
        user_name: option_to_wire(event.user_name.as_ref()),
        executable_sha256: option_to_wire(event.executable_sha256.as_ref()),
        accessible: event.accessible,
        exit_code: event.exit_code,
    }
}

fn process_from_wire(message: proto::ProcessEvent) -> Result<ProcessEvent, DecodeError> {
    Ok(ProcessEvent {
        header: header_from_wire(message.observation)?,
        change: process_change_from_wire(message.change)?,
        pid: message.pid,
        ppid: message.ppid,
        name: from_wire(message.name, "name")?,
        executable_path: option_from_wire(message.executable_path, "executable_path")?,
        arguments: message
            .arguments
            .into_iter()
            .map(|argument| from_wire(argument, "arguments"))
            .collect::<Result<_, _>>()?,
        start_time_unix_ns: message.start_time_unix_ns,
        cpu_percent: message.cpu_percent,
        memory_bytes: message.memory_bytes,
        user_id: option_from_wire(message.user_id, "user_id")?,
        user_name: option_from_wire(message.user_name, "user_name")?,
        executable_sha256: option_from_wire(message.executable_sha256, "executable_sha256")?,
        accessible: message.accessible,
        exit_code: message.exit_code,
    })
}

fn network_to_wire(event: &NetworkEvent) -> proto::NetworkEvent {
    proto::NetworkEvent {
        observation: observation_to_wire(&event.header),
        change: network_change_to_wire(event.change),
        connection_id: to_wire(&event.connection_id),
        protocol: to_wire(&event.protocol),
        local_address: to_wire(&event.local_address),
        remote_address: to_wire(&event.remote_address),
        state: option_to_wire(event.state.as_ref()),
        pid: event.pid,
        sent_bytes: event.sent_bytes,
        received_bytes: event.received_bytes,
        dns_query: option_to_wire(event.dns_query.as_ref()),
    }
}

fn network_from_wire(message: proto::NetworkEvent) -> Result<NetworkEvent, DecodeError> {
    Ok(NetworkEvent {
        header: header_from_wire(message.observation)?,
        change: network_change_from_wire(message.change)?,
        connection_id: from_wire(message.connection_id, "connection_id")?,
        protocol: from_wire(message.protocol, "protocol")?,
        local_address: from_wire(message.local_address, "local_address")?,
        remote_address: from_wire(message.remote_address, "remote_address")?,
        state: option_from_wire(message.state, "state")?,
        pid: message.pid,
        sent_bytes: message.sent_bytes,
        received_bytes: message.received_bytes,
        dns_query: option_from_wire(message.dns_query, "dns_query")?,
    })
}

fn filesystem_to_wire(event: &FilesystemEvent) -> proto::FilesystemEvent {
    proto::FilesystemEvent {
        observation: observation_to_wire(&event.header),
        operation: operation_to_wire(event.operation),
        path: to_wire(&event.path),
        previous_path: option_to_wire(event.previous_path.as_ref()),
        size_bytes: event.size_bytes,
        permissions: event.permissions,
        user_id: option_to_wire(event.user_id.as_ref()),
        pid: event.pid,
        content_sha256: option_to_wire(event.content_sha256.as_ref()),
    }
}

fn filesystem_from_wire(message: proto::FilesystemEvent) -> Result<FilesystemEvent, DecodeError> {
    Ok(FilesystemEvent {
        header: header_from_wire(message.observation)?,
        operation: operation_from_wire(message.operation)?,
        path: from_wire(message.path, "path")?,
        previous_path: option_from_wire(message.previous_path, "previous_path")?,
        size_bytes: message.size_bytes,
        permissions: message.permissions,
        user_id: option_from_wire(message.user_id, "user_id")?,
        pid: message.pid,
        content_sha256: option_from_wire(message.content_sha256, "content_sha256")?,
    })
}

fn performance_to_wire(event: &PerformanceEvent) -> proto::PerformanceEvent {
    proto::PerformanceEvent {
        observation: observation_to_wire(&event.header),
        scope: scope_to_wire(event.scope),
        metric_name: to_wire(&event.metric_name),
        value: event.value,
        unit: to_wire(&event.unit),
        component: option_to_wire(event.component.as_ref()),
        pid: event.pid,
    }
}

fn performance_from_wire(
    message: proto::PerformanceEvent,
) -> Result<PerformanceEvent, DecodeError> {
    Ok(PerformanceEvent {
        header: header_from_wire(message.observation)?,
        scope: scope_from_wire(message.scope)?,
        metric_name: from_wire(message.metric_name, "metric_name")?,
        value: message.value,
        unit: from_wire(message.unit, "unit")?,
        component: option_from_wire(message.component, "component")?,
        pid: message.pid,
    })
}

fn trigger_to_wire(event: &TriggerRequest) -> proto::TriggerRequest {
    proto::TriggerRequest {
        observation: observation_to_wire(&event.header),
        trigger_id: to_wire(&event.trigger_id),
        target_collector: to_wire(&event.target_collector),
        analysis_type: to_wire(&event.analysis_type),
        target_pid: event.target_pid,
        target_path: option_to_wire(event.target_path.as_ref()),
    }
}

fn trigger_from_wire(message: proto::TriggerRequest) -> Result<TriggerRequest, DecodeError> {
    Ok(TriggerRequest {
        header: header_from_wire(message.observation)?,
        trigger_id: from_wire(message.trigger_id, "trigger_id")?,
        target_collector: from_wire(message.target_collector, "target_collector")?,
        analysis_type: from_wire(message.analysis_type, "analysis_type")?,
        target_pid: message.target_pid,
        target_path: option_from_wire(message.target_path, "target_path")?,
    })
}

fn audit_to_wire(event: &AuditEvent) -> proto::AuditEvent {
    proto::AuditEvent {
        observation: observation_to_wire(&event.header),
        actor: to_wire(&event.actor),
        action: to_wire(&event.action),
        resource: to_wire(&event.resource),
        outcome: outcome_to_wire(event.outcome),
        reason: option_to_wire(event.reason.as_ref()),
    }
}

fn audit_from_wire(message: proto::AuditEvent) -> Result<AuditEvent, DecodeError> {
    Ok(AuditEvent {
        header: header_from_wire(message.observation)?,
        actor: from_wire(message.actor, "actor")?,
        action: from_wire(message.action, "action")?,
        resource: from_wire(message.resource, "resource")?,
        outcome: outcome_from_wire(message.outcome)?,
        reason: option_from_wire(message.reason, "reason")?,
    })
}
