//! The real agent and the real procmond, on both buses, against processes these tests start.
#![cfg(unix)]

#[path = "processes/agent.rs"]
mod agent;
#[cfg(target_os = "linux")]
#[path = "processes/chain.rs"]
mod chain;
#[path = "processes/changing.rs"]
mod changing;
#[path = "processes/door.rs"]
mod door;
#[path = "processes/operator.rs"]
mod operator;
#[path = "processes/orphans.rs"]
mod orphans;
#[path = "processes/status.rs"]
mod status;
#[path = "processes/supervision.rs"]
mod supervision;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use agent::{RunningAgent, signal};
use collector_core::ready::AgentReady;
use daemoneye_eventbus::SocketAddress;
use nix::sys::signal::Signal;
use serde_json::Value;

/// Every bus that loses nothing, in this build.
const BUSES: &[&str] = &[
    "daemoneye",
    #[cfg(feature = "legacy")]
    "local",
];

/// A child that does nothing until it is ended.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self::start_for("600")
    }

    /// For so many seconds, by which it can be known.
    fn start_for(seconds: &str) -> Self {
        let mut command = Command::new("sleep");
        command.arg(seconds).stdin(Stdio::null());
        Self(command.spawn().expect("every host has `sleep`"))
    }

    fn pid(&self) -> u64 {
        u64::from(self.0.id())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The body of a recorded event.
fn event(record: &Value) -> &Value {
    &record["event"]["event"]
}

fn is(record: &Value, change: &str, pid: u64) -> bool {
    event(record)["change"] == change && event(record)["pid"] == pid
}

/// The numbers that their source gave to recorded events.
fn sequences(records: &[Value]) -> Vec<u64> {
    let number = |record: &Value| event(record)["header"]["source_sequence"].as_u64();
    records.iter().map(|record| number(record).expect("a number")).collect()
}

#[cfg(feature = "metrics")]
#[test]
fn the_agent_serves_its_brokers_metrics_on_loopback() {
    let mut agent = RunningAgent::start_with("daemoneye", &["--metrics", "127.0.0.1:0"]);
    let address = agent.ready.metrics_address.expect("they are served");
    // What the agent received had its turn, and was counted.
    agent.read_until(|record| record["event"]["topic"] == "events.process.batch");
    let mut scrape = std::net::TcpStream::connect(address).unwrap();
    scrape.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut text = String::new();
    scrape.read_to_string(&mut text).unwrap();
    let topic = "daemoneye_eventbus_topic_events_total{topic=\"events.process.batch\"}";
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains(topic), "{text}");
}

#[test]
fn a_child_is_described_as_it_is_and_seen_starting_and_exiting_once_on_both_buses() {
    for &bus in BUSES {
        let mut agent = RunningAgent::start(bus);
        let child = Sleeper::start();
        let pid = child.pid();
        agent.read_until(|record| is(record, "started", pid));
        // A scan between fork and exec sees this program; the execution is reported then.
        let between = Sleeper::start();
        agent.read_until(|record| is(record, "started", between.pid()));
        drop(child);
        agent.read_until(|record| is(record, "exited", pid));
        // One more scan has passed once this one is seen: a second report would be there.
        let fence = Sleeper::start();
        agent.read_until(|record| is(record, "started", fence.pid()));
        let (records, status) = agent.stop(Signal::SIGTERM);

        assert_eq!(status.code(), Some(0), "{bus}");
        let count = |change| records.iter().filter(|record| is(record, change, pid)).count();
        assert_eq!((count("started"), count("exited")), (1, 1), "{bus}");
        let described = |record: &&Value| is(record, "started", pid) || is(record, "executed", pid);
        let record = records.iter().rfind(described).unwrap();
        assert_described(record, bus);
    }
}

