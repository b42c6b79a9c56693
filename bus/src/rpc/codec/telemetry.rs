//! Telemetry, both ways. There is nothing in it that could be invalid.

use std::time::Duration;

use super::super::nanoseconds;
use super::super::proto::{self, telemetry as wire};
use super::super::telemetry::{Counters, CpuUse, ErrorRate, Resources, Telemetry};
use super::numbers::milliseconds;

pub(super) fn telemetry_to_wire(telemetry: &Telemetry) -> proto::Telemetry {
    proto::Telemetry {
        sequence: telemetry.sequence,
        uptime_ms: milliseconds(telemetry.uptime),
        counters: Some(counters_to_wire(&telemetry.counters)),
        errors: Some(wire::Errors {
            failed: telemetry.errors.failed,
            tried: telemetry.errors.tried,
        }),
        resources: Some(resources_to_wire(&telemetry.resources)),
    }
}

pub(super) fn telemetry_from_wire(message: &proto::Telemetry) -> Telemetry {
    let errors = message.errors.as_ref();
    Telemetry {
        sequence: message.sequence,
        uptime: Duration::from_millis(message.uptime_ms),
        counters: message.counters.as_ref().map(counters_from_wire).unwrap_or_default(),
        errors: errors
            .map(|errors| ErrorRate { failed: errors.failed, tried: errors.tried })
            .unwrap_or_default(),
        resources: message.resources.as_ref().map(resources_from_wire).unwrap_or_default(),
    }
}

fn counters_to_wire(counters: &Counters) -> wire::Counters {
    wire::Counters {
        events_accepted: counters.events_accepted,
        events_published: counters.events_published,
        events_lost: counters.events_lost,
        events_spooled: counters.events_spooled,
        events_replayed: counters.events_replayed,
        events_refused: counters.events_refused,
        publish_retries: counters.publish_retries,
        backpressure_episodes: counters.backpressure_episodes,
        checks: counters.checks,
        checks_failed: counters.checks_failed,
    }
}

fn counters_from_wire(message: &wire::Counters) -> Counters {
    Counters {
        events_accepted: message.events_accepted,
        events_published: message.events_published,
        events_lost: message.events_lost,
        events_spooled: message.events_spooled,
        events_replayed: message.events_replayed,
        events_refused: message.events_refused,
        publish_retries: message.publish_retries,
        backpressure_episodes: message.backpressure_episodes,
        checks: message.checks,
        checks_failed: message.checks_failed,
    }
}

fn resources_to_wire(resources: &Resources) -> wire::Resources {
    let cpu =
        |cpu: CpuUse| wire::Cpu { used_ns: nanoseconds(cpu.used), over_ns: nanoseconds(cpu.over) };
    wire::Resources {
        cpu: resources.cpu.map(cpu),
        memory_bytes: resources.memory_bytes,
        open_descriptors: resources.open_descriptors,
        threads: resources.threads,
    }
}

fn resources_from_wire(message: &wire::Resources) -> Resources {
    let cpu = |cpu: &wire::Cpu| CpuUse {
        used: Duration::from_nanos(cpu.used_ns),
        over: Duration::from_nanos(cpu.over_ns),
    };
    Resources {
        cpu: message.cpu.as_ref().map(cpu),
        memory_bytes: message.memory_bytes,
        open_descriptors: message.open_descriptors,
        threads: message.threads,
    }
}
