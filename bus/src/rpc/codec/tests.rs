//! What is said is what is heard, for every operation and every answer; what is not of the schema
//! is refused with what is wrong.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::config::{ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate};
use super::super::health::{HealthPart, HealthReport, HealthStatus, Heartbeat};
use super::super::member::{Capabilities, Registered, Registration};
use super::super::status::{AgentStatus, LastTelemetry, MemberState, MemberStatus, StatusReport};
use super::super::task::{Task, TaskPriority, TaskResult};
use super::super::telemetry::{Counters, CpuUse, ErrorRate, Resources, Telemetry};
use super::super::{Operation, Refusal, Request, Response, ShutdownMode};
use super::{
    BodyError, decode_heartbeat, decode_reply, decode_request, decode_status, decode_telemetry,
    encode_heartbeat, encode_reply, encode_request, encode_status, encode_telemetry,
};
use crate::acl::CollectorKind;
use crate::event::{ControlBody, MAX_CONTROL_BODY_BYTES, SourceCaps};

fn changes() -> ConfigChanges {
    let change = |value: Option<&str>| ConfigChange {
        key: "scan.interval".to_owned(),
        value: value.map(str::to_owned),
    };
    ConfigChanges { base_version: Some(0), changes: vec![change(Some("")), change(None)] }
}

fn task(kind: CollectorKind, priority: TaskPriority) -> Request {
    Request::ExecuteTask(Task {
        id: "t-1".to_owned(),
        kind,
        priority,
        deadline_monotonic_ns: Some(0),
        action: "scan".to_owned(),
        arguments: Bytes::from_static(&[0, 0xff]),
    })
}

fn requests() -> Vec<Request> {
    let within = Duration::from_millis(1500);
    let mut all = vec![
        Request::Register(Registration {
            member: "procmond".to_owned(),
            kind: CollectorKind::Performance,
            capabilities: SourceCaps::PROCESS | SourceCaps::REALTIME,
            version: "0.1.0".to_owned(),
            task_limit: 4,
        }),
        Request::Deregister { member: "procmond".to_owned(), reason: "update".to_owned() },
        Request::Start,
        Request::Stop,
        Request::Restart,
        Request::Pause,
        Request::Resume,
        Request::HealthCheck,
        Request::GetCapabilities,
        Request::GetStatus,
        Request::UpdateConfig(ConfigUpdate::Validate(changes())),
        Request::UpdateConfig(ConfigUpdate::Apply(ConfigChanges::default())),
        Request::UpdateConfig(ConfigUpdate::Rollback { to_version: 0 }),
        Request::Shutdown(ShutdownMode::Graceful { within }),
        Request::Shutdown(ShutdownMode::Forced),
    ];
    for kind in CollectorKind::ALL {
        all.extend(TaskPriority::ALL.map(|priority| task(kind, priority)));
    }
    all
}

#[test]
fn every_request_is_heard_as_it_was_said() {
    let mut seen = std::collections::BTreeSet::new();
    for request in requests() {
        let body = encode_request(&request).unwrap();
        let name = request.operation().as_str();
        let operation: Operation = name.parse().unwrap();
        assert_eq!(decode_request(operation, &body), Ok(request), "{name}");
        seen.insert(operation);
    }
    assert_eq!(seen.len(), Operation::ALL.len(), "every operation is tried");
}

fn part(status: HealthStatus) -> HealthPart {
    HealthPart { name: "disk".to_owned(), status, reason: Some(String::new()) }
}

/// Each number differs, so that none can be taken for another.
fn telemetry() -> Telemetry {
    Telemetry {
        sequence: 1,
        uptime: Duration::from_millis(2),
        counters: Counters {
            events_accepted: 3,
            events_published: 4,
            events_lost: 5,
            events_spooled: 6,
            events_replayed: 7,
            events_refused: 8,
            publish_retries: 9,
            backpressure_episodes: 10,
            checks: 11,
            checks_failed: 12,
        },
        errors: ErrorRate { failed: 13, tried: 14 },
        resources: Resources {
            cpu: Some(CpuUse { used: Duration::from_nanos(15), over: Duration::from_nanos(16) }),
            memory_bytes: Some(17),
            open_descriptors: Some(18),
            threads: Some(19),
        },
    }
}

