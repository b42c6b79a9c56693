//! The hot path, one stretch at a time, for `cargo xtask instructions` to count.
//!
//! `hot-path` names the stretches; `hot-path STRETCH TIMES` goes one of them so many times.

use std::hint::black_box;
use std::process::ExitCode;

use bus_benches::sample::typical;
use daemoneye_eventbus::acl::{AccessControl, CollectorKind, Principal, Role};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventReceiver,
    EventSubscription, SocketAddress, Topic,
};
use tokio::runtime::Runtime;

type Stretch = (&'static str, fn(usize));

/// Other subscriptions of a large broker (T9).
const MANY: usize = 10_000;

const STRETCHES: [Stretch; 6] = [
    ("access-check", access_check),
    ("publish-among-1", |times| publish_among(1, times)),
    ("publish-among-10000", |times| publish_among(MANY, times)),
    ("embedded-hop", embedded_hop),
    ("process-hop", process_hop),
    ("process-hop-in-bursts", process_hop_in_bursts),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = |name: &String| STRETCHES.iter().find(|(known, _)| known == name);
    match &arguments[..] {
        [] => STRETCHES.iter().for_each(|(name, _)| println!("{name}")),
        [name, times] => match (known(name), times.parse()) {
            (Some((_, go)), Ok(times)) => go(times),
            (None, _) => return refused(&format!("no stretch is called {name:?}")),
            (_, Err(error)) => {
                return refused(&format!("{times:?} is no number of times: {error}"));
            }
        },
        _ => return refused("expected a stretch and a number of times"),
    }
    ExitCode::SUCCESS
}

fn refused(why: &str) -> ExitCode {
    eprintln!("error: {why}; without arguments the stretches are listed");
    ExitCode::from(2)
}

/// May somebody publish on a topic that was asked about before?
fn access_check(times: usize) {
    let procmond = Principal::new("procmond", Role::Collector(CollectorKind::Process));
    let mut access = AccessControl::standard().access_of(&procmond.expect("an id"));
    let topic = "events.process.lifecycle".parse().expect("a topic");
    for _ in 0..times {
        black_box(access.may_publish(black_box(&topic)));
    }
}

/// A publish in the broker's process, with so many subscriptions that it does not go to.
fn publish_among(others: usize, times: usize) {
    let runtime = runtime();
    let broker = DaemoneyeBroker::new(BrokerConfig::default().with_subscriber_limit(MANY));
    let bus = DaemoneyeEventBus::from_broker(&broker, "bench");
    let _others: Vec<_> = (0..others)
        .map(|number| subscribe(&runtime, &bus, &format!("events.process.other{number}.#")))
        .collect();
    let topic: Topic = "events.process.lifecycle".parse().expect("a topic");
    for _ in 0..times {
        let published = bus.publish_to(topic.clone(), typical(), None);
        runtime.block_on(published).expect("nobody to wait for");
    }
}

/// An event from a handle to another, both in the broker's process.
fn embedded_hop(times: usize) {
    let runtime = runtime();
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let bus = DaemoneyeEventBus::from_broker(&broker, "bench");
    let mut receiver = subscribe(&runtime, &bus, "events.#");
    for _ in 0..times {
        hop(&runtime, &bus, &mut receiver, 1);
    }
}

/// The same through a broker's socket: encoded, written, read, routed, written, read and decoded.
fn process_hop(times: usize) {
    through_sockets(times, 1);
}

/// As many events, 64 of them on their way at once.
fn process_hop_in_bursts(times: usize) {
    const BURST: usize = 64;
    through_sockets(times / BURST, BURST);
}

fn through_sockets(times: usize, burst: usize) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    let address = SocketAddress::from_path(folder.path().join("bus.sock")).expect("a short path");
    let config = BrokerConfig::default().with_unidentified(Some(Role::Agent));
    let broker = DaemoneyeBroker::new(config);
    broker.serve(Listener::bind(&address).expect("a free name")).expect("it serves");
    let connect = |name: &str| {
        let connected = DaemoneyeEventBus::connect(&address, ClientConfig::new(name));
        runtime.block_on(connected).expect("a broker")
    };
    let (publisher, subscriber) = (connect("publisher"), connect("subscriber"));
    let mut receiver = subscribe(&runtime, &subscriber, "events.#");
    for _ in 0..times {
        hop(&runtime, &publisher, &mut receiver, burst);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn subscribe(runtime: &Runtime, bus: &DaemoneyeEventBus, pattern: &str) -> EventReceiver {
    let wanted = EventSubscription::new(pattern).with_pattern(pattern);
    runtime.block_on(bus.subscribe(wanted)).expect("within the limit")
}

fn hop(runtime: &Runtime, bus: &DaemoneyeEventBus, receiver: &mut EventReceiver, events: usize) {
    runtime.block_on(async {
        for _ in 0..events {
            bus.publish(typical(), None).await.expect("room for it");
        }
        for _ in 0..events {
            black_box(receiver.recv().await.expect("a subscription"));
        }
    });
}
