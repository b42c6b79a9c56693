//! A real agent under test, its records read from a named pipe as they come.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use collector_core::ready::AgentReady;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;
use tempfile::TempDir;

/// An agent that hangs is killed after this long, so that its test fails instead.
const WATCHDOG: Duration = Duration::from_mins(1);
/// Short, so that tests are; the least that every collector takes.
const SCAN_INTERVAL: &str = "100ms";

pub(crate) struct RunningAgent {
    process: Child,
    /// What the agent said when it was ready.
    pub(crate) ready: AgentReady,
    records: Lines<BufReader<File>>,
    read: Vec<Value>,
    folder: Arc<TempDir>,
    /// Dropping it calls the watchdog off.
    watchdog: Sender<()>,
}

/// Sends a signal to a process that has not been waited for.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).expect("ids fit");
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}

/// The folder of the collectors that were built with this test.
pub(crate) fn built_programs() -> PathBuf {
    let procmond = assert_cmd::cargo::cargo_bin("procmond");
    procmond.parent().expect("it lies in a folder").to_owned()
}

impl RunningAgent {
    /// Starts an agent on a bus and waits until it is ready.
    pub(crate) fn start(bus: &str) -> Self {
        Self::start_with(bus, &[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(bus: &str, flags: &[&str]) -> Self {
        Self::start_as(bus, &built_programs(), |command| {
            command.args(flags);
        })
    }

    /// The same with the procmond of this folder, and whatever else is to be said.
    pub(crate) fn start_as(
        bus: &str,
        programs: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::start_in(folder, bus, programs, configure)
    }

    /// The same in a folder, in which another one may have been that was killed.
    pub(crate) fn start_in(
        folder: Arc<TempDir>,
        bus: &str,
        programs: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Self {
        let program = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
        Self::start_by(program, folder, bus, programs, configure)
    }

    /// The same by a command that turns into the agent and hands it what is added to it.
    pub(crate) fn start_by(
        mut command: Command,
        folder: Arc<TempDir>,
        bus: &str,
        programs: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Self {
        let pipe: PathBuf = folder.path().join("records");
        let _ = std::fs::remove_file(&pipe);
        mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).expect("a pipe");
        // Without waiting for a writer: an agent that does not start never is one.
        let mut reading = File::options();
        reading.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let records = reading.open(&pipe).expect("the pipe is there");
        command
            .args(["--bus", bus, "--interval", SCAN_INTERVAL])
            .arg("--programs")
            .arg(programs)
            .arg("--socket")
            .arg(folder.path().join("run/broker.sock"))
            .arg("--record")
            .arg(&pipe)
            .env("HOME", folder.path())
            .env("DAEMONEYE_AGENT__COLLECTORS", "[\"procmond\"]")
            // A test that fails kills its agent, and nothing is to be left of it.
            .env("DAEMONEYE_AGENT__ORPHAN_LIMIT", "0s")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        configure(&mut command);
        let mut process = command.spawn().expect("the agent is built");
        let watchdog = watch(process.id());
        let output = process.stdout.take().expect("output is a pipe");
        let line = BufReader::new(output).lines().next();
        let Some(Ok(line)) = line else { panic!("not ready: {}", errors(&mut process)) };
        let ready = serde_json::from_str(&line).expect("a readiness line");
        fcntl(&records, FcntlArg::F_SETFL(OFlag::empty())).expect("reading may wait from now on");
        let records = BufReader::new(records).lines();
        Self { process, ready, records, read: Vec::new(), folder, watchdog }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Keeps the agent's folder beyond the agent.
    pub(crate) fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// Reads records up to one that satisfies a condition, and returns it.
    pub(crate) fn read_until(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            let Some(record) = self.next() else { panic!("{}", errors(&mut self.process)) };
            let found = condition(&record).then(|| record.clone());
            self.read.push(record);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Reads standard error up to a line with this text, and nothing of what follows.
    pub(crate) fn until_said(&mut self, text: &str) {
        let errors = self.process.stderr.as_mut().expect("it is a pipe");
        let (mut line, mut byte) = (Vec::new(), [0]);
        while errors.read_exact(&mut byte).is_ok() {
            if byte != *b"\n" {
                line.extend(byte);
            } else if String::from_utf8_lossy(&line).contains(text) {
                return;
            } else {
                line.clear();
            }
        }
        panic!("it ended without a word of {text}");
    }

    /// Kills the agent alone. Its collectors may go on; [`wait`](Self::wait) waits for their end.
    pub(crate) fn crash(&mut self) {
        // Once it was waited for, its id may be another's.
        let _ = self.watchdog.send(());
        signal(self.pid(), Signal::SIGKILL);
        self.process.wait().expect("it is our child");
    }

    /// Asks the agent to end, and returns everything it has recorded.
    pub(crate) fn stop(self, with: Signal) -> (Vec<Value>, ExitStatus) {
        signal(self.pid(), with);
        self.read_to_end()
    }

    /// Ends the agent's standard input, as the end of whoever started it does.
    pub(crate) fn orphan(mut self) -> (Vec<Value>, ExitStatus) {
        drop(self.process.stdin.take());
        self.read_to_end()
    }

    fn read_to_end(mut self) -> (Vec<Value>, ExitStatus) {
        while let Some(record) = self.next() {
            self.read.push(record);
        }
        let status = self.process.wait().expect("it is our child");
        (std::mem::take(&mut self.read), status)
    }

    /// Waits until the agent and its collectors have ended by themselves; what was said on
    /// standard error.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        // Lines, not records: one that is killed may leave the last line torn.
        while self.records.next().is_some() {}
        let errors = errors(&mut self.process);
        (self.process.wait().expect("it is our child"), errors)
    }

    fn next(&mut self) -> Option<Value> {
        let line = self.records.next()?.expect("the pipe can be read");
        Some(serde_json::from_str(&line).expect("a line is a record"))
    }
}

impl Drop for RunningAgent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = self.watchdog.send(());
    }
}

/// Standard error up to its end: the agent and its collectors are gone then.
fn errors(process: &mut Child) -> String {
    let mut text = String::new();
    if let Some(mut errors) = process.stderr.take() {
        errors.read_to_string(&mut text).expect("errors are text");
    }
    text
}

fn watch(pid: u32) -> Sender<()> {
    let (call_off, called_off) = channel();
    std::thread::spawn(move || {
        if called_off.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
            signal(pid, Signal::SIGKILL);
        }
    });
    call_off
}
