//! A broker on a socket of its own, a handle beside it, and the tool started against it.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, BusEvent, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventHeader,
    EventReceiver, ProcessEvent, SocketAddress,
};
use tempfile::TempDir;

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);

pub(crate) struct Served {
    pub(crate) broker: DaemoneyeBroker,
    pub(crate) bus: DaemoneyeEventBus,
    address: SocketAddress,
    pub(crate) folder: TempDir,
}

impl Served {
    pub(crate) fn new() -> Self {
        Self::with(BrokerConfig::default())
    }

    /// One whose clients may do everything.
    pub(crate) fn with(config: BrokerConfig) -> Self {
        Self::strict(config.with_unidentified(Some(Role::Agent)))
    }

    /// One that takes strangers for what the configuration says.
    pub(crate) fn strict(config: BrokerConfig) -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
        let broker = DaemoneyeBroker::new(config);
        broker.serve(Listener::bind(&address).unwrap()).unwrap();
        let bus = DaemoneyeEventBus::from_broker(&broker, "beside");
        Self { broker, bus, address, folder }
    }

    pub(crate) fn socket(&self) -> &Path {
        self.address.path()
    }

    /// Runs the tool to its end.
    pub(crate) fn eventbus(&self, arguments: &[&str]) -> Assert {
        self.eventbus_with(arguments, "")
    }

    /// The same with a standard input.
    pub(crate) fn eventbus_with(&self, arguments: &[&str], input: &str) -> Assert {
        let mut command = cargo_bin_cmd!("eventbus");
        command.args(arguments).arg("--socket").arg(self.socket());
        command.timeout(WATCHDOG).write_stdin(input).assert()
    }

    /// Starts the tool.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_eventbus"))
            .args(arguments)
            .arg("--socket")
            .arg(self.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stderr.take().unwrap()).lines();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, told: Some(told), lines: Some(lines) }
    }
}

/// The tool at work. Dropping it kills it.
pub(crate) struct Running {
    pub(crate) child: Child,
    told: Option<Lines<BufReader<ChildStderr>>>,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Running {
    /// Reads standard error up to a line that has this in it.
    pub(crate) fn until_told(&mut self, part: &str) -> String {
        let mut told = self.told.as_mut().unwrap().map_while(Result::ok);
        told.find(|line| line.contains(part)).unwrap_or_else(|| panic!("never told: {part}"))
    }

    /// The next line of standard output; `None` at its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.lines.as_mut().unwrap().next().transpose().unwrap()
    }

    /// The next line as JSON.
    pub(crate) fn json(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line().unwrap()).unwrap()
    }

    pub(crate) fn close_output(&mut self) {
        self.lines = None;
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end; returns how it ended and what else it told. One that does not end is
    /// killed, which its status says.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let (tell, told) = mpsc::channel();
        let unread = self.told.take().unwrap();
        std::thread::spawn(move || {
            let lines: Vec<String> = unread.map_while(Result::ok).collect();
            let _ = tell.send(lines.join("\n"));
        });
        let told = told.recv_timeout(WATCHDOG).or_else(|_| {
            let _ = self.child.kill();
            told.recv()
        });
        (self.child.wait().unwrap(), told.unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process event of this number.
pub(crate) fn event(number: u64) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        pid: 7,
        ..ProcessEvent::default()
    })
}

pub(crate) async fn received(receiver: &mut EventReceiver) -> Arc<BusEvent> {
    let event = tokio::time::timeout(WATCHDOG, receiver.recv()).await.expect("the watchdog");
    event.expect("the subscription is open")
}
