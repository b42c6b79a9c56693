//! What one process of the system does: its work once, and then nothing until its input ends.

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::acl;
use daemoneye_eventbus::broker::Retention;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeBroker, EventBus, EventBusClient,
    EventSubscription, ProcessEvent, SocketAddress,
};
use tokio::runtime::{Builder, Runtime};

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);
/// First argument that makes this executable a process of the system instead of a test.
const BROKER: &str = "be-a-broker";
const PUBLISHER: &str = "be-a-publisher";
const SUBSCRIBER: &str = "be-a-subscriber";
/// Beside the socket.
const JOURNAL: &str = "journal";

/// One process of the system, and where its broker is.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Broker {
        socket: PathBuf,
    },
    Publisher {
        socket: PathBuf,
    },
    /// `looks_every`: it polls so often, to be seen.
    Subscriber {
        socket: PathBuf,
        looks_every: Option<Duration>,
    },
}

impl Role {
    /// The role that arguments say, if they do.
    pub(crate) fn of(arguments: &[String]) -> Option<Self> {
        let [role, socket, pause_ms @ ..] = arguments else { return None };
        let socket = socket.into();
        match (role.as_str(), pause_ms) {
            (BROKER, []) => Some(Self::Broker { socket }),
            (PUBLISHER, []) => Some(Self::Publisher { socket }),
            (SUBSCRIBER, []) => Some(Self::Subscriber { socket, looks_every: None }),
            (SUBSCRIBER, [pause_ms]) => {
                let looks_every = Some(Duration::from_millis(pause_ms.parse().ok()?));
                Some(Self::Subscriber { socket, looks_every })
            }
            _ => None,
        }
    }

    /// The arguments that say it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let (role, socket, pause) = match self {
            Self::Broker { socket } => (BROKER, socket, None),
            Self::Publisher { socket } => (PUBLISHER, socket, None),
            Self::Subscriber { socket, looks_every } => (SUBSCRIBER, socket, *looks_every),
        };
        let pause_ms = pause.map(|pause| pause.as_millis().to_string());
        [role.to_owned(), socket.display().to_string()].into_iter().chain(pause_ms).collect()
    }

    /// Is it, to the end of the input.
    pub(crate) fn play(self) {
        match self {
            Self::Broker { socket } => serve(socket),
            Self::Publisher { socket } => publish(socket),
            Self::Subscriber { socket, looks_every } => receive(socket, looks_every),
        }
    }
}

/// With everything that keeps a timer: a journal, retention, and a publisher whose event was waited
/// for.
fn serve(socket: PathBuf) {
    let config = BrokerConfig::default()
        .with_retention(Retention::default())
        .with_unidentified(Some(acl::Role::Agent));
    let journal = socket.with_file_name(JOURNAL);
    let broker = DaemoneyeBroker::with_journal(config, &journal).unwrap();
    broker.serve(Listener::bind(&SocketAddress::from_path(socket).unwrap()).unwrap()).unwrap();
    say("ready");
    until_input_ends();
    runtime().block_on(broker.shutdown(WATCHDOG)).unwrap();
}

fn publish(socket: PathBuf) {
    let runtime = runtime();
    let config = ClientConfig::new("publisher").with_confirmation(Confirmation::Delivered);
    let bus = runtime.block_on(async {
        let bus = connect(socket, config).await;
        let event = CollectionEvent::Process(ProcessEvent::default());
        bus.publish(event, None).await.unwrap();
        bus
    });
    say("published");
    until_input_ends();
    runtime.block_on(bus.shutdown(WATCHDOG)).unwrap();
}

fn receive(socket: PathBuf, looks_every: Option<Duration>) {
    let runtime = runtime();
    let (bus, mut receiver) = runtime.block_on(async {
        let bus = connect(socket, ClientConfig::new("subscriber")).await;
        let wanted = EventSubscription::new("all").with_pattern("events.#");
        let receiver = bus.subscribe(wanted).await.unwrap();
        (bus, receiver)
    });
    say("subscribed");
    // Waits on, as every subscriber does; what it has waited for is told.
    runtime.spawn(async move {
        while receiver.recv().await.is_some() {
            say("received");
        }
    });
    if let Some(pause) = looks_every {
        runtime.spawn(async move {
            let mut looks = tokio::time::interval(pause);
            loop {
                looks.tick().await;
            }
        });
    }
    until_input_ends();
    runtime.block_on(bus.shutdown(WATCHDOG)).unwrap();
}

async fn connect(socket: PathBuf, config: ClientConfig) -> EventBusClient {
    let config = config.with_connect_limit(WATCHDOG).with_request_limit(WATCHDOG);
    EventBusClient::connect(&SocketAddress::from_path(socket).unwrap(), config).await.unwrap()
}

/// As an agent has one: it goes on while the main thread waits.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn say(word: &str) {
    println!("{word}");
    std::io::stdout().flush().unwrap();
}

fn until_input_ends() {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
