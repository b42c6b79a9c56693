//! The broker over a real socket: connecting, crossing, ending. The contract itself is shown by
//! the conformance suite.

#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::{BindError, Listener};
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, ConnectError, DaemoneyeBroker, DaemoneyeEventBus,
    EventBus, EventHeader, EventReceiver, EventSubscription, OverflowPolicy, ProcessEvent,
    PublishError, ShutdownError, SocketAddress, SubscribeError,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

struct Served {
    broker: DaemoneyeBroker,
    address: SocketAddress,
    folder: TempDir,
}

fn serve(config: BrokerConfig) -> Served {
    let folder = TempDir::new().unwrap();
    let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
    let broker = DaemoneyeBroker::new(config.with_unidentified(Some(Role::Agent)));
    broker.serve(Listener::bind(&address).unwrap()).unwrap();
    Served { broker, address, folder }
}

impl Served {
    async fn connect(&self, name: &str) -> DaemoneyeEventBus {
        DaemoneyeEventBus::connect(&self.address, ClientConfig::new(name)).await.unwrap()
    }
}

fn event(number: u64) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        pid: 7,
        ..ProcessEvent::default()
    })
}

async fn recv_number(receiver: &mut EventReceiver) -> Option<u64> {
    let received = tokio::time::timeout(WATCHDOG, receiver.recv()).await.expect("an event");
    received.map(|event| event.event.header().source_sequence)
}

fn all_processes(id: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern("events.process.#")
}

#[tokio::test]
async fn a_hundred_thousand_events_cross_in_order() {
    const EVENTS: u64 = 100_000;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s")).await.unwrap();
    let publishing = tokio::spawn(async move {
        for number in 0..EVENTS {
            publisher.publish(event(number), None).await.unwrap();
        }
        publisher
    });
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    publishing.await.unwrap();
    let statistics = subscriber.statistics().await.unwrap();
    assert_eq!(statistics.events_published, EVENTS);
    assert_eq!(statistics.events_delivered, EVENTS);
    assert_eq!(statistics.events_dropped, 0);
}

#[tokio::test]
async fn a_client_that_publishes_to_its_own_full_subscription_is_not_stuck() {
    const EVENTS: u64 = 20_000;
    let served = serve(BrokerConfig::default());
    let bus = served.connect("both").await;
    let mut receiver = bus.subscribe(all_processes("s").with_capacity(4)).await.unwrap();
    let publish = async {
        for number in 0..EVENTS {
            bus.publish(event(number), None).await.unwrap();
        }
    };
    let receive = async {
        for number in 0..EVENTS {
            assert_eq!(recv_number(&mut receiver).await, Some(number));
        }
    };
    tokio::join!(publish, receive);
}

#[tokio::test]
async fn a_blocked_publisher_times_out_and_loses_nothing() {
    let served = serve(BrokerConfig::default());
    let impatient = ClientConfig::new("p").with_publish_limit(Duration::from_millis(50));
    let publisher = DaemoneyeEventBus::connect(&served.address, impatient).await.unwrap();
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s").with_capacity(2)).await.unwrap();
    let mut accepted = 0;
    let refused = loop {
        match publisher.publish(event(accepted), None).await {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, PublishError::Timeout { .. }), "{refused}");
    for number in 0..accepted {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
}

#[tokio::test]
async fn a_stopped_subscriber_loses_only_its_own_events() {
    const EVENTS: u64 = 1_000;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let stopped = served.connect("stopped").await;
    let prompt = served.connect("prompt").await;
    let lossy = all_processes("stopped").with_capacity(10).with_policy(OverflowPolicy::DropNewest);
    let mut stopped_receiver = stopped.subscribe(lossy).await.unwrap();
    let mut prompt_receiver = prompt.subscribe(all_processes("prompt")).await.unwrap();
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut prompt_receiver).await, Some(number));
    }
    for number in 0..10 {
        assert_eq!(recv_number(&mut stopped_receiver).await, Some(number));
    }
    publisher.publish(event(EVENTS), None).await.unwrap();
    assert_eq!(recv_number(&mut stopped_receiver).await, Some(EVENTS));
    assert_eq!(stopped_receiver.lagged(), EVENTS - 10);
    assert_eq!(stopped_receiver.position(), EVENTS + 1);
}

