//! Every message is read as it was written, and bytes that are none are told.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::{HealthPart, HealthReport, HealthStatus};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use prost::Message;

use super::super::{
    CapabilityReport, Grant, GrantedLimits, IpcRefusal, IpcRequest, IpcResponse, IpcTask, Offer,
    RESPONSE_LIMIT_BYTES, SourceReport, StatusReport, TaskReport, proto,
};
use super::*;
use crate::analysis::{AnalysisSubject, Findings};
use crate::runtime::SourceState;

/// A number of no code, level, state or kind there is.
const UNKNOWN: i32 = 1000;

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn caps() -> impl Strategy<Value = SourceCaps> {
    any::<u32>().prop_map(SourceCaps::from_bits_retain)
}

fn whole_milliseconds() -> impl Strategy<Value = Duration> {
    (1..=u64::from(u32::MAX)).prop_map(Duration::from_millis)
}

fn values() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(text(), text(), 0..6)
}

fn kinds() -> impl Strategy<Value = CollectorKind> {
    (0..CollectorKind::ALL.len()).prop_map(|index| CollectorKind::ALL[index])
}

fn offers() -> impl Strategy<Value = Offer> {
    (text(), any::<u32>(), any::<u32>(), caps(), caps()).prop_map(
        |(client, min_version, max_version, wanted, required)| Offer {
            client,
            min_version,
            max_version,
            wanted,
            required,
        },
    )
}

fn tasks() -> impl Strategy<Value = IpcTask> {
    let subject = (option::of(any::<u32>()), option::of(text()));
    (kinds(), text(), subject, values()).prop_map(
        |(kind, analysis_type, (pid, path), parameters)| IpcTask {
            kind,
            analysis_type,
            subject: AnalysisSubject { pid, path },
            parameters,
        },
    )
}

fn requests() -> impl Strategy<Value = IpcRequest> {
    prop_oneof![
        offers().prop_map(IpcRequest::Negotiate),
        Just(IpcRequest::Capabilities),
        Just(IpcRequest::Health),
        Just(IpcRequest::Status),
        tasks().prop_map(IpcRequest::Task),
    ]
}

fn grants() -> impl Strategy<Value = Grant> {
    let limits = (any::<u64>(), any::<u32>(), whole_milliseconds(), whole_milliseconds());
    (any::<u32>(), caps(), limits).prop_map(
        |(version, granted, (frame_bytes, outstanding, request, idle))| Grant {
            version,
            granted,
            limits: GrantedLimits { frame_bytes, outstanding, request, idle },
        },
    )
}

fn capability_reports() -> impl Strategy<Value = CapabilityReport> {
    (text(), text(), caps(), vec(text(), 0..4)).prop_map(
        |(collector, version, capabilities, analysis_types)| CapabilityReport {
            collector,
            version,
            capabilities,
            analysis_types,
        },
    )
}

fn health_reports() -> impl Strategy<Value = HealthReport> {
    let status = prop_oneof![
        Just(HealthStatus::Healthy),
        Just(HealthStatus::Degraded),
        Just(HealthStatus::Unhealthy),
    ];
    let part = (text(), status, option::of(text()));
    let part = part.prop_map(|(name, status, reason)| HealthPart { name, status, reason });
    vec(part, 0..4).prop_map(|parts| HealthReport { parts })
}

fn states() -> impl Strategy<Value = SourceState> {
    prop_oneof![
        Just(SourceState::Registered),
        Just(SourceState::Running),
        Just(SourceState::Ended),
        text().prop_map(|error| SourceState::Failed { error }),
        text().prop_map(|message| SourceState::Panicked { message }),
        Just(SourceState::Aborted),
    ]
}

fn sources() -> impl Strategy<Value = SourceReport> {
    let counters = (any::<u64>(), any::<u64>(), any::<u32>());
    (text(), caps(), states(), counters, option::of(text())).prop_map(
        |(name, capabilities, state, counters, last_failure)| SourceReport {
            name,
            capabilities,
            state,
            events_accepted: counters.0,
            events_refused: counters.1,
            failed_checks: counters.2,
            last_failure,
        },
    )
}

fn status_reports() -> impl Strategy<Value = StatusReport> {
    (text(), vec(sources(), 0..3), any::<[u64; 7]>(), any::<bool>()).prop_map(
        |(component_name, sources, counters, backpressure)| StatusReport {
            component_name,
            sources,
            events_accepted: counters[0],
            events_published: counters[1],
            events_lost: counters[2],
            events_spooled: counters[3],
            events_replayed: counters[4],
            publish_retries: counters[5],
            backpressure,
            backpressure_episodes: counters[6],
        },
    )
}

fn task_reports() -> impl Strategy<Value = TaskReport> {
    let found = values().prop_map(|values| Findings::new(values).map_err(|_| String::new()));
    let failed = text().prop_map(Err::<Findings, String>);
    prop_oneof![found, failed].prop_map(|outcome| TaskReport { outcome })
}

fn refusals() -> impl Strategy<Value = IpcRefusal> {
    prop_oneof![
        (any::<u32>(), any::<u32>()).prop_map(|(min, max)| IpcRefusal::Version { min, max }),
        (caps(), caps())
            .prop_map(|(needed, present)| IpcRefusal::MissingCapabilities { needed, present }),
        Just(IpcRefusal::NotNegotiated),
        text().prop_map(|reason| IpcRefusal::Unknown { reason }),
        text().prop_map(|reason| IpcRefusal::Invalid { reason }),
        text().prop_map(|reason| IpcRefusal::Busy { reason }),
        text().prop_map(|reason| IpcRefusal::TimedOut { reason }),
        text().prop_map(|reason| IpcRefusal::Failed { reason }),
        Just(IpcRefusal::Ending),
        more_refusals(),
    ]
}

