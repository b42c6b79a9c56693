//! A broker, a publisher and a subscriber that have exchanged an event.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::role::Role;

/// Three processes, in the order they began.
pub(crate) struct System {
    members: Vec<Member>,
    folder: TempDir,
}

/// One of them; killed if its test fails.
struct Member {
    process: Child,
    input: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

impl System {
    /// One that has shown that it works, and is quiet but for a subscriber that may look at something
    /// ever so often.
    pub(crate) fn quiet(looks_every: Option<Duration>) -> Self {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("bus.sock");
        let mut broker = Member::of(&Role::Broker { socket: socket.clone() });
        broker.must_say("ready");
        let mut subscriber = Member::of(&Role::Subscriber { socket: socket.clone(), looks_every });
        subscriber.must_say("subscribed");
        let mut publisher = Member::of(&Role::Publisher { socket });
        publisher.must_say("published");
        subscriber.must_say("received");
        Self { members: vec![broker, subscriber, publisher], folder }
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.members.iter().map(|member| member.process.id()).collect()
    }

    /// Ends them in order, the broker last, and looks whether they were well until then.
    pub(crate) fn end(mut self) {
        while let Some(mut member) = self.members.pop() {
            drop(member.input.take());
            assert!(member.process.wait().unwrap().success());
        }
        assert!(!self.folder.path().join("bus.sock").exists());
    }
}

impl Member {
    fn of(role: &Role) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(role.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        Self { input: process.stdin.take(), said, process }
    }

    fn must_say(&mut self, word: &str) {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Neither has an effect on one that was waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
