//! What an agent knows of its members, both ways.

use std::time::Duration;

use super::super::proto::{self, agent_status as wire};
use super::super::status::{AgentStatus, LastTelemetry, MemberStatus};
use super::BodyError;
use super::numbers::{
    health_from_wire, health_to_wire, milliseconds, state_from_wire, state_to_wire,
};
use super::telemetry::{telemetry_from_wire, telemetry_to_wire};

pub(super) fn agent_status_to_wire(status: &AgentStatus) -> proto::AgentStatus {
    proto::AgentStatus {
        bus_type: status.bus_type.clone(),
        pid: status.pid,
        uptime_ms: milliseconds(status.uptime),
        members: status.members.iter().map(member_to_wire).collect(),
    }
}

pub(super) fn agent_status_from_wire(
    message: proto::AgentStatus,
) -> Result<AgentStatus, BodyError> {
    let members = message.members.into_iter().map(member_from_wire).collect::<Result<_, _>>()?;
    Ok(AgentStatus {
        bus_type: message.bus_type,
        pid: message.pid,
        uptime: Duration::from_millis(message.uptime_ms),
        members,
    })
}

fn member_to_wire(member: &MemberStatus) -> wire::Member {
    let last = member.telemetry.as_ref();
    wire::Member {
        name: member.name.clone(),
        state: state_to_wire(member.state),
        pid: member.pid,
        restarts: member.restarts,
        health: health_to_wire(member.health),
        reason: member.reason.clone(),
        telemetry: last.map(|last| telemetry_to_wire(&last.telemetry)),
        telemetry_age_ms: last.map_or(0, |last| milliseconds(last.age)),
    }
}

fn member_from_wire(message: wire::Member) -> Result<MemberStatus, BodyError> {
    let age = Duration::from_millis(message.telemetry_age_ms);
    let last = |telemetry: &proto::Telemetry| LastTelemetry {
        telemetry: telemetry_from_wire(telemetry),
        age,
    };
    Ok(MemberStatus {
        state: state_from_wire(message.state)?,
        pid: message.pid,
        restarts: message.restarts,
        health: health_from_wire(message.health)?,
        telemetry: message.telemetry.as_ref().map(last),
        name: message.name,
        reason: message.reason,
    })
}
