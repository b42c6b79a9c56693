//! How long is an event on its way to a broker in another process and back? Publisher and subscriber
//! are connections of this process; the broker is this executable again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use bus_benches::hop::hop;
use bus_benches::sample;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
    SocketAddress,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// First argument that makes this executable a broker.
const SERVE: &str = "serve-a-broker";
/// What it says when it serves.
const READY: &str = "ready";
/// How long a broker or a handle may take to end in order.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Events on their way at once.
const BURSTS: [u64; 2] = [1, 64];

/// A broker's process; its input ends with this one, and it with its input.
struct Broker {
    process: Child,
    input: Option<ChildStdin>,
    address: SocketAddress,
    _folder: TempDir,
}

impl Broker {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("bus.sock");
        let mut process = Command::new(std::env::current_exe().expect("this executable"))
            .arg(SERVE)
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut said = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("text");
        assert_eq!(line.trim(), READY);
        let input = process.stdin.take();
        let address = SocketAddress::from_path(socket).expect("a short path");
        Self { process, input, address, _folder: folder }
    }

    fn end(mut self) {
        drop(self.input.take());
        assert!(self.process.wait().expect("a child").success(), "it ends in order");
    }
}

fn serve_until_input_ends(socket: PathBuf) {
    let config = BrokerConfig::default().with_unidentified(Some(Role::Agent));
    let broker = DaemoneyeBroker::new(config);
    let address = SocketAddress::from_path(socket).expect("a short path");
    broker.serve(Listener::bind(&address).expect("a free name")).expect("it serves");
    println!("{READY}");
    std::io::stdout().flush().expect("somebody reads");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("a pipe");
    runtime().block_on(broker.shutdown(END_LIMIT)).expect("everybody has left");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn how_long_is_an_event_on_its_way_through_a_broker(criterion: &mut Criterion) {
    let runtime = runtime();
    let broker = Broker::start();
    let connect = |name: &str| {
        let connected = DaemoneyeEventBus::connect(&broker.address, ClientConfig::new(name));
        runtime.block_on(connected).expect("a broker")
    };
    let (publisher, subscriber) = (connect("publisher"), connect("subscriber"));
    let wanted = EventSubscription::new("all").with_pattern("events.#");
    let mut receiver = runtime.block_on(subscriber.subscribe(wanted)).expect("within the limit");
    let event = sample::typical();
    let mut group = criterion.benchmark_group("how long is an event on its way through a broker?");
    for burst in BURSTS {
        group.throughput(Throughput::Elements(burst));
        group.bench_function(BenchmarkId::new("on their way", burst), |bencher| {
            bencher.iter(|| runtime.block_on(hop(&publisher, &mut receiver, &event, burst)));
        });
    }
    group.finish();
    for bus in [publisher, subscriber] {
        runtime.block_on(bus.shutdown(END_LIMIT)).expect("nothing is on its way");
    }
    broker.end();
}

criterion_group!(questions, how_long_is_an_event_on_its_way_through_a_broker);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, socket] = &arguments[..]
        && serve == SERVE
    {
        return serve_until_input_ends(socket.into());
    }
    questions();
    Criterion::default().configure_from_args().final_summary();
}
