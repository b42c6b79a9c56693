//! Traced trials end to end: every hop of every deployment is there, and all of them add up to what the
//! stamps of publishers and subscribers say. Where the clocks of two processes agree only as well as their
//! wall clocks did, nothing is measured, and none of this holds.

#![cfg(unix)]

#[path = "measured/case.rs"]
mod measured;

use std::path::Path;

use daemoneye_eventbus::EventSubscription;
use equivalence::cmd::performance::{self, Earlier, Pair};
use equivalence::driver::{Interrupt, TrialRequest, hops_of, run_traced, run_trial};
use equivalence::plan::{
    Arrivals, Bus, Case, Count, MixPart, Phase, Publish, PublisherSpec, Rate, SubscriberSpec,
    TrialKind,
};
use equivalence::record::{TracedTrial, Trial, Validity};
use measured::{plan, wanted};

/// Events of each of two publishers in the measured phase, and in the one before it.
const EVENTS: u64 = 500;
/// How far the mean of a histogram of three digits may be from the mean of what is in it.
const DIGITS: f64 = 0.002;

fn case() -> Case {
    let publisher =
        |name| PublisherSpec { mix: vec![MixPart::bare()], ..PublisherSpec::bare(name) };
    let subscriber = |name: &str| {
        let wanted = EventSubscription::new(name).with_pattern("events.process.#");
        SubscriberSpec::bare(wanted.with_capacity(8192))
    };
    let rate = Rate::PerSecond(500.0, Arrivals::Constant);
    let publish = |publisher| Publish { publisher, count: Count::Events(EVENTS), rate };
    let phase = |name, measured| Phase {
        publish: (0..2).map(publish).collect(),
        measured,
        ..Phase::bare(name)
    };
    let publishers = vec![publisher("p-one"), publisher("p-two")];
    let subscribers = vec![subscriber("s-one"), subscriber("s-two")];
    Case {
        kind: TrialKind::Paced,
        phases: vec![phase("warm-up", false), phase("window", true)],
        ..Case::bare("driver/hops", publishers, subscribers)
    }
}

fn traced(bus: Bus) -> (Trial, TracedTrial) {
    let folder = tempfile::tempdir().expect("a folder");
    let case = case();
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    runtime.block_on(run_traced(request(&case, bus, folder.path()), interrupt)).expect("driven")
}

fn request<'a>(case: &'a Case, bus: Bus, directory: &'a Path) -> TrialRequest<'a> {
    TrialRequest {
        executable: Path::new(env!("CARGO_BIN_EXE_equivalence")),
        case,
        bus,
        void: false,
        share_by_clone: false,
        directory,
    }
}

/// Every delivery is followed through every hop, each of which takes time, and all together take what was
/// measured without them.
fn every_hop_is_there_and_all_add_up(bus: Bus) {
    let (trial, traced) = traced(bus);
    assert!(trial.tear_down.is_clean(), "{:?}", trial.tear_down);
    // On a host that is busy with something else the generator may be late, which breaks no hop.
    assert!(!matches!(traced.validity, Validity::Invalid(_)), "{:?}", traced.validity);
    assert_eq!((traced.every, traced.left_out), (1, 0));
    assert_eq!(traced.unjoined, []);
    assert_eq!(traced.samples, 2 * 2 * EVENTS, "two subscribers of two publishers");
    let hops: Vec<_> = traced.hops.iter().map(|times| times.hop).collect();
    assert_eq!(hops, hops_of(bus));
    for times in &traced.hops {
        assert!(times.mean_ns > 0.0 && times.p50_ns > 0, "{times:?}");
        assert!(times.p99_ns.is_some_and(|p99_ns| p99_ns >= times.p50_ns), "{times:?}");
    }
    let sum_ns: f64 = traced.hops.iter().map(|times| times.mean_ns).sum();
    assert!((sum_ns - traced.mean_ns).abs() < 1e-6 * sum_ns, "{sum_ns} {}", traced.mean_ns);
    let service = trial.figures.service.expect("a paced trial has it");
    assert_eq!(service.samples, traced.samples);
    let stamped_ns = service.mean_ns as f64;
    assert!((sum_ns - stamped_ns).abs() < DIGITS * stamped_ns, "{sum_ns} {stamped_ns}");
}

