//! Trials end to end, on every deployment: what was published arrives, and nothing remains.

use std::path::Path;
#[cfg(target_os = "linux")]
use std::time::Duration;

use daemoneye_eventbus::{EventSubscription, OverflowPolicy, wire};
use equivalence::check::Planned;
use equivalence::cmd::behaviour::{CasePlan, judge};
use equivalence::cmd::selection::Wanted;
use equivalence::driver::{
    DriveError, Driven, Interrupt, Stage, TrialRequest, companion, run_trial,
};
use equivalence::gate::physics;
use equivalence::plan::{
    Action, Arrivals, Bus, Case, Count, Fence, Lane, MixPart, Operation, Phase, Publish,
    PublisherSpec, Rate, Reading, SubscriberSpec, TrialKind, Trigger, Workload,
};
use equivalence::record::{FENCE, Received, Trial, Validity};
use equivalence::report::Behaviour;
use equivalence::scenario::Profile;
#[cfg(target_os = "linux")]
use nix::sys::signal::{self, Signal};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;

fn publisher(name: &str) -> PublisherSpec {
    PublisherSpec { mix: vec![MixPart::bare()], ..PublisherSpec::bare(name) }
}

fn subscriber(name: &str, capacity: usize) -> SubscriberSpec {
    let subscription = EventSubscription::new(name).with_pattern("events.process.#");
    SubscriberSpec::bare(subscription.with_capacity(capacity))
}

fn case(kind: TrialKind, count: Count, rate: Rate, measured: bool) -> Case {
    let publish = (0..2).map(|publisher| Publish { publisher, count, rate }).collect();
    let publishers = vec![publisher("p-one"), publisher("p-two")];
    let subscribers = vec![subscriber("s-one", 8192), subscriber("s-two", 8192)];
    Case {
        kind,
        phases: vec![Phase { publish, measured, ..Phase::bare("all") }],
        seed: 7,
        ..Case::bare("driver/smoke", publishers, subscribers)
    }
}

#[test]
fn what_was_in_flight_agrees_with_the_stamps_and_a_doctored_trial_is_invalid() {
    let rate = Rate::PerSecond(500.0, Arrivals::Constant);
    let case = case(TrialKind::Paced, Count::ForMs(2000), rate, true);
    for bus in [Bus::Crossbeam, Bus::Process] {
        let trial = run(&case, bus, false).trial;
        assert!(trial.figures.in_flight.len() >= 5, "{:?}", trial.figures.in_flight);
        assert_eq!(physics::validity(&trial, None), trial.validity, "{bus:?}");
        let invalid =
            |trial: &Trial| matches!(physics::validity(trial, None), Validity::Invalid(_));
        // A subscriber's clock 100 ms ahead of the publishers': 200 events less for each publisher.
        let mut ahead = trial.clone();
        for sample in &mut ahead.figures.in_flight {
            (sample.least, sample.most) = (sample.least - 200, sample.most - 200);
        }
        assert!(invalid(&ahead), "{:?}", ahead.figures.in_flight);
        // Stamps that tell a second too much of every event.
        let mut late = trial;
        for latency in [&mut late.figures.service, &mut late.figures.latency] {
            let latency = latency.as_mut().expect("a paced trial has both");
            (latency.mean_ns, latency.max_ns) = (1_000_000_000, 1_000_000_000);
        }
        let response = late.figures.response.as_mut().expect("so has this");
        response.max_ns = 1_000_000_000;
        assert!(invalid(&late));
    }
}

