//! Which program a bus of others needs, and why a bus cannot be had here.

use std::path::PathBuf;

use crate::plan::Bus;

/// Where servers are installed, and a user's search path may not lead.
#[cfg(all(feature = "peers", target_os = "linux"))]
const FOLDERS_OF_SERVERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A program, and what installs it.
struct Program {
    name: &'static str,
    package: &'static str,
}

/// Why a bus cannot be run in this build or on this host; `None` for one that can, as ours always can.
pub fn why_unavailable(bus: Bus) -> Option<String> {
    let Program { name, package } = program(bus)?;
    if cfg!(not(target_os = "linux")) {
        return Some("performance is judged on Linux alone".to_owned());
    }
    if cfg!(not(feature = "peers")) {
        return Some("not built with the feature `peers`".to_owned());
    }
    let missing = || format!("`{name}` is not on PATH (apt-get install {package})");
    path_of(bus).is_none().then(missing)
}

fn program(bus: Bus) -> Option<Program> {
    let (name, package) = match bus {
        Bus::Nats => ("nats-server", "nats-server"),
        Bus::Redis => ("redis-server", "redis-server"),
        Bus::Mosquitto => ("mosquitto", "mosquitto"),
        _ => return None,
    };
    Some(Program { name, package })
}

/// The program of a bus of others.
#[cfg(all(feature = "peers", target_os = "linux"))]
pub(super) fn path_of(bus: Bus) -> Option<PathBuf> {
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&searched).chain(FOLDERS_OF_SERVERS.map(PathBuf::from));
    find(program(bus)?.name, folders)
}

/// What is not built needs none.
#[cfg(not(all(feature = "peers", target_os = "linux")))]
fn path_of(_bus: Bus) -> Option<PathBuf> {
    None
}

#[cfg(all(feature = "peers", target_os = "linux"))]
fn find(name: &str, folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_buses_can_always_be_had() {
        for bus in Bus::ALL.into_iter().filter(|bus| !bus.is_peer()) {
            assert_eq!(why_unavailable(bus), None, "{bus:?}");
        }
    }

    #[cfg(not(feature = "peers"))]
    #[test]
    fn a_broker_of_others_needs_the_feature() {
        for bus in Bus::PEERS {
            let why = why_unavailable(bus).expect("it is not built");
            let expected = if cfg!(target_os = "linux") { "feature `peers`" } else { "Linux" };
            assert!(why.contains(expected), "{why}");
        }
    }

    #[cfg(all(feature = "peers", target_os = "linux"))]
    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("one"), folder.path().join("two"));
        for place in [&first, &second] {
            std::fs::create_dir(place).expect("made");
        }
        let folders = || [first.clone(), second.clone()].into_iter();
        assert_eq!(find("nats-server", folders()), None);
        std::fs::write(second.join("nats-server"), "").expect("written");
        assert_eq!(find("nats-server", folders()), Some(second.join("nats-server")));
        std::fs::write(first.join("nats-server"), "").expect("written");
        assert_eq!(find("nats-server", folders()), Some(first.join("nats-server")));
    }
}
