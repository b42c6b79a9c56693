//! The broker's process, seen from both sides.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{BrokerConfig, DaemoneyeBroker, SocketAddress};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::crowd::{CONNECTIONS, SUBSCRIPTIONS};

/// First argument that makes this executable a broker instead of a test.
pub(crate) const SERVE: &str = "serve-a-broker";
/// Turns a hang into a failure; below the end that nextest makes of a test.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(150);
/// Descriptors a process needs besides one a connection: standard streams, the listener, the
/// runtime's, and what a test runner left open.
const OTHER_DESCRIPTORS: u64 = 64;

/// A running broker; killed if its test fails.
pub(crate) struct Broker {
    child: Child,
    input: Option<ChildStdin>,
    pub(crate) address: SocketAddress,
    folder: TempDir,
}

impl Broker {
    /// Starts one and waits until it serves.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("bus.sock");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(SERVE)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready.trim(), "ready");
        let input = child.stdin.take();
        Self { child, input, address: SocketAddress::from_path(path).unwrap(), folder }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order, and looks whether it left something behind.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
        assert_eq!(std::fs::read_dir(self.folder.path()).unwrap().count(), 0);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Neither has an effect on one that was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The broker's process, whose limits are just what the crowd and its publisher need.
pub(crate) fn serve_until_input_ends(path: &Path) {
    allow_descriptors();
    let config = BrokerConfig::default()
        .with_connection_limit(CONNECTIONS + 1)
        .with_subscriber_limit(SUBSCRIPTIONS)
        .with_handshake_limit(WATCHDOG)
        .with_unidentified(Some(Role::Agent));
    let broker = DaemoneyeBroker::new(config);
    broker.serve(Listener::bind(&SocketAddress::from_path(path).unwrap()).unwrap()).unwrap();
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(broker.shutdown(WATCHDOG)).unwrap();
}

/// Raises this process's limit of open descriptors to what a thousand connections need.
pub(crate) fn allow_descriptors() {
    let needed = CONNECTIONS as u64 + OTHER_DESCRIPTORS;
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert!(most >= needed, "this host allows {most} descriptors, {needed} are needed");
    if now < needed {
        setrlimit(Resource::RLIMIT_NOFILE, needed, most).unwrap();
    }
}
