//! Rows for each change, and histories of any shape against what truly happened.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const SECOND_NS: u64 = 1_000_000_000;
const THRESHOLDS: Thresholds =
    Thresholds { cpu_percent: 10.0, memory_percent: 10.0, memory_bytes: 100 };

fn process(pid: u32, start: u64) -> Observation {
    Observation {
        identity: Identity { start, pid },
        ppid: Some(1),
        name: "sleep".into(),
        executable_path: Some("/bin/sleep".into()),
        arguments: vec!["sleep".into(), "9".into()],
        arguments_cut: false,
        image: Some(1),
        start_time_unix_ns: Some(start),
        cpu_time_ns: 0,
        memory_bytes: 10_000,
        user_id: Some("0".into()),
        user_name: Some("root".into()),
        accessible: true,
    }
}

fn scan(at_s: u64, processes: impl IntoIterator<Item = Observation>) -> Scan {
    Scan {
        observed_monotonic_ns: at_s * SECOND_NS,
        processes: processes.into_iter().collect(),
        ..Scan::default()
    }
}

fn told(changes: &[Change]) -> Vec<(ProcessChange, u32)> {
    changes.iter().map(|change| (change.what, change.process.identity.pid)).collect()
}

/// A census that knows one process, and what a second scan of it changes.
fn second_scan(alter: impl FnOnce(&mut Observation)) -> Vec<Change> {
    let mut census = Census::default();
    census.advance(scan(1, [process(7, 70)]), THRESHOLDS);
    let mut altered = process(7, 70);
    alter(&mut altered);
    census.advance(scan(2, [altered]), THRESHOLDS)
}

#[test]
fn the_first_scan_enumerates() {
    let changes = Census::default().advance(scan(1, [process(9, 90), process(7, 70)]), THRESHOLDS);
    assert_eq!(told(&changes), [(ProcessChange::Enumerated, 7), (ProcessChange::Enumerated, 9)]);
}

#[test]
fn an_unchanged_process_is_not_reported() {
    assert_eq!(second_scan(|_| ()), []);
}

#[test]
fn a_reused_process_id_is_an_exit_and_a_start() {
    let changes = second_scan(|process| process.identity.start = 71);
    assert_eq!(told(&changes), [(ProcessChange::Exited, 7), (ProcessChange::Started, 7)]);
    let starts: Vec<_> = changes.iter().map(|change| change.process.identity.start).collect();
    assert_eq!(starts, [70, 71]);
}

#[test]
fn another_executable_is_an_execution() {
    let changes = second_scan(|process| process.executable_path = Some("/bin/true".into()));
    assert_eq!(told(&changes), [(ProcessChange::Executed, 7)]);
}

#[test]
fn an_executable_that_became_unreadable_is_no_execution() {
    assert_eq!(second_scan(|process| process.executable_path = None), []);
}

#[test]
fn arguments_that_were_not_there_yet_are_an_execution() {
    let mut census = Census::default();
    census.advance(scan(1, [Observation { arguments: Vec::new(), ..process(7, 70) }]), THRESHOLDS);
    let changes = census.advance(scan(2, [process(7, 70)]), THRESHOLDS);
    assert_eq!(told(&changes), [(ProcessChange::Executed, 7)]);
    assert_eq!(changes[0].process.arguments, ["sleep", "9"]);
}

#[test]
fn another_image_of_the_same_executable_is_an_execution() {
    let changes = second_scan(|process| process.image = Some(2));
    assert_eq!(told(&changes), [(ProcessChange::Executed, 7)]);
    assert_eq!(second_scan(|process| process.image = None), [], "it is hidden by now");
}

#[test]
fn another_parent_is_a_change_of_the_tree() {
    let changes = second_scan(|process| process.ppid = Some(2));
    assert_eq!(told(&changes), [(ProcessChange::Tree, 7)]);
}

#[test]
fn cpu_use_is_reported_from_the_threshold_on() {
    assert_eq!(second_scan(|process| process.cpu_time_ns = SECOND_NS / 11), []);
    let changes = second_scan(|process| process.cpu_time_ns = SECOND_NS / 10);
    assert_eq!(told(&changes), [(ProcessChange::Metadata, 7)]);
    assert_eq!(changes[0].cpu_percent, Some(10.0));
}

