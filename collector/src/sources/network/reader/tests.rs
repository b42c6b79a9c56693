//! On sockets that the tests open themselves.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use super::super::observation::{Endpoints, Observation, Phase};
use super::*;
use crate::config::{NetmondConfig, TransportProtocol};

fn read() -> Vec<Observation> {
    let wanted = Wanted::new(&NetmondConfig::default());
    let mut reader = system_reader(wanted).expect("a reader of this system");
    reader.scan().expect("a scan").sockets
}

/// The one socket with these addresses.
fn the_one(
    sockets: &[Observation],
    protocol: TransportProtocol,
    local: SocketAddr,
    remote: Option<SocketAddr>,
) -> Observation {
    let endpoints = Endpoints { protocol, local, remote };
    let mut found = sockets.iter().filter(|socket| socket.endpoints == endpoints);
    let one = found.next().unwrap_or_else(|| panic!("{endpoints:?} in {sockets:?}"));
    assert_eq!(found.next(), None, "each socket once");
    *one
}

/// `None` on a host without IPv6.
fn listen(address: &str) -> Option<TcpListener> {
    let listener = TcpListener::bind(address);
    assert!(listener.is_ok() || address.contains("::"), "{listener:?}");
    listener.ok()
}

fn check_own(socket: &Observation, phase: Option<Phase>) {
    assert_eq!(socket.phase(), phase);
    assert_eq!(socket.pid, Some(std::process::id()));
    assert!(socket.socket.is_some());
}

#[test]
fn both_ends_of_a_connection_and_the_listener_are_seen_with_their_owner() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Some(listener) = listen(address) else { continue };
        let server = listener.local_addr().unwrap();
        let connected = TcpStream::connect(server).unwrap();
        let client = connected.local_addr().unwrap();
        let _accepted = listener.accept().unwrap();

        let sockets = read();
        let tcp = |local, remote| the_one(&sockets, TransportProtocol::Tcp, local, remote);
        check_own(&tcp(server, None), Some(Phase::Listening));
        check_own(&tcp(server, Some(client)), Some(Phase::Established));
        check_own(&tcp(client, Some(server)), Some(Phase::Established));
    }
}

#[test]
fn a_udp_socket_is_seen_with_its_owner() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(socket) = UdpSocket::bind(address) else { continue };
        let local = socket.local_addr().unwrap();
        let udp = the_one(&read(), TransportProtocol::Udp, local, None);
        check_own(&udp, None);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_udp_socket_that_is_connected_has_a_peer() {
    let (one, other) = (udp_socket(), udp_socket());
    one.connect(other.local_addr().unwrap()).unwrap();
    let (local, remote) = (one.local_addr().unwrap(), other.local_addr().unwrap());
    let udp = the_one(&read(), TransportProtocol::Udp, local, Some(remote));
    check_own(&udp, Some(Phase::Established));
}

#[cfg(target_os = "linux")]
fn udp_socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a free port")
}

/// A listener on `[::]` takes both, where the host is set up so.
#[cfg(target_os = "linux")]
#[test]
fn both_ends_of_ipv4_within_ipv6_have_the_same_addresses() {
    let Some(listener) = listen("[::]:0") else { return };
    let server = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
    let Ok(connected) = TcpStream::connect(server) else { return };
    let client = connected.local_addr().unwrap();
    let _accepted = listener.accept().unwrap();

    let sockets = read();
    let tcp = |local, remote| the_one(&sockets, TransportProtocol::Tcp, local, Some(remote));
    check_own(&tcp(server, client), Some(Phase::Established));
    check_own(&tcp(client, server), Some(Phase::Established));
}
