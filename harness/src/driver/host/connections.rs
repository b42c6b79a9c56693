//! Connections that a host case opens to itself on loopback and closes.

use std::io;
use std::net::Ipv4Addr;

use daemoneye_eventbus::clock::monotonic_ns;
use tokio::net::{TcpListener, TcpStream};

use crate::record::WatchedSocket;

/// Where connections go to.
pub(super) struct Desk {
    listener: TcpListener,
}

/// Both ends of one; `None` once they are closed.
pub(super) struct HeldConnection {
    ends: Option<(TcpStream, TcpStream)>,
}

impl Desk {
    /// Listens on a port that the system chooses.
    pub(super) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self { listener })
    }

    /// Opens a connection: its two ends are two sockets of this process.
    pub(super) async fn connect(&self) -> io::Result<(HeldConnection, [WatchedSocket; 2])> {
        // It is in the listener's queue once `connect` returns.
        let near = TcpStream::connect(self.listener.local_addr()?).await?;
        let (far, _) = self.listener.accept().await?;
        let accepted_monotonic_ns = monotonic_ns();
        let watched = |end: &TcpStream| -> io::Result<WatchedSocket> {
            Ok(WatchedSocket {
                local_address: end.local_addr()?.to_string(),
                remote_address: end.peer_addr()?.to_string(),
                pid: std::process::id(),
                accepted_monotonic_ns,
            })
        };
        let both = [watched(&near)?, watched(&far)?];
        Ok((HeldConnection { ends: Some((near, far)) }, both))
    }
}

impl HeldConnection {
    /// Closes both ends at once, so that none lingers: a connection that is closed in order remains
    /// for a minute on the side that closed it first.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let Some((near, far)) = self.ends.take() else { return Ok(()) };
        near.set_zero_linger()?;
        drop(near);
        drop(far);
        Ok(())
    }
}