#[test]
fn memory_is_reported_from_the_threshold_on() {
    assert_eq!(second_scan(|process| process.memory_bytes = 10_999), []);
    let grown = second_scan(|process| process.memory_bytes = 11_000);
    assert_eq!(told(&grown), [(ProcessChange::Metadata, 7)]);
    let shrunk = second_scan(|process| process.memory_bytes = 9_000);
    assert_eq!(told(&shrunk), [(ProcessChange::Metadata, 7)]);
}

#[test]
fn a_slow_drift_adds_up_until_it_is_reported() {
    let mut census = Census::default();
    let at = |memory_bytes| Observation { memory_bytes, ..process(7, 70) };
    let mut reported = Vec::new();
    for (second, memory_bytes) in [(1, 10_000), (2, 10_600), (3, 11_200), (4, 11_800)] {
        reported.push(census.advance(scan(second, [at(memory_bytes)]), THRESHOLDS).len());
    }
    assert_eq!(reported, [1, 0, 1, 0]);
}

#[test]
fn another_user_is_reported() {
    let changes = second_scan(|process| process.user_id = Some("1000".into()));
    assert_eq!(told(&changes), [(ProcessChange::Metadata, 7)]);
}

#[test]
fn an_unreadable_process_has_not_exited() {
    let mut census = Census::default();
    census.advance(scan(1, [process(7, 70)]), THRESHOLDS);
    let unread = Scan { unreadable: vec![7], ..scan(2, []) };
    assert_eq!(census.advance(unread, THRESHOLDS), []);
    assert_eq!(census.advance(scan(3, [process(7, 70)]), THRESHOLDS), []);
    assert_eq!(told(&census.advance(scan(4, []), THRESHOLDS)), [(ProcessChange::Exited, 7)]);
}

#[test]
fn the_processes_that_are_known_are_as_seen_last() {
    let mut census = Census::default();
    census.advance(scan(1, [process(7, 70), process(9, 90)]), THRESHOLDS);
    let busy = Observation { cpu_time_ns: SECOND_NS / 4, ..process(9, 90) };
    census.advance(scan(2, [busy.clone()]), THRESHOLDS);
    let known: Vec<_> = census.processes().collect();
    assert_eq!(known, [(&busy, Some(25.0))]);
    assert_eq!(census.process(busy.identity), Some(&busy));
    assert_eq!(census.process(Identity { start: 70, pid: 7 }), None);
}

/// Worlds as sets of (pid, start), few enough that ids are reused often.
fn histories() -> impl Strategy<Value = Vec<BTreeMap<u32, u64>>> {
    let world = proptest::collection::btree_map(0_u32..6, 0_u64..4, 0..6);
    proptest::collection::vec(world, 1..12)
}

proptest! {
    #[test]
    fn replaying_the_changes_gives_every_world_with_each_start_and_exit_once(
        history in histories(),
    ) {
        let mut census = Census::default();
        let mut replayed: BTreeSet<Identity> = BTreeSet::new();
        for (index, world) in history.iter().enumerate() {
            let seen = world.iter().map(|(pid, start)| process(*pid, *start));
            let mut has_appeared = false;
            for change in census.advance(scan(index as u64, seen), THRESHOLDS) {
                let identity = change.process.identity;
                let exited = change.what == ProcessChange::Exited;
                prop_assert!(!(exited && has_appeared), "exits come first");
                has_appeared |= !exited;
                match change.what {
                    ProcessChange::Enumerated => {
                        prop_assert_eq!(index, 0);
                        prop_assert!(replayed.insert(identity), "enumerated twice");
                    }
                    ProcessChange::Started => {
                        prop_assert!(index > 0);
                        prop_assert!(replayed.insert(identity), "started twice");
                    }
                    ProcessChange::Exited => {
                        prop_assert!(replayed.remove(&identity), "exited without having run");
                    }
                    other => prop_assert!(false, "unexpected {:?}", other),
                }
            }
            let truth: BTreeSet<_> =
                world.iter().map(|(pid, start)| Identity { start: *start, pid: *pid }).collect();
            prop_assert_eq!(&replayed, &truth);
        }
    }
}
