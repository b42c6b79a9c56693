//! A broker that lies, stalls or dies, and what the client makes of it (W1, W4, C14).

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use daemoneye_eventbus::{
    ClientConfig, CollectionEvent, ConnectError, EventBus, EventBusClient, ProcessEvent,
    PublishError, ShutdownError, SocketAddress, StatisticsError, SubscribeError, UnsubscribeError,
};
use tempfile::TempDir;

use crate::encode::{Found, Message, frame};
use crate::peer::{Next, Peer, envelope, hello, welcome};
use crate::served::{SOON, all_processes, event, recv_number, within};
use crate::system::Listener;

const LIMIT_BYTES: u64 = 1 << 20;
pub(crate) const HEARTBEAT_MS: u64 = 10_000;

/// A broker of one connection; `script` runs on a thread of its own.
pub(crate) struct Fake {
    pub(crate) address: SocketAddress,
    script: JoinHandle<()>,
    _folder: TempDir,
}

impl Fake {
    fn new(script: impl FnOnce(Peer) + Send + 'static) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("fake.sock");
        let listener = Listener::bind(&path);
        let script = std::thread::spawn(move || {
            script(Peer::new(listener.accept()));
        });
        Self { address: SocketAddress::from_path(path).unwrap(), script, _folder: folder }
    }

    /// One that welcomes first.
    pub(crate) fn welcoming(heartbeat_ms: u64, script: impl FnOnce(Peer) + Send + 'static) -> Self {
        Self::new(move |mut peer| {
            peer.expect(frame::HELLO);
            peer.send(&welcome(LIMIT_BYTES, heartbeat_ms));
            script(peer);
        })
    }

    pub(crate) async fn connect(&self) -> Result<EventBusClient, ConnectError> {
        let config = ClientConfig::new("c").with_request_limit(SOON).with_reconnect(None);
        within(EventBusClient::connect(&self.address, config)).await
    }

    /// Waits for the script. Not on the runtime's thread, which has to close what it drops.
    pub(crate) async fn ended(self) {
        within(tokio::task::spawn_blocking(|| self.script.join().unwrap())).await.unwrap();
    }

    /// The connection's error after a script that welcomes nobody.
    async fn refused(self) -> ConnectError {
        let error = self.connect().await.unwrap_err();
        self.ended().await;
        error
    }
}

/// The reply to a request to subscribe, with this credit.
pub(crate) fn subscribed(request: &Found, window: u64) -> Vec<u8> {
    let reply = Message::default().number(1, request.number(1)).number(5, 7).number(6, window);
    reply.framed(frame::SUBSCRIBED)
}

/// Subscribes whoever asks next.
pub(crate) fn subscribe_next(peer: &mut Peer, window: u64) {
    let request = peer.expect(frame::SUBSCRIBE);
    peer.send(&subscribed(&request, window));
}

fn delivery(position: u64) -> Vec<u8> {
    let target = Message::default().number(1, 7).number(2, position);
    let observation = Message::default().number(1, position);
    let payload = Message::default().message(1, &observation);
    let event = envelope("p", 1, position, "events.process.x", &payload.0);
    Message::default().message(1, &target).message(2, &event).framed(frame::DELIVER)
}

pub(crate) fn until_closed(mut peer: Peer) {
    while !matches!(peer.next(), Next::Closed) {}
}

#[tokio::test]
async fn a_broker_without_a_common_version_is_reported_with_both_ranges() {
    let fake = Fake::new(|mut peer| {
        assert_eq!(peer.expect(frame::HELLO).number(2), 1);
        let refusal = Message::default().number(1, 1).number(3, 3).number(4, 4);
        peer.send(&refusal.framed(frame::REFUSAL));
    });
    let error = fake.refused().await;
    assert!(matches!(error, ConnectError::Version { broker_min: 3, broker_max: 4 }), "{error}");
    assert!(error.to_string().contains("1 to 1") && error.to_string().contains("3 to 4"));
}

