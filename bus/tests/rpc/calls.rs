//! Asking: one reply to its asker alone, and nothing left behind however a call ends (W9).
//! Over connections the member that answers is a collector, which may answer what it was sent (A2).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::event::{ControlMessage, ControlSubject};
use daemoneye_eventbus::rpc::{
    Asked, Call, CallError, DEFAULT_DEADLINE, Refusal, Request, Response, RpcClient,
    RpcClientConfig, RpcHandler, TaskResult,
};
use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::stage::{Echo, MEMBER, Stage, WATCHDOG, address, client, service, task};

/// Callers at once.
const CALLERS: usize = 100;
/// Calls of each, one after the other.
const ROUNDS: usize = 3;

/// Every caller asks under its own name and is answered with it; nobody gets a reply of another.
async fn each_is_answered(buses: Vec<(String, Arc<dyn EventBus>)>) {
    let mut callers = JoinSet::new();
    for (name, bus) in buses {
        let client = client(bus, &name).await;
        callers.spawn(async move {
            for round in 0..ROUNDS {
                let id = format!("{name}-{round}");
                let answer = client.call(Call::new(task(&id)).to(MEMBER)).await.unwrap();
                let outcome = Ok(name.clone().into_bytes().into());
                assert_eq!(answer.response, Response::Task(TaskResult { task: id, outcome }));
                assert_eq!(answer.from, MEMBER);
            }
            assert_eq!((client.pending(), client.unexpected()), (0, 0), "{name}");
        });
    }
    let all = async {
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
        }
    };
    timeout(WATCHDOG, all).await.expect("everybody is answered");
}

#[tokio::test]
async fn a_hundred_callers_in_one_process_get_their_own_replies() {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Echo::once_there_are(CALLERS)).await;
    let named = (0..CALLERS).map(|index| format!("caller-{index}"));
    each_is_answered(named.map(|name| (name.clone(), stage.here(&name))).collect()).await;
}

#[tokio::test]
async fn a_hundred_connections_get_their_own_replies() {
    let stage = Stage::new();
    stage.serve();
    let _service = service(stage.connected(MEMBER).await, Echo::once_there_are(CALLERS)).await;
    let mut buses = Vec::new();
    for name in (0..CALLERS).map(|index| format!("caller-{index}")) {
        buses.push((name.clone(), stage.connected(&name).await));
    }
    each_is_answered(buses).await;
}

#[tokio::test]
async fn a_hundred_calls_of_one_client_get_their_own_replies() {
    let stage = Stage::new();
    stage.serve();
    let _service = service(stage.connected(MEMBER).await, Echo::once_there_are(CALLERS)).await;
    let client = Arc::new(client(stage.connected("agent").await, "agent").await);
    let mut calls = JoinSet::new();
    for index in 0..CALLERS {
        let client = Arc::clone(&client);
        calls.spawn(async move {
            let id = index.to_string();
            let answer = client.call(Call::new(task(&id))).await.unwrap();
            let Response::Task(result) = answer.response else { panic!("{:?}", answer.response) };
            assert_eq!(result.task, id);
        });
    }
    let all = async {
        while let Some(call) = calls.join_next().await {
            call.unwrap();
        }
    };
    timeout(WATCHDOG, all).await.expect("every call is answered");
    assert_eq!((client.pending(), client.unexpected()), (0, 0));
}

#[tokio::test]
async fn of_two_clients_with_one_address_the_asker_alone_takes_the_reply() {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    let asker = client(stage.here("agent"), "agent").await;
    let twin = client(stage.here("agent"), "agent").await;
    asker.call(Call::new(task("t"))).await.unwrap();
    // The twin's own reply comes behind the one that was not for it (C4).
    twin.call(Call::new(task("u"))).await.unwrap();
    assert_eq!(twin.unexpected(), 1);
}