#[test]
fn in_processes_of_their_own_every_hop_is_there_and_all_add_up() {
    every_hop_is_there_and_all_add_up(Bus::Process);
}

#[test]
fn beside_subscribers_in_the_brokers_process_every_hop_is_there_and_all_add_up() {
    every_hop_is_there_and_all_add_up(Bus::Agent);
}

#[test]
fn in_one_process_every_hop_is_there_and_all_add_up() {
    every_hop_is_there_and_all_add_up(Bus::Embedded);
}

#[test]
fn on_the_bus_of_old_every_hop_is_there_and_all_add_up() {
    every_hop_is_there_and_all_add_up(Bus::Crossbeam);
}

#[test]
fn a_trial_that_is_judged_leaves_no_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = case();
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    let request = request(&case, Bus::Process, folder.path());
    runtime.block_on(run_trial(request, interrupt)).expect("driven");
    let entries = std::fs::read_dir(folder.path()).expect("its folder").flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    let is_log = |name: &&std::ffi::OsString| {
        let path = Path::new(name);
        path.extension().is_some_and(|end| end == "hops" || end == "sighted")
    };
    assert!(!names.is_empty() && !names.iter().any(|name| is_log(&name)), "{names:?}");
}

#[test]
fn each_bus_of_a_judged_case_is_traced_once_more_beside_the_trials_that_are_judged() {
    let selection = wanted("perf/paced*subs=4]").select().expect("the project's own scenarios");
    let case = &selection.cases[0];
    let folder = tempfile::tempdir().expect("a folder");
    let pair = Pair { baseline: Bus::Crossbeam.into(), candidate: Bus::Process.into() };
    let mut plan = plan(&selection, vec![pair], folder.path());
    let judged = measured::run(case, &plan);
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    let evidence = judged.evidence;
    assert_eq!(performance::traceable(case, &plan, &evidence), [], "smoke has none");
    plan.concludes = true;
    assert_eq!(performance::traceable(case, &plan, &[]), [], "nothing to stand beside");
    // A generator that is late on a busy host leaves nothing to stand beside.
    let is_timed = |bus: &Bus| {
        let mut trials = evidence[0].kept().flat_map(|block| &block.trials);
        trials.any(|trial| trial.bus == Some(*bus) && trial.validity == Validity::Valid)
    };
    let timed: Vec<Bus> = [Bus::Crossbeam, Bus::Process].into_iter().filter(is_timed).collect();
    assert_eq!(performance::traceable(case, &plan, &evidence), timed);
    for bus in timed {
        let traced = performance::traced(case, &plan, bus, &evidence, interrupt.clone());
        let (traced, tear_down) = runtime.block_on(traced).expect("driven");
        assert!(tear_down.is_clean(), "{tear_down:?}");
        assert!(!matches!(traced.validity, Validity::Invalid(_)), "{:?}", traced.validity);
        assert_eq!((traced.left_out, traced.unjoined.len()), (0, 0));
        assert_eq!(traced.case, case.id);
        assert!(traced.samples > 1_000 && traced.judged_mean_ns.is_some(), "{traced:?}");
        let left = folder.path().join(format!("traced-{}", bus.as_str()));
        assert!(!left.exists(), "its logs are of no use any more");
    }
    let earlier = Earlier { revision: "HEAD~1", executable: plan.executable };
    plan.pairs[0].baseline.earlier = Some(earlier);
    let own = performance::traceable(case, &plan, &evidence);
    assert!(!own.contains(&Bus::Crossbeam), "actors of another revision know nothing of it");
}
