//! The wire promises: what goes in comes out, version 1 stays readable, garbage harms nobody.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::agreement::assert_agrees;
use super::proto::frame::Body;
use super::{
    EventDecoder, EventEnvelope, FrameError, Inbound, Scanner, decode_event, encode_control,
    encode_delivery, encode_payload, encode_publish, parse_delivery, payload_bytes, proto,
    subscription_from_wire, subscription_to_wire,
};
use crate::contract::{
    Attributes, BusEvent, Confirmation, CorrelationFilter, CorrelationMetadata, EventFilter,
    EventId, EventSubscription, OverflowPolicy, TopicFilter,
};
use crate::event::{
    AuditEvent, AuditOutcome, ByteString, CollectionEvent, ControlBody, ControlMessage,
    ControlSubject, EventHeader, EventKind, FilesystemEvent, FilesystemOperation,
    MAX_CONTROL_BODY_BYTES, NetworkChange, NetworkEvent, PerformanceEvent, PerformanceScope,
    Priority, ProcessChange, ProcessEvent, ReplyAddress, Routing, TriggerRequest,
};
use crate::topic::{Topic, default_topic};

const LIMIT_BYTES: usize = 1 << 20;

fn text() -> impl Strategy<Value = ByteString> {
    ".{0,20}".prop_map(ByteString::from)
}

fn pairs() -> impl Strategy<Value = Vec<(ByteString, ByteString)>> {
    vec((text(), text()), 0..4)
}

fn header() -> impl Strategy<Value = EventHeader> {
    let routing = (option::of(text()), option::of(text()), option::of(text()), option::of(text()))
        .prop_map(|(connector_id, native_session_id, session_id, origin)| Routing {
            connector_id,
            native_session_id,
            session_id,
            origin,
        });
    let priority = option::of((1_u32..=4).prop_map(|level| Priority::from_level(level).unwrap()));
    (text(), any::<(u64, u64, u64)>(), priority, pairs(), routing).prop_map(
        |(source, (sequence, unix, monotonic), priority, metadata, routing)| EventHeader {
            source,
            source_sequence: sequence,
            observed_unix_ns: unix,
            observed_monotonic_ns: monotonic,
            priority,
            metadata,
            routing,
        },
    )
}

fn process() -> impl Strategy<Value = CollectionEvent> {
    let change = prop_oneof![
        Just(ProcessChange::Started),
        Just(ProcessChange::Exited),
        Just(ProcessChange::Enumerated)
    ];
    let numbers = any::<(u32, Option<u32>, Option<u64>, Option<u64>, bool, Option<i32>)>();
    let cpu = option::of(-1.0e300_f64..1.0e300);
    let texts = (text(), option::of(text()), vec(text(), 0..5), option::of(text()));
    (header(), change, numbers, cpu, texts).prop_map(
        |(header, change, numbers, cpu_percent, texts)| {
            CollectionEvent::Process(ProcessEvent {
                header,
                change,
                pid: numbers.0,
                ppid: numbers.1,
                name: texts.0,
                executable_path: texts.1.clone(),
                arguments: texts.2,
                start_time_unix_ns: numbers.2,
                cpu_percent,
                memory_bytes: numbers.3,
                user_id: texts.3,
                user_name: texts.1.clone(),
                executable_sha256: texts.1,
                accessible: numbers.4,
                exit_code: numbers.5,
            })
        },
    )
}