#[tokio::test]
async fn a_version_nobody_offered_is_no_welcome() {
    let error = Fake::new(|mut peer| {
        peer.expect(frame::HELLO);
        let mut strange = Message::default().number(1, 9).number(2, 1).number(3, 1).number(4, 1);
        strange = strange.number(5, 5);
        peer.send(&strange.framed(frame::WELCOME));
        until_closed(peer);
    })
    .refused()
    .await;
    assert!(matches!(error, ConnectError::Protocol { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_welcome_is_an_error_that_says_so() {
    let ends_early = |error: &ConnectError| matches!(error, ConnectError::Closed { .. });
    for answer in [welcome(1, 1)[..7].to_vec(), Vec::new()] {
        let error = Fake::new(move |mut peer| {
            peer.expect(frame::HELLO);
            peer.send(&answer);
        });
        let error = error.refused().await;
        assert!(ends_early(&error), "{error}");
    }
    let answers: [Vec<u8>; 3] =
        [vec![0xff; 64], hello(1, 1, "mirror"), Message::default().framed(frame::PING)];
    for answer in answers {
        let error = Fake::new(move |mut peer| {
            peer.expect(frame::HELLO);
            peer.send(&answer);
        })
        .refused()
        .await;
        assert!(matches!(error, ConnectError::Protocol { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_broker_that_never_welcomes_is_given_up_at_the_connect_limit() {
    let fake = Fake::new(until_closed);
    let config = ClientConfig::new("c").with_connect_limit(SOON);
    let error = within(EventBusClient::connect(&fake.address, config)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { waited: SOON, .. }), "{error}");
    fake.ended().await;
}

#[tokio::test]
async fn a_welcome_with_limits_beyond_reason_is_taken_within_reason() {
    let fake = Fake::new(|mut peer| {
        peer.expect(frame::HELLO);
        peer.send(&welcome(u64::MAX, u64::MAX));
        peer.expect(frame::PUBLISH);
    });
    let client = fake.connect().await.unwrap();
    client.publish(event(1), None).await.unwrap();
    let end = within(client.shutdown(crate::peer::WATCHDOG)).await;
    assert!(matches!(end, Err(ShutdownError::Disconnected { .. })), "{end:?}");
    fake.ended().await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_reported_as_gone() {
    let heartbeat = u64::try_from(SOON.as_millis()).unwrap();
    let fake = Fake::welcoming(heartbeat, |mut peer| {
        subscribe_next(&mut peer, 4);
        until_closed(peer);
    });
    let client = fake.connect().await.unwrap();
    let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, None);
    let Err(PublishError::Disconnected { reason, .. }) = client.publish(event(1), None).await
    else {
        panic!("still connected");
    };
    assert!(reason.contains("silent"), "{reason}");
    fake.ended().await;
}

#[tokio::test]
async fn every_call_after_the_connection_broke_says_disconnected() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        subscribe_next(&mut peer, 4);
        // Half a frame, then nothing.
        peer.send(&delivery(1)[..9]);
    });
    let client = fake.connect().await.unwrap();
    let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, None);
    fake.ended().await;
    let all_processes = all_processes("again");
    assert!(matches!(
        within(client.publish(event(1), None)).await,
        Err(PublishError::Disconnected { .. })
    ));
    assert!(matches!(
        within(client.subscribe(all_processes)).await,
        Err(SubscribeError::Disconnected { .. })
    ));
    assert!(matches!(
        within(client.unsubscribe("s")).await,
        Err(UnsubscribeError::Disconnected { .. })
    ));
    assert!(matches!(within(client.statistics()).await, Err(StatisticsError::Disconnected { .. })));
    let end = within(client.shutdown(Duration::from_secs(1))).await;
    assert!(matches!(end, Err(ShutdownError::Disconnected { .. })), "{end:?}");
}

#[tokio::test]
async fn what_came_before_a_refusal_is_received_and_its_words_are_told() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        subscribe_next(&mut peer, 4);
        let mut bytes = delivery(1);
        bytes.extend(delivery(2));
        bytes.extend(Message::default().number(1, 3).bytes(2, "go away").framed(frame::REFUSAL));
        peer.send(&bytes);
    });
    let client = fake.connect().await.unwrap();
    let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(1));
    assert_eq!(recv_number(&mut receiver).await, Some(2));
    assert_eq!(recv_number(&mut receiver).await, None);
    let disconnected = PublishError::Disconnected { reason: "go away".to_owned(), undelivered: 0 };
    assert_eq!(client.publish(event(1), None).await, Err(disconnected));
    fake.ended().await;
}

