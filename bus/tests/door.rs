//! Strangers stay at the door: whoever does not say who it is never wakes the broker's thread (W3,
//! W8). A process of its own, so that it has one broker.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use daemoneye_eventbus::contract::InspectionQuery;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, SocketAddress,
};
use tempfile::TempDir;

/// Turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);
const STRANGERS: usize = 300;

/// How often the thread that serves has gone to sleep, once for each time it was woken; asked when
/// it has nobody to serve and sleeps.
async fn sleeps(broker: &DaemoneyeBroker) -> u64 {
    let began = Instant::now();
    loop {
        let has_nobody = broker.inspect(&InspectionQuery::default()).connections.is_empty();
        let status = status_of("eventbus-broker");
        if has_nobody && field(&status, "State:").starts_with('S') {
            return field(&status, "voluntary_ctxt_switches:").parse().unwrap();
        }
        assert!(began.elapsed() < WATCHDOG, "{status}");
        tokio::task::yield_now().await;
    }
}

/// What the system tells of a thread of this process.
fn status_of(thread: &str) -> String {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let mut folders = tasks.map(|task| task.unwrap().path());
    let named = |folder: &PathBuf| {
        fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.trim() == thread)
    };
    fs::read_to_string(folders.find(named).unwrap().join("status")).unwrap()
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}

/// What a stranger sends, and whether it waits to be told.
fn strange(number: usize) -> (&'static [u8], bool) {
    match number % 3 {
        0 => (&[0xff; 300], true),
        1 => (b"\x08\x00\x00\x00half", false),
        _ => (b"", false),
    }
}

#[tokio::test]
async fn three_hundred_strangers_never_wake_the_thread_that_serves() {
    let folder = TempDir::new().unwrap();
    let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    broker.serve(Listener::bind(&address).unwrap()).unwrap();
    let connect = || DaemoneyeEventBus::connect(&address, ClientConfig::new("c"));
    connect().await.unwrap().shutdown(WATCHDOG).await.unwrap();
    let before = sleeps(&broker).await;
    for number in 0..STRANGERS {
        let (bytes, waits) = strange(number);
        let mut stranger = UnixStream::connect(address.path()).unwrap();
        stranger.set_read_timeout(Some(WATCHDOG)).unwrap();
        stranger.write_all(bytes).unwrap();
        if waits {
            stranger.read_to_end(&mut Vec::new()).unwrap();
        }
    }
    assert_eq!(sleeps(&broker).await, before);
    connect().await.unwrap().shutdown(WATCHDOG).await.unwrap();
    assert!(sleeps(&broker).await > before, "whoever is let in is served by it");
    broker.shutdown(WATCHDOG).await.unwrap();
}