fn others() -> impl Strategy<Value = CollectionEvent> {
    let texts = (text(), text(), text(), option::of(text()));
    (header(), 0_u8..5, texts, any::<(Option<u32>, Option<u64>)>(), -1.0e300_f64..1.0e300).prop_map(
        |(header, kind, (a, b, c, d), (small, large), value)| match kind {
            0 => CollectionEvent::Network(NetworkEvent {
                header,
                change: NetworkChange::Traffic,
                connection_id: a.clone(),
                protocol: b,
                local_address: c,
                remote_address: a,
                state: d.clone(),
                pid: small,
                sent_bytes: large,
                received_bytes: large,
                dns_query: d,
            }),
            1 => CollectionEvent::Filesystem(FilesystemEvent {
                header,
                operation: FilesystemOperation::Renamed,
                path: a,
                previous_path: d.clone(),
                size_bytes: large,
                permissions: small,
                user_id: d.clone(),
                pid: small,
                content_sha256: d,
            }),
            2 => CollectionEvent::Performance(PerformanceEvent {
                header,
                scope: PerformanceScope::System,
                metric_name: a,
                value,
                unit: b,
                component: d,
                pid: small,
            }),
            3 => CollectionEvent::TriggerRequest(TriggerRequest {
                header,
                trigger_id: a,
                target_collector: b,
                analysis_type: c,
                target_pid: small,
                target_path: d,
            }),
            _ => CollectionEvent::Audit(AuditEvent {
                header,
                actor: a,
                action: b,
                resource: c,
                outcome: AuditOutcome::Refused,
                reason: d,
            }),
        },
    )
}

fn address() -> impl Strategy<Value = ReplyAddress> {
    "[a-z0-9_-]{1,64}".prop_map(|text| ReplyAddress::new(text).unwrap())
}

fn subject() -> impl Strategy<Value = ControlSubject> {
    use ControlSubject as Subject;
    prop_oneof![
        prop::sample::select(vec![
            Subject::Lifecycle,
            Subject::Config,
            Subject::Registration,
            Subject::ProcessTask,
            Subject::NetworkTask,
            Subject::FilesystemTask,
            Subject::PerformanceTask,
            Subject::Heartbeat,
            Subject::Status,
            Subject::Diagnostics,
            Subject::ProcessResult,
            Subject::NetworkResult,
            Subject::FilesystemResult,
            Subject::PerformanceResult,
        ]),
        address().prop_map(Subject::Reply),
    ]
}

fn control() -> impl Strategy<Value = CollectionEvent> {
    let texts = (text(), text(), option::of(text()));
    let rest = (option::of(address()), any::<Option<u64>>(), vec(any::<u8>(), 0..40));
    (header(), subject(), texts, rest).prop_map(
        |(header, subject, (operation, request_id, target), (reply_to, deadline, body))| {
            CollectionEvent::Control(ControlMessage {
                header,
                subject,
                operation,
                request_id,
                target,
                reply_to,
                deadline_monotonic_ns: deadline,
                body: ControlBody::new(body).unwrap(),
            })
        },
    )
}

fn event() -> impl Strategy<Value = CollectionEvent> {
    prop_oneof![process(), others(), control()]
}

fn correlation() -> impl Strategy<Value = CorrelationMetadata> {
    let optional = (option::of(text()), option::of(text()), option::of(text()));
    (text(), text(), optional, any::<u64>(), pairs()).prop_map(
        |(id, root, (parent, trace, stage), sequence, tags)| CorrelationMetadata {
            id: id.into(),
            parent: parent.map(Into::into),
            root: root.into(),
            trace,
            stage,
            sequence,
            tags,
        },
    )
}

fn id() -> EventId {
    EventId { publisher: "p".into(), incarnation: 7, sequence: 3 }
}

fn publish_frame(event: &CollectionEvent, correlation: Option<&CorrelationMetadata>) -> Vec<u8> {
    let mut frame = Vec::new();
    let topic = Topic::new("events.process.tree").unwrap();
    let bytes =
        encode_publish(&mut frame, &id(), &topic, 11, event, correlation, Confirmation::Delivered);
    assert_eq!(bytes, frame.len());
    frame
}

fn published_envelope(frame: &[u8]) -> &[u8] {
    match Scanner::new(LIMIT_BYTES).next(frame) {
        Ok(Some((Inbound::Publish(envelope), used))) if used == frame.len() => envelope,
        other => panic!("not one publish frame: {other:?}"),
    }
}

