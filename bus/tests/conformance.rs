//! The conformance suite on the broker: embedded, and over a local socket. One test per case.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::conformance::{
    Case, Conditions, Fixture, Queue, Stall, Subject, Traits, cases, run,
};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, SocketAddress,
};
use libtest_mimic::{Arguments, Trial};
use parking_lot::Mutex;
use tempfile::TempDir;

/// How long a fixture may take to hand over what a case left in the bus.
const CLOSE_LIMIT: Duration = Duration::from_millis(200);
/// Buffers between two processes, bytes: outbox and window of the publisher, both sockets, outbox
/// and backlog of the broker for the subscriber, each as configured, and rounded up.
const BUFFERS_BYTES: usize = 80 << 20;

#[derive(Clone, Copy)]
enum Deployment {
    Embedded,
    Connected,
}

struct EmbeddedBroker(DaemoneyeBroker);

struct ServedBroker {
    broker: DaemoneyeBroker,
    address: SocketAddress,
    publish_limit: Duration,
    handles: Mutex<Vec<Arc<DaemoneyeEventBus>>>,
    _folder: TempDir,
}

#[async_trait]
impl Subject for Deployment {
    fn name(&self) -> String {
        match self {
            Self::Embedded => "embedded",
            Self::Connected => "connected",
        }
        .to_owned()
    }

    fn traits(&self) -> Traits {
        match self {
            Self::Embedded => Traits {
                stall: Stall::Exact { beyond_capacity: 0 },
                queue: Queue::Exact,
                drops_oldest: true,
                several_connections: true,
            },
            Self::Connected => Traits {
                stall: Stall::Bytes { limit: BUFFERS_BYTES },
                queue: Queue::Bytes { limit: BUFFERS_BYTES },
                drops_oldest: true,
                several_connections: true,
            },
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let config = BrokerConfig::default()
            .with_subscriber_limit(conditions.subscriber_limit)
            .with_publish_limit(conditions.publish_limit);
        let broker = DaemoneyeBroker::new(config);
        if matches!(self, Self::Embedded) {
            return Box::new(EmbeddedBroker(broker));
        }
        let folder = TempDir::new().expect("a folder of our own");
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).expect("short");
        let listener = Listener::bind(&address).expect("a fresh address");
        broker.serve(listener).expect("the broker runs");
        let publish_limit = conditions.publish_limit;
        let handles = Mutex::default();
        Box::new(ServedBroker { broker, address, publish_limit, handles, _folder: folder })
    }
}

#[async_trait]
impl Fixture for EmbeddedBroker {
    async fn handle(&self, name: &str) -> Arc<dyn EventBus> {
        Arc::new(DaemoneyeEventBus::from_broker(&self.0, name))
    }

    async fn close(&self) {
        // A case may leave a full subscriber behind: what it did not read is lost here.
        let _ = self.0.shutdown(CLOSE_LIMIT).await;
    }
}

#[async_trait]
impl Fixture for ServedBroker {
    async fn handle(&self, name: &str) -> Arc<dyn EventBus> {
        let config = ClientConfig::new(name).with_publish_limit(self.publish_limit);
        let connecting = DaemoneyeEventBus::connect(&self.address, config);
        let bus = Arc::new(connecting.await.expect("the broker listens"));
        self.handles.lock().push(Arc::clone(&bus));
        bus
    }

    async fn close(&self) {
        let handles = std::mem::take(&mut *self.handles.lock());
        for handle in handles {
            let _ = handle.shutdown(CLOSE_LIMIT).await;
        }
        let _ = self.broker.shutdown(CLOSE_LIMIT).await;
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for deployment in [Deployment::Embedded, Deployment::Connected] {
        let applicable = cases().into_iter().filter(|case| case.applies(&deployment));
        trials.extend(applicable.map(|case| trial(deployment, case)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(deployment: Deployment, case: Case) -> Trial {
    Trial::test(format!("{}::{}", deployment.name(), case.name()), move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(run(&case, &deployment))?)
    })
}
