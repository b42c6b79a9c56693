//! A server's process: started with a configuration of its own in the trial's private folder, ended by a
//! request, or by force when its time is up.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;

use super::super::program::{path_of, why_unavailable};
use super::config;
use super::socket::Socket;
use crate::plan::Bus;

/// A server takes connections within this time, on a busy host.
const READY_LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks at whether it takes them, or has ended.
const LOOK: Duration = Duration::from_millis(2);
/// A server that was killed is gone within this time, unless the kernel itself hangs.
const KILL_LIMIT: Duration = Duration::from_secs(2);
/// Lines of its log told when it does not come up.
const TOLD_LINES: usize = 5;

/// A running server.
pub(in crate::driver) struct Server {
    /// `None` once it was waited for. A lock, as handles of a bus are shared; nobody else wants it.
    child: Mutex<Option<Child>>,
    pid: u32,
    /// Where its configuration and log are; goes with it.
    folder: PathBuf,
    socket: PathBuf,
}

impl Server {
    /// Starts the server of a bus, which listens at `socket`, or writes there where it does; returns when
    /// it takes connections.
    pub(in crate::driver) fn start(bus: Bus, socket: &Path) -> Result<Self, String> {
        let unavailable = || why_unavailable(bus).unwrap_or_default();
        let program = path_of(bus).ok_or_else(unavailable)?;
        let folder = socket.with_file_name("server");
        let failed = |cause: io::Error| format!("{}: {cause}", program.display());
        let child = spawn(&program, bus, &folder, socket).map_err(failed)?;
        let (pid, socket) = (child.id(), socket.to_owned());
        let server = Self { child: Mutex::new(Some(child)), pid, folder, socket };
        match server.await_ready(bus) {
            Ok(()) => Ok(server),
            Err(why) => {
                let said = server.last_words();
                server.end(Duration::ZERO);
                Err(format!("{} {why}; the end of its log:\n{said}", program.display()))
            }
        }
    }

    /// Its process, to be measured.
    pub(in crate::driver) fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends it, by force after `limit`, and removes what it has left; whether it went by itself. Once it
    /// has ended, there is nothing to do.
    pub(in crate::driver) fn end(&self, limit: Duration) -> bool {
        let Some(mut child) = self.child.lock().take() else { return true };
        request_end(&child);
        let went = has_ended(&mut child, limit);
        if !went {
            // One that cannot be killed is told as a child that is left.
            let _ = child.kill();
            has_ended(&mut child, KILL_LIMIT);
        }
        // What is gone with the server need not be removed; what cannot be is told as left.
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_dir_all(&self.folder);
        went
    }

    fn await_ready(&self, bus: Bus) -> Result<(), String> {
        let until = Instant::now() + READY_LIMIT;
        loop {
            if bus == Bus::Nats {
                self.pass_on_address();
            }
            if Socket::connect(bus, &self.socket).is_ok() {
                return Ok(());
            }
            if self.child.lock().as_mut().is_none_or(|child| has_ended(child, Duration::ZERO)) {
                return Err("ended at once".to_owned());
            }
            if Instant::now() >= until {
                return Err(format!("takes no connection after {READY_LIMIT:?}"));
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// Writes the address that `nats-server` tells in its folder to where handles look for it.
    fn pass_on_address(&self) {
        let file = self.folder.join(format!("nats-server_{}.ports", self.pid));
        let Ok(text) = fs::read_to_string(file) else { return };
        if let Some(address) = address_of(&text) {
            // Handles that find none say so.
            let _ = fs::write(&self.socket, address);
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(log_in(&self.folder)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(TOLD_LINES)..].join("\n")
    }
}

/// A trial that is given up drops it.
impl Drop for Server {
    fn drop(&mut self) {
        self.end(KILL_LIMIT);
    }
}

fn spawn(program: &Path, bus: Bus, folder: &Path, socket: &Path) -> io::Result<Child> {
    fs::create_dir(folder)?;
    let config = folder.join("server.conf");
    fs::write(&config, config::text(bus, folder, socket))?;
    let log = File::create(log_in(folder))?;
    let mut command = Command::new(program);
    if bus != Bus::Redis {
        command.arg("-c");
    }
    // Standard output is this process's line to the harness.
    command.arg(config).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Asks a child to end; its id is nobody else's until it is waited for.
fn request_end(child: &Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        // Gone already is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Looks until it has ended or the limit is reached.
fn has_ended(child: &mut Child, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if Instant::now() < until => std::thread::park_timeout(LOOK),
            Ok(None) | Err(_) => return false,
        }
    }
}

/// The address for clients in a ports file.
fn address_of(ports: &str) -> Option<String> {
    let ports: serde_json::Value = serde_json::from_str(ports).ok()?;
    let first = ports.get("nats")?.get(0)?.as_str()?;
    first.strip_prefix("nats://").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn an_address_is_read_from_a_whole_ports_file_alone() {
        let whole = r#"{"nats": ["nats://127.0.0.1:40123"], "monitoring": []}"#;
        assert_eq!(address_of(whole).as_deref(), Some("127.0.0.1:40123"));
        assert_eq!(address_of(&whole[..30]), None);
        assert_eq!(address_of("{}"), None);
    }
}
