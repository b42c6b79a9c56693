//! `equivalence record` at work, as a user has it: started, told of, asked to end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(2);

/// A process that is killed when it lives too long, or is dropped.
pub(crate) struct Watched {
    pub(crate) child: Child,
    /// Dropping it calls the watchdog off.
    _watchdog: Sender<()>,
}

impl Watched {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn().expect("it is built");
        let (call_off, called_off) = channel();
        let pid = child.id();
        std::thread::spawn(move || {
            if called_off.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
                signal(pid, Signal::SIGKILL);
            }
        });
        Self { child, _watchdog: call_off }
    }

    pub(crate) fn signal(&self, which: Signal) {
        signal(self.child.id(), which);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Fails when it has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, which: Signal) {
    let pid = i32::try_from(pid).expect("ids fit");
    kill(Pid::from_raw(pid), which).expect("the process is there");
}

/// A recorder that has subscribed.
pub(crate) struct Recorder {
    pub(crate) process: Watched,
    errors: BufReader<ChildStderr>,
}

impl Recorder {
    /// Starts one into a folder of scenarios, and waits until it listens.
    pub(crate) fn start(folder: &Path, socket: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
        command.arg("record").arg("agent").arg("--socket").arg(socket);
        command.arg("--scenarios").arg(folder).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Watched::start(&mut command);
        let mut errors = BufReader::new(process.child.stderr.take().expect("it is a pipe"));
        let mut told = String::new();
        errors.read_line(&mut told).expect("errors are text");
        if !told.starts_with("recording ") {
            errors.read_to_string(&mut told).expect("errors are text");
            panic!("it does not listen: {told}");
        }
        Self { process, errors }
    }

    /// Waits for its end; everything it said since it listened.
    pub(crate) fn end(mut self) -> Output {
        let mut output = Output { status: ExitStatus::default(), stdout: vec![], stderr: vec![] };
        let mut stdout = self.process.child.stdout.take().expect("it is a pipe");
        stdout.read_to_end(&mut output.stdout).expect("it can be read");
        self.errors.read_to_end(&mut output.stderr).expect("it can be read");
        output.status = self.process.child.wait().expect("it is our child");
        output
    }

    /// The same, asked to by Ctrl-C.
    pub(crate) fn interrupt(self) -> Output {
        self.process.signal(Signal::SIGINT);
        self.end()
    }
}

/// What was said, for whoever looks why something failed.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
