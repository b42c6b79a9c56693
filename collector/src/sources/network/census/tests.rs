//! Rows for every fate of a connection, and histories of any shape against what always holds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use proptest::prelude::*;

use super::super::observation::{Phase, State};
use super::*;
use crate::config::TransportProtocol;

const RUN: u64 = 0xa5;
const ROOM: Admission = Admission { limit: 100, over: true };

const LISTEN: State = State { name: "LISTEN", phase: Phase::Listening };
const SYN_RECV: State = State { name: "SYN_RECV", phase: Phase::Opening };
const ESTABLISHED: State = State { name: "ESTABLISHED", phase: Phase::Established };
const FIN_WAIT: State = State { name: "FIN_WAIT2", phase: Phase::Closing };
const TIME_WAIT: State = State { name: "TIME_WAIT", phase: Phase::Over };
const STATES: [State; 5] = [LISTEN, SYN_RECV, ESTABLISHED, FIN_WAIT, TIME_WAIT];

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

/// A connection to one and the same server.
fn tcp(port: u16, state: State, socket: Option<u64>, pid: Option<u32>) -> Observation {
    let endpoints = Endpoints {
        protocol: TransportProtocol::Tcp,
        local: address(port),
        remote: Some(SocketAddr::from(([10, 0, 0, 2], 443))),
    };
    Observation { endpoints, socket, state: Some(state), pid }
}

fn listener(port: u16, socket: u64) -> Observation {
    let connected = tcp(port, LISTEN, Some(socket), Some(7));
    Observation { endpoints: Endpoints { remote: None, ..connected.endpoints }, ..connected }
}

fn udp(port: u16, socket: u64, pid: u32) -> Observation {
    let endpoints =
        Endpoints { protocol: TransportProtocol::Udp, local: address(port), remote: None };
    Observation { endpoints, socket: Some(socket), state: None, pid: Some(pid) }
}

/// What changed, and the number of the connection.
fn told(difference: &Difference) -> Vec<(NetworkChange, u64)> {
    difference.changes.iter().map(|change| (change.what, change.id.number)).collect()
}

/// A census that knows one connection, and what a second scan brings.
fn second_scan(first: Observation, second: Observation) -> Difference {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![first]);
    census.advance(vec![second])
}

#[test]
fn what_is_there_at_the_first_scan_is_opened_and_enumerated() {
    let mut census = Census::new(RUN, ROOM);
    let first = census.advance(vec![tcp(2, ESTABLISHED, Some(20), Some(7)), listener(1, 10)]);
    assert_eq!(told(&first), [(NetworkChange::Opened, 1), (NetworkChange::Opened, 2)]);
    assert!(first.changes.iter().all(|change| change.enumerated));
    assert_eq!(first.changes[0].connection, listener(1, 10), "in the order of addresses");

    let second = census.advance(vec![
        tcp(2, ESTABLISHED, Some(20), Some(7)),
        tcp(3, ESTABLISHED, Some(30), Some(7)),
        listener(1, 10),
    ]);
    assert_eq!(told(&second), [(NetworkChange::Opened, 3)]);
    assert!(!second.changes[0].enumerated);
}

#[test]
fn a_name_is_of_one_connection_of_one_run() {
    let id = ConnectionId { run: RUN, number: 12 };
    assert_eq!(id.to_string(), "a5-12");
}

#[test]
fn an_unchanged_connection_is_not_told() {
    let connection = tcp(1, ESTABLISHED, Some(10), Some(7));
    assert_eq!(second_scan(connection, connection), Difference::default());
}

#[test]
fn a_closed_connection_is_told_once_as_it_was_known_last() {
    let mut census = Census::new(RUN, ROOM);
    let connection = tcp(1, ESTABLISHED, Some(10), Some(7));
    census.advance(vec![connection]);
    let closed = census.advance(Vec::new());
    assert_eq!(told(&closed), [(NetworkChange::Closed, 1)]);
    assert_eq!(closed.changes[0].connection, connection);
    assert_eq!(census.advance(Vec::new()), Difference::default());
}

#[test]
fn another_state_is_a_change() {
    let made =
        second_scan(tcp(1, SYN_RECV, Some(10), Some(7)), tcp(1, ESTABLISHED, Some(10), Some(7)));
    assert_eq!(told(&made), [(NetworkChange::Changed, 1)]);
    assert_eq!(made.changes[0].connection.state, Some(ESTABLISHED));
}

#[test]
fn a_connection_is_closed_once_it_is_over_with_its_owner_and_not_again_when_it_is_forgotten() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    let over = census.advance(vec![tcp(1, TIME_WAIT, None, None)]);
    assert_eq!(told(&over), [(NetworkChange::Closed, 1)]);
    assert_eq!(over.changes[0].connection, tcp(1, TIME_WAIT, Some(10), Some(7)));
    assert_eq!(census.advance(vec![tcp(1, TIME_WAIT, None, None)]), Difference::default());
    assert_eq!(census.advance(Vec::new()), Difference::default());
}

