//! The conformance suite on the new bus: embedded beside its broker, connected to one in this
//! process, and connected to one in a process of its own. One named test per case.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::conformance::{
    Case, Conditions, Ending, Fixture, Queue, Stall, Subject, Traits, cases, run, unexercised,
};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventBusStatistics,
    ShutdownError, SocketAddress,
};
use libtest_mimic::{Arguments, Trial};
use parking_lot::Mutex;
use tempfile::TempDir;

/// First argument that makes this executable a broker instead of a test.
const SERVE: &str = "serve-a-broker";
/// How long a fixture may take to hand over what a case left in the bus.
const CLOSE_LIMIT: Duration = Duration::from_millis(200);
/// All buffers between a publisher and a stopped subscriber, bytes: the client's outbox (1 MiB),
/// what it may have sent beyond that (1 MiB and one more outbox), and the sockets.
const BUFFERS_BYTES: usize = 4 << 20;

/// Where the broker is, seen from the suite.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Embedded,
    Connected,
    Process,
}

struct Opened {
    place: Place,
    conditions: Conditions,
    folder: TempDir,
    broker: Broker,
}

enum Broker {
    Here(DaemoneyeBroker),
    /// It ends when its standard input does.
    There(Mutex<Option<Spawned>>),
}

struct Spawned {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// How a broker's process says that it has shut its broker down: milliseconds in on one line, this
/// out on another. Undelivered events, or nothing when there was no error, and the figures.
type Told = (Option<u64>, EventBusStatistics);

#[async_trait]
impl Subject for Place {
    fn name(&self) -> String {
        match self {
            Self::Embedded => "embedded",
            Self::Connected => "connected",
            Self::Process => "process",
        }
        .to_owned()
    }

    fn traits(&self) -> Traits {
        // Every handle is a session of its own, embedded ones too.
        let (drops_oldest, several_connections) = (true, true);
        match self {
            Self::Embedded => Traits {
                stall: Stall::Exact { beyond_capacity: 0 },
                queue: Queue::Exact,
                drops_oldest,
                several_connections,
            },
            Self::Connected | Self::Process => Traits {
                stall: Stall::Bytes { limit: BUFFERS_BYTES },
                // What was sent to a client can no longer be displaced by something newer.
                queue: Queue::Bytes { limit: BUFFERS_BYTES },
                drops_oldest,
                several_connections,
            },
        }
    }

    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture> {
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("bus.sock");
        let broker = match self {
            Self::Process => Broker::There(Mutex::new(Some(spawn_broker(&path, conditions)))),
            Self::Embedded | Self::Connected => Broker::Here(broker(conditions)),
        };
        if *self == Self::Connected
            && let Broker::Here(broker) = &broker
        {
            serve(broker, &path);
        }
        Box::new(Opened { place: *self, conditions, folder, broker })
    }
}

fn broker(conditions: Conditions) -> DaemoneyeBroker {
    DaemoneyeBroker::new(
        BrokerConfig::default()
            .with_unidentified(Some(Role::Agent))
            .with_subscriber_limit(conditions.subscriber_limit)
            .with_publish_limit(conditions.publish_limit),
    )
}

fn serve(broker: &DaemoneyeBroker, path: &Path) {
    let address = SocketAddress::from_path(path).expect("a short path");
    let listener = Listener::bind(&address).expect("a free name");
    broker.serve(listener).expect("a broker that serves");
}

fn spawn_broker(path: &Path, conditions: Conditions) -> Spawned {
    let own = std::env::current_exe().expect("the path of this executable");
    let mut child = Command::new(own)
        .arg(SERVE)
        .arg(path)
        .arg(conditions.subscriber_limit.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a broker's process");
    let mut ready = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("a piped output"));
    output.read_line(&mut ready).expect("a word from the broker");
    assert_eq!(ready.trim(), "ready");
    let input = child.stdin.take().expect("a piped input");
    Spawned { child, input, output }
}

/// The broker's process: serves until its standard input ends; shuts down when told to.
fn serve_until_input_ends(path: &Path, subscriber_limit: usize) {
    let config = BrokerConfig::default().with_unidentified(Some(Role::Agent));
    let broker = DaemoneyeBroker::new(config.with_subscriber_limit(subscriber_limit));
    serve(&broker, path);
    println!("ready");
    let runtime = runtime();
    // Whether input ends or fails, the suite is done with this process.
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let deadline = Duration::from_millis(line.parse().expect("milliseconds"));
        let undelivered = match runtime.block_on(broker.shutdown(deadline)) {
            Ok(()) => None,
            Err(ShutdownError::Deadline { undelivered, .. }) => Some(undelivered),
            Err(error) => panic!("{error}"),
        };
        let told: Told = (undelivered, broker.statistics());
        println!("{}", serde_json::to_string(&told).expect("figures as JSON"));
    }
    let _ = runtime.block_on(broker.shutdown(CLOSE_LIMIT));
}

