//! Linux: `/proc/net`, read through `procfs`; whose a socket is comes from the descriptors of
//! processes.
//!
//! A socket has an inode while a process holds it: none before the connection is accepted, and
//! none after it was closed.

mod descriptors;
mod owners;

use std::collections::HashSet;
use std::fs::File;
use std::io;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use procfs::net::{TcpNetEntry, TcpState, UdpNetEntry, UdpState};
use procfs::{ProcError, ProcResult, net};

use self::descriptors::ProcDescriptors;
use self::owners::Owners;
use super::super::observation::{Endpoints, Observation, Phase, Scan, State};
use super::super::wanted::Wanted;
use super::{ReadError, Reader};
use crate::config::TransportProtocol;

/// Without it there is nothing to read.
const TABLE: &str = "/proc/net/tcp";

/// Reads `/proc/net`.
pub(super) struct ProcNetReader {
    wanted: Wanted,
    owners: Owners<ProcDescriptors>,
    /// The sockets of UDP that the last scan saw.
    udp: HashSet<u64>,
}

impl ProcNetReader {
    pub(super) fn new(wanted: Wanted) -> Result<Self, ReadError> {
        let refused = |error: io::Error| ReadError::new(format!("{TABLE}: {error}"));
        File::open(TABLE).map_err(refused)?;
        Ok(Self { wanted, owners: Owners::new(ProcDescriptors), udp: HashSet::new() })
    }

    fn read_sockets(&mut self) -> Result<Vec<Observation>, ReadError> {
        let mut sockets = Vec::new();
        if self.wanted.includes(TransportProtocol::Tcp) {
            sockets.append(&mut read_tcp()?);
        }
        if self.wanted.includes(TransportProtocol::Udp) {
            sockets.append(&mut self.read_udp_whole()?);
        }
        sockets.retain(|socket| self.wanted.keeps(&socket.endpoints));
        Ok(sockets)
    }

    /// The kernel hands this table out in parts, and goes on by counting: when a socket is closed
    /// meanwhile, the one at the seam is left out. Hence who is missing is looked for once more.
    fn read_udp_whole(&mut self) -> Result<Vec<Observation>, ReadError> {
        let mut sockets = read_udp()?;
        if !self.udp.is_subset(&inodes(&sockets).collect()) {
            sockets.append(&mut read_udp()?);
        }
        self.udp = inodes(&sockets).collect();
        Ok(sockets)
    }
}

impl Reader for ProcNetReader {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let (observed_unix_ns, observed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let mut sockets = self.read_sockets()?;
        self.owners.refresh(inodes(&sockets));
        for socket in &mut sockets {
            socket.pid = socket.socket.and_then(|inode| self.owners.of(inode));
        }
        Ok(Scan { observed_unix_ns, observed_monotonic_ns, sockets })
    }
}

fn inodes(sockets: &[Observation]) -> impl Iterator<Item = u64> {
    sockets.iter().filter_map(|socket| socket.socket)
}

fn read_tcp() -> Result<Vec<Observation>, ReadError> {
    let ipv4 = net::tcp().map_err(ReadError::new)?;
    let ipv6 = if_there(net::tcp6()).map_err(ReadError::new)?;
    Ok(ipv4.iter().chain(&ipv6).map(tcp_socket).collect())
}

fn read_udp() -> Result<Vec<Observation>, ReadError> {
    let ipv4 = net::udp().map_err(ReadError::new)?;
    let ipv6 = if_there(net::udp6()).map_err(ReadError::new)?;
    Ok(ipv4.iter().chain(&ipv6).map(udp_socket).collect())
}

/// A kernel without IPv6 has no tables of it.
fn if_there<T>(table: ProcResult<Vec<T>>) -> ProcResult<Vec<T>> {
    match table {
        Err(ProcError::NotFound(_)) => Ok(Vec::new()),
        table => table,
    }
}

