//! Payloads: each kind of event from its message, field for field (C6). The other direction is
//! in `encode`, in the same order.

use super::DecodeError;
use super::fields::Fields;
use super::proto;
use crate::event::{
    AuditEvent, AuditOutcome, ByteString, CollectionEvent, ControlBody, ControlMessage,
    ControlSubject, EventHeader, EventKind, FilesystemEvent, FilesystemOperation, NetworkChange,
    NetworkEvent, PerformanceEvent, PerformanceScope, ProcessChange, ProcessEvent, ReplyAddress,
    TriggerRequest,
};

/// The event without the parts of its header that travel in the envelope.
pub(super) fn payload(kind: EventKind, fields: Fields<'_>) -> Result<CollectionEvent, DecodeError> {
    match kind {
        EventKind::Process => process(fields).map(CollectionEvent::Process),
        EventKind::Network => network(fields).map(CollectionEvent::Network),
        EventKind::Filesystem => filesystem(fields).map(CollectionEvent::Filesystem),
        EventKind::Performance => performance(fields).map(CollectionEvent::Performance),
        EventKind::TriggerRequest => trigger_request(fields).map(CollectionEvent::TriggerRequest),
        EventKind::Audit => audit(fields).map(CollectionEvent::Audit),
        EventKind::Control => control(fields).map(CollectionEvent::Control),
    }
}

/// `Observation`: the part of a header that travels in the payload.
fn observation(header: &mut EventHeader, mut fields: Fields<'_>) -> Result<(), DecodeError> {
    while let Some(field) = fields.next()? {
        match field.number {
            1 => header.source_sequence = field.long()?,
            2 => header.observed_unix_ns = field.fixed()?,
            3 => header.observed_monotonic_ns = field.fixed()?,
            4 => header.metadata.push(field.entry()?),
            _ => {}
        }
    }
    Ok(())
}

fn process(mut fields: Fields<'_>) -> Result<ProcessEvent, DecodeError> {
    let mut event = ProcessEvent::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut event.header, field.message()?)?,
            2 => event.change = process_change(field.variant()?)?,
            3 => event.pid = field.number()?,
            4 => event.ppid = Some(field.number()?),
            5 => event.name = field.text("name")?,
            6 => event.executable_path = Some(field.text("executable_path")?),
            7 => event.arguments.push(field.text("arguments")?),
            8 => event.start_time_unix_ns = Some(field.fixed()?),
            9 => event.cpu_percent = Some(field.double()?),
            10 => event.memory_bytes = Some(field.long()?),
            11 => event.user_id = Some(field.text("user_id")?),
            12 => event.user_name = Some(field.text("user_name")?),
            13 => event.executable_sha256 = Some(field.text("executable_sha256")?),
            14 => event.accessible = field.boolean()?,
            15 => event.exit_code = Some(field.signed()?),
            _ => {}
        }
    }
    Ok(event)
}

fn network(mut fields: Fields<'_>) -> Result<NetworkEvent, DecodeError> {
    let mut event = NetworkEvent::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut event.header, field.message()?)?,
            2 => event.change = network_change(field.variant()?)?,
            3 => event.connection_id = field.text("connection_id")?,
            4 => event.protocol = field.text("protocol")?,
            5 => event.local_address = field.text("local_address")?,
            6 => event.remote_address = field.text("remote_address")?,
            7 => event.state = Some(field.text("state")?),
            8 => event.pid = Some(field.number()?),
            9 => event.sent_bytes = Some(field.long()?),
            10 => event.received_bytes = Some(field.long()?),
            11 => event.dns_query = Some(field.text("dns_query")?),
            _ => {}
        }
    }
    Ok(event)
}

fn filesystem(mut fields: Fields<'_>) -> Result<FilesystemEvent, DecodeError> {
    let mut event = FilesystemEvent::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut event.header, field.message()?)?,
            2 => event.operation = filesystem_operation(field.variant()?)?,
            3 => event.path = field.text("path")?,
            4 => event.previous_path = Some(field.text("previous_path")?),
            5 => event.size_bytes = Some(field.long()?),
            6 => event.permissions = Some(field.number()?),
            7 => event.user_id = Some(field.text("user_id")?),
            8 => event.pid = Some(field.number()?),
            9 => event.content_sha256 = Some(field.text("content_sha256")?),
            _ => {}
        }
    }
    Ok(event)
}