/// Runs a trial whose actors are named by a path of its own, and sends one of them a signal that
/// ends its work as soon as `moment` has come. Returns what became of the trial.
#[cfg(target_os = "linux")]
fn with_one_signalled(
    case: &Case,
    bus: Bus,
    (actor, with): (&str, Signal),
    moment: impl Fn(&Path) -> bool,
) -> (DriveError, Vec<u32>) {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = folder.path().join("equivalence");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_equivalence"), &executable).expect("a link");
    let request = TrialRequest {
        executable: &executable,
        case,
        bus,
        void: false,
        share_by_clone: false,
        directory: folder.path(),
    };
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    let error = runtime.block_on(async {
        let mut trial = std::pin::pin!(run_trial(request, interrupt));
        let mut look = tokio::time::interval(Duration::from_millis(5));
        loop {
            tokio::select! {
                ended = &mut trial => panic!("it ended before {actor} was signalled: {ended:?}"),
                _ = look.tick() => {}
            }
            let found = actors_of(&executable).into_iter().find(|(name, _)| name == actor);
            if let Some((_, pid)) = found.filter(|_| moment(folder.path())) {
                signal::kill(Pid::from_raw(pid), with).expect("it lives");
                break;
            }
        }
        let watchdog = Duration::from_mins(1);
        let ended = tokio::time::timeout(watchdog, trial).await.expect("bounded by its own limits");
        ended.expect_err("one of its actors does not work")
    });
    let left = actors_of(&executable).into_iter().map(|(_, pid)| pid.unsigned_abs()).collect();
    (error, left)
}

/// Names and process ids of the actors started by this path.
#[cfg(target_os = "linux")]
fn actors_of(executable: &Path) -> Vec<(String, i32)> {
    let processes = procfs::process::all_processes().expect("/proc").flatten();
    let actor = |process: procfs::process::Process| {
        let line = process.cmdline().ok()?;
        let is_one = line.first().is_some_and(|path| Path::new(path) == executable);
        is_one.then(|| (line.get(2).cloned().unwrap_or_default(), process.pid))
    };
    processes.filter_map(actor).collect()
}

#[cfg(target_os = "linux")]
fn is_named_and_nothing_is_left(actor: &str, moment: impl Fn(&Path) -> bool) {
    let rate = Rate::PerSecond(2000.0, Arrivals::Constant);
    // On a busy host one that should stop while it starts stops in the window, and is named behind it.
    let case = case(TrialKind::Paced, Count::ForMs(2_000), rate, true);
    let (error, left) = with_one_signalled(&case, Bus::Process, (actor, Signal::SIGSTOP), moment);
    match &error {
        DriveError::Actor { name, .. } => assert_eq!(name, actor, "{error}"),
        DriveError::Limit { silent, .. } => assert_eq!(silent, actor, "{error}"),
        other => panic!("{other}"),
    }
    assert_eq!(left, Vec::<u32>::new());
}

/// Stamps of the measured window reach the file a buffer at a time.
#[cfg(target_os = "linux")]
fn events_arrive(directory: &Path) -> bool {
    let stamps = std::fs::metadata(directory.join("subscriber-0.arrivals"));
    stamps.is_ok_and(|file| file.len() > 0)
}

#[cfg(target_os = "linux")]
#[test]
fn an_actor_that_stops_while_it_starts_is_named_and_nothing_is_left() {
    is_named_and_nothing_is_left("s1", |_| true);
}

#[cfg(target_os = "linux")]
#[test]
fn a_subscriber_that_stops_in_the_window_is_named_and_nothing_is_left() {
    is_named_and_nothing_is_left("s1", events_arrive);
}

#[cfg(target_os = "linux")]
#[test]
fn a_publisher_that_stops_in_the_window_is_named_and_nothing_is_left() {
    is_named_and_nothing_is_left("p1", events_arrive);
}

#[cfg(target_os = "linux")]
#[test]
fn a_broker_that_stops_in_the_window_is_named_and_nothing_is_left() {
    is_named_and_nothing_is_left("broker", events_arrive);
}