/// Answers the next request it sees, whoever it is for.
async fn answer_the_next(bus: Arc<dyn EventBus>) {
    let wanted = EventSubscription::new("impostor").with_pattern("control.collector.lifecycle");
    let mut requests = bus.subscribe(wanted).await.unwrap();
    let request = requests.recv().await.unwrap();
    let CollectionEvent::Control(asked) = &request.event else { panic!("{request:?}") };
    let reply = ControlMessage {
        subject: ControlSubject::Reply(asked.reply_to.clone().unwrap()),
        operation: asked.operation.clone(),
        request_id: asked.request_id.clone(),
        ..ControlMessage::default()
    };
    bus.publish(CollectionEvent::Control(reply), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_for_the_member_that_was_asked() {
    let stage = Stage::new();
    let client = client(stage.here("agent"), "agent").await;
    let named = || Call::new(Request::Start).to(MEMBER);
    let ((), outcome) = tokio::join!(answer_the_next(stage.here("impostor")), client.call(named()));
    assert_eq!(outcome, Err(CallError::Deadline { waited: DEFAULT_DEADLINE }));
    assert_eq!(client.unexpected(), 1);

    let anybody = Call::new(Request::Start);
    let ((), outcome) = tokio::join!(answer_the_next(stage.here("impostor")), client.call(anybody));
    assert_eq!(outcome.unwrap().from, "impostor", "nobody was named");

    let config = RpcClientConfig::new(address("trusting")).with_any_publisher();
    let trusting = RpcClient::start(stage.here("trusting"), config).await.unwrap();
    let ((), outcome) =
        tokio::join!(answer_the_next(stage.here("impostor")), trusting.call(named()));
    assert_eq!(outcome.unwrap().response, Response::Done);
}

/// Never answers.
struct Silent;

#[async_trait]
impl RpcHandler for Silent {
    async fn handle(&self, _request: Request, _asked: &Asked) -> Result<Response, Refusal> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_thirty_seconds_unless_it_says_otherwise() {
    let stage = Stage::new();
    let client = client(stage.here("agent"), "agent").await;
    let began = Instant::now();
    let error = client.call(Call::new(Request::Start)).await.unwrap_err();
    assert_eq!(error, CallError::Deadline { waited: Duration::from_secs(30) });
    assert_eq!(DEFAULT_DEADLINE, Duration::from_secs(30));
    assert_eq!(began.elapsed().as_secs(), 30);

    let soon = Duration::from_millis(20);
    let error = client.call(Call::new(Request::Start).within(soon)).await.unwrap_err();
    assert_eq!(error, CallError::Deadline { waited: soon });
    assert_eq!(client.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_leaves_nothing_pending() {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Silent).await;
    let client = client(stage.here("agent"), "agent").await;
    let call = client.call(Call::new(Request::Start));
    assert!(timeout(Duration::from_secs(1), call).await.is_err());
    assert_eq!(client.pending(), 0);
}

#[tokio::test]
async fn a_refused_call_leaves_nothing_pending() {
    let stage = Stage::new();
    let _service = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    let client = client(stage.here("agent"), "agent").await;
    let error = client.call(Call::new(Request::Pause)).await.unwrap_err();
    assert_eq!(error, CallError::Refused(Refusal::unknown(Request::Pause.operation())));
    assert_eq!(client.pending(), 0);
}

#[tokio::test]
async fn a_call_over_the_limit_is_refused_and_the_place_is_free_again() {
    let stage = Stage::new();
    let config = RpcClientConfig::new(address("agent")).with_pending_limit(1);
    let client = RpcClient::start(stage.here("agent"), config).await.unwrap();
    let mut first = Box::pin(client.call(Call::new(Request::Start)));
    let over = CallError::TooManyPending { limit: 1 };
    tokio::select! {
        biased;
        outcome = &mut first => panic!("nobody is there to answer: {outcome:?}"),
        outcome = client.call(Call::new(Request::Stop)) => assert_eq!(outcome, Err(over)),
    }
    assert_eq!(client.pending(), 1);
    drop(first);
    let _service = service(stage.here(MEMBER), Echo::once_there_are(1)).await;
    client.call(Call::new(task("t"))).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_bus_ends_every_call() {
    for connected in [false, true] {
        let stage = Stage::new();
        stage.serve();
        let bus = if connected { stage.connected("agent").await } else { stage.here("agent") };
        let member = stage.here(MEMBER);
        let _service = service(member, Silent).await;
        let client = client(bus, "agent").await;
        let end = async {
            while client.pending() == 0 {
                tokio::task::yield_now().await;
            }
            stage.broker.shutdown(WATCHDOG).await
        };
        let (outcome, ended) = tokio::join!(client.call(Call::new(Request::Start)), end);
        ended.unwrap();
        assert_eq!(outcome, Err(CallError::BusEnded));
        assert_eq!(client.pending(), 0);
        let late = client.call(Call::new(Request::Start)).await;
        assert_eq!(late, Err(CallError::BusEnded));
    }
}
