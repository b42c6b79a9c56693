//! The protocol from another language: a client written from `PROTOCOL.md` and the schema alone
//! publishes to, and receives from, the Rust side (W1–W3, A4, A5).
//!
//! Where there is no `python3` there is nothing to run, which is said.
#![cfg(all(unix, feature = "ipc"))]
#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::identity::write_key_file;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
    ProcessEvent, Secret, SocketAddress,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// More than a queue of the other side holds, so that credit and grants have to work.
const EVENTS: u64 = 3000;
const WATCHDOG: Duration = Duration::from_secs(20);

struct Served {
    broker: DaemoneyeBroker,
    address: SocketAddress,
    _folder: TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
        let broker = DaemoneyeBroker::new(BrokerConfig::default());
        broker.serve(Listener::bind(&address).unwrap()).unwrap();
        Self { broker, address, _folder: folder }
    }

    /// The arguments that make a probe the operator.
    fn as_operator(&self) -> [String; 4] {
        let operator = Principal::new("operator", Role::Agent).unwrap();
        let path = self.address.key_path();
        write_key_file(&path, &self.broker.issue_key(operator).unwrap()).unwrap();
        ["--name", "operator", "--key", path.to_str().unwrap()].map(str::to_owned)
    }

    /// The other language; `None` where it is not installed.
    fn probe(&self, arguments: &[&str]) -> Option<Child> {
        if Command::new("python3").arg("--version").output().is_err() {
            eprintln!("skipped: no python3");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/probe.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(self.address.path()).args(arguments);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(piped.spawn().unwrap())
    }
}

fn process(pid: u32) -> CollectionEvent {
    let name = format!("process-{pid}").into();
    CollectionEvent::Process(ProcessEvent { pid, name, ..ProcessEvent::default() })
}

fn next_line(output: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn a_python_client_receives_what_rust_publishes_in_order() {
    let served = Served::new();
    let count = EVENTS.to_string();
    // Nobody waits for an observer: it would lose some.
    let operator = served.as_operator();
    let arguments = ["sub", "events.process.#", &count].into_iter();
    let arguments: Vec<&str> = arguments.chain(operator.iter().map(String::as_str)).collect();
    let Some(mut child) = served.probe(&arguments) else { return };
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let subscribed = next_line(&mut output);
    assert_eq!(subscribed, json!({"subscribed": "events.process.#", "role": "agent"}));
    let bus = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let publishing = tokio::spawn(async move {
        for pid in 1..=EVENTS {
            bus.publish(process(u32::try_from(pid).unwrap()), None).await.unwrap();
        }
    });
    let received = tokio::task::spawn_blocking(move || {
        (0..EVENTS).map(|_| next_line(&mut output)).collect::<Vec<Value>>()
    });
    let received = tokio::time::timeout(WATCHDOG, received).await.unwrap().unwrap();
    for (number, event) in (1..).zip(received) {
        let expected = json!({
            "publisher": "agent",
            "sequence": number,
            "topic": "events.process.lifecycle",
            "pid": number,
            "name": format!("process-{number}"),
        });
        assert_eq!(event, expected);
    }
    publishing.await.unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn rust_receives_what_a_python_client_publishes_with_a_key() {
    let served = Served::new();
    let operator = served.as_operator();
    let bus = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let wanted = EventSubscription::new("all").with_pattern("events.#").with_capacity(16);
    let mut receiver = bus.subscribe(wanted).await.unwrap();
    let count = EVENTS.to_string();
    let arguments = ["pub", "events.process.tree", &count].into_iter();
    let arguments: Vec<&str> = arguments.chain(operator.iter().map(String::as_str)).collect();
    let Some(child) = served.probe(&arguments) else { return };
    for pid in 1..=u32::try_from(EVENTS).unwrap() {
        let event = tokio::time::timeout(WATCHDOG, receiver.recv()).await.unwrap().unwrap();
        assert_eq!(event.topic.as_str(), "events.process.tree");
        assert_eq!((&*event.id.publisher, event.id.sequence), ("operator", u64::from(pid)));
        let CollectionEvent::Process(found) = &event.event else { panic!("{event:?}") };
        assert_eq!((found.pid, &*found.name), (pid, &*format!("process-{pid}")));
    }
    assert!(child.wait_with_output().unwrap().status.success());
}

#[tokio::test]
async fn a_python_collector_comes_with_a_token_and_is_told_what_it_may_not() {
    let served = Served::new();
    let procmond = || Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap();
    let token = |served: &Served| served.broker.issue_token(procmond(), WATCHDOG).unwrap();
    let tell = |child: &mut Child, token: &Secret| {
        token.write_line(&mut child.stdin.take().unwrap()).unwrap();
    };
    let arguments = ["pub", "events.process.tree", "3", "--name", "procmond", "--token"];
    let Some(mut child) = served.probe(&arguments) else { return };
    tell(&mut child, &token(&served));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(served.broker.statistics().events_published, 3);
    let arguments = ["pub", "events.network.dns", "3", "--name", "procmond", "--token"];
    let mut child = served.probe(&arguments).unwrap();
    tell(&mut child, &token(&served));
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let expected =
        "probe: collector:process may not publish on events.network.dns: no rule allows it\n";
    assert_eq!(told, expected);
    // What it had sent before it left still has its turn.
    let all = async {
        while served.broker.statistics().refused < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WATCHDOG, all).await.unwrap();
    assert_eq!(served.broker.statistics().events_published, 3);
}
