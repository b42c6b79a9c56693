//! Clients that take more than their part: of the broker's thread and memory, of its limits, of ids
//! (W3, W8, W9, C9, C14).

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::contract::{InspectionQuery, Sections};
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, ConnectError, Credential, DaemoneyeEventBus, EventBus,
    EventBusClient, EventSubscription, OverflowPolicy, SubscribeError,
};

use crate::encode::{Message, frame};
use crate::identity::{bytes, hello};
use crate::peer::{INCARNATION, Peer, envelope, subscribe};
use crate::served::{Served, all_processes, event, recv_number, within};

/// Numbers of a subscribe reply's and a refusal's codes.
const LIMIT_REACHED: u64 = 3;
const CONNECTION_LIMIT: u64 = 2;

fn collector() -> Role {
    Role::Collector(CollectorKind::Process)
}

fn key(served: &Served, name: &str) -> Credential {
    let principal = Principal::new(name, collector()).unwrap();
    Credential::SessionKey(served.broker.issue_key(principal).unwrap())
}

async fn come(served: &Served, name: &str) -> Result<EventBusClient, ConnectError> {
    let config = ClientConfig::new(name).with_credential(key(served, name));
    within(EventBusClient::connect(&served.address, config)).await
}

/// Somebody who asks for much, again and again, and reads what it is told.
fn ask_without_end(path: &Path, is_over: &AtomicBool) {
    let mut wide = Message::default().number(1, 1).bytes(2, "wide");
    for number in 0..250 {
        wide = wide.bytes(3, format!("events.process.x{number}.+.+.#"));
    }
    let mut pair = wide.number(5, 1).number(9, 8).framed(frame::SUBSCRIBE);
    pair.extend(Message::default().bytes(2, "wide").framed(frame::UNSUBSCRIBE));
    let burst = pair.repeat(20);
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(&hello("asking", None)).unwrap();
    let mut reading = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || while reading.read(&mut [0; 8 << 10]).is_ok_and(|read| read > 0) {});
        while !is_over.load(Ordering::Relaxed) {
            stream.write_all(&burst).unwrap();
        }
        stream.shutdown(Shutdown::Both).unwrap();
    });
}

#[tokio::test]
async fn a_client_that_never_stops_leaves_others_their_turn() {
    const EVENTS: u64 = 200;
    let served = Served::strict(BrokerConfig::default());
    let agent = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let wanted = EventSubscription::new("agent").with_pattern("control.health.#");
    let mut receiver = agent.subscribe(wanted).await.unwrap();
    let procmond = come(&served, "procmond").await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let (path, over) = (served.address.path().to_owned(), Arc::clone(&is_over));
    let asking = std::thread::spawn(move || ask_without_end(&path, &over));
    for number in 0..EVENTS {
        let status = "control.health.status".parse().unwrap();
        within(procmond.publish_to(status, event(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    // Nor does it keep anybody from coming.
    come(&served, "netmond").await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    asking.join().unwrap();
}

#[tokio::test]
async fn what_a_client_is_told_and_does_not_read_has_a_limit() {
    const LIMIT_BYTES: usize = 256 << 10;
    let served = Served::strict(BrokerConfig::default().with_reply_limit_bytes(LIMIT_BYTES));
    let mut peer = served.raw("deaf");
    // Each is refused, and told to be lost: it asked for that.
    let mut sequence = 1 << 62;
    let closed = (0..2000).any(|_| {
        let mut burst = Vec::new();
        for _ in 0..500 {
            sequence += 1;
            let event = envelope("deaf", INCARNATION, sequence, "events", b"").number(30, 2);
            burst.extend(event.framed(frame::PUBLISH));
        }
        let query = InspectionQuery { sections: Sections::all(), ..InspectionQuery::default() };
        let seen = served.broker.inspect(&query);
        let queued = seen.connections.iter().find(|row| row.name == "deaf");
        let queued = queued.map_or(0, |row| row.queued_bytes);
        assert!(queued < 2 * LIMIT_BYTES as u64, "{queued} bytes are kept for it");
        !peer.try_send(&burst)
    });
    assert!(closed, "a million refusals were told to who reads none");
}

#[tokio::test]
async fn nobody_waits_for_a_collector_to_take_its_commands() {
    let config = BrokerConfig::default().with_publish_limit(Duration::from_millis(500));
    let served = Served::strict(config);
    let agent = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let Credential::SessionKey(secret) = key(&served, "deaf") else { unreachable!() };
    let mut deaf = served.stranger();
    deaf.send(&hello("deaf", Some((6, &bytes(&secret.to_hex())))));
    deaf.expect(frame::WELCOME);
    deaf.subscribe_to("deaf", "control.collector.lifecycle", 1);
    let good = come(&served, "good").await.unwrap();
    let wanted = EventSubscription::new("good").with_pattern("control.collector.lifecycle");
    let mut commands =
        good.subscribe(wanted.with_policy(OverflowPolicy::DropNewest)).await.unwrap();
    for number in 0..20 {
        let lifecycle = "control.collector.lifecycle".parse().unwrap();
        agent.publish_to(lifecycle, event(number), None).await.unwrap();
        assert_eq!(recv_number(&mut commands).await, Some(number));
    }
}

#[tokio::test]
async fn observers_leave_connections_and_subscriptions_to_others() {
    let mut config = BrokerConfig::default().with_connection_limit(8).with_subscriber_limit(8);
    config.connection_subscriber_limit = 8;
    let served = Served::strict(config);
    let mut observers: Vec<Peer> = (0..6).map(|number| served.raw(&format!("o{number}"))).collect();
    let mut one_more = served.stranger();
    one_more.send(&hello("o6", None));
    assert_eq!(one_more.refusal().map(|(code, _)| code), Some(CONNECTION_LIMIT));
    let first = &mut observers[0];
    let codes: Vec<u64> = (0..7)
        .map(|number| {
            let wanted = subscribe(&format!("x{number}"), "events.#", 4);
            first.send(&wanted.framed(frame::SUBSCRIBE));
            first.expect(frame::SUBSCRIBED).number(2)
        })
        .collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 0, LIMIT_REACHED]);
    let procmond = come(&served, "procmond").await.unwrap();
    let wanted = EventSubscription::new("procmond").with_pattern("control.collector.lifecycle");
    let _procmond = procmond.subscribe(wanted).await.unwrap();
    let agent = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let _agent = agent.subscribe(all_processes("agent")).await.unwrap();
    // There is an end for everybody.
    let refused = agent.subscribe(all_processes("another")).await.unwrap_err();
    assert_eq!(refused, SubscribeError::LimitReached { limit: 8 });
}

#[tokio::test]
async fn an_observer_gives_up_an_id_that_a_collector_wants() {
    let served = Served::strict(BrokerConfig::default());
    let watcher = served.connect("watcher").await;
    let squatted = EventSubscription::new("rpc.service.procmond").with_pattern("events.#");
    let mut squatter = watcher.subscribe(squatted.clone()).await.unwrap();
    let procmond = come(&served, "procmond").await.unwrap();
    let wanted = EventSubscription::new("rpc.service.procmond");
    let wanted = wanted.with_pattern("control.collector.lifecycle");
    let _receiver = procmond.subscribe(wanted).await.unwrap();
    assert!(within(squatter.recv()).await.is_none(), "it has ended");
    let again = watcher.subscribe(squatted).await.unwrap_err();
    assert!(matches!(again, SubscribeError::DuplicateId { .. }), "{again}");
}
