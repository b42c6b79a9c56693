//! What processes hold, from `/proc/PID/fd`.
//!
//! `procfs` has this too, and asks the system four things of every descriptor; here one is enough,
//! and there are ten thousand descriptors.

use std::fs;
use std::path::Path;

use procfs::process::Process;

use super::owners::{Descriptors, Open, Place};

/// Most descriptors that are looked at of one process; sockets beyond have no owner.
const DESCRIPTORS_PER_PROCESS: usize = 65_536;

/// Reads `/proc`.
#[derive(Debug)]
pub(super) struct ProcDescriptors;

impl Descriptors for ProcDescriptors {
    fn process_ids(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let entries = entries.flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    fn of(&self, pid: u32) -> Vec<Open> {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
        let entries = entries.flatten().take(DESCRIPTORS_PER_PROCESS);
        let open = entries.filter_map(|entry| {
            let fd: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some(Open { fd, socket: socket(&entry.path()) })
        });
        open.collect()
    }

    fn is_of(&self, place: Place, inode: u64) -> bool {
        let Place { pid, fd } = place;
        socket(Path::new(&format!("/proc/{pid}/fd/{fd}"))) == Some(inode)
    }

    fn parent(&self, pid: u32) -> Option<u32> {
        let stat = Process::new(pid.try_into().ok()?).ok()?.stat().ok()?;
        stat.ppid.try_into().ok()
    }
}

/// The inode of the socket that a descriptor is of.
fn socket(descriptor: &Path) -> Option<u64> {
    let link = fs::read_link(descriptor).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use super::*;

    fn sockets(of: u32) -> Vec<Open> {
        let open = ProcDescriptors.of(of);
        open.into_iter().filter(|one| one.socket.is_some()).collect()
    }

    #[test]
    fn this_process_holds_the_socket_it_opened_until_it_closes_it() {
        let pid = std::process::id();
        assert!(ProcDescriptors.process_ids().contains(&pid));
        let opened = UdpSocket::bind("127.0.0.1:0").unwrap();
        let fd = u32::try_from(opened.as_raw_fd()).unwrap();
        let found = sockets(pid).into_iter().find(|one| one.fd == fd).expect("it is open");
        let inode = found.socket.expect("it is a socket");
        let place = Place { pid, fd };
        assert!(ProcDescriptors.is_of(place, inode));
        assert!(!ProcDescriptors.is_of(place, inode + 1));
        drop(opened);
        assert!(!ProcDescriptors.is_of(place, inode));
    }

    #[test]
    fn a_process_that_is_gone_holds_nothing() {
        assert_eq!(ProcDescriptors.of(u32::MAX), []);
        assert!(!ProcDescriptors.is_of(Place { pid: u32::MAX, fd: 0 }, 1));
    }
}
