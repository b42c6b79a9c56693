//! What is told without being asked.

use prost::Message;

use super::super::health::Heartbeat;
use super::super::proto;
use super::super::status::StatusReport;
use super::super::telemetry::Telemetry;
use super::BodyError;
use super::health::{report_from_wire, report_to_wire};
use super::numbers::{health_from_wire, health_to_wire};
use super::telemetry::{telemetry_from_wire, telemetry_to_wire};
use crate::event::ControlBody;

/// The body of a heartbeat.
pub(in super::super) fn encode_heartbeat(beat: &Heartbeat) -> ControlBody {
    let message = proto::Heartbeat {
        sequence: beat.sequence,
        health: health_to_wire(beat.status),
        running_tasks: beat.running_tasks,
    };
    ControlBody::new(message.encode_to_vec()).expect("three numbers are within the limit")
}

/// What a heartbeat says.
pub(in super::super) fn decode_heartbeat(body: &ControlBody) -> Result<Heartbeat, BodyError> {
    let message = proto::Heartbeat::decode(body.as_bytes().clone())?;
    Ok(Heartbeat {
        sequence: message.sequence,
        status: health_from_wire(message.health)?,
        running_tasks: message.running_tasks,
    })
}

/// The body of a change of status.
pub(in super::super) fn encode_status(status: &StatusReport) -> Result<ControlBody, BodyError> {
    let message =
        proto::Status { sequence: status.sequence, report: Some(report_to_wire(&status.report)) };
    Ok(ControlBody::new(message.encode_to_vec())?)
}

/// What a change of status says.
pub(in super::super) fn decode_status(body: &ControlBody) -> Result<StatusReport, BodyError> {
    let message = proto::Status::decode(body.as_bytes().clone())?;
    let report = message.report.ok_or(BodyError::Missing { what: "report" })?;
    Ok(StatusReport { sequence: message.sequence, report: report_from_wire(report)? })
}

/// The body of telemetry.
pub(in super::super) fn encode_telemetry(telemetry: &Telemetry) -> ControlBody {
    let bytes = telemetry_to_wire(telemetry).encode_to_vec();
    ControlBody::new(bytes).expect("a few numbers are within the limit")
}

/// What telemetry says.
pub(in super::super) fn decode_telemetry(body: &ControlBody) -> Result<Telemetry, BodyError> {
    let message = proto::Telemetry::decode(body.as_bytes().clone())?;
    Ok(telemetry_from_wire(&message))
}