fn member(state: MemberState, telemetry: Option<LastTelemetry>) -> MemberStatus {
    MemberStatus {
        name: state.as_str().to_owned(),
        state,
        pid: telemetry.map(|_| 7),
        restarts: 2,
        health: HealthStatus::Degraded,
        reason: Some("because".to_owned()),
        telemetry,
    }
}

fn agent_status() -> AgentStatus {
    let last = LastTelemetry { telemetry: telemetry(), age: Duration::from_millis(250) };
    let mut members = MemberState::ALL.map(|state| member(state, None)).to_vec();
    members.push(member(MemberState::Running, Some(last)));
    AgentStatus {
        bus_type: "daemoneye".to_owned(),
        pid: 42,
        uptime: Duration::from_secs(3),
        members,
    }
}

#[test]
fn telemetry_is_heard_as_it_was_said() {
    let nothing_told = Telemetry { resources: Resources::default(), ..telemetry() };
    for said in [telemetry(), nothing_told, Telemetry::default()] {
        assert_eq!(decode_telemetry(&encode_telemetry(&said)), Ok(said));
    }
}

#[test]
fn a_change_of_status_is_heard_as_it_was_said() {
    let report = HealthReport { parts: vec![part(HealthStatus::Degraded)] };
    let said = StatusReport { sequence: 3, report };
    assert_eq!(decode_status(&encode_status(&said).unwrap()), Ok(said));
    let error = decode_status(&body(&[])).expect_err("without a report").to_string();
    assert_eq!(error, "report is missing");
}

#[test]
fn every_reply_is_heard_as_it_was_said() {
    use HealthStatus::{Degraded, Healthy, Unhealthy};
    let reason = || "because".to_owned();
    let task = |outcome| Response::Task(TaskResult { task: "t-1".to_owned(), outcome });
    for outcome in [
        Ok(Response::Done),
        Ok(Response::Registered(Registered { heartbeat: Duration::from_secs(30) })),
        Ok(Response::Health(HealthReport {
            parts: [Healthy, Degraded, Unhealthy].map(part).to_vec(),
        })),
        Ok(Response::Capabilities(Capabilities {
            kind: CollectorKind::Network,
            capabilities: SourceCaps::all(),
            version: "2".to_owned(),
            operations: Operation::ALL.to_vec(),
        })),
        Ok(Response::Config(ConfigOutcome {
            version: 7,
            hot_keys: vec!["a".to_owned()],
            restart_keys: vec!["b".to_owned(), "c".to_owned()],
        })),
        Ok(Response::Status(agent_status())),
        Ok(Response::Status(AgentStatus::default())),
        Ok(task(Ok(Bytes::new()))),
        Ok(task(Err(String::new()))),
        Err(Refusal::UnknownOperation { reason: reason() }),
        Err(Refusal::InvalidBody { reason: reason() }),
        Err(Refusal::DeadlinePassed { reason: reason() }),
        Err(Refusal::Busy { reason: reason() }),
        Err(Refusal::Failed { reason: reason() }),
    ] {
        let body = encode_reply(&outcome).unwrap();
        assert_eq!(decode_reply(&body), Ok(outcome));
    }
}

#[test]
fn a_heartbeat_is_heard_as_it_was_said() {
    let beat = Heartbeat { sequence: 7, status: HealthStatus::Degraded, running_tasks: 3 };
    assert_eq!(decode_heartbeat(&encode_heartbeat(&beat)), Ok(beat));
}

fn body(bytes: &[u8]) -> ControlBody {
    ControlBody::new(bytes.to_vec()).unwrap()
}