fn performance(mut fields: Fields<'_>) -> Result<PerformanceEvent, DecodeError> {
    let mut event = PerformanceEvent::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut event.header, field.message()?)?,
            2 => event.scope = performance_scope(field.variant()?)?,
            3 => event.metric_name = field.text("metric_name")?,
            4 => event.value = field.double()?,
            5 => event.unit = field.text("unit")?,
            6 => event.component = Some(field.text("component")?),
            7 => event.pid = Some(field.number()?),
            _ => {}
        }
    }
    Ok(event)
}

fn trigger_request(mut fields: Fields<'_>) -> Result<TriggerRequest, DecodeError> {
    let mut request = TriggerRequest::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut request.header, field.message()?)?,
            2 => request.trigger_id = field.text("trigger_id")?,
            3 => request.target_collector = field.text("target_collector")?,
            4 => request.analysis_type = field.text("analysis_type")?,
            5 => request.target_pid = Some(field.number()?),
            6 => request.target_path = Some(field.text("target_path")?),
            _ => {}
        }
    }
    Ok(request)
}

fn audit(mut fields: Fields<'_>) -> Result<AuditEvent, DecodeError> {
    let mut event = AuditEvent::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut event.header, field.message()?)?,
            2 => event.actor = field.text("actor")?,
            3 => event.action = field.text("action")?,
            4 => event.resource = field.text("resource")?,
            5 => event.outcome = audit_outcome(field.variant()?)?,
            6 => event.reason = Some(field.text("reason")?),
            _ => {}
        }
    }
    Ok(event)
}

fn control(mut fields: Fields<'_>) -> Result<ControlMessage, DecodeError> {
    let mut message = ControlMessage::default();
    let (mut subject, mut asker) = (0, None);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => observation(&mut message.header, field.message()?)?,
            2 => subject = field.variant()?,
            3 => asker = Some(field.text("asker")?),
            4 => message.operation = field.text("operation")?,
            5 => message.request_id = field.text("request_id")?,
            6 => message.target = Some(field.text("target")?),
            7 => message.reply_to = Some(address(field.text("reply_to")?)?),
            8 => message.deadline_monotonic_ns = Some(field.fixed()?),
            9 => {
                message.body = ControlBody::new(field.bytes()?)
                    .map_err(|_| DecodeError::Malformed("a control body over its limit"))?;
            }
            _ => {}
        }
    }
    message.subject = control_subject(subject, asker)?;
    Ok(message)
}

/// One table per enum: wire → model. An unknown number is malformed, not guessed.
macro_rules! variants {
    ($name:ident, $model:ident, $wire:path, { $($variant:ident),+ $(,)? }) => {
        fn $name(number: i32) -> Result<$model, DecodeError> {
            use $wire as Wire;
            match Wire::try_from(number) {
                $(Ok(Wire::$variant) => Ok($model::$variant),)+
                Err(_) => Err(DecodeError::Malformed(concat!("unknown ", stringify!($model)))),
            }
        }
    };
}

variants!(process_change, ProcessChange, proto::process_event::Change,
    { Started, Exited, Executed, Metadata, Tree, Integrity, Anomaly, Enumerated });
variants!(network_change, NetworkChange, proto::network_event::Change,
    { Opened, Changed, Closed, Dns, Traffic, Anomaly });
variants!(filesystem_operation, FilesystemOperation, proto::filesystem_event::Operation,
    { Created, Modified, Deleted, Renamed, Attributes, Accessed, Bulk, Anomaly });
variants!(performance_scope, PerformanceScope, proto::performance_event::Scope,
    { Utilization, System, Anomaly });
variants!(audit_outcome, AuditOutcome, proto::audit_event::Outcome, { Allowed, Refused, Failed });

fn control_subject(number: i32, asker: Option<ByteString>) -> Result<ControlSubject, DecodeError> {
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
            return address(asker).map(ControlSubject::Reply);
        }
        Err(_) => return Err(DecodeError::Malformed("unknown ControlSubject")),
    };
    match asker {
        None => Ok(subject),
        Some(_) => Err(DecodeError::Malformed("an asker of something that is no reply")),
    }
}

fn address(text: ByteString) -> Result<ReplyAddress, DecodeError> {
    ReplyAddress::new(text)
        .map_err(|_| DecodeError::Malformed("a reply address that is no level of a topic"))
}
