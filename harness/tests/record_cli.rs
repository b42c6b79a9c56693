//! `equivalence record` as a user meets it: what it writes, what it says is missing, and what it refuses.
#![cfg(unix)]

#[path = "record/recorder.rs"]
mod recorder;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, CorrelationMetadata, DaemoneyeBroker, DaemoneyeEventBus,
    EventBus as _, EventHeader, EventSubscription, ProcessEvent, SocketAddress, TopicFilter,
};
use equivalence::scenario::{Ended, Recording, load};
use nix::sys::signal::Signal;
use predicates::prelude::*;
use predicates::str::contains;
use recorder::{Recorder, said};
use tempfile::TempDir;

/// What nobody may find in a file.
const SECRET: &str = "hunter2";
/// How long the broker may take to end.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// A broker in this process, and a folder of scenarios beside its socket.
struct Served {
    broker: DaemoneyeBroker,
    bus: DaemoneyeEventBus,
    folder: TempDir,
}

impl Served {
    /// One whose clients may do everything.
    fn new() -> Self {
        Self::with(BrokerConfig::default().with_unidentified(Some(Role::Agent)))
    }

    fn with(config: BrokerConfig) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddress::from_path(folder.path().join("bus")).expect("an address");
        let broker = DaemoneyeBroker::new(config);
        broker.serve(Listener::bind(&address).expect("it is free")).expect("it serves");
        let bus = DaemoneyeEventBus::from_broker(&broker, "procmond");
        Self { broker, bus, folder }
    }

    fn record(&self, options: &[&str]) -> Recorder {
        Recorder::start(&self.scenarios(), &self.folder.path().join("bus"), options)
    }

    fn scenarios(&self) -> PathBuf {
        self.folder.path().join("scenarios")
    }

    fn file(&self, end: &str) -> PathBuf {
        self.scenarios().join("recorded").join(format!("agent{end}"))
    }

    fn recording(&self) -> Recording {
        Recording::load(&self.file(".jsonl")).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    async fn publish(&self, events: u64) {
        for number in 1..=events {
            let correlation = Some(CorrelationMetadata::root(SECRET));
            self.bus.publish(event(number), correlation).await.expect("nobody holds it up");
        }
    }
}

/// An event with the secret in its text.
fn event(number: u64) -> CollectionEvent {
    let header = EventHeader {
        source: SECRET.into(),
        source_sequence: number,
        metadata: vec![(SECRET.into(), SECRET.into())],
        ..EventHeader::default()
    };
    let name = SECRET.into();
    let arguments = vec![SECRET.into(); 8];
    CollectionEvent::Process(ProcessEvent { name, arguments, header, ..ProcessEvent::default() })
}

fn record(folder: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.arg("record").arg("--scenarios").arg(folder).args(options);
    command
}

