//! Collectors whose agent was killed (R5): they keep what they see and make room for those of the
//! next agent, or end by themselves; an agent that ends in order leaves none. And what is kept by a
//! collector that was killed itself.
//!
//! All processes of an agent hold the pipe of its standard error: its end is the end of all.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use collector_core::config::SpoolConfig;
use collector_core::spool::Spool;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::agent::{RunningAgent, built_programs, signal};
use crate::{Sleeper, event, is, sequences};

/// How long orphans go on where somebody is to come for them: more than a test takes.
const LONG: &str = "1m";
/// The same where nobody comes.
const SHORT: &str = "1s";
/// A wait that takes longer fails its test.
const WATCHDOG: Duration = Duration::from_mins(1);
/// How long a child would sleep that is seen while nobody takes it, by which it is known on disk.
const FIRST_SLEEP: &str = "86399.25";
/// The same of one that is started after the end of the first.
const SECOND_SLEEP: &str = "86399.75";
/// A file that is made while there is no agent.
const FILE: &str = "made-without-an-agent";

/// How an orphan says why it ended.
fn orphaned(name: &str, why: &str) -> String {
    format!("error: {name}: orphaned: the agent died, and {why}")
}

/// A folder for one agent after the other.
fn folder() -> Arc<TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("watched")).expect("a new folder");
    Arc::new(folder)
}

/// An agent whose collectors become orphans for so long.
fn agent(folder: &Arc<TempDir>, orphan_limit: &str, collectors: &[&str]) -> RunningAgent {
    agent_as(folder, orphan_limit, collectors, |_| {})
}

/// The same, started as it is said.
fn agent_as(
    folder: &Arc<TempDir>,
    orphan_limit: &str,
    collectors: &[&str],
    configure: impl FnOnce(&mut Command),
) -> RunningAgent {
    let watched = json!([folder.path().join("watched")]);
    let programs = built_programs();
    RunningAgent::start_in(Arc::clone(folder), "daemoneye", &programs, |command| {
        command
            .env("DAEMONEYE_AGENT__ORPHAN_LIMIT", orphan_limit)
            .env("DAEMONEYE_AGENT__COLLECTORS", json!(collectors).to_string())
            .env("DAEMONEYE_FSMOND__PATHS", watched.to_string());
        configure(command);
    })
}

/// Has its collectors keep events in this folder.
fn with_spool(folder: &Path) -> impl FnOnce(&mut Command) {
    let spool = json!(folder.join("spool")).to_string();
    move |command| {
        command.env("DAEMONEYE_SPOOL__ENABLED", "true").env("DAEMONEYE_SPOOL__FOLDER", spool);
    }
}

/// Waits until a collector has kept an event on disk with this text in it.
fn until_kept(folder: &Path, collector: &str, text: &str) {
    let spool = folder.join("spool").join(collector);
    let begun = Instant::now();
    while !is_kept(&spool, text.as_bytes()) {
        assert!(begun.elapsed() < WATCHDOG, "{collector} does not keep {text}");
        std::thread::yield_now();
    }
}

fn is_kept(spool: &Path, text: &[u8]) -> bool {
    let files = std::fs::read_dir(spool).expect("the collector has made it").flatten();
    let mut contents = files.filter_map(|file| std::fs::read(file.path()).ok());
    contents.any(|bytes| bytes.windows(text.len()).any(|window| window == text))
}

/// What a source told, in the order of its arrival.
fn of_source(records: &[Value], source: &str) -> Vec<Value> {
    let is_its = |record: &&Value| event(record)["header"]["source"] == source;
    records.iter().filter(is_its).cloned().collect()
}

/// What the orphan told, and what its successor did, who counts from the beginning.
fn lives(records: &[Value]) -> (&[Value], &[Value]) {
    let begins = sequences(records).iter().position(|sequence| *sequence == 1);
    records.split_at(begins.unwrap_or(records.len()))
}