impl Spawned {
    fn end(&mut self, deadline: Duration) -> Ending {
        writeln!(self.input, "{}", deadline.as_millis()).expect("a broker that listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a word from the broker");
        let (undelivered, figures): Told = serde_json::from_str(&line).expect("figures");
        let outcome = undelivered.map_or(Ok(()), |undelivered| {
            Err(ShutdownError::Deadline { undelivered, waited: deadline })
        });
        Ending { outcome, figures }
    }
}

#[async_trait]
impl Fixture for Opened {
    async fn handle(&self, name: &str) -> Arc<dyn EventBus> {
        if self.place == Place::Embedded
            && let Broker::Here(broker) = &self.broker
        {
            return Arc::new(DaemoneyeEventBus::from_broker(broker, name.to_owned()));
        }
        let path = self.folder.path().join("bus.sock");
        let address = SocketAddress::from_path(path).expect("a short path");
        let config = ClientConfig::new(name).with_publish_limit(self.conditions.publish_limit);
        let bus = DaemoneyeEventBus::connect(&address, config).await.expect("a connection");
        Arc::new(bus)
    }

    async fn end(&self, deadline: Duration) -> Ending {
        match &self.broker {
            Broker::Here(broker) => {
                let outcome = broker.shutdown(deadline).await;
                Ending { outcome, figures: broker.statistics() }
            }
            Broker::There(process) => {
                let mut spawned = process.lock().take().expect("a broker that has not ended");
                // Elsewhere, as this runtime's clients take part in the end.
                let ending = tokio::task::spawn_blocking(move || {
                    let ending = spawned.end(deadline);
                    (spawned, ending)
                });
                let (spawned, ending) = ending.await.expect("an ending");
                process.lock().replace(spawned);
                ending
            }
        }
    }

    async fn close(&self) {
        match &self.broker {
            // A case may leave a full subscriber behind: what it did not read is lost here.
            Broker::Here(broker) => drop(broker.shutdown(CLOSE_LIMIT).await),
            Broker::There(child) => {
                let Some(Spawned { mut child, input, .. }) = child.lock().take() else { return };
                drop(input);
                assert!(child.wait().expect("the broker's end").success());
            }
        }
        let left = std::fs::read_dir(self.folder.path()).expect("the folder").count();
        assert_eq!(left, 0, "a broker on {} left files behind", self.place.name());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, serve, path, limit] = arguments.as_slice()
        && serve == SERVE
    {
        let limit = limit.parse().expect("the limit of subscribers is a number");
        return serve_until_input_ends(Path::new(path), limit);
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for place in [Place::Embedded, Place::Connected, Place::Process] {
        trials.extend(cases().into_iter().map(|case| trial(place, case)));
        trials.push(every_number_is_exercised(place));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// A case that does not apply is listed as ignored, with the reason before its name.
fn trial(place: Place, case: Case) -> Trial {
    let name = format!("{}::{}", place.name(), case.name());
    let trial = Trial::test(name, move || Ok(runtime().block_on(run(&case, &place))?));
    match case.why_not(&place) {
        Some(reason) => {
            trial.with_kind(format!("does not apply: {reason}")).with_ignored_flag(true)
        }
        None => trial,
    }
}

fn every_number_is_exercised(place: Place) -> Trial {
    Trial::test(format!("{}::every_number_of_the_suite_is_exercised", place.name()), move || {
        match unexercised(&place)[..] {
            [] => Ok(()),
            ref numbers => Err(format!("no case that applies stands for {numbers:?}").into()),
        }
    })
}
