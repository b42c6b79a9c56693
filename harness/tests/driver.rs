//! Trials end to end, on every deployment: what was published arrives, and nothing remains.

use std::path::Path;

use daemoneye_eventbus::{EventKind, EventSubscription, OverflowPolicy};
use equivalence::cmd::behaviour::judge;
use equivalence::cmd::selection::Wanted;
use equivalence::driver::{Driven, Interrupt, TrialRequest, run_trial};
use equivalence::plan::{
    Action, Arrivals, Bus, BusSettings, Case, Correlate, Count, Expectation, MixPart, Operation,
    Phase, Publish, PublisherSpec, Rate, Reading, SubscriberSpec, Topology, TrialKind, Trigger,
};
use equivalence::record::{FENCE, Validity};
use equivalence::report::Behaviour;
use equivalence::scenario::Profile;

fn publisher(name: &str) -> PublisherSpec {
    PublisherSpec {
        name: name.to_owned(),
        mix: vec![MixPart {
            kind: EventKind::Process,
            topic: None,
            weight: 1,
            payload_bytes: 200,
            priority: None,
            pid: None,
            metadata: Vec::new(),
        }],
        correlate: Correlate::Fresh,
        table: 0,
    }
}

fn subscriber(name: &str, capacity: usize) -> SubscriberSpec {
    SubscriberSpec {
        name: name.to_owned(),
        subscription: EventSubscription::new(name)
            .with_pattern("events.process.#")
            .with_capacity(capacity),
        reading: Reading::Prompt,
        from_start: true,
    }
}

fn case(kind: TrialKind, count: Count, rate: Rate, measured: bool) -> Case {
    let phase = Phase {
        name: "all".to_owned(),
        publish: (0..2).map(|publisher| Publish { publisher, count, rate }).collect(),
        actions: Vec::new(),
        idle_ms: 0,
        fence: true,
        measured,
    };
    Case {
        id: "driver/smoke".to_owned(),
        scenario: "driver/smoke".to_owned(),
        summary: "the driver's own test".to_owned(),
        claims: Vec::new(),
        kind,
        topology: Topology {
            bus: BusSettings::default(),
            publishers: vec![publisher("p-one"), publisher("p-two")],
            subscribers: vec![subscriber("s-one", 8192), subscriber("s-two", 8192)],
        },
        phases: vec![phase],
        expect: Expectation::default(),
        not_applicable: Vec::new(),
        seed: 7,
    }
}

fn run(case: &Case, bus: Bus, void: bool) -> Driven {
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
    let driven = runtime.block_on(run_trial(request, interrupt)).expect("a trial");
    assert!(driven.trial.tear_down.is_clean(), "{:?}", driven.trial.tear_down);
    assert_eq!(driven.doubts, Vec::<String>::new());
    driven
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
    Wanted { folder: None, profile: Profile::Pr, pattern: None, seed: 1, baseline: Bus::Crossbeam }
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
