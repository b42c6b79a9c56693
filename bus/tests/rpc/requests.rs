//! Answering: what is done, what is refused and with which words, and to whom (W9, T8).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::event::{ControlBody, ControlSubject};
use daemoneye_eventbus::rpc::{
    Asked, Call, CallError, ConfigUpdate, EndError, Refusal, Request, Response, RpcHandler,
    RpcService, RpcServiceConfig, ShutdownMode,
};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, ControlMessage, CorrelationMetadata, EventBus, EventReceiver,
    EventSubscription,
};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::stage::{Echo, MEMBER, Stage, WATCHDOG, address, client, service, task};

/// Done at once, but for what the tests ask of it.
#[derive(Default)]
struct Obeying {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[async_trait]
impl RpcHandler for Obeying {
    async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::Pause => {
                self.begun.notify_one();
                self.go_on.notified().await;
            }
            Request::Restart => panic!("on purpose"),
            Request::Stop => return Err(Refusal::failed("it does not stop")),
            _ => {}
        }
        Ok(Response::Done)
    }
}

async fn listen(bus: &Arc<dyn EventBus>, topic: &str) -> EventReceiver {
    bus.subscribe(EventSubscription::new(topic).with_pattern(topic)).await.unwrap()
}

async fn next(receiver: &mut EventReceiver) -> Arc<BusEvent> {
    timeout(WATCHDOG * 100, receiver.recv()).await.expect("in time").expect("an event")
}

/// Sends a message as another program could, and gives the reply's code and words.
async fn told(message: ControlMessage) -> (String, u8, String) {
    told_on("control.collector.lifecycle", message).await
}

async fn told_on(topic: &str, message: ControlMessage) -> (String, u8, String) {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Obeying::default()).await;
    let bus = stage.here("raw");
    let mut replies = listen(&bus, "control.rpc.reply.raw").await;
    let message = ControlMessage { reply_to: Some(address("raw")), ..message };
    let message = CollectionEvent::Control(message);
    bus.publish_to(topic.parse().unwrap(), message, None).await.unwrap();
    let reply = next(&mut replies).await;
    let CollectionEvent::Control(reply) = &reply.event else { panic!("{reply:?}") };
    let body = reply.body.as_bytes();
    // Field 1, the code; field 2, the words.
    let [0x08, code, 0x12, _, words @ ..] = &body[..] else { panic!("{body:?}") };
    (reply.request_id.to_string(), *code, String::from_utf8(words.to_vec()).unwrap())
}

