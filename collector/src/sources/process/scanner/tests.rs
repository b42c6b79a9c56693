//! The source by itself and the scanner scan by scan, on the processes of this host.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use daemoneye_eventbus::ProcessEvent;
use tokio::sync::mpsc;

use super::super::digest::made_up::sha256;
use super::super::observation::Scan;
use super::super::reader::ReadError;
use super::*;
use crate::config::AnomalyRule;
use crate::source::EventSource;
use crate::sources::ProcessSource;

/// Longer than the test: only the first scan happens.
const LONG: Duration = Duration::from_hours(1);

fn process_of(event: CollectionEvent) -> ProcessEvent {
    match event {
        CollectionEvent::Process(event) => event,
        other => panic!("{other:?}"),
    }
}

/// Receives exactly the first scan.
async fn first_scan() -> Vec<ProcessEvent> {
    let config = ProcmondConfig::default().with_scan_interval(LONG);
    let source = ProcessSource::new(config);
    let (mut sent, signal) = (source.first_scan(), Arc::new(AtomicBool::new(false)));
    let (tx, mut received) = mpsc::channel(1);
    let mut running = Box::pin(source.start(tx, signal));
    let mut events = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some(event) = received.recv() => events.push(process_of(event)),
            count = sent.sent() => {
                assert_eq!(count, Some(events.len() as u64));
                return events;
            }
            ended = &mut running => panic!("{ended:?}"),
        }
    }
}

#[tokio::test]
async fn the_first_scan_enumerates_this_process_and_numbers_its_events_from_one() {
    let events = first_scan().await;
    let sequences: Vec<_> = events.iter().map(|event| event.header.source_sequence).collect();
    assert_eq!(sequences, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.change == ProcessChange::Enumerated));
    assert!(events.iter().all(|event| event.header.source == "procmond"));
    let own = std::process::id();
    assert_eq!(events.iter().filter(|event| event.pid == own).count(), 1);
}

/// Sees no processes but these.
struct Only {
    reader: Box<dyn Reader>,
    pids: Vec<u32>,
}

impl Reader for Only {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let mut scan = self.reader.scan()?;
        scan.processes.retain(|process| self.pids.contains(&process.identity.pid));
        scan.unreadable.retain(|pid| self.pids.contains(pid));
        Ok(scan)
    }
}

fn only(pids: &[u32]) -> Box<dyn Reader> {
    Box::new(Only { reader: system_reader().unwrap(), pids: pids.to_vec() })
}

/// A configuration that hashes whatever it meets, and finds nothing odd but what is removed.
fn config() -> ProcmondConfig {
    ProcmondConfig {
        hash_limit_bytes: u64::MAX,
        hash_budget_bytes: u64::MAX,
        anomaly_rules: BTreeSet::from([AnomalyRule::ExecutableRemoved]),
        ..ProcmondConfig::default()
    }
}

/// A scanner that sees one process.
fn scanner(pid: u32, config: &ProcmondConfig) -> ProcessScanner {
    ProcessScanner { reader: only(&[pid]), ..ProcessScanner::open(config).unwrap() }
}

/// What a scan tells, and what is done after it.
fn round(scanner: &mut ProcessScanner) -> (Vec<ProcessEvent>, Vec<ProcessEvent>) {
    let scanned = scanner.scan().unwrap().events.into_iter().map(process_of).collect();
    let after = std::iter::from_fn(|| scanner.after());
    (scanned, after.flat_map(|scanned| scanned.events).map(process_of).collect())
}

fn hash(event: &ProcessEvent) -> Option<&str> {
    event.executable_sha256.as_deref()
}

#[test]
fn the_hash_of_this_program_is_that_of_its_file_and_told_once_after_its_scan() {
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let mut scanner = scanner(std::process::id(), &config());
    let (scanned, after) = round(&mut scanner);
    assert_eq!(scanned.len(), 1);
    assert_eq!((scanned[0].change, hash(&scanned[0])), (ProcessChange::Enumerated, None));
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].change, ProcessChange::Integrity);
    assert_eq!(hash(&after[0]), Some(&*sha256(&file)));
    assert_eq!(after[0].header.metadata, []);
    assert_eq!(round(&mut scanner).1, []);
}

#[test]
fn without_integrity_and_rules_nothing_is_done_after_a_scan() {
    let config = ProcmondConfig { integrity: false, anomaly_rules: BTreeSet::new(), ..config() };
    let mut scanner = scanner(std::process::id(), &config);
    let (scanned, after) = round(&mut scanner);
    assert_eq!((scanned.len(), after), (1, Vec::new()));
}

#[cfg(target_os = "linux")]
mod executables {
    //! Programs of these tests' own, which are started and then replaced or removed.

    use std::fs;
    use std::path::PathBuf;
    use std::process::{Child, Command};

    use daemoneye_eventbus::Priority;

    use super::*;

    /// A program in a folder of its own.
    struct Program {
        folder: tempfile::TempDir,
        path: PathBuf,
    }

    /// A process that runs it.
    struct Running(Child);

    impl Program {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sleep");
            // By another process: a thread of this one that forks meanwhile would keep the file
            // open for writing, and what is written cannot be executed.
            let copied = Command::new("cp").arg("/bin/sleep").arg(&path).status().unwrap();
            assert!(copied.success());
            Self { folder, path }
        }

        fn run(&self) -> Running {
            Running(Command::new(&self.path).arg("600").spawn().unwrap())
        }

        fn hash(&self) -> String {
            sha256(&fs::read(&self.path).unwrap()).to_string()
        }

