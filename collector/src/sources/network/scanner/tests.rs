//! The source as a whole, on sockets that the tests open and close.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use daemoneye_eventbus::NetworkEvent;
use daemoneye_eventbus::event::NetworkChange;
use tokio::sync::mpsc;

use super::*;
use crate::source::{CollectionEvent, EventSource};
use crate::sources::{NetworkSource, page};

/// So short that a test need not wait for it.
const SHORT: Duration = Duration::from_millis(10);

#[test]
fn the_limit_of_connections_is_on_the_page() {
    let shown = page::limit("connections that `netmond` watches");
    assert_eq!(usize::try_from(shown), Ok(MAX_CONNECTIONS));
}

/// A source that runs, and all it has told.
struct Running {
    events: mpsc::Receiver<CollectionEvent>,
    told: Vec<NetworkEvent>,
}

impl Running {
    /// Starts a source and waits until its first scan is told.
    async fn start() -> Self {
        let source = NetworkSource::new(NetmondConfig::default().with_scan_interval(SHORT));
        let (mut first_scan, signal) = (source.first_scan(), Arc::new(AtomicBool::new(false)));
        let (tx, events) = mpsc::channel(64);
        tokio::spawn(async move { source.start(tx, signal).await });
        let mut running = Self { events, told: Vec::new() };
        loop {
            tokio::select! {
                biased;
                () = running.receive() => {}
                count = first_scan.sent() => {
                    assert!(count.is_some(), "it runs");
                    return running;
                }
            }
        }
    }

    async fn receive(&mut self) {
        match self.events.recv().await.expect("it runs") {
            CollectionEvent::Network(event) => self.told.push(event),
            other => panic!("{other:?}"),
        }
    }

    /// The first event like this, of those already told and those to come.
    async fn until(&mut self, is_it: impl Fn(&NetworkEvent) -> bool) -> NetworkEvent {
        let mut looked_at = 0;
        loop {
            if let Some(event) = self.told[looked_at..].iter().find(|event| is_it(event)) {
                return event.clone();
            }
            looked_at = self.told.len();
            self.receive().await;
        }
    }

    /// Waits for a whole scan that began after this was called.
    async fn next_scan(&mut self) {
        let fence = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let local = fence.local_addr().expect("it is bound");
        self.until(|event| is_at(event, local, None) && is(event, NetworkChange::Opened)).await;
        drop(fence);
        self.until(|event| is_at(event, local, None) && is(event, NetworkChange::Closed)).await;
    }

    fn count(&self, local: SocketAddr, remote: Option<SocketAddr>, change: NetworkChange) -> usize {
        let like = |event: &&NetworkEvent| is_at(event, local, remote) && is(event, change);
        self.told.iter().filter(like).count()
    }
}

fn is(event: &NetworkEvent, change: NetworkChange) -> bool {
    event.change == change
}

fn is_at(event: &NetworkEvent, local: SocketAddr, remote: Option<SocketAddr>) -> bool {
    let remote = remote.map(|remote| remote.to_string()).unwrap_or_default();
    event.local_address == local.to_string() && event.remote_address == remote
}

fn is_enumerated(event: &NetworkEvent) -> bool {
    event.header.metadata_value("enumerated").is_some()
}

fn is_own(event: &NetworkEvent) -> bool {
    event.pid == Some(std::process::id())
}

#[tokio::test]
async fn what_listens_already_is_enumerated_and_what_begins_to_listen_is_not() {
    let before = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut running = Running::start().await;
    let at = before.local_addr().unwrap();
    let first = running.until(|event| is_at(event, at, None)).await;
    assert!(is(&first, NetworkChange::Opened) && is_enumerated(&first));

    let after = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = after.local_addr().unwrap();
    let later = running.until(|event| is_at(event, at, None)).await;
    assert!(is(&later, NetworkChange::Opened) && !is_enumerated(&later));
    assert_ne!(first.connection_id, later.connection_id);
}

#[tokio::test]
async fn a_listener_is_told_once_when_it_begins_and_once_when_it_ends() {
    let mut running = Running::start().await;
    for address in ["127.0.0.1:0", "[::1]:0"] {
        // Not every host has IPv6.
        let Ok(listener) = TcpListener::bind(address) else { continue };
        let local = listener.local_addr().unwrap();
        let like = |event: &NetworkEvent, change| is_at(event, local, None) && is(event, change);
        let opened = running.until(|event| like(event, NetworkChange::Opened)).await;
        assert_eq!(opened.protocol, "tcp");
        // On a host with very many descriptors an owner is found some scans later.
        running.until(|event| is_at(event, local, None) && is_own(event)).await;
        running.next_scan().await;

        drop(listener);
        let closed = running.until(|event| like(event, NetworkChange::Closed)).await;
        assert_eq!(closed.connection_id, opened.connection_id);
        assert!(is_own(&closed), "as it was known last");
        assert_eq!(closed.state, opened.state, "as it was known last");
        running.next_scan().await;
        assert_eq!(running.count(local, None, NetworkChange::Opened), 1);
        assert_eq!(running.count(local, None, NetworkChange::Closed), 1);
    }
}

#[tokio::test]
async fn a_connection_is_told_once_at_each_end_and_keeps_its_owner_to_the_last() {
    let mut running = Running::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let outgoing = TcpStream::connect(server).unwrap();
    let client = outgoing.local_addr().unwrap();
    let (incoming, _) = listener.accept().unwrap();
    let at_client = |event: &NetworkEvent| is_at(event, client, Some(server));
    let at_server = |event: &NetworkEvent| is_at(event, server, Some(client));
    let opened = running.until(|event| at_client(event) && is_own(event)).await;
    running.until(|event| at_server(event) && is_own(event)).await;

    // The end that is closed first is the one that waits.
    let is_in = |event: &NetworkEvent, state: &str| event.state.as_deref() == Some(state);
    drop(outgoing);
    running.until(|event| at_server(event) && is_in(event, "CLOSE_WAIT")).await;
    drop(incoming);
    let over = running.until(|event| at_client(event) && is_in(event, "TIME_WAIT")).await;
    assert!(is(&over, NetworkChange::Closed));
    assert!(is_own(&over));
    assert_eq!(over.connection_id, opened.connection_id);
    let closed = running.until(|event| at_server(event) && is(event, NetworkChange::Closed)).await;
    assert!(is_own(&closed));

    running.next_scan().await;
    assert_eq!(running.count(server, Some(client), NetworkChange::Opened), 1);
    assert_eq!(running.count(server, Some(client), NetworkChange::Closed), 1);
    assert_eq!(running.count(client, Some(server), NetworkChange::Opened), 1);
    assert_eq!(running.count(client, Some(server), NetworkChange::Closed), 1);
}

#[tokio::test]
async fn a_port_that_is_used_again_is_another_connection() {
    let mut running = Running::start().await;
    // No other test is given a port of this address meanwhile.
    let first = UdpSocket::bind("127.0.0.77:0").unwrap();
    let local = first.local_addr().unwrap();
    let like = |event: &NetworkEvent| is_at(event, local, None);
    let opened = running.until(like).await;
    drop(first);
    running.until(|event| like(event) && is(event, NetworkChange::Closed)).await;
    let _second = UdpSocket::bind(local).unwrap();
    let is_other = |event: &NetworkEvent| event.connection_id != opened.connection_id;
    let again = running.until(|event| like(event) && is_other(event)).await;
    assert!(is(&again, NetworkChange::Opened));
}