fn tcp_socket(entry: &TcpNetEntry) -> Observation {
    let (local, remote) = (entry.local_address, Some(entry.remote_address));
    Observation {
        endpoints: Endpoints::new(TransportProtocol::Tcp, local, remote),
        socket: inode(entry.inode),
        state: Some(tcp_state(&entry.state)),
        pid: None,
    }
}

/// The state of a UDP socket says whether it is connected, and so does its peer; the kernel's word
/// for the other case, `CLOSE`, would be taken for its end.
fn udp_socket(entry: &UdpNetEntry) -> Observation {
    let (local, remote) = (entry.local_address, Some(entry.remote_address));
    let established = State { name: "ESTABLISHED", phase: Phase::Established };
    Observation {
        endpoints: Endpoints::new(TransportProtocol::Udp, local, remote),
        socket: inode(entry.inode),
        state: (entry.state == UdpState::Established).then_some(established),
        pid: None,
    }
}

/// The kernel writes 0 where there is none.
fn inode(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

/// Names are those of the kernel.
fn tcp_state(state: &TcpState) -> State {
    let (name, phase) = match state {
        TcpState::Listen => ("LISTEN", Phase::Listening),
        TcpState::SynSent => ("SYN_SENT", Phase::Opening),
        TcpState::SynRecv => ("SYN_RECV", Phase::Opening),
        TcpState::NewSynRecv => ("NEW_SYN_RECV", Phase::Opening),
        TcpState::Established => ("ESTABLISHED", Phase::Established),
        TcpState::FinWait1 => ("FIN_WAIT1", Phase::Closing),
        TcpState::FinWait2 => ("FIN_WAIT2", Phase::Closing),
        TcpState::CloseWait => ("CLOSE_WAIT", Phase::Closing),
        TcpState::LastAck => ("LAST_ACK", Phase::Closing),
        TcpState::Closing => ("CLOSING", Phase::Closing),
        TcpState::TimeWait => ("TIME_WAIT", Phase::Over),
        TcpState::Close => ("CLOSE", Phase::Over),
    };
    State { name, phase }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use super::*;
    use crate::config::NetmondConfig;

    /// One end of a connection, as it is now.
    fn end(reader: &mut ProcNetReader, local: SocketAddr, remote: SocketAddr) -> Observation {
        let sockets = reader.scan().unwrap().sockets;
        let endpoints = Endpoints::new(TransportProtocol::Tcp, local, Some(remote));
        let mut found = sockets.into_iter().filter(|socket| socket.endpoints == endpoints);
        let end = found.next().expect("the connection is there");
        assert_eq!(found.next(), None, "each end once");
        end
    }

    #[test]
    fn a_connection_has_an_owner_from_when_it_is_accepted() {
        let mut reader = ProcNetReader::new(Wanted::new(&NetmondConfig::default())).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let client = TcpStream::connect(server).unwrap();
        let client = client.local_addr().unwrap();

        let waiting = end(&mut reader, server, client);
        assert_eq!((waiting.socket, waiting.pid), (None, None));

        let _accepted = listener.accept().unwrap();
        let accepted = end(&mut reader, server, client);
        assert!(accepted.socket.is_some());
        assert_eq!(accepted.pid, Some(std::process::id()));
    }

    #[test]
    fn protocols_that_are_not_wanted_are_not_read() {
        let config = NetmondConfig::default().with_protocols([TransportProtocol::Udp]);
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scan = ProcNetReader::new(Wanted::new(&config)).unwrap().scan().unwrap();
        let udp = |socket: &Observation| socket.endpoints.protocol == TransportProtocol::Udp;
        assert!(scan.sockets.iter().all(udp));
    }

    #[test]
    fn a_kernel_without_ipv6_has_no_sockets_of_it() {
        let missing: ProcResult<Vec<u8>> = Err(ProcError::NotFound(None));
        assert_eq!(if_there(missing).unwrap(), Vec::<u8>::new());
        let refused: ProcResult<Vec<u8>> = Err(ProcError::PermissionDenied(None));
        assert!(if_there(refused).is_err());
    }
}
