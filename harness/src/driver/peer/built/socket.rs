//! A connection to a server, Unix or loopback TCP, registered for reading alone as our own are: one that
//! is registered for both is woken whenever its peer drains it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::task::{Context, Poll, ready};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::plan::Bus;

/// A connected socket; never waits.
#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Socket {
    /// Connects to the server of a bus: at `socket`, or at the address that is written there.
    pub(super) fn connect(bus: Bus, socket: &Path) -> io::Result<Self> {
        if bus != Bus::Nats {
            let stream = UnixStream::connect(socket)?;
            stream.set_nonblocking(true)?;
            return Ok(Self::Unix(stream));
        }
        let stream = TcpStream::connect(std::fs::read_to_string(socket)?.trim())?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self::Tcp(stream))
    }

    fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&*stream).read(buffer),
            Self::Tcp(stream) => (&*stream).read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&*stream).write(bytes),
            Self::Tcp(stream) => (&*stream).write(bytes),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Unix(stream) => stream.as_raw_fd(),
            Self::Tcp(stream) => stream.as_raw_fd(),
        }
    }
}

/// The same within a runtime.
#[derive(Debug)]
pub(super) struct Stream {
    socket: AsyncFd<Socket>,
}

impl Stream {
    /// Connects; call within a runtime.
    pub(super) fn connect(bus: Bus, socket: &Path) -> io::Result<Self> {
        let socket = register(Socket::connect(bus, socket)?, Interest::READABLE)?;
        Ok(Self { socket })
    }

    /// Reads what is there, at least one byte; 0 at the end.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.socket.poll_read_ready(cx))?;
            let Ok(result) = guard.try_io(|socket| socket.get_ref().read(buffer)) else {
                continue;
            };
            // A short read has drained the socket: saves the read that would say so.
            if result.as_ref().is_ok_and(|read| *read < buffer.len()) {
                guard.clear_ready();
            }
            return Poll::Ready(result);
        }
    }

    /// Writes what fits right now; `WouldBlock` when nothing does.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.get_ref().write(bytes)
    }

    /// Writes at least one byte, waiting for room. Cancel safe.
    pub(super) async fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
        let armed = register(self.socket.get_ref().try_clone()?, Interest::WRITABLE)?;
        armed.async_io(Interest::WRITABLE, |socket| socket.write(bytes)).await
    }

    /// Ends both directions.
    pub(super) fn close(&self) {
        // A peer that is gone already makes this fail, and that is as good.
        let _ = match self.socket.get_ref() {
            Socket::Unix(stream) => stream.shutdown(Shutdown::Both),
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

#[expect(
    deprecated,
    reason = "the replacement is unsafe to call, for descriptors that may be closed elsewhere; a \
              socket owns its descriptor and never changes it"
)]
fn register(socket: Socket, interest: Interest) -> io::Result<AsyncFd<Socket>> {
    AsyncFd::with_interest(socket, interest)
}
