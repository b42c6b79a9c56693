//! What logs of hops say of events that pass a publisher, a broker and two subscribers.

#![cfg(feature = "ipc")]

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::hops::{Hop, HopLog, HopStamp};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus,
    EventReceiver, EventSubscription, ProcessEvent, SocketAddress,
};
use tempfile::TempDir;

/// Room for all stamps of a test.
const ROOM: usize = 1 << 17;
/// Above what outboxes and sockets hold, so that writes are left to tasks and events held back.
const FLOOD: u64 = 20_000;

/// Far above what an end takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// A broker, a publisher and two subscribers, each with a log of its own.
struct Stage {
    broker: HopLog,
    publisher: HopLog,
    subscribers: [HopLog; 2],
    bus: DaemoneyeEventBus,
    receivers: [(DaemoneyeEventBus, EventReceiver); 2],
    served: DaemoneyeBroker,
    _folder: TempDir,
}

fn log(every: u64, room: usize) -> HopLog {
    HopLog::new(NonZeroU64::new(every).expect("not zero"), room)
}

impl Stage {
    async fn new(every: u64, room: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).expect("short");
        let [broker, publisher, one, other] = [(); 4].map(|()| log(every, room));
        let config =
            BrokerConfig::default().with_unidentified(Some(Role::Agent)).with_hops(broker.clone());
        let served = DaemoneyeBroker::new(config);
        served.serve(Listener::bind(&address).expect("bound")).expect("served");
        let config = ClientConfig::new("p").with_hops(publisher.clone());
        let bus = DaemoneyeEventBus::connect(&address, config).await.expect("connected");
        let receivers = [
            receiver(&address, "one", one.clone()).await,
            receiver(&address, "other", other.clone()).await,
        ];
        Self {
            broker,
            publisher,
            subscribers: [one, other],
            bus,
            receivers,
            served,
            _folder: folder,
        }
    }

    /// Ends the publisher and the broker: what was received may not be noted as written before.
    async fn ended(&self) {
        self.bus.shutdown(DEADLINE).await.expect("ended");
        self.served.shutdown(DEADLINE).await.expect("ended");
    }
}

async fn publish(bus: &DaemoneyeEventBus, events: u64) {
    for _ in 0..events {
        let event = CollectionEvent::Process(ProcessEvent::default());
        bus.publish(event, None).await.expect("published");
    }
}

async fn receiver(
    address: &SocketAddress,
    name: &str,
    log: HopLog,
) -> (DaemoneyeEventBus, EventReceiver) {
    let config = ClientConfig::new(name).with_hops(log);
    let bus = DaemoneyeEventBus::connect(address, config).await.expect("connected");
    let wanted = EventSubscription::new(name).with_pattern("events.#").with_capacity(512);
    let events = bus.subscribe(wanted).await.expect("subscribed");
    (bus, events)
}

/// The ends of a hop by the numbers of events, each of which has one.
fn ends(stamps: &[HopStamp], hop: Hop, receiver: u64) -> HashMap<u64, u64> {
    let of_it = stamps.iter().filter(|stamp| (stamp.hop, stamp.receiver) == (hop, receiver));
    let mut ends = HashMap::new();
    for stamp in of_it {
        let before = ends.insert(stamp.sequence, stamp.at_ns);
        assert_eq!(before, None, "{hop:?} of event {} has one end", stamp.sequence);
    }
    ends
}

/// Every hop of every sampled event ended once at each receiver, one after the other between its call and its
/// arrival.
async fn every_hop_ends_once_and_in_order(every: u64, events: u64) {
    let mut stage = Stage::new(every, ROOM).await;
    let called_ns = monotonic_ns();
    let (one, other) = {
        let [(_, one), (_, other)] = &mut stage.receivers;
        let take = async |receiver: &mut EventReceiver| {
            for _ in 0..events {
                receiver.recv().await.expect("an event");
            }
            monotonic_ns()
        };
        let (one, other, ()) = tokio::join!(take(one), take(other), publish(&stage.bus, events));
        (one, other)
    };
    stage.ended().await;
    let (publisher, broker) = (stage.publisher.take(), stage.broker.take());
    assert_eq!((publisher.left_out, broker.left_out), (0, 0));
    let sampled = events / every;
    let mut lives = Vec::new();
    for (log, received_ns) in stage.subscribers.iter().zip([one, other]) {
        let own = log.take().stamps;
        let life = own[0].receiver;
        lives.push(life);
        let hops = [
            ends(&publisher.stamps, Hop::Encode, 0),
            ends(&publisher.stamps, Hop::SendQueue, 0),
            ends(&broker.stamps, Hop::BrokerWake, 0),
            ends(&broker.stamps, Hop::Route, 0),
            ends(&broker.stamps, Hop::BrokerQueue, life),
            ends(&own, Hop::SubscriberWake, life),
        ];
        for ends in &hops {
            assert_eq!(ends.len() as u64, sampled);
        }
        for sequence in (1..=events).filter(|sequence| sequence.is_multiple_of(every)) {
            let way = hops.iter().map(|ends| ends[&sequence]);
            let way: Vec<u64> = [called_ns].into_iter().chain(way).chain([received_ns]).collect();
            assert!(way.is_sorted(), "event {sequence}: {way:?}");
        }
    }
    assert_ne!(lives[0], lives[1], "receivers are told apart");
}

#[tokio::test]
async fn every_hop_of_a_single_event_ends_in_order() {
    every_hop_ends_once_and_in_order(1, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hop_of_a_flood_ends_in_order() {
    every_hop_ends_once_and_in_order(3, FLOOD).await;
}

#[tokio::test]
async fn a_full_log_counts_what_it_leaves_out() {
    let mut stage = Stage::new(1, 10).await;
    publish(&stage.bus, 100).await;
    for (_, receiver) in &mut stage.receivers {
        for _ in 0..100 {
            receiver.recv().await.expect("an event");
        }
    }
    stage.ended().await;
    for (log, noted) in [
        (&stage.publisher, 200),
        (&stage.broker, 400),
        (&stage.subscribers[0], 100),
        (&stage.subscribers[1], 100),
    ] {
        let hops = log.take();
        assert_eq!((hops.stamps.len(), hops.left_out), (10, noted - 10));
    }
}

#[tokio::test]
async fn in_the_process_of_the_broker_an_event_has_its_route_alone() {
    let log = log(1, ROOM);
    let broker = DaemoneyeBroker::new(BrokerConfig::default().with_hops(log.clone()));
    let bus = DaemoneyeEventBus::from_broker(&broker, "near");
    let wanted = EventSubscription::new("s").with_pattern("events.#");
    let mut events = bus.subscribe(wanted).await.expect("subscribed");
    let called_ns = monotonic_ns();
    let event = CollectionEvent::Process(ProcessEvent::default());
    bus.publish(event, None).await.expect("published");
    let id = events.recv().await.expect("an event").id.clone();
    let received_ns = monotonic_ns();
    let stamps = log.take().stamps;
    let [HopStamp { hop, incarnation, sequence, receiver, at_ns }] = stamps[..] else {
        panic!("{stamps:?}")
    };
    assert_eq!((hop, receiver), (Hop::Route, 0));
    assert_eq!((incarnation, sequence), (id.incarnation, id.sequence));
    assert!((called_ns..=received_ns).contains(&at_ns));
}
