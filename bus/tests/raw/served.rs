//! A broker on a socket of its own, and what its well-behaved clients send and receive.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus,
    EventHeader, EventReceiver, EventSubscription, ProcessEvent, SocketAddress,
};
use tempfile::TempDir;

use crate::peer::{Peer, WATCHDOG};

pub(crate) struct Served {
    pub(crate) broker: DaemoneyeBroker,
    pub(crate) address: SocketAddress,
    pub(crate) folder: TempDir,
}

impl Served {
    /// One whose clients may do everything: what they may is not what most tests ask.
    pub(crate) fn new(config: BrokerConfig) -> Self {
        Self::strict(config.with_unidentified(Some(Role::Agent)))
    }

    /// One that takes strangers for what the configuration says.
    pub(crate) fn strict(config: BrokerConfig) -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
        let broker = DaemoneyeBroker::new(config);
        broker.serve(Listener::bind(&address).unwrap()).unwrap();
        Self { broker, address, folder }
    }

    pub(crate) async fn connect(&self, name: &str) -> DaemoneyeEventBus {
        DaemoneyeEventBus::connect(&self.address, ClientConfig::new(name)).await.unwrap()
    }

    /// One that ends with its connection.
    pub(crate) async fn connect_once(&self, name: &str) -> DaemoneyeEventBus {
        let config = ClientConfig::new(name).with_reconnect(None);
        DaemoneyeEventBus::connect(&self.address, config).await.unwrap()
    }

    /// A raw client that has been welcomed.
    pub(crate) fn raw(&self, name: &str) -> Peer {
        Peer::introduced(self.address.path(), name)
    }

    /// A raw client that has said nothing yet.
    pub(crate) fn stranger(&self) -> Peer {
        Peer::connect(self.address.path())
    }

    /// Waits until this many subscriptions are left; the watchdog is the caller's.
    pub(crate) async fn until_subscribers(&self, wanted: usize) {
        within(async {
            while self.broker.statistics().active_subscribers != wanted {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) async fn until_published(&self, wanted: u64) {
        within(async {
            while self.broker.statistics().events_published != wanted {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A publisher and a subscriber that want nothing but to be left alone.
pub(crate) struct Bystanders {
    publisher: DaemoneyeEventBus,
    _subscriber: DaemoneyeEventBus,
    receiver: EventReceiver,
    exchanged: u64,
}

impl Bystanders {
    pub(crate) async fn connect(served: &Served) -> Self {
        let publisher = served.connect("bystander-p").await;
        let subscriber = served.connect("bystander-s").await;
        let wanted = EventSubscription::new("bystander").with_pattern("events.process.lifecycle");
        let receiver = subscriber.subscribe(wanted).await.unwrap();
        Self { publisher, _subscriber: subscriber, receiver, exchanged: 0 }
    }

    /// A few more events cross, in order, none lost, none added.
    pub(crate) async fn exchange(&mut self) {
        for number in self.exchanged..self.exchanged + 3 {
            self.publisher.publish(event(number), None).await.unwrap();
        }
        for number in self.exchanged..self.exchanged + 3 {
            assert_eq!(recv_number(&mut self.receiver).await, Some(number));
        }
        self.exchanged += 3;
    }
}

pub(crate) fn event(number: u64) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        pid: 7,
        ..ProcessEvent::default()
    })
}

pub(crate) async fn recv_number(receiver: &mut EventReceiver) -> Option<u64> {
    within(receiver.recv()).await.map(|event| event.event.header().source_sequence)
}

pub(crate) fn all_processes(id: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern("events.process.#")
}

/// Turns a hang into a failure.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(WATCHDOG, work).await.expect("the watchdog")
}

/// Short enough that a test can wait for it, long enough for a busy machine.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// Polls once, as somebody who then loses interest.
pub(crate) fn is_pending_at_first<F: Future + Unpin>(future: &mut F) -> bool {
    let mut nobody = Context::from_waker(Waker::noop());
    Pin::new(future).poll(&mut nobody).is_pending()
}
