//! The same two children, a file and an end of a connection, seen by three agents; and seen
//! otherwise by one of them.

use daemoneye_eventbus::event::{
    FilesystemEvent, FilesystemOperation, NetworkChange, NetworkEvent, ProcessChange, ProcessEvent,
};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventHeader, EventId, EventSubscription, Topic,
};

use super::*;
use crate::check::sightings::tests::{SECOND, child, seen};
use crate::check::{Checked, Verdict};
use crate::plan::{SubscriberSpec, TrialKind, claims};
use crate::record::{
    AgentEnd, Deployed, Parent, Sightings, Thing, WatchedChild, WatchedFile, WatchedSocket,
};

const PATH: &str = "/watched/file-2";
const FILES: &str = "events.filesystem.operations";
const CONNECTIONS: &str = "events.network.connections";
/// Where the events of the file begin in a record, and those of the connection.
const FILE: usize = 4;
const SOCKET: usize = 7;

fn case() -> Case {
    let patterns = ["events.process.lifecycle", FILES, CONNECTIONS];
    let recorder = EventSubscription::new("recorder");
    let subscription = patterns.into_iter().fold(recorder, EventSubscription::with_pattern);
    Case {
        claims: claims::judged(TrialKind::Switch).to_vec(),
        kind: TrialKind::Switch,
        ..Case::bare("switch/doctored", Vec::new(), vec![SubscriberSpec::bare(subscription)])
    }
}

/// A number by which what is each run's own differs.
fn shift(turn: Turn) -> u32 {
    match turn {
        Turn::Before => 0,
        Turn::Switched => 1_000,
        Turn::RolledBack => 2_000,
    }
}

fn watched(turn: Turn, index: u64) -> WatchedChild {
    let own = child(index);
    WatchedChild { pid: own.pid + shift(turn), ..own }
}

fn socket(turn: Turn) -> WatchedSocket {
    WatchedSocket {
        local_address: format!("127.0.0.1:{}", 40_000 + shift(turn)),
        remote_address: "127.0.0.1:7".to_owned(),
        pid: 77,
        accepted_monotonic_ns: 10 * SECOND,
    }
}

fn header(source: &'static str, number: u64) -> EventHeader {
    EventHeader {
        source: source.into(),
        source_sequence: number,
        observed_monotonic_ns: 11 * SECOND,
        ..EventHeader::default()
    }
}

fn told(topic: &str, event: CollectionEvent) -> BusEvent {
    let (publisher, sequence) = (event.header().source.clone(), event.header().source_sequence);
    let id = EventId { publisher, incarnation: 1, sequence };
    let correlation = CorrelationMetadata::derived(&id);
    let topic = Topic::new(topic).expect("a topic");
    BusEvent { id, topic, published_monotonic_ns: 0, correlation, event }
}

fn file_seen(operation: FilesystemOperation, size_bytes: Option<u64>, number: u64) -> BusEvent {
    let header = header("fsmond", number);
    let path = PATH.into();
    let event = FilesystemEvent { header, operation, path, size_bytes, ..Default::default() };
    told(FILES, CollectionEvent::Filesystem(event))
}

fn socket_seen(change: NetworkChange, turn: Turn, number: u64) -> BusEvent {
    let socket = socket(turn);
    let event = NetworkEvent {
        header: header("netmond", number),
        change,
        connection_id: format!("{:x}-1", shift(turn) + 1).into(),
        protocol: "tcp".into(),
        local_address: socket.local_address.into(),
        remote_address: socket.remote_address.into(),
        state: Some("ESTABLISHED".into()),
        pid: Some(socket.pid),
        ..NetworkEvent::default()
    };
    told(CONNECTIONS, CollectionEvent::Network(event))
}

