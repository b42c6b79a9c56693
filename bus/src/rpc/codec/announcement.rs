//! What is told without being asked.

use prost::Message;

use super::super::health::Heartbeat;
use super::super::proto;
use super::BodyError;
use super::numbers::{health_from_wire, health_to_wire};
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