/// The same where the first is here from its beginning.
fn whole_lives(records: &[Value]) -> (&[Value], &[Value]) {
    let begins = sequences(records).iter().rposition(|sequence| *sequence == 1);
    records.split_at(begins.unwrap_or(records.len()))
}

fn is_without_gaps(records: &[Value]) -> bool {
    let sequences = sequences(records);
    sequences.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[test]
fn what_orphans_see_arrives_once_and_in_order_at_the_next_agent_which_takes_their_place() {
    let folder = folder();
    let both = ["procmond", "fsmond"];
    let mut first = agent_as(&folder, LONG, &both, with_spool(folder.path()));
    first.crash();
    let child = Sleeper::start_for(FIRST_SLEEP);
    let pid = child.pid();
    until_kept(folder.path(), "procmond", FIRST_SLEEP);
    drop(child);
    let left = Sleeper::start_for(SECOND_SLEEP);
    until_kept(folder.path(), "procmond", SECOND_SLEEP);
    std::fs::write(folder.path().join("watched").join(FILE), "x").unwrap();
    until_kept(folder.path(), "fsmond", FILE);

    let mut second = agent_as(&folder, LONG, &both, with_spool(folder.path()));
    // The successor's first scan comes after all that was kept.
    second.read_until(|record| is(record, "enumerated", left.pid()));
    let collectors = second.ready.collectors.clone();
    let (records, status) = second.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));

    let told = of_source(&records, "procmond");
    let (kept, own) = lives(&told);
    let count = |change, pid| kept.iter().filter(|record| is(record, change, pid)).count();
    assert_eq!((count("started", pid), count("exited", pid)), (1, 1));
    assert_eq!(count("started", left.pid()), 1);
    assert!(is_without_gaps(kept) && is_without_gaps(own), "{:?}", sequences(&told));
    let told = of_source(&records, "fsmond");
    let is_file = |record: &&Value| {
        let path = event(record)["path"].as_str();
        path.is_some_and(|path| path.ends_with(FILE)) && event(record)["operation"] == "created"
    };
    assert_eq!(told.iter().filter(is_file).count(), 1);
    assert!(is_without_gaps(lives(&told).0), "{:?}", sequences(&told));

    let names: Vec<_> = collectors.iter().map(|collector| &*collector.ready).collect();
    assert_eq!(names, both);
    let before = first.ready.collectors.clone();
    assert!(before.iter().zip(&collectors).all(|(orphan, next)| orphan.pid != next.pid));
    let (_, said) = first.wait();
    let end = "another one has its place; events that may be lost: 0";
    for name in both {
        assert_eq!(said.matches(&orphaned(name, end)).count(), 1, "{said}");
    }
}

#[test]
fn orphans_nobody_comes_for_end_by_themselves_and_say_why() {
    let folder = folder();
    let all = ["procmond", "netmond", "fsmond", "perfmond"];
    let mut agent = agent_as(&folder, SHORT, &all, with_spool(folder.path()));
    agent.crash();
    let (_, said) = agent.wait();
    for name in all {
        let end = orphaned(name, "nobody came within 1s; events that may be lost: 0");
        assert_eq!(said.matches(&end).count(), 1, "{said}");
        // What it says before its end is known as its own as well.
        let is_own = |line: &str| line.starts_with(&format!("{name}: "));
        assert!(said.lines().any(|line| is_own(line) && line.contains("the agent died")), "{said}");
    }
    assert!(!said.contains("the link ended before"), "what is kept is not lost: {said}");
}