/// What an agent saw that kept every promise. Pids, ports and numbers are other ones in each turn.
fn sightings(turn: Turn) -> Sightings {
    let children = [watched(turn, 0), watched(turn, 1)];
    let own = u64::from(shift(turn));
    let record = vec![
        seen(ProcessChange::Started, &children[0], own + 1),
        seen(ProcessChange::Started, &children[1], own + 2),
        seen(ProcessChange::Exited, &children[0], own + 3),
        seen(ProcessChange::Exited, &children[1], own + 4),
        file_seen(FilesystemOperation::Created, Some(0), own + 1),
        file_seen(FilesystemOperation::Modified, Some(5), own + 2),
        file_seen(FilesystemOperation::Deleted, None, own + 3),
        socket_seen(NetworkChange::Opened, turn, own + 1),
        socket_seen(NetworkChange::Closed, turn, own + 2),
    ];
    let [first, second] = children.map(Thing::Child);
    let file = Thing::File(WatchedFile { path: PATH.to_owned(), written_bytes: 5 });
    let things = vec![first, second, file, Thing::Socket(socket(turn))];
    let parent = Parent { pid: 77, arguments: vec!["equivalence".to_owned(), "run".to_owned()] };
    Sightings { record, things, parent, end: AgentEnd::InOrder }
}

fn right() -> [AgentTurn; 3] {
    Turn::ALL.map(|turn| {
        let bus_type = turn.bus_type();
        let is_apart = turn == Turn::Switched;
        let collectors = ["fsmond", "netmond", "procmond"];
        AgentTurn {
            turn,
            configuration: format!("[event_bus]\nbus_type = \"{bus_type}\"\n\n[agent]\n"),
            deployed: Deployed {
                bus_type: bus_type.to_owned(),
                collectors: collectors.map(|name| (name.to_owned(), is_apart)).to_vec(),
            },
            sightings: sightings(turn),
        }
    })
}

/// What is told of turns that were right before they were doctored.
fn judged(doctor: impl FnOnce(&mut [AgentTurn; 3])) -> Vec<String> {
    let mut turns = right();
    doctor(&mut turns);
    match check_switch(&case(), &turns) {
        Report::Judged(judgement) => {
            judgement.violations.into_iter().map(|violation| violation.sentence).collect()
        }
        Report::Broken(why) => why,
    }
}

/// Of these, what is told by the comparison.
fn compared(doctor: impl FnOnce(&mut [AgentTurn; 3])) -> Vec<String> {
    let mut told = judged(doctor);
    told.retain(|sentence| sentence.ends_with("(switch)"));
    told
}

fn process(turn: &mut AgentTurn, at: usize) -> &mut ProcessEvent {
    let CollectionEvent::Process(event) = &mut turn.sightings.record[at].event else {
        panic!("the first four are about children");
    };
    event
}

fn network(turn: &mut AgentTurn, at: usize) -> &mut NetworkEvent {
    let CollectionEvent::Network(event) = &mut turn.sightings.record[at].event else {
        panic!("the last two are about a connection");
    };
    event
}

#[test]
fn the_same_told_thrice_passes_though_ids_ports_and_numbers_are_each_run_s_own() {
    let report = check_switch(&case(), &right());
    assert_eq!(report.verdict(), Verdict::Pass, "{report:?}");
    assert_eq!(report.unexercised(), []);
    let Report::Judged(judgement) = report else { panic!("judged") };
    let row = judgement.checked.iter().find(|row| row.check == Check::Switch).expect("a row");
    let Checked { items, violations, .. } = *row;
    assert!(items > 2 * 9 * 10, "every field of nine events, twice: {items}");
    assert_eq!(violations, 0);
}

#[test]
fn a_field_that_differs_is_told_with_thing_step_and_both_values() {
    let told = judged(|turns| process(&mut turns[1], 3).user_name = Some("root".into()));
    assert_eq!(
        told,
        ["child 1 was seen exiting with user_name null before the switch, and \"root\" after the \
          switch (switch)"]
    );
    let told = judged(|turns| turns[1].sightings.record[FILE + 1].event = hashed());
    assert_eq!(
        told,
        ["file 2 was seen modified with content_sha256 null before the switch, and \"aa\" after \
          the switch (switch)"]
    );
}

fn hashed() -> CollectionEvent {
    let mut event = file_seen(FilesystemOperation::Modified, Some(5), 1_002).event;
    if let CollectionEvent::Filesystem(file) = &mut event {
        file.content_sha256 = Some("aa".into());
    }
    event
}

