//! What a server is told: nothing is kept on disk, and nobody is given up for reading slowly.
//!
//! What is in flight is bounded by the closed loop of a trial or by its rate, so that a limit of the server would
//! only cost events.

use std::fmt::Write as _;
use std::path::Path;

use crate::plan::Bus;

/// Of `nats-server`: bytes that may wait for one connection, the most it takes.
const NATS_PENDING: &str = "1GB";
/// Of `nats-server`: how long one write to a slow connection may take.
const NATS_WRITE_DEADLINE: &str = "60s";

/// The text of a server's configuration file. `folder` is its own, `socket` where it listens, for those
/// that can listen there.
pub(super) fn text(bus: Bus, folder: &Path, socket: &Path) -> String {
    let (folder, socket) = (folder.display(), socket.display());
    let mut text = String::new();
    let written = match bus {
        // No Unix sockets: a free port of the loopback, which it writes into its folder.
        Bus::Nats => writeln!(
            text,
            "host: \"127.0.0.1\"\nport: -1\nports_file_dir: \"{folder}\"\n\
             max_pending: {NATS_PENDING}\nwrite_deadline: \"{NATS_WRITE_DEADLINE}\""
        ),
        Bus::Redis => writeln!(
            text,
            "port 0\nunixsocket {socket}\nunixsocketperm 700\ndir {folder}\nsave \"\"\n\
             appendonly no\nclient-output-buffer-limit normal 0 0 0\n\
             client-output-buffer-limit pubsub 0 0 0\nloglevel warning"
        ),
        // As root it would become another user, who cannot enter the private folder.
        _ => writeln!(
            text,
            "listener 0 {socket}\nallow_anonymous true\npersistence false\nuser root\n\
             max_queued_messages 0\nmax_queued_bytes 0\nlog_dest stderr\nlog_type error\n\
             log_type warning"
        ),
    };
    written.expect("a string takes any text");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The configuration, and whether it has this line.
    fn has(bus: Bus, line: &str) -> bool {
        let text = text(bus, Path::new("/private/server"), Path::new("/private/bus"));
        text.lines().any(|one| one == line)
    }

    #[test]
    fn nats_takes_a_free_port_of_the_loopback_and_gives_nobody_up() {
        assert!(has(Bus::Nats, "host: \"127.0.0.1\"") && has(Bus::Nats, "port: -1"));
        assert!(has(Bus::Nats, "ports_file_dir: \"/private/server\""));
        assert!(has(Bus::Nats, "max_pending: 1GB") && has(Bus::Nats, "write_deadline: \"60s\""));
    }

    #[test]
    fn redis_listens_on_a_socket_alone_keeps_nothing_and_gives_nobody_up() {
        assert!(has(Bus::Redis, "port 0") && has(Bus::Redis, "unixsocket /private/bus"));
        assert!(has(Bus::Redis, "save \"\"") && has(Bus::Redis, "appendonly no"));
        assert!(has(Bus::Redis, "client-output-buffer-limit pubsub 0 0 0"));
    }

    #[test]
    fn mosquitto_listens_on_a_socket_alone_keeps_nothing_and_drops_nothing() {
        assert!(has(Bus::Mosquitto, "listener 0 /private/bus"));
        assert!(has(Bus::Mosquitto, "persistence false"));
        assert!(has(Bus::Mosquitto, "max_queued_messages 0"));
        assert!(has(Bus::Mosquitto, "max_queued_bytes 0"));
    }
}