#[cfg(feature = "legacy")]
#[test]
fn what_is_on_disk_is_published_on_the_other_bus_as_well() {
    let folder = folder();
    let mut first = agent_as(&folder, SHORT, &["fsmond"], with_spool(folder.path()));
    first.crash();
    std::fs::write(folder.path().join("watched").join(FILE), "x").unwrap();
    until_kept(folder.path(), "fsmond", FILE);
    let _ = first.wait();
    let keeps = with_spool(folder.path());
    let mut second =
        RunningAgent::start_in(Arc::clone(&folder), "local", &built_programs(), |command| {
            command.env("DAEMONEYE_AGENT__COLLECTORS", "[\"procmond\", \"fsmond\"]");
            command.env("DAEMONEYE_FSMOND__PATHS", json!([folder.path()]).to_string());
            keeps(command);
        });
    second.read_until(|record| {
        let path = event(record)["path"].as_str();
        path.is_some_and(|path| path.ends_with(FILE)) && event(record)["operation"] == "created"
    });
    let (_, status) = second.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[cfg(feature = "legacy")]
#[test]
fn orphans_make_room_for_an_agent_on_the_other_bus_as_well() {
    let folder = folder();
    let mut first = agent_as(&folder, LONG, &["procmond"], with_spool(folder.path()));
    first.crash();
    let (programs, keeps) = (built_programs(), with_spool(folder.path()));
    let second = RunningAgent::start_in(Arc::clone(&folder), "local", &programs, keeps);
    let (_, said) = first.wait();
    assert!(said.contains(&orphaned("procmond", "another one has its place")), "{said}");
    signal(second.pid(), Signal::SIGTERM);
    let (status, said) = second.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("an agent was killed here"), "{said}");
    assert!(!folder.path().join("run/broker.sock").exists());
}

#[cfg(feature = "legacy")]
#[test]
fn the_broker_that_ends_orphans_is_no_agent_to_an_operator() {
    let folder = folder();
    let mut first = agent(&folder, LONG, &["procmond"]);
    first.crash();
    let programs = built_programs();
    let second = RunningAgent::start_in(Arc::clone(&folder), "local", &programs, |_| {});
    let socket = folder.path().join("run/broker.sock");
    let mut status = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    let status = status.arg("status").arg("--socket").arg(&socket).env("HOME", folder.path());
    let asked = status.output().unwrap();
    let told = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(4), "{told}");
    assert!(told.contains("no agent at") && told.contains("one with `--bus local` has none"));
    first.wait();
    let (_, ended) = second.stop(Signal::SIGTERM);
    assert_eq!(ended.code(), Some(0));
}

#[cfg(feature = "legacy")]
#[test]
fn an_agent_on_the_other_bus_leaves_one_that_lives_alone_and_tells_of_it() {
    let folder = folder();
    let first = agent(&folder, LONG, &["procmond"]);
    let programs = built_programs();
    let second = RunningAgent::start_in(Arc::clone(&folder), "local", &programs, |_| {});
    signal(second.pid(), Signal::SIGTERM);
    let (status, said) = second.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("in use by process {}", first.pid())), "{said}");
    signal(first.pid(), Signal::SIGTERM);
    let (status, said) = first.wait();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn an_orphan_without_a_spool_tells_how_much_is_lost_with_it() {
    let folder = folder();
    let mut agent = agent(&folder, SHORT, &["procmond"]);
    agent.crash();
    let (_, said) = agent.wait();
    let end = orphaned("procmond", "nobody came within 1s; events that may be lost: ");
    let lost = said.split(&end).nth(1).unwrap_or_else(|| panic!("{said}"));
    let lost: u64 = lost.lines().next().unwrap().parse().unwrap();
    assert!(lost > 0, "it has seen its agent die: {said}");
}

