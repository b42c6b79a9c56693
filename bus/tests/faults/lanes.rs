//! Two lanes (C4): what controls a system is not stuck behind the floods it has to control.

use std::time::{Duration, Instant};

use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeEventBus, EventBus, EventBusClient,
    EventHeader, EventSubscription, ProcessEvent, PublishError, Topic, TriggerRequest,
};

use crate::encode::{Message, frame};
use crate::peer::{Next, subscribe};
use crate::served::{SOON, Served, all_processes, event, recv_number, within};

/// More than a subscriber of capacity 2 takes.
const SOME: u64 = 200;

fn control(number: u64) -> CollectionEvent {
    CollectionEvent::TriggerRequest(TriggerRequest {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        ..TriggerRequest::default()
    })
}

fn to_control(id: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern("control.#")
}

async fn publish_some(bus: &dyn EventBus) {
    for number in 0..SOME {
        within(bus.publish(event(number), None)).await.unwrap();
    }
}

#[tokio::test]
async fn control_events_pass_those_that_wait_for_a_full_subscriber() {
    let served = Served::new(BrokerConfig::default());
    let mut deaf = served.raw("deaf");
    deaf.subscribe("deaf", 2);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let publisher = served.connect("p").await;
    publish_some(&publisher).await;
    publisher.publish(control(SOME), None).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(SOME));
    assert!(served.broker.statistics().events_published < SOME, "nothing waited");
}