proptest! {
    #[test]
    fn an_event_comes_out_as_it_went_in(event in event(), given in option::of(correlation())) {
        let frame = publish_frame(&event, given.as_ref());
        let envelope = published_envelope(&frame);
        let expected = BusEvent {
            id: id(),
            topic: Topic::new("events.process.tree").unwrap(),
            published_monotonic_ns: 11,
            correlation: given.unwrap_or_else(|| CorrelationMetadata::derived(&id())),
            event,
        };
        let decoded = decode_event(&Bytes::copy_from_slice(envelope)).unwrap();
        prop_assert_eq!(decoded, (expected, Confirmation::Delivered));
    }

    #[test]
    fn another_protocols_payload_is_what_stands_in_a_frame_of_ours(
        event in event(), given in option::of(correlation()),
    ) {
        let frame = publish_frame(&event, given.as_ref());
        let own = published_envelope(&frame);
        let topic = Topic::new("events.process.tree").unwrap();
        let (mut out, mut told) = (b"before".to_vec(), 0);
        let head = |out: &mut Vec<u8>, bytes: usize| {
            told = bytes;
            out.push(b'|');
        };
        let bytes = encode_payload(&mut out, head, &id(), &topic, 11, &event, given.as_ref());
        prop_assert_eq!((told, &out[..7]), (bytes, &b"before|"[..]));
        // But for what its publisher waits for, which stands last and is nobody else's matter.
        prop_assert!(own.starts_with(&out[7..]));
        let shared = Bytes::from(out);
        let decoded = EventDecoder::default().decode_payload(&shared, &shared[7..]);
        let (expected, _) = decode_event(&Bytes::copy_from_slice(own)).unwrap();
        prop_assert_eq!(decoded, Ok(expected));
    }

    #[test]
    fn the_envelope_says_what_the_whole_event_says(
        event in event(),
        given in option::of(correlation()),
        key in text(),
    ) {
        let frame = publish_frame(&event, given.as_ref());
        let envelope = EventEnvelope::parse(published_envelope(&frame)).unwrap();
        let (whole, _) =
            decode_event(&Bytes::copy_from_slice(published_envelope(&frame))).unwrap();
        prop_assert_eq!(envelope.kind, event.kind());
        prop_assert_eq!(envelope.topic, whole.topic.as_str().as_bytes());
        prop_assert_eq!(envelope.payload.len(), payload_bytes(&event));
        prop_assert_eq!(Attributes::pid(&envelope), Attributes::pid(&whole));
        prop_assert_eq!(Attributes::priority(&envelope), Attributes::priority(&whole));
        prop_assert_eq!(Attributes::source(&envelope), Attributes::source(&whole));
        prop_assert_eq!(Attributes::correlation(&envelope), Attributes::correlation(&whole));
        for (key, value) in &event.header().metadata {
            // False for the second value of a key, which texts as short as these repeat at times.
            let is_first = event.header().metadata_value(key) == Some(value);
            prop_assert_eq!(envelope.has_metadata(key, value), is_first);
            prop_assert_eq!(whole.has_metadata(key, value), is_first);
        }
        let elsewhere = event.header().metadata.iter().any(|(name, _)| *name == key);
        prop_assert_eq!(envelope.has_metadata(&key, "no such value of any event"), false);
        prop_assert!(elsewhere || !envelope.has_metadata(&key, ""));
    }

    #[test]
    fn a_delivery_carries_the_publishers_bytes_untouched(
        event in event(),
        targets in vec(any::<(u32, u64)>(), 1..5),
    ) {
        let publish = publish_frame(&event, None);
        let envelope = published_envelope(&publish);
        let mut frame = Vec::new();
        encode_delivery(&mut frame, &targets, envelope);
        let Ok(Some((Inbound::Deliver(body), used))) = Scanner::new(LIMIT_BYTES).next(&frame) else {
            panic!("not a delivery");
        };
        prop_assert_eq!(used, frame.len());
        let mut found = Vec::new();
        let parsed = parse_delivery(body, &mut found).unwrap();
        prop_assert_eq!(found, targets);
        prop_assert_eq!(parsed, envelope);
    }

    #[test]
    fn a_frame_cut_anywhere_is_not_yet_a_frame(event in event(), cut in any::<prop::sample::Index>()) {
        let frame = publish_frame(&event, None);
        let cut = cut.index(frame.len());
        prop_assert!(matches!(Scanner::new(LIMIT_BYTES).next(&frame[..cut]), Ok(None)));
    }

    #[test]
    fn garbage_is_an_error_or_a_message_and_never_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Scanner::new(LIMIT_BYTES).next(&bytes);
        let _ = EventEnvelope::parse(&bytes);
        let _ = parse_delivery(&bytes, &mut Vec::new());
        let _ = decode_event(&Bytes::from(bytes));
    }

    #[test]
    fn a_damaged_event_is_an_error_or_another_event_and_never_a_panic(
        event in event(),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let frame = publish_frame(&event, None);
        let mut envelope = published_envelope(&frame).to_vec();
        let at = at.index(envelope.len());
        envelope[at] = with;
        let _ = EventEnvelope::parse(&envelope).map(|envelope| envelope.correlation());
        assert_agrees(&envelope);
    }

    #[test]
    fn an_event_is_read_as_the_generated_decoders_read_it(
        event in event(),
        given in option::of(correlation()),
        parts in vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let frame = publish_frame(&event, given.as_ref());
        let mut envelope = published_envelope(&frame).to_vec();
        assert_agrees(&envelope);
        // Fields that come again, whole: those of the envelope by chance, of the payload at its end.
        for at in parts {
            let again = envelope[at.index(envelope.len())..].to_vec();
            envelope.extend(again);
            assert_agrees(&envelope);
        }
    }

    #[test]
    fn a_subscription_comes_out_as_it_went_in(
        patterns in vec("[a-z.+#]{0,12}", 0..4),
        pids in vec(any::<u32>(), 0..3),
        tags in pairs(),
        sequence in option::of((any::<u64>(), any::<u64>())),
        capacity in 1_usize..100_000,
    ) {
        let subscription = EventSubscription {
            topic_patterns: patterns.clone(),
            event_filter: Some(EventFilter {
                event_types: EventKind::ALL.to_vec(),
                pids: pids.clone(),
                min_priority: Some(Priority::High),
                source_collectors: vec!["procmond".into()],
                metadata: tags.clone(),
            }),
            topic_filter: Some(TopicFilter { exclude: patterns.clone(), include: patterns }),
            correlation_filter: Some(CorrelationFilter {
                correlation_id: Some("scan-*".into()),
                all_tags: tags,
                sequence: sequence.map(|(first, last)| first..=last),
                process_ids: pids,
                ..CorrelationFilter::default()
            }),
            policy: OverflowPolicy::CircuitBreak(crate::contract::BreakerConfig::default()),
            replay_last: 3,
            ..EventSubscription::new("s").with_capacity(capacity)
        };
        let message = subscription_to_wire(5, &subscription);
        prop_assert_eq!(subscription_from_wire(message).unwrap(), subscription);
    }
}