#[test]
fn an_orphan_without_a_spool_makes_room_for_the_next_agent_as_well() {
    let folder = folder();
    let mut first = agent(&folder, LONG, &["procmond"]);
    first.crash();
    let second = agent(&folder, LONG, &["procmond"]);
    let (_, said) = first.wait();
    assert!(said.contains(&orphaned("procmond", "another one has its place")), "{said}");
    let (_, status) = second.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_door_of_an_orphan_is_opened_again_by_its_successor() {
    let folder = folder();
    let with_door = |command: &mut Command| {
        command.env("DAEMONEYE_IPC__ENABLED", "true");
    };
    let mut first = agent_as(&folder, LONG, &["procmond"], with_door);
    first.crash();
    let door = folder.path().join("run/procmond.sock");
    assert!(door.exists());
    let second = agent_as(&folder, LONG, &["procmond"], with_door);
    assert!(door.exists());
    let (_, said) = first.wait();
    assert!(said.contains(&orphaned("procmond", "")), "{said}");
    let (_, status) = second.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_spool_in_use_is_told_with_the_process_that_has_it_before_it_is_given_up() {
    let folder = folder();
    // Of somebody who is no orphan, and does not end.
    let spool = SpoolConfig::default().with_enabled(true).with_folder(folder.path().join("spool"));
    let _opened = Spool::open(&spool, "procmond").unwrap();
    let mut agent = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    agent.args(["--collectors", "procmond", "--set", "agent.ready_timeout=4s"]).arg("--socket");
    agent.arg(folder.path().join("run/broker.sock")).env("HOME", folder.path());
    with_spool(folder.path())(&mut agent);
    let refused = agent.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    let by = format!("is in use by process {}", std::process::id());
    let is_warning = |line: &&str| line.contains("WARN") && line.contains(&by);
    let warnings: Vec<_> = said.lines().filter(is_warning).collect();
    let [warning] = warnings[..] else { panic!("once is enough: {said}") };
    assert!(warning.contains("`agent.orphan_limit`"), "{said}");
}

#[test]
fn a_collector_that_is_not_to_be_an_orphan_ends_with_its_agent() {
    let folder = folder();
    let mut agent = agent(&folder, "0s", &["procmond"]);
    agent.crash();
    let (_, said) = agent.wait();
    assert!(said.contains(&orphaned("procmond", "the collector ends with it")), "{said}");
    assert!(!said.contains("looking for its broker"), "{said}");
}

#[test]
fn an_orderly_end_leaves_no_orphan() {
    let folder = folder();
    let agent = agent_as(&folder, LONG, &["procmond", "fsmond"], with_spool(folder.path()));
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains("the agent died"), "{said}");
}

#[test]
fn an_interrupt_from_the_terminal_leaves_no_orphan() {
    let folder = folder();
    let agent = agent_as(&folder, LONG, &["procmond", "fsmond"], |command| {
        command.process_group(0);
    });
    let group = Pid::from_raw(i32::try_from(agent.pid()).expect("ids fit"));
    killpg(group, Signal::SIGINT).unwrap();
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains("the agent died"), "{said}");
}

#[test]
fn of_what_a_killed_collector_kept_one_event_comes_twice_at_most_and_is_known_again() {
    let folder = folder();
    let keeps = with_spool(folder.path());
    let mut agent = agent_as(&folder, LONG, &["procmond"], |command| {
        keeps(command);
        command.env("DAEMONEYE_AGENT__RESTART_PAUSE", "10ms");
    });
    let killed = agent.ready.collectors[0].pid;
    // Its first scan has passed: what is under way below is not its first event.
    let seen = Sleeper::start();
    agent.read_until(|record| is(record, "started", seen.pid()));
    // An agent that does not answer may take events all the same, once it goes on.
    signal(agent.pid(), Signal::SIGSTOP);
    let left = Sleeper::start_for(FIRST_SLEEP);
    until_kept(folder.path(), "procmond", FIRST_SLEEP);
    signal(killed, Signal::SIGKILL);
    signal(agent.pid(), Signal::SIGCONT);
    agent.read_until(|record| is(record, "enumerated", left.pid()));
    let (records, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));

    let mut told = of_source(&records, "procmond");
    let arrived = told.len();
    told.dedup_by(|again, before| event(again) == event(before));
    assert!(arrived - told.len() <= 1, "{:?}", sequences(&of_source(&records, "procmond")));
    let (kept, own) = whole_lives(&told);
    let starts = kept.iter().filter(|record| is(record, "started", left.pid()));
    assert_eq!(starts.count(), 1);
    assert!(!own.is_empty());
    assert!(is_without_gaps(kept) && is_without_gaps(own), "{:?}", sequences(&told));
}
