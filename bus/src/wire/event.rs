//! Payloads: each kind of event from its message, field for field (C6). The other direction is
//! in `encode`.

use bytes::Bytes;

use super::DecodeError;
use super::proto::{self, envelope::Payload};
use super::text::{entries_from_wire, from_wire, option_from_wire};
use crate::event::{
    AuditEvent, AuditOutcome, CollectionEvent, ControlBody, ControlMessage, ControlSubject,
    EventHeader, FilesystemEvent, FilesystemOperation, NetworkChange, NetworkEvent,
    PerformanceEvent, PerformanceScope, ProcessChange, ProcessEvent, ReplyAddress, TriggerRequest,
};

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
        Payload::Control(message) => CollectionEvent::Control(control_from_wire(message)?),
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

/// One table per enum: wire → model. An unknown number is malformed, not guessed.
macro_rules! enum_table {
    ($from:ident, $model:ident, $wire:path, { $($variant:ident),+ $(,)? }) => {
        fn $from(number: i32) -> Result<$model, DecodeError> {
            use $wire as Wire;
            match Wire::try_from(number) {
                $(Ok(Wire::$variant) => Ok($model::$variant),)+
                Err(_) => Err(DecodeError::Malformed(concat!("unknown ", stringify!($model)))),
            }
        }
    };
}

enum_table!( process_change_from_wire, ProcessChange,
    proto::process_event::Change,
    { Started, Exited, Executed, Metadata, Tree, Integrity, Anomaly, Enumerated });
enum_table!( network_change_from_wire, NetworkChange,
    proto::network_event::Change, { Opened, Changed, Closed, Dns, Traffic, Anomaly });
enum_table!( operation_from_wire, FilesystemOperation,
    proto::filesystem_event::Operation,
    { Created, Modified, Deleted, Renamed, Attributes, Accessed, Bulk, Anomaly });
enum_table!( scope_from_wire, PerformanceScope,
    proto::performance_event::Scope, { Utilization, System, Anomaly });
enum_table!( outcome_from_wire, AuditOutcome,
    proto::audit_event::Outcome, { Allowed, Refused, Failed });

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

fn control_from_wire(message: proto::ControlMessage) -> Result<ControlMessage, DecodeError> {
    Ok(ControlMessage {
        header: header_from_wire(message.observation)?,
        subject: subject_from_wire(message.subject, message.asker)?,
        operation: from_wire(message.operation, "operation")?,
        request_id: from_wire(message.request_id, "request_id")?,
        target: option_from_wire(message.target, "target")?,
        reply_to: message.reply_to.map(address_from_wire).transpose()?,
        deadline_monotonic_ns: message.deadline_monotonic_ns,
        body: ControlBody::new(message.body)
            .map_err(|_| DecodeError::Malformed("a control body over its limit"))?,
    })
}

fn subject_from_wire(number: i32, asker: Option<Bytes>) -> Result<ControlSubject, DecodeError> {
    use proto::control_message::Subject as Wire;
    let subject = match Wire::try_from(number) {
        Ok(Wire::Lifecycle) => ControlSubject::Lifecycle,
        Ok(Wire::Config) => ControlSubject::Config,
        Ok(Wire::Registration) => ControlSubject::Registration,
        Ok(Wire::ProcessTask) => ControlSubject::ProcessTask,
        Ok(Wire::NetworkTask) => ControlSubject::NetworkTask,
        Ok(Wire::FilesystemTask) => ControlSubject::FilesystemTask,
        Ok(Wire::PerformanceTask) => ControlSubject::PerformanceTask,
        Ok(Wire::Heartbeat) => ControlSubject::Heartbeat,
        Ok(Wire::Status) => ControlSubject::Status,
        Ok(Wire::Diagnostics) => ControlSubject::Diagnostics,
        Ok(Wire::ProcessResult) => ControlSubject::ProcessResult,
        Ok(Wire::NetworkResult) => ControlSubject::NetworkResult,
        Ok(Wire::FilesystemResult) => ControlSubject::FilesystemResult,
        Ok(Wire::PerformanceResult) => ControlSubject::PerformanceResult,
        Ok(Wire::Reply) => {
            let asker = asker.ok_or(DecodeError::Malformed("a reply to nobody"))?;
            return address_from_wire(asker).map(ControlSubject::Reply);
        }
        Err(_) => return Err(DecodeError::Malformed("unknown ControlSubject")),
    };
    match asker {
        None => Ok(subject),
        Some(_) => Err(DecodeError::Malformed("an asker of something that is no reply")),
    }
}

fn address_from_wire(text: Bytes) -> Result<ReplyAddress, DecodeError> {
    ReplyAddress::new(from_wire(text, "reply address")?)
        .map_err(|_| DecodeError::Malformed("a reply address that is no level of a topic"))
}
