//! Bytes queued in the Unix sockets of some processes: `sock_diag` knows every socket of the network
//! namespace by its inode, `/proc/PID/fd` says whose it is (METHOD §3).
//!
//! What waits between two processes waits in the receiver's queue, and the sender's is charged for
//! the same bytes: so receive queues alone are added up, and nothing is counted twice.

use std::collections::BTreeSet;
use std::io;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};
use procfs::ProcError;
use procfs::process::{FDTarget, Process};
use rustc_hash::FxHashMap;

/// State of a socket that listens; its queue holds connections, not bytes.
const LISTENING: u8 = 10;
/// More than the kernel puts into one answer, bytes.
const ANSWER_BYTES: usize = 64 * 1024;

/// The sockets of some processes. Who holds which is looked up when told to: that takes ten times as
/// long as asking what waits in all of them, and connections do not change while one measures.
#[derive(Debug, Default)]
pub(in super::super) struct Sockets {
    /// Inodes, by process.
    held: Vec<BTreeSet<u64>>,
}

impl Sockets {
    /// Notes which sockets these processes hold now.
    pub(in super::super) fn look(&mut self, pids: &[u32]) -> Result<(), String> {
        self.held = pids.iter().map(|pid| sockets_of(*pid)).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Bytes that wait now in each process's sockets; one that several hold counts for the first.
    pub(in super::super) fn queued(&self) -> Result<Vec<u64>, String> {
        let waiting = waiting().map_err(|cause| format!("netlink refuses: {cause}"))?;
        Ok(share(&self.held, waiting))
    }
}

/// What waits in the sockets of each; a socket is gone once it was counted.
fn share(held: &[BTreeSet<u64>], mut waiting: FxHashMap<u64, u64>) -> Vec<u64> {
    let mut of_one = |inodes: &BTreeSet<u64>| -> u64 {
        inodes.iter().filter_map(|inode| waiting.remove(inode)).sum()
    };
    held.iter().map(&mut of_one).collect()
}

/// Inodes of the sockets a process holds; none of one that is gone.
fn sockets_of(pid: u32) -> Result<BTreeSet<u64>, String> {
    let descriptors = i32::try_from(pid).map_err(|_| ProcError::NotFound(None)).and_then(|pid| {
        let open = Process::new(pid)?.fd()?;
        Ok(open.flatten().collect::<Vec<_>>())
    });
    match descriptors {
        Err(ProcError::NotFound(_)) => Ok(BTreeSet::new()),
        Err(cause) => Err(format!("descriptors of process {pid}: {cause}")),
        Ok(open) => Ok(open.into_iter().filter_map(|one| socket(&one.target)).collect()),
    }
}

fn socket(target: &FDTarget) -> Option<u64> {
    match target {
        FDTarget::Socket(inode) => Some(*inode),
        _ => None,
    }
}

/// Bytes that wait to be received in each Unix socket, by inode.
fn waiting() -> io::Result<FxHashMap<u64, u64>> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    // The kernel answers while it is asked. Where it does not, a trial must not wait for it.
    socket.set_non_blocking(true)?;
    socket.send(&question(), 0)?;
    let mut waiting = FxHashMap::default();
    loop {
        let mut answer = Vec::with_capacity(ANSWER_BYTES);
        socket.recv(&mut answer, 0)?;
        if take_in(&answer, &mut waiting)? {
            return Ok(waiting);
        }
    }
}

/// All Unix sockets, with what is in their queues.
fn question() -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let all = UnixRequest {
        state_flags: StateFlags::all(),
        inode: 0,
        show_flags: ShowFlags::RQLEN,
        // No particular one.
        cookie: [0xFF; 8],
    };
    let mut message = NetlinkMessage::new(header, SockDiagMessage::UnixRequest(all).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Reads one answer; whether it was the last.
fn take_in(mut answer: &[u8], waiting: &mut FxHashMap<u64, u64>) -> io::Result<bool> {
    while !answer.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(answer)
            .map_err(|cause| io::Error::other(cause.to_string()))?;
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            NetlinkPayload::InnerMessage(SockDiagMessage::UnixResponse(one)) => {
                let bytes = one.receive_queue_size().filter(|_| one.header.state != LISTENING);
                waiting.insert(u64::from(one.header.inode), u64::from(bytes.unwrap_or_default()));
            }
            _ => {}
        }
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
        answer = answer.get(length.max(1)..).unwrap_or_default();
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    /// Bytes put into a socket, and received by nobody.
    const BYTES: u64 = 12_345;

    fn inode(of: &impl AsRawFd) -> u64 {
        let link = fs::read_link(format!("/proc/self/fd/{}", of.as_raw_fd())).expect("it is open");
        let text = link.to_str().expect("text");
        text.trim_start_matches("socket:[").trim_end_matches(']').parse().expect("a socket")
    }

    fn pair_with_bytes() -> (UnixStream, UnixStream) {
        let (mut sender, receiver) = UnixStream::pair().expect("a pair");
        sender.write_all(&vec![7; usize::try_from(BYTES).expect("few")]).expect("written");
        (sender, receiver)
    }

    #[test]
    fn what_nobody_has_received_waits_at_the_receiver_and_nowhere_else() {
        let (sender, receiver) = pair_with_bytes();
        let waiting = waiting().expect("netlink answers");
        assert_eq!(waiting.get(&inode(&receiver)), Some(&BYTES));
        assert_eq!(waiting.get(&inode(&sender)), Some(&0));
    }

    fn queued(pids: &[u32]) -> Vec<u64> {
        let mut sockets = Sockets::default();
        sockets.look(pids).expect("it may look");
        sockets.queued().expect("told")
    }

    #[test]
    fn a_process_is_charged_for_what_waits_in_its_sockets() {
        let (_sender, receiver) = pair_with_bytes();
        let own = std::process::id();
        assert!(sockets_of(own).expect("its own").contains(&inode(&receiver)));
        let [alone] = queued(&[own])[..] else { panic!("one") };
        assert!(alone >= BYTES, "{alone}");
    }

    #[test]
    fn a_socket_that_several_hold_counts_once() {
        let waiting = FxHashMap::from_iter([(1, 10), (2, 20), (3, 30)]);
        let held = [&[1, 2][..], &[2, 3, 4], &[]].map(|inodes| inodes.iter().copied().collect());
        assert_eq!(share(&held, waiting), [30, 30, 0]);
    }

    #[test]
    fn connections_that_wait_to_be_accepted_are_no_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).expect("bound");
        let _waiting = UnixStream::connect(&path).expect("connected");
        assert_eq!(waiting().expect("netlink answers").get(&inode(&listener)), Some(&0));
    }

    #[test]
    fn a_process_that_is_gone_has_nothing_queued() {
        assert_eq!(queued(&[u32::MAX]), [0]);
    }
}