/// Bodies of version 1 as they were first written. They must stay readable for ever.
#[test]
fn golden_bodies_of_version_one_stay_readable() {
    // task "t-1", kind NETWORK, priority URGENT, deadline 0, action "scan", arguments 0 255
    let bytes = b"\x0a\x03t-1\x10\x01\x18\x04\x21\0\0\0\0\0\0\0\0\x2a\x04scan\x32\x02\x00\xff";
    let golden = decode_request(Operation::ExecuteTask, &body(bytes));
    assert_eq!(golden, Ok(task(CollectorKind::Network, TaskPriority::Urgent)));
    // apply: base_version 0, "scan.interval" = "" and to its default
    let bytes =
        b"\x12\x26\x08\x00\x12\x11\x0a\x0dscan.interval\x12\x00\x12\x0f\x0a\x0dscan.interval";
    let golden = decode_request(Operation::UpdateConfig, &body(bytes));
    assert_eq!(golden, Ok(Request::UpdateConfig(ConfigUpdate::Apply(changes()))));
    // forced
    let golden = decode_request(Operation::Shutdown, &body(b"\x12\x00"));
    assert_eq!(golden, Ok(Request::Shutdown(ShutdownMode::Forced)));
    // BUSY, "x"
    let golden = decode_reply(&body(b"\x08\x04\x12\x01x"));
    assert_eq!(golden, Ok(Err(Refusal::Busy { reason: "x".to_owned() })));
    // task "t-1", failure ""
    let golden = decode_reply(&body(b"\x3a\x07\x0a\x03t-1\x1a\x00"));
    let failed = TaskResult { task: "t-1".to_owned(), outcome: Err(String::new()) };
    assert_eq!(golden, Ok(Ok(Response::Task(failed))));
    // sequence 7, DEGRADED, 3 tasks
    let golden = decode_heartbeat(&body(b"\x08\x07\x10\x01\x18\x03"));
    let beat = Heartbeat { sequence: 7, status: HealthStatus::Degraded, running_tasks: 3 };
    assert_eq!(golden, Ok(beat));
    // sequence 2, up 1000 ms, 5 events accepted, 1 of 4 failed, 4096 bytes of memory, 3 threads
    let bytes =
        b"\x08\x02\x10\xe8\x07\x1a\x02\x08\x05\x22\x04\x08\x01\x10\x04\x2a\x05\x10\x80\x20\x20\x03";
    let told = Telemetry {
        sequence: 2,
        uptime: Duration::from_secs(1),
        counters: Counters { events_accepted: 5, ..Counters::default() },
        errors: ErrorRate { failed: 1, tried: 4 },
        resources: Resources { memory_bytes: Some(4096), threads: Some(3), ..Resources::default() },
    };
    assert_eq!(decode_telemetry(&body(bytes)), Ok(told));
}

#[test]
fn what_the_schema_does_not_have_is_named() {
    let told = |operation, bytes: &[u8]| {
        decode_request(operation, &body(bytes)).expect_err("not of the schema").to_string()
    };
    // Field 2, varint 9.
    assert_eq!(told(Operation::Register, &[0x10, 9]), "9 is no kind of collector");
    assert_eq!(told(Operation::ExecuteTask, &[0x18, 5]), "5 is no priority of a task");
    assert_eq!(told(Operation::UpdateConfig, &[]), "action is missing");
    assert_eq!(told(Operation::Shutdown, &[]), "mode is missing");
    let code = decode_reply(&body(&[0x08, 77])).expect_err("no code").to_string();
    assert_eq!(code, "77 is no code of a reply");
    let torn = decode_request(Operation::Register, &body(&[0x0a, 5, b'a']));
    assert!(matches!(torn, Err(BodyError::Protobuf(_))), "{torn:?}");
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let Request::ExecuteTask(small) = task(CollectorKind::Process, TaskPriority::Low) else {
        panic!("a task");
    };
    let arguments = Bytes::from(vec![0; MAX_CONTROL_BODY_BYTES]);
    let refused = encode_request(&Request::ExecuteTask(Task { arguments, ..small }));
    assert!(matches!(refused, Err(BodyError::TooLong(_))), "{refused:?}");
}

proptest! {
    #[test]
    fn garbage_is_an_error_or_a_request_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        operation in prop::sample::select(Operation::ALL.to_vec()),
    ) {
        let _ = decode_request(operation, &body(&bytes));
        let _ = decode_reply(&body(&bytes));
        let _ = decode_status(&body(&bytes));
        let _ = decode_telemetry(&body(&bytes));
    }
}