/// As many as one choice has room for are above.
fn more_refusals() -> impl Strategy<Value = IpcRefusal> {
    prop_oneof![
        text().prop_map(|reason| IpcRefusal::Protocol { reason }),
        text().prop_map(|reason| IpcRefusal::TooLarge { reason }),
        (UNKNOWN..=i32::MAX, text()).prop_map(|(code, reason)| IpcRefusal::Other { code, reason }),
        text().prop_map(|reason| IpcRefusal::Other { code: 0, reason }),
    ]
}

fn responses() -> impl Strategy<Value = IpcResponse> {
    prop_oneof![
        grants().prop_map(IpcResponse::Granted),
        capability_reports().prop_map(IpcResponse::Capabilities),
        health_reports().prop_map(IpcResponse::Health),
        status_reports().prop_map(IpcResponse::Status),
        task_reports().prop_map(IpcResponse::Task),
        refusals().prop_map(IpcResponse::Refused),
    ]
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(
        id in any::<u64>(),
        within in option::of(whole_milliseconds()),
        request in requests(),
    ) {
        let message = encode_request(id, within, &request);
        prop_assert_eq!(decode_request(&message), Ok(Asked { id, within, request: Ok(request) }));
    }

    #[test]
    fn a_response_is_read_as_it_was_written(id in any::<u64>(), response in responses()) {
        let message = encode_response(id, &response);
        prop_assert_eq!(decode_response(&message), Ok(Answered { id, response: Ok(response) }));
    }

    #[test]
    fn no_bytes_are_too_odd_to_be_told(message in vec(any::<u8>(), 0..200)) {
        // Whatever comes of it: nothing panics, and what is read can be written.
        if let Ok(Asked { id, within, request: Ok(request) }) = decode_request(&message) {
            prop_assert!(decode_request(&encode_request(id, within, &request)).is_ok());
        }
        if let Ok(Answered { id, response: Ok(response) }) = decode_response(&message) {
            prop_assert!(decode_response(&encode_response(id, &response)).is_ok());
        }
    }
}

#[test]
fn a_wait_that_is_shorter_than_it_can_be_told_is_not_taken_for_none() {
    let message = encode_request(7, Some(Duration::ZERO), &IpcRequest::Health);
    let within = decode_request(&message).unwrap().within;
    assert_eq!(within, Some(Duration::from_millis(1)));
}

#[test]
fn a_request_of_a_newer_client_is_refused_by_its_number() {
    // Field 100 with an empty message, as a request this schema does not have would be.
    let message = [8, 7, 0xa2, 0x06, 0];
    let asked = decode_request(&message).unwrap();
    assert_eq!(asked.id, 7);
    assert!(matches!(asked.request, Err(IpcRefusal::Unknown { .. })), "{asked:?}");
}

#[test]
fn a_task_about_nothing_that_is_known_is_refused_by_its_number() {
    for kind in [0, UNKNOWN, -1] {
        let task = proto::Task { kind, ..proto::Task::default() };
        let body = Some(proto::request::Body::Task(task));
        let request = proto::Request { id: 7, within_ms: 0, body };
        let asked = decode_request(&request.encode_to_vec()).unwrap();
        let reason = format!("{kind} is no kind of task");
        assert_eq!((asked.id, asked.request), (7, Err(IpcRefusal::Invalid { reason })));
    }
}

#[test]
fn what_is_no_message_is_no_request() {
    for message in [&[0xff_u8; 9][..], &[8], b"GET / HTTP/1.1\r\n"] {
        assert!(matches!(decode_request(message), Err(CodecError::Protobuf(_))), "{message:?}");
    }
}

#[test]
fn numbers_of_a_newer_collector_are_told_and_not_guessed() {
    let read = |body| {
        let message = proto::Response { id: 7, body }.encode_to_vec();
        decode_response(&message).unwrap().response.unwrap_err().to_string()
    };
    let part = proto::health::Part { level: UNKNOWN, ..proto::health::Part::default() };
    let health = proto::Health { parts: vec![part] };
    let told = read(Some(proto::response::Body::Health(health)));
    assert_eq!(told, "1000 is no level of health");

    let source = proto::Source { state: UNKNOWN, ..proto::Source::default() };
    let status = proto::Status { sources: vec![source], ..proto::Status::default() };
    let told = read(Some(proto::response::Body::Status(status)));
    assert_eq!(told, "1000 is no state of a source");

    assert_eq!(read(None), "there is no kind of response this build knows");
    let result = proto::TaskResult { outcome: None };
    let told = read(Some(proto::response::Body::Task(result)));
    assert_eq!(told, "there is no outcome of a task this build knows");
}

#[test]
fn an_answer_that_is_too_long_says_so() {
    let analysis_types = vec!["x".repeat(RESPONSE_LIMIT_BYTES)];
    let report = CapabilityReport {
        collector: String::new(),
        version: String::new(),
        capabilities: SourceCaps::empty(),
        analysis_types,
    };
    let message = encode_response(7, &IpcResponse::Capabilities(report));
    let answered = decode_response(&message).unwrap();
    let Ok(IpcResponse::Refused(IpcRefusal::Failed { reason })) = answered.response else {
        panic!("{answered:?}")
    };
    assert_eq!(answered.id, 7);
    assert!(reason.ends_with("the limit is 1048576"), "{reason}");
}
