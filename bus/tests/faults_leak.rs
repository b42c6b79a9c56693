//! Two hundred connections come and go, and the process is as it was (C13, W8). A process of its
//! own, so that no other test opens a file or starts a thread meanwhile.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
    SocketAddress,
};
use tempfile::TempDir;

/// Turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Open descriptors and running threads.
fn held() -> (usize, usize) {
    (entries("/proc/self/fd"), entries("/proc/self/task"))
}

async fn until_held(wanted: (usize, usize)) {
    let began = Instant::now();
    while held() != wanted {
        assert!(began.elapsed() < WATCHDOG, "{:?} held, {wanted:?} before", held());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_and_brokers_leave_no_descriptor_and_no_thread() {
    let before_all = held();
    let folder = TempDir::new().unwrap();
    let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    broker.serve(Listener::bind(&address).unwrap()).unwrap();
    let serving = held();
    for round in 0..200 {
        if round % 4 == 0 {
            // One that says nothing and goes.
            drop(UnixStream::connect(address.path()).unwrap());
            continue;
        }
        let bus = DaemoneyeEventBus::connect(&address, ClientConfig::new("c")).await.unwrap();
        let wanted = EventSubscription::new(format!("s{round}")).with_pattern("events.#");
        let receiver = bus.subscribe(wanted).await.unwrap();
        match round % 4 {
            1 => bus.shutdown(WATCHDOG).await.unwrap(),
            2 => drop(receiver),
            _ => drop(bus),
        }
    }
    until_held(serving).await;
    assert_eq!(broker.statistics().active_subscribers, 0);
    broker.shutdown(WATCHDOG).await.unwrap();
    until_held(before_all).await;

    let dropped = DaemoneyeBroker::new(BrokerConfig::default());
    dropped.serve(Listener::bind(&address).unwrap()).unwrap();
    let bus = DaemoneyeEventBus::connect(&address, ClientConfig::new("c")).await.unwrap();
    drop(dropped);
    drop(bus);
    until_held(before_all).await;
    assert_eq!(entries(folder.path().to_str().unwrap()), 0);
}