#[tokio::test]
async fn a_broker_that_delivers_without_credit_is_left() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        subscribe_next(&mut peer, 2);
        let mut position = 0;
        loop {
            position += 1;
            if !peer.try_send(&delivery(position)) {
                return;
            }
        }
    });
    let client = fake.connect().await.unwrap();
    let wanted = all_processes("s").with_capacity(4);
    let _receiver = client.subscribe(wanted).await.unwrap();
    let reason = within(async {
        loop {
            match client.publish(event(1), None).await {
                Err(PublishError::Disconnected { reason, .. }) => return reason,
                _ => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    assert!(reason.contains("credit"), "{reason}");
    fake.ended().await;
}

#[tokio::test]
async fn frames_only_clients_send_end_the_connection() {
    let publish = envelope("p", 1, 1, "events.process.x", b"").framed(frame::PUBLISH);
    for breach in [publish, hello(1, 1, "b"), Message::default().framed(frame::CREDIT)] {
        let fake = Fake::welcoming(HEARTBEAT_MS, move |mut peer| {
            subscribe_next(&mut peer, 4);
            peer.send(&breach);
            until_closed(peer);
        });
        let client = fake.connect().await.unwrap();
        let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, None);
        fake.ended().await;
    }
}

#[tokio::test]
async fn a_broker_that_answers_nothing_is_waited_for_no_longer_than_the_limit() {
    let fake = Fake::welcoming(HEARTBEAT_MS, until_closed);
    let client = fake.connect().await.unwrap();
    let subscribe = within(client.subscribe(all_processes("s"))).await;
    assert!(matches!(subscribe, Err(SubscribeError::Timeout { waited: SOON })), "{subscribe:?}");
    let unsubscribe = within(client.unsubscribe("s")).await;
    assert_eq!(unsubscribe, Err(UnsubscribeError::Timeout { waited: SOON }));
    let statistics = within(client.statistics()).await;
    assert_eq!(statistics, Err(StatisticsError::Timeout { waited: SOON }));
    let end = within(client.shutdown(SOON)).await;
    assert!(matches!(end, Err(ShutdownError::Deadline { .. })), "{end:?}");
    fake.ended().await;
}

#[tokio::test]
async fn a_delivery_that_comes_byte_by_byte_is_received() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        subscribe_next(&mut peer, 4);
        for byte in delivery(1) {
            peer.send(&[byte]);
        }
        until_closed(peer);
    });
    let client = fake.connect().await.unwrap();
    let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(1));
    drop((receiver, client));
    // The broker never answers the goodbye; the runtime's end closes the socket.
}

#[tokio::test]
async fn a_broker_that_reads_slowly_but_steadily_is_not_given_up() {
    const CALM_MS: u64 = 250;
    let began = Instant::now();
    let fake = Fake::welcoming(CALM_MS, |mut peer| {
        // Every byte is granted back, so that the window never leaves the writer idle.
        let grant = Message::default().number(1, u64::from(u32::MAX)).framed(frame::GRANT);
        peer.send(&grant);
        peer.sip(Duration::from_millis(5 * CALM_MS), &grant);
    });
    let client = fake.connect().await.unwrap();
    let large = CollectionEvent::Process(ProcessEvent {
        name: "n".repeat(16 << 10).into(),
        ..ProcessEvent::default()
    });
    while within(client.publish(large.clone(), None)).await.is_ok() {}
    assert!(began.elapsed() >= Duration::from_millis(5 * CALM_MS), "given up too early");
    fake.ended().await;
}

#[tokio::test]
async fn a_goodbye_that_is_never_answered_is_waited_for_up_to_a_limit() {
    let fake = Fake::welcoming(10, |mut peer| {
        peer.expect(frame::GOODBYE);
        // Alive all the while, until the client closes.
        let ping = Message::default().framed(frame::PING);
        while peer.try_send(&ping) && !matches!(peer.next(), Next::Closed) {}
    });
    drop(fake.connect().await.unwrap());
    fake.ended().await;
}

#[tokio::test]
async fn a_dropped_receiver_is_unsubscribed_by_its_number() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        subscribe_next(&mut peer, 4);
        let request = peer.expect(frame::UNSUBSCRIBE);
        assert_eq!((request.number(1), request.number(3)), (0, 7));
        assert_eq!(request.text(2), "");
    });
    let client = fake.connect().await.unwrap();
    drop(client.subscribe(all_processes("s")).await.unwrap());
    drop(client);
    fake.ended().await;
}
