//! Clients of a broker, and events between them.

use daemoneye_eventbus::event::EventHeader;
use daemoneye_eventbus::{
    ClientConfig, CollectionEvent, EventBus, EventBusClient, EventReceiver, EventSubscription,
    ProcessEvent, SocketAddress,
};

use crate::broker::WATCHDOG;

/// A publisher and subscribers who want everything it publishes, each a connection.
pub(crate) struct Traffic {
    publisher: EventBusClient,
    subscribers: Vec<(EventBusClient, EventReceiver)>,
}

impl Traffic {
    pub(crate) async fn begin(address: &SocketAddress, subscribers: usize) -> Self {
        let mut subscribed = Vec::new();
        for number in 0..subscribers {
            let bus = connect(address, format!("subscriber-{number}")).await;
            let wanted = EventSubscription::new(format!("s{number}")).with_pattern("events.#");
            let receiver = bus.subscribe(wanted).await.unwrap();
            subscribed.push((bus, receiver));
        }
        let publisher = connect(address, "publisher".to_owned()).await;
        Self { publisher, subscribers: subscribed }
    }

    /// So many times a burst is published and then received by everybody.
    pub(crate) async fn exchange(&mut self, bursts: u64, burst: u64) {
        for _ in 0..bursts {
            for _ in 0..burst {
                self.publisher.publish(event(), None).await.unwrap();
            }
            for (_, receiver) in &mut self.subscribers {
                for _ in 0..burst {
                    receiver.recv().await.unwrap();
                }
            }
        }
    }

    pub(crate) async fn end(self) {
        self.publisher.shutdown(WATCHDOG).await.unwrap();
        for (bus, _) in self.subscribers {
            bus.shutdown(WATCHDOG).await.unwrap();
        }
    }
}

async fn connect(address: &SocketAddress, name: String) -> EventBusClient {
    let config = ClientConfig::new(name).with_connect_limit(WATCHDOG).with_request_limit(WATCHDOG);
    EventBusClient::connect(address, config).await.unwrap()
}

/// Of some 200 bytes on the wire.
fn event() -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source: "procmond".into(), ..EventHeader::default() },
        pid: 4711,
        ppid: Some(1),
        name: "postgres".into(),
        executable_path: Some("/usr/lib/postgresql/16/bin/postgres".into()),
        arguments: vec!["--one".into(), "--two=three".into(), "-x".into()],
        user_id: Some("1000".into()),
        accessible: true,
        ..ProcessEvent::default()
    })
}
