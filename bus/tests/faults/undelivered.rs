//! What a client tells of events it had accepted when its session ends too early (C13): nothing
//! vanishes unsaid, and nothing is said when all is well.

use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeEventBus, EventBus, EventBusClient,
    ProcessEvent, PublishError, ShutdownError,
};

use crate::encode::{Message, frame};
use crate::fake_broker::{Fake, HEARTBEAT_MS, subscribed, until_closed};
use crate::peer::{Next, Peer, WATCHDOG, publish};
use crate::served::{SOON, Served, all_processes, event, is_pending_at_first, within};

/// More than a subscriber of capacity 2 takes, less than a quarter of the publish window.
const SOME: u64 = 200;
/// How often what depends on a short moment is tried.
const ROUNDS: usize = 30;
/// A publish window that a few hundred events fill, bytes.
const SMALL_WINDOW: usize = 64 << 10;

fn goodbye(last: bool) -> Vec<u8> {
    Message::default().number(1, u64::from(last)).framed(frame::GOODBYE)
}

fn grant(bytes: u64) -> Vec<u8> {
    Message::default().number(1, bytes).framed(frame::GRANT)
}

async fn publish_all(bus: &dyn EventBus, numbers: std::ops::Range<u64>) {
    for number in numbers {
        within(bus.publish(event(number), None)).await.unwrap();
    }
}

/// Publishes until the connection is known to be gone; how many were accepted, and how many of all
/// accepted ones the error says may be lost.
async fn publish_until_disconnected(bus: &dyn EventBus) -> (u64, u64) {
    let mut accepted = 0;
    loop {
        match within(bus.publish(event(0), None)).await {
            Ok(()) => accepted += 1,
            Err(PublishError::Disconnected { undelivered, .. }) => return (accepted, undelivered),
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
}

fn undelivered(ended: &Result<(), ShutdownError>) -> u64 {
    match ended {
        Err(ShutdownError::Deadline { undelivered, waited: SOON }) => *undelivered,
        _ => panic!("not cut off: {ended:?}"),
    }
}

#[tokio::test]
async fn events_that_never_left_the_outbox_are_told_at_the_deadline() {
    let (tell, told) = std::sync::mpsc::channel::<()>();
    // It reads nothing until the test has ended.
    let fake = Fake::welcoming(HEARTBEAT_MS, move |_peer| {
        let _ = told.recv();
    });
    let config = ClientConfig::new("c")
        .with_outbox_limit_bytes(64 << 10)
        .with_publish_limit(SOON)
        .with_reconnect(None);
    let client = within(EventBusClient::connect(&fake.address, config)).await.unwrap();
    let mut accepted = 0;
    while within(client.publish(event(accepted), None)).await.is_ok() {
        accepted += 1;
    }
    let (ended, as_well) = tokio::join!(within(client.shutdown(SOON)), client.shutdown(WATCHDOG));
    assert_eq!(undelivered(&ended), accepted);
    assert_eq!(as_well, ended);
    // It is told once; from here on the handle is closed like any other.
    assert_eq!(client.publish(event(0), None).await, Err(PublishError::Closed));
    assert_eq!(client.shutdown(SOON).await, Ok(()));
    drop(tell);
    fake.ended().await;
}

#[tokio::test]
async fn events_that_were_written_and_never_granted_are_told_at_the_deadline() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        // Requests overtake events that were gathered, so they come in any order.
        let (mut events, mut fence) = (0, None);
        while events < 3 || fence.is_none() {
            match peer.next() {
                Next::Frame(frame::PUBLISH, _) => events += 1,
                Next::Frame(frame::SUBSCRIBE, request) => fence = Some(request),
                other => panic!("neither an event nor the fence: {other:?}"),
            }
        }
        peer.send(&grant(u64::from(u32::MAX)));
        peer.send(&subscribed(&fence.unwrap(), 4));
        until_closed(peer);
    });
    // With the usual limits: on a busy host a reply takes longer than SOON.
    let config = ClientConfig::new("c").with_reconnect(None);
    let client = within(EventBusClient::connect(&fake.address, config)).await.unwrap();
    publish_all(&client, 0..3).await;
    // Its reply comes after the grant.
    let _receiver = within(client.subscribe(all_processes("fence"))).await.unwrap();
    publish_all(&client, 3..5).await;
    let ended = within(client.shutdown(SOON)).await;
    assert_eq!(undelivered(&ended), 2);
    fake.ended().await;
}