#[test]
fn addresses_that_are_used_again_before_the_end_is_forgotten_are_opened_alone() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    census.advance(vec![tcp(1, TIME_WAIT, None, None)]);
    let again = census.advance(vec![tcp(1, ESTABLISHED, Some(11), Some(7))]);
    assert_eq!(told(&again), [(NetworkChange::Opened, 2)]);
}

#[test]
fn a_connection_that_is_accepted_is_the_same_and_its_owner_is_told() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![tcp(1, SYN_RECV, None, None)]);
    let waits = census.advance(vec![tcp(1, ESTABLISHED, None, None)]);
    assert_eq!(told(&waits), [(NetworkChange::Changed, 1)]);
    let accepted = census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    assert_eq!(told(&accepted), [(NetworkChange::Changed, 1)]);
    assert_eq!(accepted.changes[0].connection.pid, Some(7));
}

#[test]
fn an_owner_that_is_found_later_is_told_once() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![tcp(1, ESTABLISHED, Some(10), None)]);
    let found = census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    assert_eq!(told(&found), [(NetworkChange::Changed, 1)]);
    let again = census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    assert_eq!(again, Difference::default());
    let lost = census.advance(vec![tcp(1, ESTABLISHED, Some(10), None)]);
    assert_eq!(lost, Difference::default(), "an owner that is not found any more stays known");
}

#[test]
fn a_socket_that_was_passed_on_has_another_owner() {
    let passed =
        second_scan(tcp(1, ESTABLISHED, Some(10), Some(7)), tcp(1, ESTABLISHED, Some(10), Some(8)));
    assert_eq!(told(&passed), [(NetworkChange::Changed, 1)]);
    assert_eq!(passed.changes[0].connection.pid, Some(8));
}

#[test]
fn the_same_addresses_used_again_are_another_connection() {
    let held = |state, socket| tcp(1, state, Some(socket), None);
    let loose = |state| tcp(1, state, None, None);
    let pairs = [
        ("another socket", held(ESTABLISHED, 10), held(ESTABLISHED, 11)),
        ("another socket, from end to end", held(FIN_WAIT, 10), held(FIN_WAIT, 11)),
        ("one socket, connected twice", held(FIN_WAIT, 10), held(SYN_RECV, 10)),
        ("back from its end", loose(FIN_WAIT), held(ESTABLISHED, 11)),
        ("not accepted yet", held(ESTABLISHED, 10), loose(ESTABLISHED)),
    ];
    for (why, first, second) in pairs {
        let difference = second_scan(first, second);
        let expected = [(NetworkChange::Closed, 1), (NetworkChange::Opened, 2)];
        assert_eq!(told(&difference), expected, "{why}");
    }
}

#[test]
fn a_socket_is_remembered_beyond_its_closing() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![tcp(1, ESTABLISHED, Some(10), Some(7))]);
    census.advance(vec![tcp(1, FIN_WAIT, None, None)]);
    let again = census.advance(vec![tcp(1, FIN_WAIT, Some(11), Some(8))]);
    assert_eq!(told(&again), [(NetworkChange::Closed, 1), (NetworkChange::Opened, 2)]);
}

#[test]
fn sockets_that_share_their_addresses_are_told_apart() {
    let mut census = Census::new(RUN, ROOM);
    let first = census.advance(vec![udp(53, 10, 7), udp(53, 11, 8)]);
    assert_eq!(told(&first), [(NetworkChange::Opened, 1), (NetworkChange::Opened, 2)]);
    let second = census.advance(vec![udp(53, 11, 8), udp(53, 12, 9)]);
    assert_eq!(told(&second), [(NetworkChange::Closed, 1), (NetworkChange::Opened, 3)]);
    assert_eq!(second.changes[0].connection.pid, Some(7));
}

#[test]
fn a_certain_socket_is_recognized_before_one_that_may_be() {
    let mut census = Census::new(RUN, ROOM);
    let unknown = Observation { socket: None, ..udp(53, 0, 7) };
    census.advance(vec![unknown, udp(53, 11, 8)]);
    let second = census.advance(vec![udp(53, 11, 8)]);
    assert_eq!(told(&second), [(NetworkChange::Closed, 1)]);
    assert_eq!(second.changes[0].connection, unknown);
}

#[test]
fn what_was_read_twice_is_one_connection() {
    let mut census = Census::new(RUN, ROOM);
    let connection = tcp(1, ESTABLISHED, Some(10), Some(7));
    assert_eq!(told(&census.advance(vec![connection, connection])), [(NetworkChange::Opened, 1)]);
    // It came to its end while the table was read.
    let over = census.advance(vec![connection, tcp(1, TIME_WAIT, None, None)]);
    assert_eq!(told(&over), [(NetworkChange::Closed, 1)]);
    assert_eq!(over.changes[0].connection.state, Some(TIME_WAIT));
}

