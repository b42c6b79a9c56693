//! Windows: the tables of the IP Helper interface, read through `netstat2`.
//!
//! They know no sockets, only their owners: of two sockets of one process on the same addresses one
//! is seen. Nor do they know the peers of UDP.

use std::net::SocketAddr;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use netstat2::{
    AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState, get_sockets_info,
};

use super::super::observation::{Endpoints, Observation, Phase, Scan, State};
use super::super::wanted::Wanted;
use super::{ReadError, Reader};
use crate::config::TransportProtocol;

/// Reads the system's tables.
pub(super) struct SocketTableReader {
    wanted: Wanted,
}

impl SocketTableReader {
    /// Reads once, so that a system that refuses is told when the source begins.
    pub(super) fn new(wanted: Wanted) -> Result<Self, ReadError> {
        let mut reader = Self { wanted };
        reader.scan()?;
        Ok(reader)
    }

    fn protocols(&self) -> ProtocolFlags {
        let mut protocols = ProtocolFlags::empty();
        protocols.set(ProtocolFlags::TCP, self.wanted.includes(TransportProtocol::Tcp));
        protocols.set(ProtocolFlags::UDP, self.wanted.includes(TransportProtocol::Udp));
        protocols
    }
}

impl Reader for SocketTableReader {
    fn scan(&mut self) -> Result<Scan, ReadError> {
        let (observed_unix_ns, observed_monotonic_ns) = (unix_ns(), monotonic_ns());
        let table = get_sockets_info(AddressFamilyFlags::all(), self.protocols());
        let mut sockets: Vec<_> = table.map_err(ReadError::new)?.iter().map(observation).collect();
        sockets.retain(|socket| self.wanted.keeps(&socket.endpoints));
        Ok(Scan { observed_unix_ns, observed_monotonic_ns, sockets })
    }
}

fn observation(info: &SocketInfo) -> Observation {
    // 0 is the idle process, which stands for nobody: of what is in TIME_WAIT.
    let pid = info.associated_pids.first().copied().filter(|pid| *pid != 0);
    let (endpoints, state) = match &info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) => {
            let local = SocketAddr::new(tcp.local_addr, tcp.local_port);
            let remote = SocketAddr::new(tcp.remote_addr, tcp.remote_port);
            let endpoints = Endpoints::new(TransportProtocol::Tcp, local, Some(remote));
            (endpoints, tcp_state(tcp.state))
        }
        ProtocolSocketInfo::Udp(udp) => {
            let local = SocketAddr::new(udp.local_addr, udp.local_port);
            (Endpoints::new(TransportProtocol::Udp, local, None), None)
        }
    };
    Observation { endpoints, socket: pid.map(u64::from), state, pid }
}

/// Names are those of the system's `netstat`.
fn tcp_state(state: TcpState) -> Option<State> {
    let (name, phase) = match state {
        TcpState::Listen => ("LISTENING", Phase::Listening),
        TcpState::SynSent => ("SYN_SENT", Phase::Opening),
        TcpState::SynReceived => ("SYN_RECEIVED", Phase::Opening),
        TcpState::Established => ("ESTABLISHED", Phase::Established),
        TcpState::FinWait1 => ("FIN_WAIT_1", Phase::Closing),
        TcpState::FinWait2 => ("FIN_WAIT_2", Phase::Closing),
        TcpState::CloseWait => ("CLOSE_WAIT", Phase::Closing),
        TcpState::Closing => ("CLOSING", Phase::Closing),
        TcpState::LastAck => ("LAST_ACK", Phase::Closing),
        TcpState::TimeWait => ("TIME_WAIT", Phase::Over),
        TcpState::Closed => ("CLOSED", Phase::Over),
        TcpState::DeleteTcb => ("DELETE_TCB", Phase::Over),
        TcpState::Unknown => return None,
    };
    Some(State { name, phase })
}