#[test]
fn each_part_of_an_event_is_compared_and_lists_item_by_item() {
    let differs = |doctor: fn(&mut BusEvent), field: &str| {
        let told = compared(|turns| doctor(&mut turns[1].sightings.record[FILE]));
        assert_eq!(told.len(), 1, "{field}: {told:?}");
        let begin = format!("file 2 was seen created with {field} ");
        assert!(told[0].starts_with(&begin), "{told:?}");
    };
    differs(|one| one.topic = Topic::new("events.filesystem.bulk").expect("a topic"), "topic");
    differs(|one| one.correlation.stage = Some("s".into()), "correlation.stage");
    differs(|one| one.correlation.sequence = 1, "correlation.sequence");
    let metadata = |one: &mut BusEvent| {
        let CollectionEvent::Filesystem(file) = &mut one.event else { panic!("of a file") };
        file.header.metadata.push(("still_open".into(), "true".into()));
    };
    differs(metadata, "header.metadata");
    let routing = |one: &mut BusEvent| {
        let CollectionEvent::Filesystem(file) = &mut one.event else { panic!("of a file") };
        file.header.routing.session_id = Some("7".into());
    };
    differs(routing, "header.routing.session_id");
}

#[test]
fn of_what_is_a_run_s_own_it_is_told_that_it_is_lost() {
    let told = judged(|turns| process(&mut turns[1], 0).memory_bytes = Some(4_096));
    assert_eq!(
        told,
        ["child 0 was seen starting with memory_bytes null before the switch, and \"a number\" \
          after the switch (switch)"]
    );
    let told = judged(|turns| {
        for turn in turns {
            process(turn, 0).memory_bytes = Some(4_096 + u64::from(shift(turn.turn)));
        }
    });
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn a_step_that_is_missing_is_told_though_the_promise_it_breaks_is_told_too() {
    let told = judged(|turns| drop(turns[1].sightings.record.remove(FILE + 1)));
    assert_eq!(
        told,
        [
            "after the switch, file 2 (/watched/file-2) was never seen modified (C1)",
            "file 2 was seen created, then modified, then deleted before the switch, and created, \
             then deleted after the switch (switch)",
        ]
    );
}

#[test]
fn a_thing_of_which_nothing_was_told_is_told() {
    let told = compared(|turns| turns[1].sightings.record.truncate(SOCKET));
    assert_eq!(
        told,
        [
            "socket 3 was seen opened, then closed before the switch, and in no way after the switch \
          (switch)"
        ]
    );
}

#[test]
fn a_step_that_was_told_twice_is_told() {
    let told = compared(|turns| {
        let again = seen(ProcessChange::Exited, &watched(Turn::Switched, 1), 1_005);
        turns[1].sightings.record.push(again);
    });
    assert_eq!(
        told,
        ["child 1 was seen starting, then exiting before the switch, and starting, then exiting, \
          then exiting after the switch (switch)"]
    );
}

#[test]
fn steps_of_a_thing_in_another_order_are_told_and_those_of_different_things_are_not() {
    let told = compared(|turns| turns[1].sightings.record.swap(FILE, FILE + 1));
    assert_eq!(
        told,
        ["file 2 was seen created, then modified, then deleted before the switch, and modified, \
          then created, then deleted after the switch (switch)"]
    );
    let told = compared(|turns| {
        turns[1].sightings.record.swap(0, 1);
        turns[1].sightings.record.swap(3, FILE);
    });
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn what_stays_changed_after_the_way_back_is_told_as_that() {
    let told = judged(|turns| process(&mut turns[2], 2).accessible = false);
    assert_eq!(
        told,
        [
            "child 0 was seen exiting with accessible true before the switch, and false after the way \
          back (switch)"
        ]
    );
}

#[test]
fn a_promise_that_one_agent_breaks_is_told_with_whose_turn_it_was() {
    let told = judged(|turns| {
        let how = "exit status: 1".to_owned();
        turns[2].sightings.end = AgentEnd::Failed { how, last_words: String::new() };
    });
    assert_eq!(
        told,
        [
            "after the way back, the agent, asked to end, ended with exit status: 1; its last words: \
          nothing (C13)"
        ]
    );
}

#[test]
fn a_child_met_before_its_exec_is_not_compared_in_what_that_changes() {
    let early = |observed: u64| {
        compared(move |turns| {
            let process = process(&mut turns[1], 0);
            process.name = "harness".into();
            process.arguments = vec!["equivalence".into(), "run".into()];
            process.header.observed_monotonic_ns = observed;
        })
    };
    let executed = child(0).executed_monotonic_ns;
    assert_eq!(early(executed), Vec::<String>::new());
    assert_eq!(early(executed + 1).len(), 2);
}

#[test]
fn a_connection_met_before_it_was_accepted_is_nobody_s_in_a_state_that_passes() {
    let early = |observed: u64| {
        judged(move |turns| {
            let network = network(&mut turns[1], SOCKET);
            network.state = Some("SYN_RECV".into());
            network.pid = None;
            network.header.observed_monotonic_ns = observed;
        })
    };
    let accepted = socket(Turn::Switched).accepted_monotonic_ns;
    assert_eq!(early(accepted), Vec::<String>::new());
    let told = early(accepted + 1);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].ends_with("was seen with owner None, not 77 (C6)"), "{told:?}");
    assert!(told[1].contains("with pid \"a number\" before the switch, and null"), "{told:?}");
    assert!(told[2].contains("with state \"ESTABLISHED\" before the switch, and \"SYN_RECV\""));
}