#[tokio::test]
async fn control_events_pass_a_full_outbox_of_events() {
    let mut config = BrokerConfig::default();
    config.publish_window_bytes = 16 << 10;
    config.payload_limit_bytes = 4 << 10;
    let served = Served::new(config);
    let mut deaf = served.raw("deaf");
    deaf.subscribe("deaf", 2);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let config = ClientConfig::new("p").with_publish_limit(SOON);
    let publisher = within(EventBusClient::connect(&served.address, config)).await.unwrap();
    let refused = within(async {
        loop {
            if let Err(error) = publisher.publish(event(0), None).await {
                return error;
            }
        }
    });
    assert_eq!(refused.await, PublishError::Timeout { waited: SOON });
    for number in 1..=SOME {
        within(publisher.publish(control(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
}

#[tokio::test]
async fn control_events_pass_events_that_wait_for_a_slow_reader_of_both() {
    const EVENTS: u64 = 60_000;
    let served = Served::new(BrokerConfig::default());
    let mut slow = served.raw("slow");
    let (events, _) = slow.subscribe("events", 200_000);
    let (controls, _) = slow.subscribe_to("control", "control.#", 8);
    let publisher = served.connect("p").await;
    for number in 0..EVENTS {
        within(publisher.publish(event(number), None)).await.unwrap();
    }
    publisher.publish(control(EVENTS), None).await.unwrap();
    // It has its place in the order when this is answered; nothing of all that was read yet.
    within(publisher.statistics()).await.unwrap();
    let mut before = 0;
    loop {
        match slow.next() {
            Next::Frame(frame::DELIVER, delivery) => {
                let number = delivery.message(1).number(1);
                if number == controls {
                    break;
                }
                assert_eq!(number, events);
                before += 1;
            }
            Next::Frame(frame::PING, _) => {}
            other => panic!("neither an event nor a sign of life: {other:?}"),
        }
    }
    assert!(before < EVENTS / 2, "{before} of {EVENTS} events came first");
}

#[tokio::test]
async fn a_subscription_to_both_has_one_order_for_both() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let both = EventSubscription::new("both").with_pattern("#");
    let mut both = subscriber.subscribe(both).await.unwrap();
    let mut processes = subscriber.subscribe(all_processes("processes")).await.unwrap();
    let mut controls = subscriber.subscribe(to_control("control")).await.unwrap();
    let publisher = served.connect("p").await;
    for number in 0..SOME {
        let topic = Topic::new("control.trigger.request").unwrap();
        within(publisher.publish(event(number), None)).await.unwrap();
        within(publisher.publish_to(topic, control(SOME + number), None)).await.unwrap();
    }
    let mut of_both = Vec::new();
    for position in 1..=2 * SOME {
        of_both.push(recv_number(&mut both).await.unwrap());
        assert_eq!(both.position(), position, "a gap where nothing was lost");
    }
    for number in 0..SOME {
        assert_eq!(recv_number(&mut processes).await, Some(number));
        assert_eq!(recv_number(&mut controls).await, Some(SOME + number));
    }
    let (events, controls): (Vec<u64>, Vec<u64>) =
        of_both.into_iter().partition(|number| *number < SOME);
    assert!(events.into_iter().eq(0..SOME) && controls.into_iter().eq(SOME..2 * SOME));
}

#[tokio::test]
async fn a_process_event_on_a_topic_of_control_is_in_its_lane() {
    let served = Served::new(BrokerConfig::default());
    let mut deaf = served.raw("deaf");
    deaf.subscribe("deaf", 2);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let publisher = served.connect("p").await;
    publish_some(&publisher).await;
    let topic = Topic::new("control.health.status").unwrap();
    let unusual = CollectionEvent::Process(ProcessEvent::default());
    within(publisher.publish_to(topic, unusual, None)).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(0));
}

#[tokio::test]
async fn an_asker_that_does_not_read_holds_up_nobody() {
    let served = Served::new(BrokerConfig::default());
    let mut asker = served.raw("asker");
    asker.subscribe_to("asker", "control.rpc.reply.asker", 2);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let answering = served.connect("answering").await;
    let reply = Topic::new("control.rpc.reply.asker").unwrap();
    for number in 0..SOME {
        within(answering.publish_to(reply.clone(), control(number), None)).await.unwrap();
    }
    within(answering.publish(control(SOME), None)).await.unwrap();
    for number in 0..=SOME {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    let statistics = served.broker.statistics();
    let row = statistics.subscriptions.iter().find(|row| row.subscriber_id == "asker").unwrap();
    assert!(row.dropped > 0, "it said that it blocks: {row:?}");
}

#[tokio::test]
async fn control_passes_a_subscriber_to_both_that_is_full_of_events() {
    let served = Served::new(BrokerConfig::default());
    let mut both = served.raw("both");
    both.subscribe_to("both", "#", 4);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let publisher = served.connect("p").await;
    publish_some(&publisher).await;
    for number in 0..SOME {
        within(publisher.publish(control(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    let statistics = served.broker.statistics();
    let row = statistics.subscriptions.iter().find(|row| row.subscriber_id == "both").unwrap();
    assert_eq!(row.dropped, 0, "{row:?}");
    assert!(statistics.events_published < 2 * SOME, "the events did not wait: {statistics:?}");
}

#[tokio::test]
async fn control_passes_one_in_the_broker_s_process_that_is_full_of_events() {
    let served = Served::new(BrokerConfig::default());
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let both = EventSubscription::new("both").with_pattern("#").with_capacity(2);
    let mut both = embedded.subscribe(both).await.unwrap();
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let publisher = served.connect("p").await;
    publish_some(&publisher).await;
    for number in SOME..=2 * SOME {
        within(publisher.publish(control(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    // Nothing it is held for is lost: two events, all of control, then the events that waited.
    let mut numbers = Vec::new();
    for _ in 0..=2 * SOME {
        numbers.push(recv_number(&mut both).await.unwrap());
    }
    let first: Vec<u64> = [0, 1].into_iter().chain(SOME..=2 * SOME).collect();
    assert_eq!(numbers[..first.len()], first);
    assert!(numbers[first.len()..].iter().copied().eq(2..SOME));
    assert_eq!(both.lagged(), 0);
}

#[tokio::test]
async fn a_full_subscriber_is_waited_for_once_though_control_passes_it() {
    const LIMIT: Duration = Duration::from_millis(400);
    let served = Served::new(BrokerConfig::default().with_stall_limit(LIMIT));
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let here = EventSubscription::new("here").with_pattern("#").with_capacity(2);
    let _here = embedded.subscribe(here).await.unwrap();
    let mut elsewhere = served.raw("elsewhere");
    elsewhere.subscribe_to("elsewhere", "#", 2);
    let reader = served.connect("reader").await;
    let mut receiver = reader.subscribe(all_processes("reader")).await.unwrap();
    let publisher = served.connect("p").await;
    let began = Instant::now();
    for number in 0..20 {
        within(publisher.publish(event(number), None)).await.unwrap();
        within(publisher.publish(control(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    // Once for each of the two, if not for both together.
    assert!(began.elapsed() >= LIMIT, "nobody was waited for");
    assert!(began.elapsed() < 8 * LIMIT, "they were waited for again: {:?}", began.elapsed());
}

#[tokio::test]
async fn the_oldest_event_that_goes_takes_no_control_with_it() {
    const CAPACITY: u64 = 16;
    let served = Served::new(BrokerConfig::default());
    let mut both = served.raw("both");
    let drop_oldest = Message::default().number(1, 2);
    let wanted = subscribe("both", "#", CAPACITY).message(10, &drop_oldest);
    both.send(&wanted.framed(frame::SUBSCRIBE));
    both.expect(frame::SUBSCRIBED);
    let publisher = DaemoneyeEventBus::from_broker(&served.broker, "p");
    let row = || served.broker.statistics().subscriptions.remove(0);
    for number in 0..100 {
        publisher.publish(control(number), None).await.unwrap();
    }
    // As many as it may hold are there, on their way and held back; each one more costs one.
    let before = row();
    assert_eq!(before.dropped, 100 - CAPACITY, "{before:?}");
    publisher.publish(event(0), None).await.unwrap();
    assert_eq!(row().dropped, before.dropped + 1);
}

#[tokio::test]
async fn control_passes_bytes_that_are_held_back_for_a_connection() {
    let config = BrokerConfig::default().with_backlog_limit_bytes(64 << 10);
    let served = Served::new(config);
    let mut both = served.raw("both");
    both.subscribe_to("both", "#", 1000);
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(to_control("s")).await.unwrap();
    let publisher = served.connect("p").await;
    let name = "x".repeat(4 << 10).into();
    let large = CollectionEvent::Process(ProcessEvent { pid: 1, name, ..ProcessEvent::default() });
    while tokio::time::timeout(SOON, publisher.publish(large.clone(), None)).await.is_ok() {}
    for number in 0..SOME {
        within(publisher.publish(control(number), None)).await.unwrap();
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    assert_eq!(served.broker.statistics().events_dropped, 0);
}
