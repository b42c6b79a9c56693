//! Samples of this host, and of this process, which burns CPU time for it.

use super::super::derivation::derive;
use super::super::metric::documented;
use super::*;

fn sample() -> Sample {
    Reader::open(true).unwrap().sample()
}

#[test]
fn this_host_has_memory_and_cores_and_a_load() {
    let sample = sample();
    let memory = sample.memory.expect("it has memory");
    assert!(memory.used_bytes > 0 && memory.available_bytes > 0, "{memory:?}");
    let cpu = sample.cpu.expect("it has cores");
    assert!(!cpu.cores.is_empty());
    assert!(cpu.all.busy <= cpu.all.total);
    assert_eq!(sample.load.is_some(), cfg!(unix));
}

#[test]
fn processes_are_listed_only_when_they_are_asked_for() {
    assert_eq!(Reader::open(false).unwrap().sample().processes, []);
    let own = std::process::id();
    let listed = sample().processes;
    assert_eq!(listed.iter().filter(|process| process.pid == own).count(), 1);
}

#[test]
fn every_value_has_its_unit_as_documented() {
    let mut reader = Reader::open(true).unwrap();
    let (before, now) = (reader.sample(), reader.sample());
    let documented = documented();
    let told = derive(Some(&before), &now, usize::MAX);
    assert!(!told.is_empty());
    for event in told {
        let pair = (&*event.metric_name, &*event.unit);
        assert!(documented.contains(&pair), "{event:?}");
    }
}

#[test]
fn the_portable_figures_see_what_the_system_has() {
    let mut figures = portable::PortableFigures::open().unwrap();
    assert!(!figures.cpu().unwrap().cores.is_empty());
    assert!(!figures.interfaces().unwrap().is_empty());
    let own = std::process::id();
    let listed = figures.processes().unwrap().list;
    assert_eq!(listed.iter().filter(|process| process.pid == own).count(), 1);
}

#[test]
fn portable_counters_stand_still_when_asked_again_too_soon() {
    let mut figures = portable::PortableFigures::open().unwrap();
    let first = figures.cpu().unwrap();
    let mut again = figures.cpu().unwrap();
    // Asked until it is not too soon any more.
    while again == first {
        again = figures.cpu().unwrap();
    }
    let least_ns = sysinfo::MINIMUM_CPU_UPDATE_INTERVAL.as_nanos();
    assert!(u128::from(again.all.total) >= least_ns, "{again:?}");
}

#[cfg(unix)]
mod burning {
    use std::hint::black_box;
    use std::time::Duration;

    use nix::time::{ClockId, clock_gettime};

    use super::super::super::metric::Metric;
    use super::*;

    /// What a test burns at least.
    const BURNED: Duration = Duration::from_millis(400);
    /// What counters may be off: user and system time go in steps apart, and what other threads
    /// use is added at the next tick.
    const SLACK: Duration = Duration::from_millis(100);

    /// CPU time of this process so far, by its own clock.
    fn own_clock() -> Duration {
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
    }

    fn burn() {
        let end = own_clock() + BURNED;
        let mut value = 0_u64;
        while own_clock() < end {
            for step in 0..10_000 {
                value = black_box(value.wrapping_mul(31).wrapping_add(step));
            }
        }
    }

    fn own_time(figures: &mut dyn Figures) -> Duration {
        let list = figures.processes().unwrap().list;
        let own = list.iter().find(|process| process.pid == std::process::id());
        Duration::from_nanos(own.expect("this process runs").cpu_time_ns)
    }

    /// What is counted lies between what the clock says from just after the first reading to just
    /// before the second, and what it says around both.
    fn check(figures: &mut dyn Figures) {
        let (outer_begin, counted_begin, inner_begin) =
            (own_clock(), own_time(figures), own_clock());
        burn();
        let (inner_end, counted_end, outer_end) = (own_clock(), own_time(figures), own_clock());
        let counted = counted_end.saturating_sub(counted_begin);
        let least = inner_end.saturating_sub(inner_begin);
        let most = outer_end.saturating_sub(outer_begin);
        assert!(counted + SLACK >= least, "{counted:?} is too little");
        assert!(counted <= most + SLACK, "{counted:?} is too much");
    }

    #[test]
    fn the_systems_figures_count_what_this_process_burns() {
        check(&mut *system_figures().unwrap());
    }

    #[test]
    fn the_portable_figures_count_what_this_process_burns() {
        check(&mut portable::PortableFigures::open().unwrap());
    }

    #[test]
    fn a_process_that_burns_is_told_with_its_use() {
        let mut reader = Reader::open(true).unwrap();
        let before = reader.sample();
        burn();
        let now = reader.sample();
        let told = derive(Some(&before), &now, usize::MAX);
        let own = told.iter().find(|event| {
            event.pid == Some(std::process::id()) && event.metric_name == Metric::ProcessCpu.name()
        });
        assert!(own.expect("it burned").value > 0.0);
    }

    #[cfg(target_os = "linux")] // elsewhere the other tests may burn for this one, too soon
    #[test]
    fn a_core_that_burns_is_busy() {
        let mut reader = Reader::open(false).unwrap();
        let before = reader.sample();
        burn();
        let told = derive(Some(&before), &reader.sample(), 0);
        let busy = told.iter().filter(|event| event.metric_name == Metric::CpuBusy.name());
        assert!(busy.map(|event| event.value).sum::<f64>() > 0.0);
    }
}