#[cfg(target_os = "linux")]
#[test]
fn an_actor_that_is_killed_is_named_with_the_signal_that_ended_it() {
    let rate = Rate::PerSecond(2000.0, Arrivals::Constant);
    let case = case(TrialKind::Paced, Count::ForMs(60_000), rate, true);
    let killed = ("p1", Signal::SIGKILL);
    let (error, left) = with_one_signalled(&case, Bus::Process, killed, events_arrive);
    let expected = "actor p1 ended unasked: signal: 9 (SIGKILL)";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!(left, Vec::<u32>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_a_trial_with_a_stopped_actor() {
    let (teller, interrupt) = Interrupt::new();
    let case = case(TrialKind::Paced, Count::ForMs(60_000), Rate::Max, false);
    let folder = tempfile::tempdir().expect("a folder");
    let executable = folder.path().join("equivalence");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_equivalence"), &executable).expect("a link");
    let request = TrialRequest {
        executable: &executable,
        case: &case,
        bus: Bus::Process,
        void: false,
        share_by_clone: false,
        directory: folder.path(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    let ended = runtime.block_on(async {
        let stop = async {
            let mut look = tokio::time::interval(Duration::from_millis(5));
            let pid = loop {
                look.tick().await;
                let actors = actors_of(&executable);
                if let Some((_, pid)) = actors.into_iter().find(|(name, _)| name == "s1") {
                    break pid;
                }
            };
            signal::kill(Pid::from_raw(pid), Signal::SIGSTOP).expect("it lives");
            teller.tell();
        };
        tokio::join!(run_trial(request, interrupt), stop).0
    });
    assert!(matches!(ended, Err(DriveError::Interrupted)), "{ended:?}");
    assert_eq!(actors_of(&executable), []);
}

fn run(case: &Case, bus: Bus, void: bool) -> Driven {
    let driven = attempt(case, bus, void).expect("a trial");
    assert!(driven.trial.tear_down.is_clean(), "{:?}", driven.trial.tear_down);
    assert_eq!(driven.doubts, Vec::<String>::new());
    driven
}

fn attempt(case: &Case, bus: Bus, void: bool) -> Result<Driven, DriveError> {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    let (_teller, interrupt) = Interrupt::new();
    let request = TrialRequest {
        executable: Path::new(env!("CARGO_BIN_EXE_equivalence")),
        case,
        bus,
        void,
        share_by_clone: false,
        directory: folder.path(),
    };
    runtime.block_on(run_trial(request, interrupt))
}

fn everything_arrives(bus: Bus) {
    let case = case(TrialKind::Behaviour, Count::Events(300), Rate::Max, false);
    let driven = run(&case, bus, false);
    let row = judge(&case, bus, &wanted(), &driven);
    assert_eq!(row.outcome, Behaviour::Pass, "{:?}", row.violations);
    let history = driven.history.expect("a history");
    for log in &history.publishers {
        assert_eq!(log.published.iter().filter(|one| one.sequence & FENCE == 0).count(), 300);
    }
    for log in &history.subscribers {
        let events: Vec<_> = log.received.iter().filter(|one| one.sequence & FENCE == 0).collect();
        assert_eq!(events.len(), 600, "{}", log.name);
        for arrival in events {
            let sent = &history.publishers[usize::from(arrival.publisher)].published;
            let sent = sent.iter().find(|one| one.sequence == arrival.sequence).expect("sent");
            assert_eq!(sent.digest, arrival.digest);
            assert!(sent.call_ns <= arrival.receive_ns);
        }
    }
    assert_eq!(history.operations.len(), 2);
    assert!(history.statistics.expect("counters").events_published >= 600);
}

#[test]
fn everything_arrives_on_crossbeam() {
    everything_arrives(Bus::Crossbeam);
}

#[test]
fn everything_arrives_embedded() {
    everything_arrives(Bus::Embedded);
}

#[test]
fn everything_arrives_in_the_agent() {
    everything_arrives(Bus::Agent);
}

#[test]
fn everything_arrives_between_processes() {
    everything_arrives(Bus::Process);
}

#[test]
fn a_trial_beyond_its_budget_is_stopped_and_told_with_its_phase() {
    let slow = Rate::PerSecond(1.0, Arrivals::Constant);
    let mut case = case(TrialKind::Behaviour, Count::Events(60), slow, false);
    case.budget_ms = 2000;
    for bus in [Bus::Process, Bus::Crossbeam] {
        let error = attempt(&case, bus, false).expect_err("a minute of events in two seconds");
        let DriveError::Budget { stage, .. } = &error else { panic!("{error}") };
        let stages = [Stage::Starting, Stage::Phase("all".to_owned())];
        assert!(stages.contains(stage), "{error}");
    }
}

#[test]
fn saturation_has_a_throughput_and_the_void_has_one_too() {
    let mut case = case(TrialKind::Saturation, Count::ForMs(500), Rate::Window(1024), true);
    case.id = "driver/saturation".to_owned();
    for (bus, void) in [(Bus::Process, false), (Bus::Crossbeam, false), (Bus::Process, true)] {
        let driven = run(&case, bus, void);
        assert_eq!(driven.trial.validity, Validity::Valid, "{bus:?} void {void}");
        let figures = driven.trial.figures;
        assert!(figures.throughput_per_s.expect("a throughput") > 0.0);
        if cfg!(target_os = "linux") {
            assert!(figures.cpu_s_per_million.expect("CPU") > 0.0);
            assert!(figures.memory_bytes.expect("memory") > 0.0);
        }
    }
}

#[test]
fn an_open_loop_has_latencies_of_every_delivery() {
    let rate = Rate::PerSecond(500.0, Arrivals::Constant);
    let case = case(TrialKind::Paced, Count::ForMs(600), rate, true);
    for bus in [Bus::Process, Bus::Embedded] {
        let figures = run(&case, bus, false).trial.figures;
        assert_eq!(figures.deliveries, 2 * 2 * 300);
        let latency = figures.latency.expect("a latency");
        assert_eq!(latency.samples, figures.deliveries);
        assert!(latency.min_ns <= latency.p50_ns && latency.p50_ns <= latency.max_ns);
        let service = figures.service.expect("a service time");
        assert!(service.p50_ns <= figures.response.expect("a response time").p50_ns);
    }
}

#[test]
fn the_floor_of_a_latency_is_that_of_every_publish() {
    let rate = Rate::PerSecond(500.0, Arrivals::Constant);
    let case = case(TrialKind::Paced, Count::ForMs(600), rate, true);
    let figures = run(&case, Bus::Process, true).trial.figures;
    assert_eq!(figures.deliveries, 2 * 2 * 300, "the void records as much as a bus delivers");
    assert_eq!(figures.latency.expect("a floor").samples, 2 * 300);
}

#[test]
fn events_that_wait_for_tear_down_have_neither_latency_nor_cpu() {
    let rate = Rate::PerSecond(500.0, Arrivals::Constant);
    let mut case = case(TrialKind::Paced, Count::ForMs(200), rate, true);
    case.phases[0].fence = false;
    for subscriber in &mut case.topology.subscribers {
        subscriber.reading = Reading::Stopped;
    }
    for void in [false, true] {
        let figures = run(&case, Bus::Process, void).trial.figures;
        assert_eq!((figures.latency, figures.cpu_s_per_million), (None, None), "void {void}");
        assert_eq!(figures.backlog_bytes_per_event.is_some(), cfg!(target_os = "linux"));
    }
}

const BUSES: [Bus; 3] = [Bus::Crossbeam, Bus::Embedded, Bus::Process];

/// The selection a rerun would be of; these cases come from no file.
fn wanted() -> Wanted {
    Wanted {
        folder: None,
        profile: Profile::Pr,
        patterns: Vec::new(),
        seed: 1,
        baseline: Bus::Crossbeam,
    }
}

fn passes(case: &Case, bus: Bus) {
    let driven = run(case, bus, false);
    let row = judge(case, bus, &wanted(), &driven);
    assert_eq!(row.outcome, Behaviour::Pass, "{}: {:?}", bus.as_str(), row.violations);
}

fn action(trigger: Trigger, operation: Operation, expect: &str) -> Action {
    Action { trigger, operation, expect: expect.to_owned() }
}

#[test]
fn a_trigger_behind_a_pace_is_waited_for_as_long_as_the_pace_takes() {
    let mut case = case(TrialKind::Behaviour, Count::Events(70), Rate::Max, false);
    // The 130th of 140 events comes after 6.5 s, when nobody has published for as long.
    case.topology.subscribers[0].pace_per_s = Some(20.0);
    let trigger = Trigger::AfterReceived(0, 130);
    case.phases[0].actions = vec![action(trigger, Operation::UnsubscribeUnknown, "unknown")];
    passes(&case, Bus::Embedded);
}

#[test]
fn subscribers_come_and_go_while_others_publish() {
    let rate = Rate::PerSecond(2000.0, Arrivals::Constant);
    let mut case = case(TrialKind::Behaviour, Count::Events(400), rate, false);
    case.phases[0].actions = vec![
        action(Trigger::AfterReceived(0, 50), Operation::Unsubscribe(1), "ok"),
        action(Trigger::AfterPublished(0, 150), Operation::Subscribe(1), "ok"),
        action(Trigger::AfterReceived(0, 400), Operation::DropReceiver(1), "ok"),
        action(Trigger::End, Operation::UnsubscribeUnknown, "unknown"),
        action(Trigger::End, Operation::PublishOne(1), "ok"),
    ];
    for bus in BUSES {
        passes(&case, bus);
    }
}

#[test]
fn a_subscriber_that_drops_is_fenced_by_its_companion() {
    let mut case = case(TrialKind::Behaviour, Count::Events(500), Rate::Max, false);
    case.topology.subscribers[1].subscription.policy = OverflowPolicy::DropNewest;
    case.topology.subscribers[1].subscription.capacity = 16;
    let mut stalled = case.phases[0].clone();
    stalled.actions = vec![
        action(Trigger::Start, Operation::StopReading(1), "ok"),
        action(Trigger::End, Operation::ResumeReading(1), "ok"),
    ];
    case.phases.push(stalled);
    for bus in BUSES {
        passes(&case, bus);
    }
}

/// A case in which both publishers use both lanes and both subscribers receive all of it.
fn both_lanes() -> Case {
    let mut case = case(TrialKind::Behaviour, Count::Events(60), Rate::Max, false);
    for publisher in &mut case.topology.publishers {
        let mut control = publisher.mix[0].clone();
        control.topic = Some("control.health.status".to_owned());
        publisher.mix.push(control);
    }
    for subscriber in &mut case.topology.subscribers {
        subscriber.subscription.topic_patterns = vec!["#".to_owned()];
    }
    case
}

#[test]
fn a_companions_fences_stay_out_of_the_log_of_its_subscription() {
    let mut case = both_lanes();
    for subscriber in &mut case.topology.subscribers {
        subscriber.subscription.policy = OverflowPolicy::DropNewest;
    }
    assert!(companion(&case, 0).is_some(), "a queue that drops may lose a fence");
    let plan = CasePlan::new(&case).expect("a plan");
    assert!(!plan.has_companion(0));
    for bus in BUSES {
        let driven = run(&case, bus, false);
        let history = driven.history.as_ref().expect("a history");
        for log in &history.subscribers {
            // The subscription takes everything, hence its companion's fences too: each once, in
            // order, with a position of its own.
            let positions: Vec<u64> = log.received.iter().map(|one| one.position).collect();
            assert!(positions.is_sorted_by(|one, next| one < next), "{bus:?}: {positions:?}");
            let is_fence = |one: &&Received| one.sequence & FENCE != 0;
            let fences = log.received.iter().filter(is_fence);
            let mut fences: Vec<_> = fences.map(|one| (one.publisher, one.sequence)).collect();
            let all = fences.len();
            fences.sort_unstable();
            fences.dedup();
            assert!(all > 0 && all == fences.len(), "{bus:?}: {fences:?}");
        }
        let row = judge(&case, bus, &wanted(), &driven);
        assert_eq!(row.outcome, Behaviour::Pass, "{:?}", row.violations);
    }
}

#[test]
fn a_control_event_delayed_beyond_the_fence_of_the_events_lane_is_noticed() {
    let case = both_lanes();
    let workload = Workload::new(&case, 0, &wire::payload_bytes).expect("a workload");
    let is_control = |one: &Received| {
        one.publisher == 0
            && one.sequence & FENCE == 0
            && workload.event(one.sequence).topic.is_some()
    };
    let is_fence_of = |one: &Received, wanted| {
        let fence =
            Fence::of(one.sequence).filter(|fence| one.publisher == 0 && fence.subscriber == 0);
        fence.is_some_and(|fence| fence.lane == wanted)
    };
    for bus in BUSES {
        let driven = run(&case, bus, false);
        assert_eq!(judge(&case, bus, &wanted(), &driven).outcome, Behaviour::Pass);
        let judged = |doctor: &dyn Fn(&mut Vec<Received>)| {
            let mut doctored = driven.clone();
            doctor(&mut doctored.history.as_mut().expect("a history").subscribers[0].received);
            judge(&case, bus, &wanted(), &doctored)
        };
        let take_last = |received: &mut Vec<Received>| {
            let last = received.iter().rposition(is_control).expect("some came");
            received.remove(last)
        };
        let late = judged(&|received| {
            // It comes last of all; everything behind it moves up one position.
            let positions: Vec<u64> = received.iter().map(|one| one.position).collect();
            let end_ns = received.last().expect("some came").receive_ns;
            let taken = take_last(received);
            for lane in Lane::ALL {
                assert!(received.iter().any(|one| is_fence_of(one, lane)), "no fence in {lane}");
            }
            received.push(Received { receive_ns: end_ns, ..taken });
            for (one, position) in received.iter_mut().zip(positions) {
                one.position = position;
            }
        });
        assert_eq!(late.outcome, Behaviour::Fail, "{}", bus.as_str());
        let told = late.violations.iter().any(|one| one.sentence.contains("after a fence"));
        assert!(told, "{:?}", late.violations);
        let lost = judged(&|received| {
            take_last(received);
        });
        assert_eq!(lost.outcome, Behaviour::Fail, "{}", bus.as_str());
    }
}

#[test]
fn a_stopped_blocking_subscriber_refuses_its_publishers_in_the_end() {
    let mut case = case(TrialKind::Behaviour, Count::UntilRefused, Rate::Max, false);
    case.topology.bus.publish_limit_ms = Some(300);
    case.topology.bus.central_capacity = Some(64);
    case.topology.publishers.pop();
    case.phases[0].publish.pop();
    case.topology.subscribers[1].subscription.capacity = 32;
    case.topology.subscribers[1].reading = Reading::Stopped;
    case.phases[0].fence = false;
    for bus in [Bus::Crossbeam, Bus::Embedded] {
        passes(&case, bus);
    }
}

#[test]
fn a_shutdown_in_the_middle_ends_receivers() {
    let rate = Rate::PerSecond(2000.0, Arrivals::Constant);
    let mut case = case(TrialKind::Behaviour, Count::Events(2000), rate, false);
    case.phases[0].fence = false;
    case.phases[0].actions = vec![
        action(Trigger::AfterReceived(0, 300), Operation::Shutdown(5000), "ok"),
        action(Trigger::End, Operation::Shutdown(5000), "ok"),
    ];
    for bus in BUSES {
        passes(&case, bus);
    }
}