#[test]
fn a_hash_is_compared_where_it_is_told_and_not_where_it_may_be_known() {
    let known = judged(|turns| process(&mut turns[1], 2).executable_sha256 = Some("aa".into()));
    assert_eq!(known, Vec::<String>::new());
    let told = compared(|turns| {
        for (turn, sha256) in turns.iter_mut().zip(["aa", "bb", "aa"]) {
            let number = u64::from(shift(turn.turn)) + 5;
            let child = watched(turn.turn, 0);
            let mut told = seen(ProcessChange::Integrity, &child, number);
            if let CollectionEvent::Process(process) = &mut told.event {
                process.executable_sha256 = Some(sha256.into());
            }
            turn.sightings.record.push(told);
        }
    });
    assert_eq!(
        told,
        ["child 0 was seen hashed with executable_sha256 \"aa\" before the switch, and \"bb\" \
          after the switch (switch)"]
    );
}

#[test]
fn an_agent_that_is_not_where_its_file_says_is_told() {
    let told = judged(|turns| turns[1].deployed.bus_type = "local".to_owned());
    assert_eq!(
        told,
        ["after the switch the agent was on the bus `local`, and its file said `daemoneye` \
          (switch)"]
    );
    let told = judged(|turns| turns[1].deployed.collectors[2].1 = false);
    assert_eq!(told, ["after the switch procmond was in the agent's process (switch)"]);
    let told = judged(|turns| turns[2].deployed.collectors[0].1 = true);
    assert_eq!(told, ["after the way back fsmond was in a process of its own (switch)"]);
    let told = judged(|turns| drop(turns[1].deployed.collectors.pop()));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("and {\"fsmond\", \"netmond\"} after the switch"), "{told:?}");
}

#[test]
fn agents_that_met_another_number_of_things_are_told() {
    let told = compared(|turns| {
        turns[1].sightings.things.pop();
        turns[1].sightings.record.truncate(SOCKET);
    });
    assert_eq!(told, ["4 things happened before the switch, and 3 after the switch (switch)"]);
}

#[test]
fn a_file_in_which_not_one_line_changed_is_a_defect_of_the_harness() {
    let told = judged(|turns| turns[1].configuration.push_str("paths = []\n"));
    assert_eq!(told.len(), 2, "before and after: {told:?}");
    assert!(told[0].starts_with("the configuration file before the switch and after the switch"));
    let told = judged(|turns| {
        turns[1].configuration = turns[1].configuration.replace("[agent]", "[spool]");
    });
    assert_eq!(told.len(), 2, "{told:?}");
    let told = judged(|turns| turns[1].configuration = turns[0].configuration.clone());
    assert_eq!(told.len(), 2, "{told:?}");
    let [before, switched, _] = right();
    let report = check_switch(&case(), &[before, switched]);
    assert_eq!(report, Report::Broken(vec!["there were 2 agents, not three".to_owned()]));
}