/// Frames of version 1 as they were first written. They must stay readable for ever (W1).
const PING: &[u8] = &[2, 0, 0, 0, 0x62, 0];
const CREDIT: &[u8] = &[7, 0, 0, 0, 0x42, 5, 0x08, 3, 0x10, 0x80, 1];
/// Request 5 for all sections, those of topic "admin.x", after connection 3.
#[rustfmt::skip]
const INSPECT: &[u8] = &[
    18, 0, 0, 0, 0x92, 1, 15, 0x08, 5, 0x10, 7, 0x1a, 7, b'a', b'd', b'm', b'i', b'n', b'.', b'x', 0x20, 3,
];
/// The answer: up 9 ns, connection 4 "p" of incarnation 7, and 2 more.
#[rustfmt::skip]
const INSPECTED: &[u8] = &[
    25, 0, 0, 0, 0x9a, 1, 22, 0x08, 5, 0x20, 9,
    0x2a, 14, 0x08, 4, 0x12, 1, b'p', 0x19, 7, 0, 0, 0, 0, 0, 0, 0,
    0x30, 2,
];
#[rustfmt::skip]
const PUBLISH: &[u8] = &[
    // length; Frame.publish
    49, 0, 0, 0, 0x72, 47,
    // publisher "p", incarnation 7, sequence 3
    0x0a, 1, b'p', 0x11, 7, 0, 0, 0, 0, 0, 0, 0, 0x18, 3,
    // topic "admin.x", published 11
    0x22, 7, b'a', b'd', b'm', b'i', b'n', b'.', b'x', 0x29, 11, 0, 0, 0, 0, 0, 0, 0,
    // source "s"
    0x32, 1, b's',
    // process: observation { source_sequence 9 }, pid 42, name "sh"
    0x5a, 10, 0x0a, 2, 0x08, 9, 0x18, 42, 0x2a, 2, b's', b'h',
];
#[rustfmt::skip]
const CONTROL: &[u8] = &[
    // length; Frame.publish
    60, 0, 0, 0, 0x72, 58,
    // publisher "p", incarnation 7, sequence 3
    0x0a, 1, b'p', 0x11, 7, 0, 0, 0, 0, 0, 0, 0, 0x18, 3,
    // topic "control.rpc.reply.a"
    0x22, 19, b'c', b'o', b'n', b't', b'r', b'o', b'l', b'.', b'r', b'p', b'c', b'.',
    b'r', b'e', b'p', b'l', b'y', b'.', b'a',
    // control: subject REPLY, asker "a", operation "stop", request_id "a-1", body 1 2
    0x8a, 1, 20, 0x10, 14, 0x1a, 1, b'a', 0x22, 4, b's', b't', b'o', b'p',
    0x2a, 3, b'a', b'-', b'1', 0x4a, 2, 1, 2,
];