/// A record of a child that sleeps is as this test knows it.
fn assert_described(record: &Value, bus: &str) {
    let seen = event(record);
    assert_eq!(seen["name"], "sleep", "{bus}");
    assert_eq!(seen["arguments"], serde_json::json!(["sleep", "600"]), "{bus}");
    assert_eq!(seen["ppid"], std::process::id(), "{bus}");
    assert_eq!(seen["user_id"], nix::unistd::geteuid().to_string(), "{bus}");
    assert_eq!(seen["header"]["source"], "procmond", "{bus}");
    assert_eq!(record["event"]["topic"], "events.process.lifecycle", "{bus}");
    let at = |value: &Value| value.as_u64().expect("a number");
    let observed = at(&seen["header"]["observed_monotonic_ns"]);
    let published = at(&record["event"]["published_monotonic_ns"]);
    let received = at(&record["receive_monotonic_ns"]);
    assert!(observed <= published && published <= received, "{bus}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_executable_of_a_child_is_hashed_once_on_both_buses() {
    use sha2::{Digest, Sha256};

    for &bus in BUSES {
        let mut agent = RunningAgent::start(bus);
        let child = Sleeper::start();
        let pid = child.pid();
        let executable = std::fs::read(format!("/proc/{pid}/exe")).unwrap();
        let hash = hex::encode(Sha256::digest(&executable));
        // A scan between fork and exec sees this program, which has a hash of its own.
        let has_hash = |record: &Value| event(record)["executable_sha256"] == hash;
        let is_hashed = |record: &Value, pid| is(record, "integrity", pid) && has_hash(record);
        let record = agent.read_until(|record| is_hashed(record, pid));
        assert_eq!(record["event"]["topic"], "events.process.integrity", "{bus}");
        // Another one, in a later scan, has the hash of the same file as soon as it is seen.
        let other = Sleeper::start();
        let begins =
            |record: &Value, pid| is(record, "started", pid) || is(record, "executed", pid);
        agent.read_until(|record| begins(record, other.pid()) && has_hash(record));
        agent.read_until(|record| is_hashed(record, other.pid()));
        let (records, _) = agent.stop(Signal::SIGTERM);
        let hashed = records.iter().filter(|record| is_hashed(record, pid));
        assert_eq!(hashed.count(), 1, "{bus}");
    }
}

#[test]
fn nothing_is_lost_from_the_first_scan_to_the_last_on_both_buses() {
    for &bus in BUSES {
        let mut agent = RunningAgent::start(bus);
        let child = Sleeper::start();
        agent.read_until(|record| is(record, "started", child.pid()));
        let (records, status) = agent.stop(Signal::SIGINT);

        assert_eq!(status.code(), Some(0), "{bus}");
        let expected: Vec<_> = (1..=records.len() as u64).collect();
        assert_eq!(sequences(&records), expected, "{bus}");
        let own = u64::from(std::process::id());
        assert_eq!(records.iter().filter(|record| is(record, "enumerated", own)).count(), 1);
    }
}

#[test]
fn the_collector_is_a_process_on_one_bus_and_a_thread_on_the_other() {
    for &bus in BUSES {
        let agent = RunningAgent::start(bus);
        let collectors = agent.ready.collectors.clone();
        let pids: Vec<_> = collectors.iter().map(|collector| collector.pid).collect();
        let own = agent.pid();
        assert_eq!(pids == [own], bus == "local", "{bus}: {pids:?} in {own}");
        assert_eq!(agent.ready.socket_path.is_some(), bus == "daemoneye");
        agent.stop(Signal::SIGTERM);
    }
}

#[test]
fn an_orderly_stop_leaves_no_socket_behind() {
    use std::os::unix::fs::PermissionsExt;

    let agent = RunningAgent::start("daemoneye");
    let folder = agent.folder();
    let socket = agent.ready.socket_path.clone().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    agent.stop(Signal::SIGTERM);
    let left: Vec<_> = socket.parent().unwrap().read_dir().unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    drop(folder);
}

#[test]
fn a_recorded_file_is_private_and_complete_after_a_stop() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.jsonl");
    let mut agent = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"))
        .arg("--socket")
        .arg(folder.path().join("run/broker.sock"))
        .arg("--record")
        .arg(&file)
        .args(["--collectors", "procmond"])
        .env("HOME", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ready = BufReader::new(agent.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let ready: AgentReady = serde_json::from_str(&ready).unwrap();
    signal(agent.id(), Signal::SIGTERM);
    assert_eq!(agent.wait().unwrap().code(), Some(0));

    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.ends_with('\n'));
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let enumerated = records.iter().filter(|record| event(record)["change"] == "enumerated");
    assert_eq!(enumerated.count() as u64, ready.collectors[0].first_scan_events);
    // What was done after the first scan may be there as well, up to some event and without gaps.
    assert_eq!(sequences(&records), (1..=records.len() as u64).collect::<Vec<_>>());
}

#[test]
fn an_agent_receives_only_what_it_is_told_to_subscribe() {
    for &bus in BUSES {
        let mut agent = RunningAgent::start_with(bus, &["--subscribe", "events.process.lifecycle"]);
        let child = Sleeper::start();
        agent.read_until(|record| is(record, "started", child.pid()));
        let (records, _) = agent.stop(Signal::SIGTERM);
        let topics: Vec<_> = records.iter().map(|record| &record["event"]["topic"]).collect();
        assert!(topics.iter().all(|topic| *topic == "events.process.lifecycle"), "{bus}");
        // The first scan was published on another topic.
        let own = u64::from(std::process::id());
        assert!(!records.iter().any(|record| is(record, "enumerated", own)), "{bus}");
    }
}

#[test]
fn a_trigger_on_what_no_collector_watches_is_told_at_the_start_on_both_buses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    let trigger = "[[trigger]]\nname = 'touched'\nwhen = \"path = '/x'\"\n\
                   target = 'procmond'\nanalysis = 'binary_hash'\n";
    std::fs::write(&file, trigger).unwrap();
    for &bus in BUSES {
        let agent = RunningAgent::start_with(bus, &["--config", file.to_str().unwrap()]);
        signal(agent.pid(), Signal::SIGTERM);
        let (status, said) = agent.wait();
        assert_eq!(status.code(), Some(0), "{bus}: {said}");
        let told = "trigger `touched` does not fire unless somebody else starts fsmond";
        assert_eq!(said.matches(told).count(), 1, "{bus}: {said}");
    }
}