#[test]
fn what_is_gone_comes_before_what_is_opened_and_that_before_what_changed() {
    let mut census = Census::new(RUN, ROOM);
    census.advance(vec![listener(1, 10), tcp(2, ESTABLISHED, Some(20), None)]);
    let second =
        census.advance(vec![tcp(2, FIN_WAIT, Some(20), None), tcp(3, ESTABLISHED, Some(30), None)]);
    let expected =
        [(NetworkChange::Closed, 1), (NetworkChange::Opened, 3), (NetworkChange::Changed, 2)];
    assert_eq!(told(&second), expected);
}

#[test]
fn beyond_the_limit_new_connections_are_counted_and_told_when_there_is_room() {
    let mut census = Census::new(RUN, Admission { limit: 2, over: true });
    let one = |port: u16| tcp(port, ESTABLISHED, Some(u64::from(port)), None);
    let full = census.advance(vec![one(1), one(2), one(3), one(4)]);
    assert_eq!(told(&full), [(NetworkChange::Opened, 1), (NetworkChange::Opened, 2)]);
    assert_eq!(full.untold, 2);
    let still = census.advance(vec![one(1), one(2), one(3), one(4)]);
    assert_eq!((told(&still), still.untold), (Vec::new(), 2));
    let room = census.advance(vec![one(2), one(3), one(4)]);
    assert_eq!(told(&room), [(NetworkChange::Closed, 1), (NetworkChange::Opened, 3)]);
    assert_eq!(room.untold, 1);
}

#[test]
fn a_connection_that_was_over_at_first_sight_is_told_only_when_asked_for() {
    let mut census = Census::new(RUN, Admission { over: false, ..ROOM });
    let seen = vec![tcp(1, TIME_WAIT, None, None), tcp(2, ESTABLISHED, Some(20), None)];
    assert_eq!(told(&census.advance(seen)), [(NetworkChange::Opened, 1)]);
    let known = census.advance(vec![tcp(2, TIME_WAIT, None, None)]);
    assert_eq!(told(&known), [(NetworkChange::Closed, 1)]);

    let mut census = Census::new(RUN, ROOM);
    let seen = vec![tcp(1, TIME_WAIT, None, None)];
    let expected = [(NetworkChange::Opened, 1), (NetworkChange::Closed, 1)];
    assert_eq!(told(&census.advance(seen.clone())), expected);
    assert_eq!(census.advance(seen), Difference::default());
    assert_eq!(census.advance(Vec::new()), Difference::default());
}

/// Scans of few addresses and few sockets, so that both are used again often.
fn histories() -> impl Strategy<Value = Vec<Vec<Observation>>> {
    let connected = (0_u16..3, 0_usize..5, proptest::option::of(0_u64..4), 0_u32..3)
        .prop_map(|(port, state, socket, pid)| tcp(port, STATES[state], socket, Some(pid)));
    let shared =
        (0_u16..2, 0_u64..4, 0_u32..3).prop_map(|(port, socket, pid)| udp(port, socket, pid));
    let scan = proptest::collection::vec(prop_oneof![connected, shared], 0..8);
    proptest::collection::vec(scan, 1..10)
}

/// Addresses, and how many connections there are on them.
fn counted(seen: impl IntoIterator<Item = Observation>) -> BTreeMap<Endpoints, usize> {
    let mut counts = BTreeMap::new();
    for one in seen {
        *counts.entry(one.endpoints).or_default() += 1;
    }
    counts
}

proptest! {
    #[test]
    fn replaying_the_changes_gives_what_each_scan_saw_and_is_not_over(history in histories()) {
        let mut census = Census::new(RUN, ROOM);
        let mut open: BTreeMap<u64, Observation> = BTreeMap::new();
        let mut used: BTreeSet<u64> = BTreeSet::new();
        for seen in history {
            for change in census.advance(seen.clone()).changes {
                let number = change.id.number;
                match change.what {
                    NetworkChange::Opened => {
                        prop_assert!(used.insert(number), "a name is given once");
                        let endpoints = change.connection.endpoints;
                        let is_taken = open.values().any(|other| other.endpoints == endpoints);
                        prop_assert!(!(endpoints.are_unique() && is_taken), "closed comes first");
                        open.insert(number, change.connection);
                    }
                    NetworkChange::Changed => {
                        let before = open.insert(number, change.connection);
                        let before = before.expect("what changes is open");
                        prop_assert_eq!(before.endpoints, change.connection.endpoints);
                        prop_assert!(change.connection.may_follow(&before));
                        prop_assert_ne!(
                            (before.state, before.pid),
                            (change.connection.state, change.connection.pid)
                        );
                    }
                    NetworkChange::Closed => {
                        prop_assert!(open.remove(&number).is_some(), "closed, and not open");
                    }
                    other => prop_assert!(false, "unexpected {:?}", other),
                }
            }
            let truth = each_once(seen).into_iter().filter(|one| !one.is_over());
            prop_assert_eq!(counted(open.values().copied()), counted(truth));
        }
    }
}
