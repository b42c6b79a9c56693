//! Requests.

use std::time::Duration;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::acl::CollectorKind;
use prost::Message;

use super::super::proto::{self, request::Body, task::Kind};
use super::super::{IpcRefusal, IpcRequest, IpcTask, Offer};
use super::{CodecError, milliseconds};
use crate::analysis::AnalysisSubject;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ipc) struct Asked {
    /// What names it.
    pub(in crate::ipc) id: u64,
    /// How long whoever asked waits, if it says.
    pub(in crate::ipc) within: Option<Duration>,
    /// What is asked, or why it cannot be done.
    pub(in crate::ipc) request: Result<IpcRequest, IpcRefusal>,
}

/// A message; a wait travels in whole milliseconds, at least one.
pub(in crate::ipc) fn encode_request(
    id: u64,
    within: Option<Duration>,
    request: &IpcRequest,
) -> Vec<u8> {
    let within_ms = within.map_or(0, |within| milliseconds(within).max(1));
    proto::Request { id, within_ms, body: Some(body_of(request)) }.encode_to_vec()
}

/// An error of the message as a whole: not even whose request it is can be told.
pub(in crate::ipc) fn decode_request(message: &[u8]) -> Result<Asked, CodecError> {
    let proto::Request { id, within_ms, body } = proto::Request::decode(message)?;
    let within = (within_ms > 0).then(|| Duration::from_millis(within_ms));
    let request = body.ok_or_else(unknown).and_then(request_of);
    Ok(Asked { id, within, request })
}

fn unknown() -> IpcRefusal {
    IpcRefusal::Unknown { reason: "this collector knows no such request".to_owned() }
}

fn body_of(request: &IpcRequest) -> Body {
    match request {
        IpcRequest::Negotiate(offer) => Body::Negotiate(proto::Negotiate {
            min_version: offer.min_version,
            max_version: offer.max_version,
            client: offer.client.clone(),
            wanted: offer.wanted.bits(),
            required: offer.required.bits(),
        }),
        IpcRequest::Capabilities => Body::Capabilities(proto::GetCapabilities {}),
        IpcRequest::Health => Body::Health(proto::GetHealth {}),
        IpcRequest::Status => Body::Status(proto::GetStatus {}),
        IpcRequest::Task(task) => Body::Task(proto::Task {
            kind: kind_of(task.kind).into(),
            analysis_type: task.analysis_type.clone(),
            pid: task.subject.pid,
            path: task.subject.path.clone(),
            parameters: task.parameters.clone(),
        }),
    }
}

fn request_of(body: Body) -> Result<IpcRequest, IpcRefusal> {
    Ok(match body {
        Body::Negotiate(offer) => IpcRequest::Negotiate(Offer {
            client: offer.client,
            min_version: offer.min_version,
            max_version: offer.max_version,
            // Bits nobody knows here are kept: what is required and unknown is missing.
            wanted: SourceCaps::from_bits_retain(offer.wanted),
            required: SourceCaps::from_bits_retain(offer.required),
        }),
        Body::Capabilities(_) => IpcRequest::Capabilities,
        Body::Health(_) => IpcRequest::Health,
        Body::Status(_) => IpcRequest::Status,
        Body::Task(task) => IpcRequest::Task(IpcTask {
            kind: collector_kind(task.kind)?,
            analysis_type: task.analysis_type,
            subject: AnalysisSubject { pid: task.pid, path: task.path },
            parameters: task.parameters,
        }),
    })
}

fn kind_of(kind: CollectorKind) -> Kind {
    match kind {
        CollectorKind::Process => Kind::Process,
        CollectorKind::Network => Kind::Network,
        CollectorKind::Filesystem => Kind::Filesystem,
        CollectorKind::Performance => Kind::Performance,
    }
}

fn collector_kind(number: i32) -> Result<CollectorKind, IpcRefusal> {
    match Kind::try_from(number) {
        Ok(Kind::Process) => Ok(CollectorKind::Process),
        Ok(Kind::Network) => Ok(CollectorKind::Network),
        Ok(Kind::Filesystem) => Ok(CollectorKind::Filesystem),
        Ok(Kind::Performance) => Ok(CollectorKind::Performance),
        Ok(Kind::Unspecified) | Err(_) => {
            Err(IpcRefusal::Invalid { reason: format!("{number} is no kind of task") })
        }
    }
}