        /// Puts another file in its place at once, as an update does.
        fn replace(&self, content: &str) {
            let other = self.folder.path().join("other");
            fs::write(&other, content).unwrap();
            fs::rename(&other, &self.path).unwrap();
        }
    }

    impl Running {
        fn pid(&self) -> u32 {
            self.0.id()
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Scans until the process is seen: nothing is told of one that is still being made.
    fn seen(scanner: &mut ProcessScanner) -> (Vec<ProcessEvent>, Vec<ProcessEvent>) {
        loop {
            let (scanned, after) = round(scanner);
            if !scanned.is_empty() {
                return (scanned, after);
            }
        }
    }

    fn metadata<'a>(event: &'a ProcessEvent, key: &str) -> Option<&'a str> {
        event.header.metadata_value(key).map(|value| &**value)
    }

    #[test]
    fn a_replaced_executable_is_told_once_with_both_hashes() {
        let program = Program::new();
        let (running, before) = (program.run(), program.hash());
        let mut scanner = scanner(running.pid(), &config());
        let (_, after) = seen(&mut scanner);
        assert_eq!(after.iter().map(hash).collect::<Vec<_>>(), [Some(&*before)]);
        assert_eq!(round(&mut scanner).1, []);

        program.replace("another");
        let (_, after) = round(&mut scanner);
        assert_eq!(after.len(), 1);
        assert_eq!((after[0].change, after[0].pid), (ProcessChange::Integrity, running.pid()));
        assert_eq!(hash(&after[0]), Some(&*before));
        assert_eq!(metadata(&after[0], "reason"), Some("replaced"));
        assert_eq!(metadata(&after[0], "path_sha256"), Some(&*program.hash()));
        for _ in 0..2 {
            assert_eq!(round(&mut scanner).1, []);
        }
    }

    #[test]
    fn a_removed_executable_is_told_once_and_is_an_anomaly() {
        let program = Program::new();
        let (running, before) = (program.run(), program.hash());
        let mut scanner = scanner(running.pid(), &config());
        seen(&mut scanner);

        fs::remove_file(&program.path).unwrap();
        let (_, after) = round(&mut scanner);
        let changes: Vec<_> = after.iter().map(|event| event.change).collect();
        assert_eq!(changes, [ProcessChange::Anomaly, ProcessChange::Integrity]);
        assert_eq!(metadata(&after[0], "rule"), Some("executable_removed"));
        let detail = metadata(&after[0], "detail").unwrap();
        assert!(detail.contains(program.path.to_str().unwrap()), "{detail}");
        assert_eq!(after[0].header.priority, Some(Priority::High));
        assert_eq!(metadata(&after[1], "reason"), Some("removed"));
        assert_eq!(hash(&after[1]), Some(&*before));
        for _ in 0..2 {
            assert_eq!(round(&mut scanner).1, []);
        }
    }

    #[test]
    fn one_that_was_removed_before_it_was_met_is_hashed_all_the_same() {
        let program = Program::new();
        let (running, before) = (program.run(), program.hash());
        fs::remove_file(&program.path).unwrap();
        let (_, after) = seen(&mut scanner(running.pid(), &config()));
        let changes: Vec<_> = after.iter().map(|event| event.change).collect();
        let expected = [ProcessChange::Anomaly, ProcessChange::Integrity, ProcessChange::Integrity];
        assert_eq!(changes, expected);
        assert_eq!((hash(&after[1]), metadata(&after[1], "reason")), (Some(&*before), None));
        assert_eq!(metadata(&after[2], "reason"), Some("removed"));
    }

    #[test]
    fn a_start_carries_the_hash_that_is_known_and_is_told_of_as_well() {
        let program = Program::new();
        let (first, before) = (program.run(), program.hash());
        let mut scanner = scanner(first.pid(), &config());
        let (scanned, _) = seen(&mut scanner);
        assert_eq!(hash(&scanned[0]), None);

        let second = program.run();
        scanner.reader = only(&[second.pid()]);
        let started = loop {
            let (scanned, after) = round(&mut scanner);
            let started = scanned.into_iter().find(|event| event.pid == second.pid());
            if let Some(started) = started {
                break (started, after);
            }
        };
        assert_eq!(started.0.change, ProcessChange::Started);
        assert_eq!(hash(&started.0), Some(&*before));
        assert_eq!(started.1.iter().map(hash).collect::<Vec<_>>(), [Some(&*before)]);
    }

    #[test]
    fn one_above_the_limit_is_told_as_too_large() {
        let program = Program::new();
        let running = program.run();
        let config = ProcmondConfig { hash_limit_bytes: 1, ..config() };
        let (_, after) = seen(&mut scanner(running.pid(), &config));
        assert_eq!(after.len(), 1);
        assert_eq!(metadata(&after[0], "reason"), Some("too large"));
        assert_eq!(hash(&after[0]), None);
    }

    #[test]
    fn a_budget_of_less_than_a_file_is_enough_in_several_scans() {
        let program = Program::new();
        let (running, before) = (program.run(), program.hash());
        let size_bytes = fs::metadata(&program.path).unwrap().len();
        let budget = ProcmondConfig { hash_budget_bytes: size_bytes / 2 + 1, ..config() };
        let mut scanner = scanner(running.pid(), &budget);
        assert_eq!(seen(&mut scanner).1, []);
        let (_, after) = round(&mut scanner);
        assert_eq!(after.iter().map(hash).collect::<Vec<_>>(), [Some(&*before)]);
    }
}