#[test]
fn golden_frames_of_version_one_stay_readable() {
    let Ok(Some((Inbound::Control(body), 6))) = Scanner::new(LIMIT_BYTES).next(PING) else {
        panic!("the golden ping");
    };
    assert_eq!(*body, Body::Ping(proto::Ping {}));

    let Ok(Some((Inbound::Control(body), 11))) = Scanner::new(LIMIT_BYTES).next(CREDIT) else {
        panic!("the golden credit");
    };
    let credit = proto::Credit { subscription: 3, events: 128 };
    assert_eq!(*body, Body::Credit(credit));
    assert_eq!(Scanner::new(LIMIT_BYTES).next_credit(CREDIT), Some((credit, 11)));

    let Ok(Some((Inbound::Control(body), _))) = Scanner::new(LIMIT_BYTES).next(INSPECT) else {
        panic!("the golden inspection");
    };
    let Body::Inspect(request) = *body else { panic!("a request to inspect") };
    let topic = Bytes::from_static(b"admin.x");
    let expected = proto::InspectRequest {
        request: 5,
        sections: 7,
        topic,
        after_connection: 3,
        ..Default::default()
    };
    assert_eq!(request, expected);

    let Ok(Some((Inbound::Control(body), _))) = Scanner::new(LIMIT_BYTES).next(INSPECTED) else {
        panic!("the golden answer to an inspection");
    };
    let Body::Inspected(reply) = *body else { panic!("an answer to an inspection") };
    let seen = (reply.request, reply.uptime_ns, reply.more_connections);
    assert_eq!(seen, (5, 9, 2));
    let row = &reply.connections[0];
    assert_eq!((row.number, &row.name[..], row.incarnation), (4, &b"p"[..], 7));

    let (event, _) = decode_event(&Bytes::copy_from_slice(published_envelope(PUBLISH))).unwrap();
    let CollectionEvent::Process(process) = &event.event else { panic!("a process event") };
    assert_eq!(event.id, id());
    assert_eq!(event.topic.as_str(), "admin.x");
    assert_eq!(event.published_monotonic_ns, 11);
    assert_eq!((process.pid, &*process.name), (42, "sh"));
    assert_eq!((&*process.header.source, process.header.source_sequence), ("s", 9));

    let (event, _) = decode_event(&Bytes::copy_from_slice(published_envelope(CONTROL))).unwrap();
    let CollectionEvent::Control(message) = &event.event else { panic!("a control message") };
    let asker = ReplyAddress::new("a").unwrap();
    assert_eq!(message.subject, ControlSubject::Reply(asker));
    assert_eq!((&*message.operation, &*message.request_id), ("stop", "a-1"));
    assert_eq!(message.body.as_bytes(), &Bytes::from_static(&[1, 2]));
    assert_eq!(event.topic, default_topic(&event.event));
}

/// `Envelope` with a control message of these fields.
fn control_envelope(message: &proto::ControlMessage) -> Bytes {
    let payload = Some(proto::envelope::Payload::Control(message.clone()));
    let topic = Bytes::from_static(b"control.rpc.reply.a");
    proto::Envelope { topic, payload, ..proto::Envelope::default() }.encode_to_vec().into()
}