fn message(operation: &'static str) -> ControlMessage {
    ControlMessage {
        operation: operation.into(),
        request_id: "raw-1".into(),
        ..ControlMessage::default()
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_reason() {
    let unknown = (1, "there is no operation \"dance\"");
    let torn =
        ControlMessage { body: ControlBody::new(vec![0x0a, 9]).unwrap(), ..message("shutdown") };
    let late =
        ControlMessage { deadline_monotonic_ns: Some(monotonic_ns() - 1), ..message("start") };
    for (message, (code, words)) in [
        (message("dance"), unknown),
        (message("shutdown"), (2, "mode is missing")),
        (torn, (2, "failed to decode")),
        (late, (3, "before it was begun")),
        (message("restart"), (5, "the handler panicked")),
        (message("stop"), (5, "it does not stop")),
    ] {
        let (request_id, found, reason) = told(message).await;
        assert_eq!((&*request_id, found), ("raw-1", code), "{reason}");
        assert!(reason.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn what_is_asked_on_the_topic_of_something_else_is_refused() {
    let forced =
        || ControlMessage { body: ControlBody::new(vec![0x12, 0]).unwrap(), ..message("shutdown") };
    // Collectors may publish there, and its subject is the message's own to say.
    for subject in [ControlSubject::Diagnostics, ControlSubject::Lifecycle] {
        let asked = ControlMessage { subject, ..forced() };
        let (_, code, reason) = told_on("control.health.diagnostics", asked).await;
        let words = "shutdown is asked on control.collector.lifecycle, not on \
                     control.health.diagnostics";
        assert_eq!((code, &*reason), (2, words));
    }
}

#[tokio::test]
async fn one_request_too_many_is_refused_as_busy() {
    let stage = Stage::new();
    let handler = Arc::new(Obeying::default());
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process).with_running_limit(1);
    let bus = stage.here(MEMBER);
    let _service = RpcService::start(bus, config, handler.clone()).await.unwrap();
    let client = client(stage.here("agent"), "agent").await;
    let second = async {
        handler.begun.notified().await;
        let refused = client.call(Call::new(Request::Start)).await.unwrap_err();
        assert!(matches!(refused, CallError::Refused(Refusal::Busy { .. })), "{refused}");
        handler.go_on.notify_one();
    };
    let (first, ()) = tokio::join!(client.call(Call::new(Request::Pause)), second);
    assert_eq!(first.unwrap().response, Response::Done);
    let again = client.call(Call::new(Request::Start)).await.unwrap();
    assert_eq!(again.response, Response::Done);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlasts_its_asker_is_cut_off_and_after_an_hour_at_the_latest() {
    let in_a_minute_ns = monotonic_ns() + 60_000_000_000;
    for (deadline_ns, lasts_s) in [(in_a_minute_ns, 31..=60), (u64::MAX, 3571..=3601)] {
        let began = Instant::now();
        let late = ControlMessage { deadline_monotonic_ns: Some(deadline_ns), ..message("pause") };
        let (_, code, reason) = told(late).await;
        assert_eq!((code, &*reason), (3, "while it was done"));
        let lasted_s = began.elapsed().as_secs();
        assert!(lasts_s.contains(&lasted_s), "{lasted_s} s");
    }
}

#[tokio::test]
async fn a_request_reaches_the_member_it_names_alone() {
    let stage = Stage::new();
    let config = |member| RpcServiceConfig::new(member, vec![ControlSubject::Lifecycle]);
    let mut services = Vec::new();
    for member in ["one", "other"] {
        let handler = Arc::new(Obeying::default());
        let started = RpcService::start(stage.here(member), config(member), handler).await;
        services.push(started.unwrap());
    }
    let client = client(stage.here("agent"), "agent").await;
    for member in ["one", "other", "one"] {
        let answer = client.call(Call::new(Request::Start).to(member)).await.unwrap();
        assert_eq!(answer.from, member);
    }
    assert_eq!(client.unexpected(), 0);
}

#[tokio::test]
async fn every_operation_goes_to_its_topic() {
    let stage = Stage::new();
    let bus = stage.here("listener");
    let mut all = listen(&bus, "control.#").await;
    let client = client(stage.here("agent"), "agent").await;
    let lifecycle = [Request::Start, Request::Stop, Request::Restart, Request::Pause]
        .into_iter()
        .chain([Request::Resume, Request::Shutdown(ShutdownMode::Forced)])
        .map(|request| (request, "control.collector.lifecycle"));
    let (member, reason) = (MEMBER.to_owned(), String::new());
    let config = ConfigUpdate::Rollback { to_version: 1 };
    let others = [
        (Request::Deregister { member, reason }, "control.collector.registration"),
        (Request::HealthCheck, "control.health.diagnostics"),
        (Request::GetCapabilities, "control.health.diagnostics"),
        (Request::GetStatus, "control.health.diagnostics"),
        (Request::UpdateConfig(config), "control.collector.config"),
        (task("t"), "control.collector.task.process"),
    ];
    for (request, topic) in lifecycle.chain(others) {
        let call = client.call(Call::new(request).within(Duration::from_millis(1)));
        let (outcome, event) = tokio::join!(call, next(&mut all));
        assert!(matches!(outcome, Err(CallError::Deadline { .. })), "nobody answers");
        assert_eq!(event.topic.as_str(), topic);
    }
}

#[tokio::test]
async fn a_reply_belongs_to_the_workflow_of_its_request() {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    let client = client(stage.here("agent"), "agent").await;
    let asked = CorrelationMetadata::root("scan-7").child("scan-7/ask");
    let answer = client.call(Call::new(task("t")).correlated(asked.clone())).await.unwrap();
    assert_eq!(answer.correlation.root, asked.root);
    assert_eq!(answer.correlation.parent, Some(asked.id));
    assert_eq!(answer.correlation.sequence, asked.sequence + 1);
}

#[tokio::test]
async fn a_service_that_ends_finishes_what_it_has_begun() {
    let stage = Stage::new();
    let handler = Arc::new(Obeying::default());
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process);
    let service = RpcService::start(stage.here(MEMBER), config, handler.clone()).await.unwrap();
    let client = client(stage.here("agent"), "agent").await;
    let end = async {
        handler.begun.notified().await;
        let ending = service.end(WATCHDOG);
        handler.go_on.notify_one();
        ending.await
    };
    let (answer, ended) = tokio::join!(client.call(Call::new(Request::Pause)), end);
    assert_eq!(answer.unwrap().response, Response::Done);
    assert_eq!(ended, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_finish_is_cut_off_at_the_deadline() {
    let stage = Stage::new();
    let handler = Arc::new(Obeying::default());
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process);
    let service = RpcService::start(stage.here(MEMBER), config, handler.clone()).await.unwrap();
    let client = client(stage.here("agent"), "agent").await;
    let waited = Duration::from_secs(1);
    let end = async {
        handler.begun.notified().await;
        service.end(waited).await
    };
    let (answer, ended) = tokio::join!(client.call(Call::new(Request::Pause)), end);
    assert!(matches!(answer, Err(CallError::Deadline { .. })), "{answer:?}");
    assert_eq!(ended, Err(EndError::Deadline { waited }));
}
