//! Rows for each kind of figure, and samples of any numbers against what every value must be.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::sample::{Cpu, Moved};
use super::*;

const SECOND_NS: u64 = 1_000_000_000;
/// More processes than any test has.
const ALL: usize = 100;

/// A value as tests compare it: name, component, value.
type Row<'a> = (&'a str, Option<&'a str>, f64);

fn rows(events: &[PerformanceEvent]) -> Vec<Row<'_>> {
    events
        .iter()
        .map(|event| (&*event.metric_name, event.component.as_deref(), event.value))
        .collect()
}

fn sample(at_s: u64) -> Sample {
    Sample { observed_monotonic_ns: at_s * SECOND_NS, ..Sample::default() }
}

fn traffic(of: &[(&'static str, u64, u64)]) -> Traffic {
    let moved = |&(name, in_bytes, out_bytes)| {
        (ByteString::from_static(name), Moved { in_bytes, out_bytes })
    };
    of.iter().map(moved).collect()
}

fn cpu(all: (u64, u64), cores: &[(u64, u64)]) -> Cpu {
    let time = |(busy, total)| CpuTime { busy, total };
    Cpu { all: time(all), cores: cores.iter().copied().map(time).collect() }
}

fn process(pid: u32, cpu_time_ms: u64) -> ProcessUsage {
    ProcessUsage {
        pid,
        start: 70,
        name: ByteString::from(format!("p{pid}")),
        cpu_time_ns: cpu_time_ms * 1_000_000,
        memory_bytes: 4096,
    }
}

/// The processes told, in their order, with their percent of one core.
fn busiest(before: &[ProcessUsage], now: &[ProcessUsage], top: usize) -> Vec<(u32, f64)> {
    let before = Sample { processes: before.to_vec(), ..sample(1) };
    let now = Sample { processes: now.to_vec(), ..sample(2) };
    let told = derive(Some(&before), &now, top);
    let cpu = told.into_iter().filter(|event| event.metric_name == "process.cpu");
    cpu.filter_map(|event| Some((event.pid?, event.value))).collect()
}

#[test]
fn what_needs_no_time_is_told_of_the_first_sample() {
    let first = Sample {
        memory: Some(Space { used_bytes: 300, available_bytes: 100 }),
        swap: Some(Space { used_bytes: 1, available_bytes: 3 }),
        load: Some([0.5, 1.5, 2.5]),
        file_systems: BTreeMap::from([("/".into(), Space { used_bytes: 9, available_bytes: 1 })]),
        ..sample(1)
    };
    let told = derive(None, &first, ALL);
    assert_eq!(
        rows(&told),
        [
            ("memory.used", None, 300.0),
            ("memory.available", None, 100.0),
            ("memory.used_percent", None, 75.0),
            ("swap.used", None, 1.0),
            ("swap.available", None, 3.0),
            ("swap.used_percent", None, 25.0),
            ("load.1m", None, 0.5),
            ("load.5m", None, 1.5),
            ("load.15m", None, 2.5),
            ("filesystem.used", Some("/"), 9.0),
            ("filesystem.available", Some("/"), 1.0),
            ("filesystem.used_percent", Some("/"), 90.0),
        ]
    );
}

#[test]
fn the_first_sample_has_no_rates() {
    let first = Sample {
        cpu: Some(cpu((50, 100), &[(50, 100)])),
        disks: traffic(&[("sda", 1000, 2000)]),
        interfaces: traffic(&[("eth0", 1000, 2000)]),
        processes: vec![process(7, 500)],
        ..sample(1)
    };
    assert_eq!(derive(None, &first, ALL), []);
}

#[test]
fn a_second_sample_at_the_same_moment_has_no_rates() {
    let at_once = Sample { disks: traffic(&[("sda", 1000, 2000)]), ..sample(1) };
    assert_eq!(derive(Some(&at_once), &at_once, ALL), []);
}

#[test]
fn a_figure_that_could_not_be_read_is_left_out() {
    assert_eq!(derive(Some(&sample(1)), &sample(2), ALL), []);
}

#[test]
fn nothing_is_no_percentage() {
    let empty = Sample { memory: Some(Space::default()), ..sample(1) };
    let told = derive(None, &empty, ALL);
    assert_eq!(rows(&told), [("memory.used", None, 0.0), ("memory.available", None, 0.0)]);
}

#[test]
fn cpu_use_is_told_of_all_cores_together_and_of_each() {
    let before = Sample { cpu: Some(cpu((100, 1000), &[(60, 500), (40, 500)])), ..sample(1) };
    let now = Sample { cpu: Some(cpu((150, 1200), &[(110, 600), (40, 600)])), ..sample(2) };
    assert_eq!(
        rows(&derive(Some(&before), &now, ALL)),
        [
            ("cpu.busy", None, 25.0),
            ("cpu.busy", Some("cpu0"), 50.0),
            ("cpu.busy", Some("cpu1"), 0.0)
        ]
    );
}

#[test]
fn cores_that_come_or_go_are_not_mistaken_for_others() {
    let before = Sample { cpu: Some(cpu((100, 1000), &[(60, 500), (40, 500)])), ..sample(1) };
    let now = Sample { cpu: Some(cpu((150, 1200), &[(110, 700)])), ..sample(2) };
    assert_eq!(rows(&derive(Some(&before), &now, ALL)), [("cpu.busy", None, 25.0)]);
}

#[test]
fn cpu_time_that_stood_still_or_ran_backwards_gives_no_value() {
    let before = Sample { cpu: Some(cpu((100, 1000), &[])), ..sample(1) };
    for all in [(100, 1000), (99, 1100), (110, 999)] {
        let now = Sample { cpu: Some(cpu(all, &[])), ..sample(2) };
        assert_eq!(derive(Some(&before), &now, ALL), [], "{all:?}");
    }
}

#[test]
fn more_busy_than_all_the_time_there_was_is_all_of_it() {
    let before = Sample { cpu: Some(cpu((100, 1000), &[])), ..sample(1) };
    let now = Sample { cpu: Some(cpu((120, 1010), &[])), ..sample(2) };
    assert_eq!(rows(&derive(Some(&before), &now, ALL)), [("cpu.busy", None, 100.0)]);
}

#[test]
fn bytes_moved_are_told_by_the_second() {
    let before = Sample {
        disks: traffic(&[("sda", 1000, 5000)]),
        interfaces: traffic(&[("eth0", 0, 10)]),
        ..sample(1)
    };
    let now = Sample {
        disks: traffic(&[("sda", 1000, 9000)]),
        interfaces: traffic(&[("eth0", 20, 40)]),
        ..sample(3)
    };
    assert_eq!(
        rows(&derive(Some(&before), &now, ALL)),
        [
            ("disk.read", Some("sda"), 0.0),
            ("disk.written", Some("sda"), 2000.0),
            ("network.received", Some("eth0"), 10.0),
            ("network.sent", Some("eth0"), 15.0),
        ]
    );
}

#[test]
fn a_counter_that_ran_backwards_gives_no_value_and_the_other_one_does() {
    let before = Sample { interfaces: traffic(&[("eth0", 1000, 1000)]), ..sample(1) };
    let now = Sample { interfaces: traffic(&[("eth0", 999, 1500)]), ..sample(2) };
    assert_eq!(rows(&derive(Some(&before), &now, ALL)), [("network.sent", Some("eth0"), 500.0)]);
}

#[test]
fn a_device_has_no_rates_in_the_sample_it_appears_in() {
    let now = Sample { disks: traffic(&[("sdb", 10, 10)]), ..sample(2) };
    assert_eq!(derive(Some(&sample(1)), &now, ALL), []);
}

#[test]
fn a_process_is_told_with_its_id_its_name_and_its_memory() {
    let before = Sample { processes: vec![process(7, 100)], ..sample(1) };
    let now = Sample { processes: vec![process(7, 350)], ..sample(2) };
    let told = derive(Some(&before), &now, ALL);
    assert_eq!(
        rows(&told),
        [("process.cpu", Some("p7"), 25.0), ("process.memory", Some("p7"), 4096.0)]
    );
    assert!(told.iter().all(|event| event.pid == Some(7)));
}

#[test]
fn processes_are_told_by_cpu_time_and_equals_by_their_id() {
    let before = [process(9, 0), process(8, 0), process(7, 0), process(6, 0)];
    let now = [process(9, 200), process(8, 500), process(7, 200), process(6, 100)];
    assert_eq!(busiest(&before, &now, 3), [(8, 50.0), (7, 20.0), (9, 20.0)]);
}

#[test]
fn a_process_that_used_nothing_is_not_told() {
    let before = [process(7, 100), process(8, 100)];
    assert_eq!(busiest(&before, &[process(7, 100), process(8, 101)], ALL), [(8, 0.1)]);
}

#[test]
fn a_process_id_used_again_is_another_process() {
    let again = ProcessUsage { start: 71, ..process(7, 900) };
    assert_eq!(busiest(&[process(7, 100)], &[again], ALL), []);
}

#[test]
fn only_so_many_of_a_kind_are_told() {
    let names: Vec<_> = (0..=MAX_INTERFACES).map(|index| format!("veth{index:03}")).collect();
    let with = |bytes| {
        let moved = Moved { in_bytes: bytes, out_bytes: bytes };
        names.iter().map(|name| (ByteString::from(name.as_str()), moved)).collect::<Traffic>()
    };
    let before = Sample { interfaces: with(0), ..sample(1) };
    let now = Sample { interfaces: with(1), ..sample(2) };
    let told = derive(Some(&before), &now, ALL);
    assert_eq!(told.len(), 2 * MAX_INTERFACES);
    let last = Some(names[MAX_INTERFACES].as_str());
    assert!(told.iter().all(|event| event.component.as_deref() != last));
}

fn any_time() -> impl Strategy<Value = (u64, u64)> {
    (0_u64..1000, 0_u64..1000)
}

/// Samples of few devices and processes, at times in any order.
fn any_sample() -> impl Strategy<Value = Sample> {
    let cores = proptest::collection::vec(any_time(), 0..4);
    let devices = proptest::collection::btree_map(0_u32..4, any_time(), 0..4);
    let processes = proptest::collection::btree_map(0_u32..6, 0_u64..1000, 0..6);
    (0_u64..5, any_time(), cores, devices, processes).prop_map(
        |(at_s, all, cores, devices, processes)| Sample {
            cpu: Some(cpu(all, &cores)),
            memory: Some(Space { used_bytes: all.0, available_bytes: all.1 }),
            disks: devices
                .into_iter()
                .map(|(index, (in_bytes, out_bytes))| {
                    (ByteString::from(format!("sd{index}")), Moved { in_bytes, out_bytes })
                })
                .collect(),
            processes: processes.into_iter().map(|(pid, ms)| process(pid, ms)).collect(),
            ..sample(at_s)
        },
    )
}

proptest! {
    #[test]
    fn every_value_is_a_number_from_0_up(before in any_sample(), now in any_sample()) {
        for event in derive(Some(&before), &now, ALL) {
            prop_assert!(event.value.is_finite() && event.value >= 0.0, "{:?}", event);
            if event.unit == "percent" && event.pid.is_none() {
                prop_assert!(event.value <= 100.0, "{:?}", event);
            }
        }
    }

    #[test]
    fn a_value_is_told_once(before in any_sample(), now in any_sample()) {
        let told = derive(Some(&before), &now, ALL);
        for (index, event) in told.iter().enumerate() {
            let again = told[index + 1..].iter().find(|other| {
                (&other.metric_name, &other.component, other.pid)
                    == (&event.metric_name, &event.component, event.pid)
            });
            prop_assert_eq!(again, None);
        }
    }

    #[test]
    fn the_list_of_processes_is_sorted_and_no_longer_than_asked(
        before in any_sample(),
        now in any_sample(),
        top in 0_usize..8,
    ) {
        let told = derive(Some(&before), &now, top);
        let cpu: Vec<_> = told.iter().filter(|event| event.metric_name == "process.cpu").collect();
        prop_assert!(cpu.len() <= top);
        for pair in cpu.windows(2) {
            let by_use = pair[0].value > pair[1].value;
            prop_assert!(by_use || (pair[0].value >= pair[1].value && pair[0].pid < pair[1].pid));
        }
    }
}