fn check(folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.arg("check").arg("--scenarios").arg(folder);
    command.assert().code(0).stdout(contains("2 scenario files are valid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_is_recorded_and_nothing_of_what_it_said() {
    let served = Served::new();
    let filter = TopicFilter { exclude: vec![format!("events.{SECRET}")], include: vec![] };
    let listens = EventSubscription::new("listener").with_pattern("events.process.#");
    let _listener = served.bus.subscribe(listens.with_topic_filter(filter)).await.expect("it may");
    let recorder = served.record(&[]);
    served.publish(5).await;
    let output = recorder.interrupt();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    for part in [
        "recorded 5 events of 1 publisher on 1 topic in ",
        "events.process.lifecycle: 5",
        "missed 0 events",
        "agent-fitted.toml",
        "replay it     cargo xtask equivalence --scenario recorded/agent",
    ] {
        assert!(told.contains(part), "{told} has no {part:?}");
    }
    let recording = served.recording();
    assert_eq!(recording.publishers, ["procmond"]);
    assert_eq!((recording.events().len(), recording.sorts().len()), (5, 1));
    assert!(recording.events().iter().all(|event| event.correlated));
    assert_eq!(recording.about.ended, Ended::Interrupt);
    let [listener] = &recording.subscribers[..] else { panic!("{:?}", recording.subscribers) };
    assert!(listener.subscriber == "listener" && listener.filtered, "{listener:?}");
    for end in [".jsonl", ".toml", "-fitted.toml"] {
        let text = fs::read_to_string(served.file(end)).expect("it was written");
        assert!(!text.contains(SECRET), "{end}: {text}");
    }
    check(&served.scenarios());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_after_so_many_events_or_so_long() {
    let served = Served::new();
    let recorder = served.record(&["--events", "3"]);
    served.publish(10).await;
    let output = recorder.end();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(served.recording().events().len(), 3);
    assert_eq!(served.recording().about.ended, Ended::Events);
    let recorder = served.record(&["--for", "1s", "--force", "--pattern", "events.network.#"]);
    served.publish(1).await;
    let output = recorder.end();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("nothing was published in 1"), "{}", said(&output));
    assert_eq!(served.recording().events().len(), 3, "the earlier files stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_counted_and_nobody_has_waited_for_it() {
    /// More than any queue between a publisher and who has stopped holds.
    const EVENTS: u64 = 90_000;
    let served = Served::new();
    let recorder = served.record(&[]);
    recorder.process.signal(Signal::SIGSTOP);
    served.publish(EVENTS).await;
    recorder.process.signal(Signal::SIGCONT);
    let output = recorder.interrupt();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let recording = served.recording();
    let (recorded, lost) = (recording.events().len() as u64, recording.about.lost);
    assert_eq!(recorded + lost, EVENTS, "{told}");
    assert!(lost > 0 && !recording.is_complete(), "{told}");
    assert!(told.contains(&format!("INCOMPLETE: missed {lost} events")), "{told}");
    for end in [".toml", "-fitted.toml"] {
        let summary = fs::read_to_string(served.file(end)).expect("it was written");
        let part = format!("INCOMPLETE: missed {lost} events");
        assert!(summary.contains(&part), "{end}: {summary}");
    }
    load(&served.file(".toml")).expect("it is a scenario all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_ends_first_leaves_it_incomplete() {
    let served = Served::new();
    let recorder = served.record(&[]);
    served.publish(5).await;
    served.broker.shutdown(SHUTDOWN_LIMIT).await.expect("it ends");
    let output = recorder.end();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("INCOMPLETE: the broker ended first"), "{}", said(&output));
    assert_eq!(served.recording().events().len(), 5, "what was delivered is kept");
    let silent = Served::new();
    let recorder = silent.record(&[]);
    silent.broker.shutdown(SHUTDOWN_LIMIT).await.expect("it ends");
    let output = recorder.end();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("nothing was recorded"), "{}", said(&output));
    assert!(!silent.file(".jsonl").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_for_a_scenario_is_recorded_and_said() {
    /// More than a trial may have processes.
    const PUBLISHERS: usize = 300;
    let served = Served::new();
    let recorder = served.record(&[]);
    for number in 0..PUBLISHERS {
        let bus = DaemoneyeEventBus::from_broker(&served.broker, format!("p{number}"));
        bus.publish(event(1), None).await.expect("nobody holds it up");
    }
    let output = recorder.interrupt();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(served.recording().publishers.len(), PUBLISHERS);
    for part in [
        &*format!("wrote {}", served.file(".jsonl").display()),
        "recorded/agent is left out, as it would be more than a scenario may ask for",
        "302 processes on `process`: a trial has at most 256",
        "recorded/agent-fitted is left out",
    ] {
        assert!(told.contains(part), "{told} has no {part:?}");
    }
    assert!(!told.contains("replay it"), "{told}");
    assert!(!served.file(".toml").exists() && !served.file("-fitted.toml").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_there_stay_unless_they_may_go() {
    let served = Served::new();
    let path = served.file("-fitted.toml");
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, "mine").expect("written");
    let socket = served.folder.path().join("bus");
    let options = ["agent", "--socket", socket.to_str().expect("text")];
    let told = contains("agent-fitted.toml is there already").and(contains("--force"));
    record(&served.scenarios(), &options).assert().code(2).stderr(told);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "mine");
    let recorder = served.record(&["--force"]);
    served.publish(1).await;
    let output = recorder.interrupt();
    assert!(output.status.success(), "{}", said(&output));
    assert_ne!(fs::read_to_string(&path).expect("it is there"), "mine");
}

#[test]
fn what_is_wrong_is_told_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("no-broker");
    let socket = socket.to_str().expect("text");
    for (options, code, why) in [
        (&["agent"][..], 2, "--socket"),
        (&["Agent Run", "--socket", socket], 2, "did you mean \"recorded/agent-run\"?"),
        (&["agent", "--socket", socket], 4, "there is no such socket; start daemoneye-agent"),
        (&["agent", "--socket", socket, "--for", "0s"], 2, "nothing happens in no time"),
        (&["agent", "--socket", socket, "--for", "1h"], 2, "a recording lasts at most 10min"),
        (&["agent", "--socket", socket, "--events", "0"], 2, "1..=100000"),
        (&["agent", "--socket", socket, "--key", "/no/key"], 2, "cannot read the key file"),
    ] {
        record(folder.path(), options).assert().code(code).stderr(contains(why));
    }
    assert!(!folder.path().join("recorded").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_that_is_none_is_refused_in_the_words_of_the_bus() {
    let served = Served::new();
    let socket = served.folder.path().join("bus");
    let options = ["agent", "--pattern", "events.*", "--socket", socket.to_str().expect("text")];
    let told = contains("cannot subscribe").and(contains("events.*"));
    record(&served.scenarios(), &options).assert().code(2).stderr(told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_proves_nothing_records_events_and_is_told_no_subscriptions() {
    let served = Served::with(BrokerConfig::default().with_unidentified(Some(Role::Observer)));
    let recorder = served.record(&[]);
    served.publish(2).await;
    let output = recorder.interrupt();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("did not tell who subscribed"), "{}", said(&output));
    assert!(!served.recording().about.inspected);
    let socket = served.folder.path().join("bus");
    let options = ["other", "--pattern", "#", "--socket", socket.to_str().expect("text")];
    let told = contains("cannot subscribe").and(contains("--key"));
    record(&served.scenarios(), &options).assert().code(2).stderr(told);
}
