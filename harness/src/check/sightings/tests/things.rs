//! Records of files, connections and programs whose hash is known: right ones, and doctored ones.

use FilesystemOperation::{Attributes, Created, Deleted, Modified};

use daemoneye_eventbus::event::{
    FilesystemEvent, FilesystemOperation, NetworkChange, NetworkEvent,
};

use super::*;
use crate::record::{WatchedFile, WatchedSocket};

const WRITTEN_BYTES: u64 = 1700;

fn sightings(things: Vec<Thing>, record: Vec<BusEvent>) -> Sightings {
    Sightings { record, things, ..right() }
}

fn file(name: &str, told: [(FilesystemOperation, Option<u64>); 3]) -> (Thing, Vec<BusEvent>) {
    let path = format!("/watched/{name}");
    let event = |(operation, size_bytes)| FilesystemEvent {
        operation,
        path: path.as_str().into(),
        size_bytes,
        ..FilesystemEvent::default()
    };
    let events = told.map(event).map(|event| recorded(CollectionEvent::Filesystem(event)));
    (Thing::File(WatchedFile { path, written_bytes: WRITTEN_BYTES }), events.into())
}

/// What is told of two files, the second of which is this; numbers are as they come.
fn told_of_files(second: [(FilesystemOperation, Option<u64>); 3]) -> Vec<String> {
    let right = [(Created, None), (Modified, Some(WRITTEN_BYTES)), (Deleted, None)];
    let (first, mut record) = file("a", right);
    let (second, more) = file("b", second);
    record.extend(more);
    for (number, received) in (1..).zip(&mut record) {
        *received.event.header_mut() = header("fsmond", number);
    }
    told_of(&sightings(vec![first, second], record))
}

#[test]
fn a_file_passes_whatever_its_size_was_before_it_was_written() {
    let written = (Modified, Some(WRITTEN_BYTES));
    assert_eq!(told_of_files([(Created, Some(17)), written, (Deleted, None)]), [""; 0]);
}

#[test]
fn a_written_file_of_another_size_breaks_c6() {
    let told = told_of_files([(Created, None), (Modified, Some(17)), (Deleted, None)]);
    assert_eq!(told, ["file 1 (/watched/b) was seen with size Some(17), not Some(1700) (C6)"]);
}

#[test]
fn a_file_that_is_written_before_it_is_made_breaks_c4() {
    let written = (Modified, Some(WRITTEN_BYTES));
    let told = told_of_files([written, (Created, None), (Deleted, None)]);
    assert_eq!(told, ["file 1 (/watched/b) was seen created after it was seen modified (C4)"]);
}

#[test]
fn a_step_of_a_file_that_nobody_told_breaks_c1() {
    let told = told_of_files([(Created, None), (Attributes, None), (Deleted, None)]);
    assert_eq!(told, ["file 1 (/watched/b) was never seen modified (C1)"]);
}

/// What is told of a connection whose first end has this protocol and owner.
fn told_of_socket(protocol: &str, pid: Option<u32>) -> Vec<String> {
    let ends = [("127.0.0.1:1", "127.0.0.1:2"), ("127.0.0.1:2", "127.0.0.1:1")];
    let mut record = Vec::new();
    for change in [NetworkChange::Opened, NetworkChange::Closed] {
        for (index, (local, remote)) in ends.into_iter().enumerate() {
            let number = record.len() as u64 + 1;
            let (protocol, pid) = if index == 0 { (protocol, pid) } else { ("tcp", Some(77)) };
            record.push(recorded(CollectionEvent::Network(NetworkEvent {
                header: EventHeader {
                    observed_monotonic_ns: 2 * SECOND,
                    ..header("netmond", number)
                },
                change,
                protocol: protocol.into(),
                local_address: local.into(),
                remote_address: remote.into(),
                pid,
                ..NetworkEvent::default()
            })));
        }
    }
    let socket = |(local, remote): (&str, &str)| {
        let (local_address, remote_address) = (local.to_owned(), remote.to_owned());
        let accepted_monotonic_ns = SECOND;
        Thing::Socket(WatchedSocket {
            local_address,
            remote_address,
            pid: 77,
            accepted_monotonic_ns,
        })
    };
    told_of(&sightings(ends.map(socket).into(), record))
}

#[test]
fn each_end_of_a_connection_is_a_thing_with_an_owner() {
    assert_eq!(told_of_socket("tcp", Some(77)), [""; 0]);
    let told = told_of_socket("udp", None);
    let end = "socket 0 (127.0.0.1:1 to 127.0.0.1:2) was seen with";
    let once = [
        format!("{end} protocol \"udp\", not \"tcp\" (C6)"),
        format!("{end} owner None, not 77 (C6)"),
    ];
    // Opened, and closed.
    assert_eq!(told, [once.clone(), once].concat());
}

/// What is told of two children of a known program, the second with this hash, if any is told.
fn told_of_hash(hash: Option<&'static str>) -> Vec<String> {
    let children = [0, 1].map(|index| {
        let executable_sha256 = Some("known".to_owned());
        WatchedChild { executable_sha256, ..child(index) }
    });
    let mut record = Vec::new();
    for (child, hash) in children.iter().zip([Some("known"), hash]) {
        let hashed = hash.map(|_| ProcessChange::Integrity);
        let changes = [ProcessChange::Started].into_iter().chain(hashed);
        for change in changes.chain([ProcessChange::Exited]) {
            let mut received = seen(change, child, record.len() as u64 + 1);
            if let CollectionEvent::Process(process) = &mut received.event {
                process.executable_sha256 = hash.map(Into::into);
            }
            record.push(received);
        }
    }
    told_of(&sightings(children.map(Thing::Child).into(), record))
}

#[test]
fn the_hash_of_a_known_program_is_told_and_is_its_own() {
    assert_eq!(told_of_hash(Some("known")), [""; 0]);
    let child = "child 1 (process 501) was";
    let other = format!("{child} seen with SHA-256 Some(\"other\"), not Some(\"known\") (C6)");
    assert_eq!(told_of_hash(Some("other")), [other]);
    assert_eq!(told_of_hash(None), [format!("{child} never seen hashed (C1)")]);
}

#[test]
fn what_a_child_ran_before_its_exec_may_be_hashed_as_well_if_it_was_seen_so() {
    let known = WatchedChild { executable_sha256: Some("known".to_owned()), ..child(0) };
    let before_exec = |change, number| {
        let mut received = seen(change, &known, number);
        if let CollectionEvent::Process(process) = &mut received.event {
            process.name = "harness".into();
            process.arguments = vec!["equivalence".into(), "run".into()];
            if change == ProcessChange::Started {
                process.header.observed_monotonic_ns = known.executed_monotonic_ns;
            }
        }
        received
    };
    let own = |change, number| {
        let mut received = seen(change, &known, number);
        if let CollectionEvent::Process(process) = &mut received.event {
            process.executable_sha256 = Some("known".into());
        }
        received
    };
    let told = |started: BusEvent| {
        let hashed = [before_exec(ProcessChange::Integrity, 2), own(ProcessChange::Integrity, 3)];
        let record = [started].into_iter().chain(hashed).chain([own(ProcessChange::Exited, 4)]);
        told_of(&sightings(vec![Thing::Child(known.clone())], record.collect()))
    };
    assert_eq!(told(before_exec(ProcessChange::Started, 1)), [""; 0]);
    let told = told(own(ProcessChange::Started, 1));
    assert!(told.iter().any(|one| one.contains("name \"harness\"")), "{told:?}");
}