#[tokio::test]
async fn a_last_goodbye_before_all_was_dealt_with_is_no_orderly_end() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        peer.expect(frame::PUBLISH);
        peer.send(&goodbye(true));
        until_closed(peer);
    });
    let client = fake.connect().await.unwrap();
    publish_all(&client, 0..1).await;
    let (accepted, undelivered) = publish_until_disconnected_or_closed(&client).await;
    assert_eq!(undelivered, 1 + accepted);
    let ended = within(client.shutdown(WATCHDOG)).await;
    let Err(ShutdownError::Disconnected { undelivered: told, .. }) = ended else {
        panic!("an orderly end: {ended:?}");
    };
    assert_eq!(told, undelivered);
    fake.ended().await;
}

/// The same where the broker says goodbye: between that and the end publishing is closed.
async fn publish_until_disconnected_or_closed(bus: &dyn EventBus) -> (u64, u64) {
    let mut accepted = 0;
    loop {
        match within(bus.publish(event(0), None)).await {
            Ok(()) => accepted += 1,
            Err(PublishError::Closed) => {}
            Err(PublishError::Disconnected { undelivered, .. }) => return (accepted, undelivered),
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_goodbye_after_a_grant_for_everything_is_an_orderly_end() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        peer.expect(frame::GOODBYE);
        peer.send(&grant(u64::from(u32::MAX)));
        peer.send(&goodbye(true));
        until_closed(peer);
    });
    let client = fake.connect().await.unwrap();
    publish_all(&client, 0..5).await;
    assert_eq!(within(client.shutdown(WATCHDOG)).await, Ok(()));
    fake.ended().await;
}

#[tokio::test]
async fn a_connection_that_breaks_tells_the_next_publish_what_may_be_lost() {
    let fake = Fake::welcoming(HEARTBEAT_MS, |mut peer| {
        peer.expect(frame::PUBLISH);
        peer.expect(frame::PUBLISH);
    });
    let client = fake.connect().await.unwrap();
    publish_all(&client, 0..2).await;
    let (accepted, undelivered) = publish_until_disconnected(&client).await;
    assert_eq!(undelivered, 2 + accepted);
    // It stays told.
    assert_eq!(publish_until_disconnected(&client).await, (0, undelivered));
    fake.ended().await;
}

/// A subscriber that takes two events and no more, and a publisher with more than that accepted.
async fn held_up(served: &Served) -> (Peer, DaemoneyeEventBus) {
    let mut deaf = served.raw("deaf");
    deaf.subscribe("deaf", 2);
    let publisher = served.connect_once("p").await;
    publish_all(&publisher, 0..SOME).await;
    (deaf, publisher)
}

#[tokio::test]
async fn what_a_full_subscriber_holds_up_is_told_at_its_publishers_deadline() {
    let served = Served::new(BrokerConfig::default());
    let (_deaf, publisher) = held_up(&served).await;
    let undelivered = undelivered(&within(publisher.shutdown(SOON)).await);
    let routed = served.broker.statistics().events_published;
    assert!(routed <= 2, "{routed} fitted");
    assert!((SOME - routed..=SOME).contains(&undelivered), "{undelivered} and {routed}");
}

