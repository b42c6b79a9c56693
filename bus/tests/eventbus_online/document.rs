//! Every command shown in OPERATIONS.md does what is shown there.
//!
//! Blocks marked `console` are run in order by a shell, in a folder with a broker that somebody
//! publishes to. What follows a command is its output, both streams together; `…` stands for
//! anything within a line, alone for any number of lines, and `[exit N]` is its exit code if not 0.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daemoneye_eventbus::acl::{Principal, Role};
use daemoneye_eventbus::identity::{OPERATOR, write_key_file};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription, SocketAddress,
};
use tempfile::TempDir;

use crate::fixture::event;

const DOCUMENT: &str = include_str!("../../OPERATIONS.md");
const ANYTHING: &str = "…";

/// A command and what it should print.
#[derive(Debug, PartialEq)]
struct Example<'a> {
    command: &'a str,
    expected: Vec<&'a str>,
    code: i32,
}

fn examples(document: &str) -> Vec<Example<'_>> {
    let mut examples: Vec<Example<'_>> = Vec::new();
    let blocks = document.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines()) {
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example { command, expected: Vec::new(), code: 0 });
            continue;
        }
        let example = examples.last_mut().expect("a block begins with a command");
        match line.strip_prefix("[exit ").and_then(|rest| rest.strip_suffix(']')) {
            Some(code) => example.code = code.parse().unwrap(),
            None => example.expected.push(line),
        }
    }
    examples
}

fn lines_match(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((&ANYTHING, rest)), _) => {
            (0..=found.len()).any(|skipped| lines_match(rest, &found[skipped..]))
        }
        (Some((line, expected)), Some((this, found))) => {
            line_matches(line, this) && lines_match(expected, found)
        }
        _ => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// The folder the commands run in, which is the user's runtime folder as well.
struct Place {
    folder: TempDir,
    broker: DaemoneyeBroker,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("daemoneye")).unwrap();
        let socket = folder.path().join("daemoneye/broker.sock");
        let broker = DaemoneyeBroker::new(BrokerConfig::default());
        let address = SocketAddress::from_path(socket).unwrap();
        broker.serve(Listener::bind(&address).unwrap()).unwrap();
        let operator = Principal::new(OPERATOR, Role::Agent).unwrap();
        write_key_file(&address.key_path(), &broker.issue_key(operator).unwrap()).unwrap();
        drop(UnixListener::bind(folder.path().join("stale.sock")).unwrap());
        Self { folder, broker }
    }

    /// Runs a command to its end; what it printed and its exit code.
    fn run(&self, command: &str) -> (String, i32) {
        let tool = Path::new(env!("CARGO_BIN_EXE_eventbus")).parent().unwrap();
        let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}\n}} 2>&1")])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env_remove("DAEMONEYE_EVENT_BUS__SOCKET_PATH")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_command_of_the_document_does_what_is_shown() {
    let place = Place::new();
    let agent = DaemoneyeEventBus::from_broker(&place.broker, "agent");
    let wanted = EventSubscription::new("agent").with_pattern("events.process.#");
    let mut receiver = agent.subscribe(wanted).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let publisher = tokio::spawn({
        let done = Arc::clone(&done);
        async move {
            // Always one event on its way: the publisher waits for its own subscriber.
            while !done.load(Ordering::Relaxed) {
                agent.publish(event(1), None).await.unwrap();
                receiver.recv().await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let examples = examples(DOCUMENT);
    assert!(examples.len() >= 8, "the document shows what an operator types");
    for Example { command, expected, code } in examples {
        let (printed, found) = place.run(command);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines_match(&expected, &lines), "$ {command}\n{printed}\nexpected\n{expected:#?}");
        assert_eq!(found, code, "$ {command}\n{printed}");
    }
    done.store(true, Ordering::Relaxed);
    publisher.await.unwrap();
}

#[test]
fn what_is_not_shown_is_found() {
    assert!(lines_match(&["a … c", "…", "z"], &["a b c", "x", "y", "z"]));
    assert!(lines_match(&["up … s"], &["up 12 s"]));
    assert!(!lines_match(&["a … c"], &["a b d"]));
    assert!(!lines_match(&["a"], &["a", "b"]));
    assert!(!lines_match(&["a", "b"], &["a"]));
    assert!(!line_matches("published 3", "published 33"));
    let found = examples("```console\n$ x\nout\n[exit 2]\n```\n```text\n$ y\n```");
    assert_eq!(found, [Example { command: "x", expected: vec!["out"], code: 2 }]);
}
