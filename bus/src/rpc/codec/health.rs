//! Health reports, both ways.

use super::super::health::{HealthPart, HealthReport};
use super::super::proto;
use super::BodyError;
use super::numbers::{health_from_wire, health_to_wire};

pub(super) fn report_to_wire(report: &HealthReport) -> proto::HealthReport {
    let part = |part: &HealthPart| proto::health_report::Part {
        name: part.name.clone(),
        health: health_to_wire(part.status),
        reason: part.reason.clone(),
    };
    proto::HealthReport { parts: report.parts.iter().map(part).collect() }
}

pub(super) fn report_from_wire(message: proto::HealthReport) -> Result<HealthReport, BodyError> {
    let part = |part: proto::health_report::Part| {
        let status = health_from_wire(part.health);
        status.map(|status| HealthPart { name: part.name, status, reason: part.reason })
    };
    Ok(HealthReport { parts: message.parts.into_iter().map(part).collect::<Result<_, _>>()? })
}