#[tokio::test]
async fn embedded_and_connected_handles_see_each_other() {
    let served = serve(BrokerConfig::default());
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let connected = served.connect("collector").await;
    let mut here = embedded.subscribe(all_processes("here")).await.unwrap();
    let mut there = connected.subscribe(all_processes("there")).await.unwrap();
    connected.publish(event(1), None).await.unwrap();
    assert_eq!(recv_number(&mut here).await, Some(1));
    embedded.publish(event(2), None).await.unwrap();
    assert_eq!(recv_number(&mut there).await, Some(1));
    assert_eq!(recv_number(&mut there).await, Some(2));
    assert_eq!(recv_number(&mut here).await, Some(2));
}

#[tokio::test]
async fn a_shutdown_hands_over_what_clients_had_accepted() {
    const EVENTS: u64 = 5_000;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let subscriber = served.connect("s").await;
    let wanted = all_processes("s").with_capacity(10_000);
    let mut receiver = subscriber.subscribe(wanted).await.unwrap();
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    let broker = served.broker.clone();
    let ending = tokio::spawn(async move { broker.shutdown(WATCHDOG).await });
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    assert_eq!(recv_number(&mut receiver).await, None);
    ending.await.unwrap().unwrap();
    assert_eq!(publisher.publish(event(0), None).await, Err(PublishError::Closed));
    served.broker.shutdown(WATCHDOG).await.unwrap();
    assert_eq!(std::fs::read_dir(served.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_has_everything_routed_first() {
    const EVENTS: u64 = 3_000;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let subscriber = served.connect("s").await;
    let wanted = all_processes("s").with_capacity(10_000);
    let mut receiver = subscriber.subscribe(wanted).await.unwrap();
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    publisher.shutdown(WATCHDOG).await.unwrap();
    publisher.shutdown(WATCHDOG).await.unwrap();
    assert_eq!(served.broker.statistics().events_published, EVENTS);
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    assert_eq!(publisher.publish(event(0), None).await, Err(PublishError::Closed));
}

#[tokio::test]
async fn a_duplicate_id_from_another_process_is_refused() {
    let served = serve(BrokerConfig::default());
    let first = served.connect("first").await;
    let second = served.connect("second").await;
    let mut receiver = first.subscribe(all_processes("same")).await.unwrap();
    let refused = second.subscribe(all_processes("same")).await.unwrap_err();
    assert_eq!(refused, SubscribeError::DuplicateId { id: "same".to_owned() });
    second.publish(event(1), None).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(1));
    drop(receiver);
    first.statistics().await.unwrap();
    second.subscribe(all_processes("same")).await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_a_freed_slot_is_used_again() {
    let served = serve(BrokerConfig::default().with_connection_limit(1));
    let first = served.connect("first").await;
    let refused = DaemoneyeEventBus::connect(&served.address, ClientConfig::new("second")).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::Refused { reason } if reason.contains("limit of 1")),
        "{refused}"
    );
    first.shutdown(WATCHDOG).await.unwrap();
    drop(first);
    let again = tokio::time::timeout(WATCHDOG, async {
        loop {
            let config = ClientConfig::new("third");
            if let Ok(bus) = DaemoneyeEventBus::connect(&served.address, config).await {
                return bus;
            }
            tokio::task::yield_now().await;
        }
    });
    again.await.expect("the slot of a client that left is free");
}

#[tokio::test]
async fn a_live_socket_is_not_taken_over_and_a_stale_one_is() {
    let served = serve(BrokerConfig::default());
    let error = Listener::bind(&served.address).unwrap_err();
    let own = std::process::id();
    assert!(matches!(error, BindError::InUse { pid: Some(pid), .. } if pid == own), "{error}");

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("stale.sock");
    #[cfg(unix)]
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let address = SocketAddress::from_path(&path).unwrap();
    Listener::bind(&address).unwrap();
}

#[tokio::test]
async fn a_shutdown_that_is_cut_short_tells_what_it_had_set_aside() {
    const EVENTS: u64 = 1_000;
    const CAPACITY: usize = 10;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let wanted = all_processes("stopped").with_capacity(CAPACITY);
    let _stopped = embedded.subscribe(wanted).await.unwrap();
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    let deadline = Duration::from_secs(2);
    let ended = served.broker.shutdown(deadline).await.unwrap_err();
    let ShutdownError::Deadline { undelivered, .. } = ended else { panic!("{ended}") };
    // Every event was either given its place in the order, or is told here.
    let published = served.broker.statistics().events_published;
    assert!(published <= CAPACITY as u64, "{published} found room for {CAPACITY}");
    assert_eq!(published + undelivered, EVENTS);
}

/// A client with two subscriptions to everything that has stopped for good: its runtime does not
/// run.
struct Idle {
    runtime: tokio::runtime::Runtime,
    receivers: [EventReceiver; 2],
}

impl Idle {
    fn connect(address: &SocketAddress) -> Self {
        // Room for all that a test publishes, so that only the socket can be full.
        let capacity = 100_000;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let receivers = runtime.block_on(async {
            let config = ClientConfig::new("idle").with_reconnect(None);
            let bus = DaemoneyeEventBus::connect(address, config).await.unwrap();
            let first = bus.subscribe(all_processes("first").with_capacity(capacity)).await;
            let second = bus.subscribe(all_processes("second").with_capacity(capacity)).await;
            [first.unwrap(), second.unwrap()]
        });
        Self { runtime, receivers }
    }

    /// Runs again, and tells how many events had arrived.
    fn received(mut self) -> u64 {
        self.runtime.block_on(async {
            let mut events = 0;
            for receiver in &mut self.receivers {
                while recv_number(receiver).await.is_some() {
                    events += 1;
                }
            }
            events
        })
    }
}

/// Publishes more than a socket holds and waits until all of it has its place in the order.
async fn publish_too_much(served: &Served, events: u64) {
    let publisher = served.connect("p").await;
    for number in 0..events {
        publisher.publish(event(number), None).await.unwrap();
    }
    publisher.shutdown(WATCHDOG).await.unwrap();
}

#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open as long as the broker's process lives"
)]
#[test]
fn a_shutdown_that_is_cut_short_counts_every_match_once() {
    const EVENTS: u64 = 20_000;
    let served = serve(BrokerConfig::default());
    let idle = Idle::connect(&served.address);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(publish_too_much(&served, EVENTS));
    let before = served.broker.statistics();
    for row in &before.subscriptions {
        assert_eq!((row.matched, row.dropped), (EVENTS, 0));
        assert_eq!(row.delivered + row.queued, EVENTS);
        assert!(row.queued > 0, "the socket took everything: {row:?}");
    }
    let ended = runtime.block_on(served.broker.shutdown(Duration::from_millis(50)));
    let Err(ShutdownError::Deadline { undelivered, .. }) = ended else { panic!("{ended:?}") };
    let after = served.broker.statistics();
    assert_eq!(after.events_published, EVENTS);
    assert_eq!(after.events_delivered + after.events_dropped, 2 * EVENTS);
    assert_eq!(after.events_dropped, undelivered);
    assert!(after.events_delivered >= before.events_delivered, "a counter was taken back");
    assert_eq!(idle.received(), after.events_delivered);
}