#[test]
fn an_agent_ends_in_order_with_whoever_started_it() {
    for &bus in BUSES {
        let mut agent = RunningAgent::start_with(bus, &["--exit-with-parent"]);
        let (folder, child) = (agent.folder(), Sleeper::start());
        agent.read_until(|record| is(record, "started", child.pid()));
        let (_, status) = agent.orphan();
        assert_eq!(status.code(), Some(0), "{bus}");
        assert!(!folder.path().join("run/broker.sock").exists(), "{bus}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_ends_an_agent_in_order_on_both_buses() {
    for &bus in BUSES {
        // These tests may run below a `nohup` themselves.
        let mut heeding = Command::new("env");
        heeding.arg("--default-signal=HUP").arg(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let programs = agent::built_programs();
        let agent = RunningAgent::start_by(heeding, Arc::clone(&folder), bus, &programs, |_| {});
        let (_, status) = agent.stop(Signal::SIGHUP);
        assert_eq!(status.code(), Some(0), "{bus}");
        assert!(!folder.path().join("run/broker.sock").exists(), "{bus}");
    }
}

#[test]
fn an_agent_that_was_started_with_nohup_outlives_a_hangup() {
    let mut nohup = Command::new("nohup");
    nohup.arg(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let programs = agent::built_programs();
    let mut agent = RunningAgent::start_by(nohup, folder, "daemoneye", &programs, |_| {});
    signal(agent.pid(), Signal::SIGHUP);
    for _ in 0..2 {
        let child = Sleeper::start();
        agent.read_until(|record| is(record, "started", child.pid()));
    }
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_second_agent_on_the_same_socket_is_refused_and_names_the_first() {
    let first = RunningAgent::start("daemoneye");
    let mut second = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    let socket = first.ready.socket_path.clone().unwrap();
    let refused = second.arg("--socket").arg(socket).output().unwrap();
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(4), "{errors}");
    assert!(errors.contains(&format!("in use by process {}", first.pid())), "{errors}");
    let (_, status) = first.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

/// One field of a message that holds bytes: text, or another message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    [&[number << 3 | 2, length], bytes].concat()
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short");
    [&length.to_le_bytes(), body].concat()
}

/// The bytes of the key the agent has left for its operator.
fn operator_key(socket: &Path) -> Vec<u8> {
    let address = SocketAddress::from_path(socket).expect("the agent has bound it");
    let digits = std::fs::read_to_string(address.key_path()).expect("the agent has written it");
    let digits = digits.trim();
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A client that publishes one event whose payload nobody can decode, and leaves.
fn publish_one_unreadable(socket: &Path) {
    let incarnation = [2 << 3 | 1, 7, 0, 0, 0, 0, 0, 0, 0];
    let versions = [1 << 3, 1, 2 << 3, 1];
    let own = [4 << 3 | 1, 7, 0, 0, 0, 0, 0, 0, 0];
    let hello =
        [&versions[..], &field(3, b"operator"), &own, &field(6, &operator_key(socket))].concat();
    let sequence = [3 << 3, 1];
    let topic = field(4, b"events.process.x");
    let payload = field(11, &[0xff; 9]);
    let event = [field(1, b"operator"), incarnation.to_vec(), sequence.to_vec(), topic, payload];
    let goodbye = [1 << 3, 1];
    let mut stream = UnixStream::connect(socket).expect("the agent serves it");
    for frame in [field(2, &hello), field(14, &event.concat()), field(13, &goodbye)] {
        stream.write_all(&framed(&frame)).expect("the broker reads");
    }
    let mut answers = Vec::new();
    // Up to the broker's own end: it closes once it has answered the goodbye and we have closed.
    stream.shutdown(std::net::Shutdown::Write).expect("it is open");
    stream.read_to_end(&mut answers).expect("the broker ends the connection");
}

#[test]
fn an_agent_that_lost_events_of_its_own_subscription_ends_with_1_and_tells_how_many() {
    let agent = RunningAgent::start("daemoneye");
    let socket = agent.ready.socket_path.clone().expect("this bus has one");
    publish_one_unreadable(&socket);
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("lost 1 events of its own subscription"), "{said}");
}
