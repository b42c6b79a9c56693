//! The broker's process, seen from both sides.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventReceiver, EventSubscription,
    OverflowPolicy, SocketAddress,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::ALLOCATOR;

/// Turns a hang into a failure; below the end that nextest makes of a test.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(150);
/// First argument that makes this executable a broker instead of a test.
const SERVE: &str = "serve-a-broker";

/// Who receives in the broker's own process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    Nobody,
    /// Somebody for whom each event is decoded.
    AReceiver,
}

/// A running broker; killed if its test fails.
pub(crate) struct Broker {
    process: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) address: SocketAddress,
    folder: TempDir,
}

impl Broker {
    /// Starts one and waits until it serves.
    pub(crate) fn start(within: Within) -> Self {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("bus.sock");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([SERVE, within.name()])
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let asks = process.stdin.take();
        let address = SocketAddress::from_path(socket).unwrap();
        let mut broker = Self { process, asks, answers, address, folder };
        // It answers once it serves.
        broker.allocations();
        broker
    }

    /// How often its process has asked the allocator for memory, or for more of it.
    pub(crate) fn allocations(&mut self) -> u64 {
        self.asks.as_mut().unwrap().write_all(b"\n").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().parse().unwrap()
    }

    /// Ends it in order, and looks whether it left something behind.
    pub(crate) fn end(mut self) {
        drop(self.asks.take());
        assert!(self.process.wait().unwrap().success());
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 0);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Neither has an effect on one that was waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the broker's process is asked to be.
#[derive(Debug)]
pub(crate) struct Served {
    socket: PathBuf,
    within: Within,
}

impl Served {
    /// As arguments say, if they do.
    pub(crate) fn of(arguments: &[String]) -> Option<Self> {
        let [serve, within, socket] = arguments else { return None };
        let known = [Within::Nobody, Within::AReceiver];
        let within = known.into_iter().find(|known| known.name() == within)?;
        (serve == SERVE).then(|| Self { socket: socket.into(), within })
    }

    /// Serves, and answers each line of its input with what it has allocated.
    pub(crate) fn until_input_ends(self) {
        let config = BrokerConfig::default().with_unidentified(Some(Role::Agent));
        let broker = DaemoneyeBroker::new(config);
        let address = SocketAddress::from_path(self.socket).unwrap();
        broker.serve(Listener::bind(&address).unwrap()).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _within = (self.within == Within::AReceiver).then(|| receive(&runtime, &broker));
        let mut asked = String::new();
        while std::io::stdin().lock().read_line(&mut asked).unwrap() > 0 {
            let so_far = ALLOCATOR.stats();
            println!("{}", so_far.allocations + so_far.reallocations);
            asked.clear();
        }
        runtime.block_on(broker.shutdown(WATCHDOG)).unwrap();
    }
}

impl Within {
    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::AReceiver => "a-receiver",
        }
    }
}

/// Takes nothing, and loses what is too old.
fn receive(runtime: &Runtime, broker: &DaemoneyeBroker) -> (DaemoneyeEventBus, EventReceiver) {
    let wanted = EventSubscription::new("within")
        .with_pattern("events.#")
        .with_policy(OverflowPolicy::DropOldest);
    let bus = DaemoneyeEventBus::from_broker(broker, "within");
    let receiver = runtime.block_on(bus.subscribe(wanted)).unwrap();
    (bus, receiver)
}
