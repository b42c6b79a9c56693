//! A broker that can be killed and started again, and clients near it or behind a relay.

use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::client::Reconnect;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeBroker, EventBus, EventBusClient,
    EventHeader, EventReceiver, EventSubscription, ProcessEvent, SocketAddress,
};
use tempfile::TempDir;

use crate::relay::Relay;

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(15);

pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) config: BrokerConfig,
    pub(crate) broker: Option<DaemoneyeBroker>,
}

impl Stage {
    pub(crate) fn new(config: BrokerConfig) -> Self {
        let config = config.with_unidentified(Some(Role::Agent));
        let mut stage = Self { folder: TempDir::new().unwrap(), config, broker: None };
        stage.start();
        stage
    }

    /// One with the usual limits.
    pub(crate) fn usual() -> Self {
        Self::new(BrokerConfig::default())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn address(&self) -> SocketAddress {
        SocketAddress::from_path(self.path("bus.sock")).unwrap()
    }

    /// Starts a broker where the last one was, with the journal of that.
    pub(crate) fn start(&mut self) {
        let listener = loop {
            match Listener::bind(&self.address()) {
                Ok(listener) => break listener,
                // The thread of the last broker has not let go of it yet.
                Err(_) => std::thread::yield_now(),
            }
        };
        let broker = loop {
            match DaemoneyeBroker::with_journal(self.config.clone(), &self.path("journal")) {
                Ok(broker) => break broker,
                Err(_) => std::thread::yield_now(),
            }
        };
        broker.serve(listener).unwrap();
        self.broker = Some(broker);
    }

    /// Ends the broker without a word to anybody.
    pub(crate) fn kill(&mut self) {
        self.broker = None;
    }

    pub(crate) fn broker(&self) -> &DaemoneyeBroker {
        self.broker.as_ref().unwrap()
    }

    pub(crate) fn relay(&self, name: &str) -> Relay {
        Relay::start(&self.path(name), &self.path("bus.sock"))
    }

    pub(crate) async fn near(&self, name: &str, confirmation: Confirmation) -> EventBusClient {
        connect(&self.address(), config(name).with_confirmation(confirmation)).await
    }

    /// Waits until the broker has this many subscriptions.
    pub(crate) async fn until_subscribers(&self, wanted: usize) {
        within(async {
            while self.broker().statistics().active_subscribers != wanted {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// One that connects again at once.
pub(crate) fn config(name: &str) -> ClientConfig {
    let at_once = Reconnect::default().with_most(Duration::from_millis(10));
    ClientConfig::new(name).with_reconnect(Some(at_once))
}

pub(crate) async fn connect(address: &SocketAddress, config: ClientConfig) -> EventBusClient {
    within(EventBusClient::connect(address, config)).await.unwrap()
}

pub(crate) async fn behind(
    relay: &Relay,
    name: &str,
    confirmation: Confirmation,
) -> EventBusClient {
    let address = SocketAddress::from_path(relay.path().to_owned()).unwrap();
    connect(&address, config(name).with_confirmation(confirmation)).await
}

pub(crate) fn event(number: u64) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        ..ProcessEvent::default()
    })
}

pub(crate) fn all(id: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern("events.process.#")
}

pub(crate) async fn publish(bus: &dyn EventBus, numbers: std::ops::Range<u64>) {
    for number in numbers {
        within(bus.publish(event(number), None)).await.unwrap();
    }
}

pub(crate) async fn number(receiver: &mut EventReceiver) -> u64 {
    within(receiver.recv()).await.unwrap().event.header().source_sequence
}

/// Receives up to a number, this one included.
pub(crate) async fn numbers_to(receiver: &mut EventReceiver, last: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        numbers.push(number(receiver).await);
    }
    numbers
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(WATCHDOG, work).await.expect("the watchdog")
}

/// Waits until something is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    within(async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