#[tokio::test]
async fn what_a_shutdown_had_set_aside_is_dropped_once_for_everyone_it_would_have_gone_to() {
    const EVENTS: u64 = 1_000;
    const CAPACITY: usize = 10;
    let served = serve(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let mut stopped = Vec::new();
    for id in ["one", "another"] {
        let wanted = all_processes(id).with_capacity(CAPACITY);
        stopped.push(embedded.subscribe(wanted).await.unwrap());
    }
    let elsewhere = EventSubscription::new("elsewhere").with_pattern("events.network.#");
    let _elsewhere = embedded.subscribe(elsewhere).await.unwrap();
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    let deadline = Duration::from_secs(2);
    let room = CAPACITY as u64;
    let undelivered = 2 * (EVENTS - room);
    let ended = served.broker.shutdown(deadline).await;
    assert_eq!(ended, Err(ShutdownError::Deadline { undelivered, waited: deadline }));
    let statistics = served.broker.statistics();
    assert_eq!(statistics.events_published, room);
    assert_eq!(statistics.events_delivered, 2 * room);
    assert_eq!(statistics.events_dropped, undelivered);
}

#[test]
fn what_a_dead_client_was_not_written_is_dropped_and_not_delivered() {
    const EVENTS: u64 = 20_000;
    let served = serve(BrokerConfig::default());
    let idle = Idle::connect(&served.address);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(publish_too_much(&served, EVENTS));
    let before = served.broker.statistics();
    drop(idle);
    runtime.block_on(async {
        let settled = async {
            loop {
                let now = served.broker.statistics();
                assert!(now.events_delivered >= before.events_delivered, "a counter fell");
                assert!(now.events_delivered + now.events_dropped <= 2 * EVENTS);
                if now.events_delivered + now.events_dropped == 2 * EVENTS {
                    return now;
                }
                tokio::task::yield_now().await;
            }
        };
        let now = tokio::time::timeout(WATCHDOG, settled).await.expect("figures that add up");
        assert!(now.events_dropped > 0, "the socket took everything");
        assert_eq!(now.active_subscribers, 0);
        // It was no part of the end of the broker.
        assert_eq!(served.broker.shutdown(WATCHDOG).await, Ok(()));
    });
}

/// In the broker's own process: a publisher that waits for room, and the subscription it waits for.
struct Waiting {
    publisher: Arc<DaemoneyeEventBus>,
    publish: JoinHandle<Result<(), PublishError>>,
    subscriber: DaemoneyeEventBus,
    receiver: EventReceiver,
}

impl Waiting {
    async fn begin(broker: &DaemoneyeBroker) -> Self {
        let subscriber = DaemoneyeEventBus::from_broker(broker, "subscriber");
        let receiver = subscriber.subscribe(all_processes("full").with_capacity(1)).await.unwrap();
        let publisher = Arc::new(DaemoneyeEventBus::from_broker(broker, "publisher"));
        publisher.publish(event(1), None).await.unwrap();
        let publish = tokio::spawn({
            let publisher = Arc::clone(&publisher);
            async move { publisher.publish(event(2), None).await }
        });
        // On a runtime of one thread the task now runs until it waits.
        tokio::task::yield_now().await;
        assert!(!publish.is_finished());
        Self { publisher, publish, subscriber, receiver }
    }

    async fn outcome(self) -> Result<(), PublishError> {
        tokio::time::timeout(WATCHDOG, self.publish).await.expect("an outcome").unwrap()
    }
}

#[tokio::test]
async fn a_publish_that_waits_is_refused_when_its_broker_is_shut_down() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let mut waiting = Waiting::begin(&broker).await;
    broker.shutdown(WATCHDOG).await.unwrap();
    assert_eq!(recv_number(&mut waiting.receiver).await, Some(1));
    assert_eq!(recv_number(&mut waiting.receiver).await, None);
    assert_eq!(waiting.outcome().await, Err(PublishError::Closed));
    assert_eq!(broker.statistics().events_published, 1);
}

