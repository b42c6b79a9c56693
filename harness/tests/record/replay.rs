//! The one test: agent, recorder and children, then the scenarios that came of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use daemoneye_eventbus::event::ProcessChange;
use daemoneye_eventbus::{
    ClientConfig, CollectionEvent, EventBus as _, EventBusClient, EventReceiver, EventSubscription,
    SocketAddress, Topic, TopicPattern,
};
use equivalence::driver::agent_beside;
use equivalence::scenario::Recording;
use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::recorder::{Recorder, WATCHDOG, Watched, said};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_equivalence");
/// Why it is ignored where it is.
const NO_AGENT: &str = "host: cargo build --workspace";
/// Processes that are started and ended while it is recorded.
const CHILDREN: usize = 20;
/// The topic that starts and ends of processes are published on.
const TOPIC: &str = "events.process.lifecycle";

pub(crate) fn trial() -> Trial {
    let agent = agent_beside(Path::new(EXECUTABLE));
    let is_missing = agent.is_none();
    let test = move || {
        replays(&agent.ok_or("the agent is not built")?);
        Ok(())
    };
    let test = Trial::test("a_recorded_agent_replays_with_the_same_counts_on_both_buses", test);
    test.with_kind(if is_missing { NO_AGENT } else { "" }).with_ignored_flag(is_missing)
}

fn replays(agent: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let scenarios = folder.path().join("scenarios");
    recorded(agent, folder.path(), &scenarios);
    let file = scenarios.join("recorded/agent.jsonl");
    let recording = Recording::load(&file).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(recording.is_complete() && recording.about.inspected, "{:?}", recording.about);
    let by_topic = recording.topics();
    assert!(by_topic[TOPIC] >= 2 * CHILDREN as u64, "a start and an end each: {by_topic:?}");
    assert!(recording.publishers.iter().any(|name| name == "procmond"));
    nothing_of_this_machine(&file, folder.path());
    let out = folder.path().join("out");
    let rows = rows(&scenarios, &out);
    let of = |case: &str, bus: &str| {
        let row = rows.iter().find(|row| row["case"] == case && row["bus"] == bus);
        row.unwrap_or_else(|| panic!("{case} was not run on {bus}: {rows:?}"))
    };
    let published: BTreeMap<String, u64> =
        by_topic.iter().map(|(topic, events)| ((*topic).to_owned(), *events)).collect();
    let received: BTreeMap<String, u64> = by_topic
        .iter()
        .map(|(topic, events)| ((*topic).to_owned(), events * readers(&recording, topic)))
        .collect();
    for bus in ["crossbeam", "process"] {
        let row = of("recorded/agent", bus);
        assert_eq!(row["outcome"]["is"], "pass", "{row}");
        assert_eq!(counts(row, "published"), published, "{bus}");
        assert_eq!(counts(row, "received"), received, "{bus}");
        let fitted = of("recorded/agent-fitted", bus);
        assert_eq!(fitted["outcome"]["is"], "pass", "{fitted}");
    }
    let [old, new] = ["crossbeam", "process"].map(|bus| of("recorded/agent-fitted", bus));
    for what in ["published", "received"] {
        assert_eq!(counts(old, what), counts(new, what), "{what}");
        assert!(counts(old, what).keys().eq(by_topic.keys()), "{what}: every topic is there");
    }
}

/// Records a run of the agent in which processes start and end.
fn recorded(agent: &Path, folder: &Path, scenarios: &Path) {
    let (running, socket) = started(agent, folder);
    let recorder = Recorder::start(scenarios, &socket, &[]);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let limit = tokio::time::timeout(WATCHDOG, children_come_and_go(&socket));
        limit.await.expect("every start and every end is seen");
    });
    let output = recorder.interrupt();
    assert!(output.status.success(), "{}", said(&output));
    ended(running);
}