/// Publishes large events until nothing more is accepted: the last of them cannot leave before the
/// first have had their turn.
async fn publish_to_the_brim(bus: &dyn EventBus) -> u64 {
    let large = CollectionEvent::Process(ProcessEvent {
        name: "n".repeat(16 << 10).into(),
        ..ProcessEvent::default()
    });
    let mut accepted = 0;
    loop {
        match within(bus.publish(large.clone(), None)).await {
            Ok(()) => accepted += 1,
            Err(PublishError::Timeout { .. }) => return accepted,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn what_a_broker_cut_off_at_its_deadline_is_told_to_its_publisher() {
    let served = Served::new(BrokerConfig::default());
    let mut deaf = served.raw("deaf");
    deaf.subscribe("deaf", 2);
    let config = ClientConfig::new("p").with_publish_limit(SOON).with_reconnect(None);
    let publisher = within(EventBusClient::connect(&served.address, config)).await.unwrap();
    let accepted = publish_to_the_brim(&publisher).await;
    let cut_off = within(served.broker.shutdown(SOON)).await;
    assert!(matches!(cut_off, Err(ShutdownError::Deadline { .. })), "{cut_off:?}");
    let ended = within(publisher.shutdown(WATCHDOG)).await;
    let Err(ShutdownError::Disconnected { undelivered, .. }) = ended else {
        panic!("an orderly end: {ended:?}");
    };
    // What came too late is counted by the broker; whatever is not, its publisher tells.
    let figures = served.broker.statistics();
    let counted = figures.events_published + figures.events_dropped;
    assert!(undelivered + counted >= accepted, "{undelivered} of {accepted}, {figures:?}");
    assert!(undelivered <= accepted, "{undelivered} of {accepted}");
}

#[tokio::test]
async fn what_a_broker_that_vanished_had_not_dealt_with_is_told_to_its_publisher() {
    let served = Served::new(BrokerConfig::default());
    let (_deaf, publisher) = held_up(&served).await;
    drop(served.broker);
    let (accepted, undelivered) = publish_until_disconnected(&publisher).await;
    assert!((SOME - 2 + accepted..=SOME + accepted).contains(&undelivered), "{undelivered}");
}

#[tokio::test]
async fn a_broker_that_ended_in_order_leaves_nothing_to_tell() {
    // Whoever is welcomed is known to a shutdown; many rounds, as the moment between is short.
    for _ in 0..ROUNDS {
        let served = Served::new(BrokerConfig::default());
        let publisher = served.connect("p").await;
        publish_all(&publisher, 0..SOME).await;
        within(served.broker.shutdown(WATCHDOG)).await.unwrap();
        assert_eq!(served.broker.statistics().events_published, SOME);
        assert_eq!(within(publisher.shutdown(WATCHDOG)).await, Ok(()));
        assert_eq!(publisher.publish(event(0), None).await, Err(PublishError::Closed));
    }
}

#[tokio::test]
async fn an_outbox_larger_than_the_window_keeps_to_the_window() {
    let mut config = BrokerConfig::default();
    config.publish_window_bytes = SMALL_WINDOW;
    config.payload_limit_bytes = 4 << 10;
    let served = Served::new(config);
    let mut deaf = served.raw("deaf");
    let (number, _) = deaf.subscribe("deaf", 2);
    let config =
        ClientConfig::new("p").with_publish_limit(SOON).with_outbox_limit_bytes(16 * SMALL_WINDOW);
    let publisher = within(EventBusClient::connect(&served.address, config)).await.unwrap();
    let mut accepted = 0;
    while within(publisher.publish(event(accepted), None)).await.is_ok() {
        accepted += 1;
    }
    let credit = |events| Message::default().number(1, number).number(2, events);
    // Enough for a grant, so that what has gathered is sent; not for all that is.
    deaf.send(&credit(SMALL_WINDOW as u64 / 64).framed(frame::CREDIT));
    deaf.fence();
    // The second answer comes after all that the first grant has let go.
    within(publisher.statistics()).await.unwrap();
    within(publisher.statistics()).await.unwrap();
    deaf.send(&credit(accepted).framed(frame::CREDIT));
    std::thread::spawn(move || while let Next::Frame(..) = deaf.next() {});
    assert_eq!(within(publisher.shutdown(WATCHDOG)).await, Ok(()));
    assert_eq!(served.broker.statistics().events_published, accepted);
}

/// Frames numbered like this, and their bytes.
fn frames(sequences: std::ops::RangeInclusive<u64>) -> (Vec<u8>, u64) {
    let frames: Vec<u8> = sequences.flat_map(|sequence| publish("exact", sequence)).collect();
    let bytes = frames.len() as u64;
    (frames, bytes)
}

#[tokio::test]
async fn a_broker_grants_every_byte_before_it_answers_a_goodbye() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("exact");
    let (mut sent, bytes) = frames(1..=3);
    sent.extend(goodbye(true));
    peer.send(&sent);
    assert_eq!(peer.expect(frame::GRANT).number(1), bytes);
    assert_eq!(peer.expect(frame::GOODBYE).number(1), 1);
}

#[tokio::test]
async fn a_broker_that_shuts_down_grants_every_byte_it_deals_with() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("exact");
    let (before, before_bytes) = frames(1..=3);
    peer.send(&before);
    peer.fence();
    let mut ending = Box::pin(served.broker.shutdown(WATCHDOG));
    assert!(is_pending_at_first(&mut ending));
    let (after, after_bytes) = frames(4..=5);
    peer.send(&after);
    let mut granted = 0;
    while granted < before_bytes + after_bytes {
        granted += peer.expect(frame::GRANT).number(1);
    }
    assert_eq!(granted, before_bytes + after_bytes);
    peer.send(&goodbye(true));
    within(ending).await.unwrap();
}

#[tokio::test]
async fn events_set_aside_are_granted_to_the_byte_when_their_turn_has_come() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("exact");
    let (number, _) = peer.subscribe("own", 2);
    let (mut sent, bytes) = frames(1..=5);
    let first_two = frames(1..=2).1;
    sent.extend(goodbye(true));
    peer.send(&sent);
    // Three wait for the room that only credit makes.
    assert_eq!(peer.expect(frame::GRANT).number(1), first_two);
    peer.send(&Message::default().number(1, number).number(2, 99).framed(frame::CREDIT));
    let mut granted = first_two;
    while granted < bytes {
        granted += peer.expect(frame::GRANT).number(1);
    }
    assert_eq!(granted, bytes);
    assert_eq!(peer.expect(frame::GOODBYE).number(1), 1);
}