#[tokio::test]
async fn a_publish_that_waits_is_refused_when_its_handle_is_shut_down() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let mut waiting = Waiting::begin(&broker).await;
    waiting.publisher.shutdown(WATCHDOG).await.unwrap();
    // There is room now, and the other handle lives on.
    assert_eq!(recv_number(&mut waiting.receiver).await, Some(1));
    waiting.subscriber.publish(event(3), None).await.unwrap();
    assert_eq!(recv_number(&mut waiting.receiver).await, Some(3));
    assert_eq!(waiting.outcome().await, Err(PublishError::Closed));
    assert_eq!(broker.statistics().events_published, 2);
}

#[tokio::test]
async fn a_publish_that_waits_goes_on_when_the_full_subscription_ends() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let waiting = Waiting::begin(&broker).await;
    waiting.subscriber.unsubscribe("full").await.unwrap();
    // Its receiver is still there and reads nothing.
    assert_eq!(waiting.outcome().await, Ok(()));
    assert_eq!(broker.statistics().events_published, 2);
}

#[tokio::test]
async fn more_subscriptions_than_fit_a_frame_leave_the_sums_whole() {
    const SUBSCRIPTIONS: usize = 2_000;
    let config =
        BrokerConfig::default().with_subscriber_limit(SUBSCRIPTIONS).with_payload_limit_bytes(1024);
    let served = serve(config);
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let mut receivers = Vec::new();
    for number in 0..SUBSCRIPTIONS {
        let id = format!("{number:0100}");
        receivers.push(embedded.subscribe(all_processes(&id)).await.unwrap());
    }
    let connected = served.connect("c").await;
    embedded.publish(event(1), None).await.unwrap();
    let told = connected.statistics().await.unwrap();
    assert_eq!(told.active_subscribers, SUBSCRIPTIONS);
    assert_eq!(told.events_delivered, SUBSCRIPTIONS as u64);
    // As many as fit 65 KiB beside the sums, at 108 bytes of id and counters each.
    let rows_bytes = told.subscriptions.len() * 108;
    assert!((65 * 1024 - 2 * 108..65 * 1024).contains(&rows_bytes), "{rows_bytes}");
    let all = served.broker.statistics().subscriptions;
    assert_eq!(all.len(), SUBSCRIPTIONS);
    assert_eq!(told.subscriptions, all[..told.subscriptions.len()]);
}