/// An agent with a procmond, and where its broker listens.
fn started(agent: &Path, folder: &Path) -> (Watched, PathBuf) {
    let mut command = Command::new(agent);
    command.args(["--bus", "daemoneye", "--collectors", "procmond", "--interval", "50ms"]);
    command.args(["--exit-with-parent", "--set", "agent.orphan_limit=0s"]);
    command.arg("--socket").arg(folder.join("run/bus")).env("HOME", folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut running = Watched::start(&mut command);
    let output = running.child.stdout.take().expect("it is a pipe");
    let line = BufReader::new(output).lines().next().expect("it is ready").expect("text");
    let ready: Value = serde_json::from_str(&line).expect("a readiness line");
    let socket = ready["socket_path"].as_str().expect("this bus has one");
    (running, PathBuf::from(socket))
}

fn ended(mut running: Watched) {
    running.signal(Signal::SIGTERM);
    let status = running.child.wait().expect("it is our child");
    assert!(status.success(), "{status}");
}

/// Starts processes, and ends each once its start was published, until all ends were, too.
async fn children_come_and_go(socket: &Path) {
    let address = SocketAddress::from_path(socket).expect("the agent has bound it");
    let client = EventBusClient::connect(&address, ClientConfig::new("watcher"));
    let client = client.await.expect("the agent serves it");
    let wanted = EventSubscription::new("watcher").with_pattern("events.process.#");
    let mut receiver = client.subscribe(wanted).await.expect("whoever watches may");
    let mut held: HashMap<u32, Child> = (0..CHILDREN).map(|_| child()).collect();
    let mut ending: HashSet<u32> = held.keys().copied().collect();
    while !ending.is_empty() {
        let (change, pid) = next(&mut receiver).await;
        match change {
            ProcessChange::Started => {
                if let Some(mut child) = held.remove(&pid) {
                    drop(child.stdin.take());
                    child.wait().expect("it is our child");
                }
            }
            ProcessChange::Exited => drop(ending.remove(&pid)),
            _ => {}
        }
    }
}

fn child() -> (u32, Child) {
    let mut command = Command::new(EXECUTABLE);
    command.arg("child").stdin(Stdio::piped());
    let child = command.spawn().expect("it is built");
    (child.id(), child)
}

async fn next(receiver: &mut EventReceiver) -> (ProcessChange, u32) {
    let event = receiver.recv().await.expect("the agent is there");
    let CollectionEvent::Process(process) = &event.event else { panic!("{event:?}") };
    (process.change, process.pid)
}

/// The file names nobody and nothing of the machine it was recorded on.
fn nothing_of_this_machine(file: &Path, folder: &Path) {
    let text = fs::read_to_string(file).expect("it was read");
    let program = Path::new(EXECUTABLE).file_name().expect("a file").to_string_lossy();
    // What the file calls itself has the program's name in it.
    let own = text.replace("equivalence-recording", "");
    for part in [&*folder.to_string_lossy(), EXECUTABLE, &*program, "/usr", "/bin"] {
        assert!(!own.contains(part), "{part} is in the recording");
    }
}

/// How many subscribers of the replay receive what is published on a topic.
fn readers(recording: &Recording, topic: &str) -> u64 {
    let topic = Topic::new(topic).expect("it was read");
    let matches =
        |pattern: &String| TopicPattern::new(pattern).expect("it was read").matches(&topic);
    let there = recording.subscribers.iter().filter(|row| row.patterns.iter().any(matches));
    1 + there.count() as u64
}

/// The rows of a run of everything in a folder on both buses.
fn rows(scenarios: &Path, out: &Path) -> Vec<Value> {
    let mut command = assert_cmd::Command::new(EXECUTABLE);
    command.args(["run", "--profile", "smoke", "--candidate", "process"]);
    command.args(["--scenario", "recorded/*"]).arg("--scenarios").arg(scenarios);
    command.arg("--out").arg(out).assert().code(0);
    let report = fs::read_to_string(out.join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    report["behaviour"].as_array().expect("rows").clone()
}

/// One count of a row by topic.
fn counts(row: &Value, what: &str) -> BTreeMap<String, u64> {
    let topics = row["topics"].as_array().expect("rows").iter();
    let count = |one: &Value| {
        (one["topic"].as_str().expect("text").to_owned(), one[what].as_u64().expect("a count"))
    };
    topics.map(count).collect()
}