#[test]
fn a_control_message_that_is_none_is_malformed() {
    use proto::control_message::Subject;
    let asker = Some(Bytes::from_static(b"a"));
    let reply =
        || proto::ControlMessage { asker: asker.clone(), ..proto::ControlMessage::default() };
    let good = proto::ControlMessage { subject: Subject::Reply as i32, ..reply() };
    assert!(decode_event(&control_envelope(&good)).is_ok());
    for breach in [
        proto::ControlMessage { asker: None, ..good.clone() },
        proto::ControlMessage { asker: Some(Bytes::from_static(b"A")), ..good.clone() },
        proto::ControlMessage { reply_to: Some(Bytes::from_static(b"a.b")), ..good.clone() },
        proto::ControlMessage { subject: Subject::Status as i32, ..reply() },
        proto::ControlMessage { subject: 99, ..good.clone() },
        proto::ControlMessage { body: vec![0; MAX_CONTROL_BODY_BYTES + 1].into(), ..good.clone() },
    ] {
        assert!(decode_event(&control_envelope(&breach)).is_err(), "{:?}", breach.subject);
    }
}

#[test]
fn a_length_over_the_limit_is_refused_before_its_frame_is_there() {
    let announced = u32::try_from(LIMIT_BYTES + 1).unwrap().to_le_bytes();
    let refused = Scanner::new(LIMIT_BYTES).next(&announced).unwrap_err();
    let expected = FrameError::TooLong { bytes: LIMIT_BYTES + 1, limit_bytes: LIMIT_BYTES };
    assert_eq!(refused, expected);
}

#[test]
fn frames_in_one_buffer_are_found_one_by_one() {
    let mut buffer = Vec::new();
    encode_control(&mut buffer, Body::Ping(proto::Ping {}));
    encode_control(&mut buffer, Body::Grant(proto::Grant { bytes: 1, lane: 0 }));
    let scanner = Scanner::new(LIMIT_BYTES);
    let (_, first) = scanner.next(&buffer).unwrap().unwrap();
    let (second, used) = scanner.next(&buffer[first..]).unwrap().unwrap();
    assert!(matches!(second, Inbound::Control(body) if matches!(*body, Body::Grant(_))));
    assert_eq!(first + used, buffer.len());
}

#[test]
fn a_payload_without_its_observation_is_read_as_one_that_is_empty() {
    let topic = *b"\x22\x08events.9";
    assert_agrees(&[&topic[..], &[122, 0]].concat());
    assert_agrees(&[&topic[..], &[122, 2, 10, 0]].concat());
}

/// Of any type, behind a target: a later version may add one.
#[test]
fn a_field_of_a_delivery_that_is_not_known_is_skipped() {
    let unknown: [&[u8]; 3] = [&[0x1a, 3, b'n', b'e', b'w'], &[0x18, 5], &[0x1a, 4, 8, 9, 16, 9]];
    for unknown in unknown {
        let body = [&[0x0a, 4, 8, 1, 16, 7], unknown, &[0x12, 1, b'x']].concat();
        let mut targets = Vec::new();
        assert_eq!(parse_delivery(&body, &mut targets), Ok(&b"x"[..]));
        assert_eq!(targets, [(1, 7)]);
    }
}

/// The generated decoders cut such a number off, and the event would be of another process.
#[test]
fn a_number_that_does_not_fit_its_field_is_malformed() {
    let event = CollectionEvent::Process(ProcessEvent::default());
    let frame = publish_frame(&event, None);
    let with_pid = |pid: &[u8]| [published_envelope(&frame), &[0x40], pid].concat();
    let seven = with_pid(&[7]);
    assert_eq!(EventEnvelope::parse(&seven).unwrap().pid, Some(7));
    let seven_and_more = with_pid(&[0x87, 0x80, 0x80, 0x80, 0x80, 0x01]);
    let told = EventEnvelope::parse(&seven_and_more).unwrap_err().to_string();
    assert!(told.contains("does not fit"), "{told}");
}
