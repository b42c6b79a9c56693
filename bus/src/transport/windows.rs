//! Windows named pipes.
//!
//! The pipe's name is derived from the address's path, so that one path means one broker on every
//! system. A pipe has no non-blocking write of its own: the overlapped write is started, and what
//! the system has not taken at once counts as would-block.

use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use interprocess::local_socket::tokio::{Listener, Stream as PipeStream, prelude::*};
use interprocess::local_socket::{
    GenericNamespaced, ListenerOptions, Name, Stream as BlockingStream,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::SocketAddress;
use super::address::pipe_name;
use super::peer::Peer;
use super::probe::Probe;

/// A connected pipe. Reads and writes take `&self`; one task reads, one at a time writes.
#[derive(Debug)]
pub(crate) struct Stream {
    pipe: PipeStream,
}

/// A name to listen on; the pipe itself needs a runtime.
#[derive(Debug)]
pub(super) struct Socket {
    address: SocketAddress,
}

/// A listening pipe.
#[derive(Debug)]
pub(super) struct Accepting {
    listener: Listener,
}

fn name(address: &SocketAddress) -> io::Result<Name<'static>> {
    pipe_name(address).to_ns_name::<GenericNamespaced>()
}

/// Whether the file still has this name: the system gives no name away while a file is open.
pub(super) fn is_named(_file: &File, _path: &Path) -> bool {
    true
}

/// Whether somebody listens.
pub(super) fn probe(address: &SocketAddress) -> Probe {
    use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};

    match name(address).and_then(BlockingStream::connect) {
        Ok(stream) => Probe::Alive { pid: stream.peer_creds().ok().and_then(|creds| creds.pid()) },
        Err(_) => Probe::Free,
    }
}

impl Socket {
    #[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
    pub(super) fn bind(address: &SocketAddress) -> io::Result<Self> {
        Ok(Self { address: address.clone() })
    }

    pub(super) fn accepting(self) -> io::Result<Accepting> {
        let listener = ListenerOptions::new().name(name(&self.address)?).create_tokio()?;
        Ok(Accepting { listener })
    }
}

impl Accepting {
    pub(super) async fn accept(&mut self) -> io::Result<Stream> {
        Ok(Stream { pipe: self.listener.accept().await? })
    }
}

impl Stream {
    /// Connects; must be called inside a runtime.
    pub(crate) async fn connect(address: &SocketAddress) -> io::Result<Self> {
        Ok(Self { pipe: PipeStream::connect(name(address)?).await? })
    }

    /// The process at the other end. By the pipe's descriptor other users cannot write to it, so
    /// whoever says something is the same user.
    pub(crate) fn peer(&self) -> Peer {
        use interprocess::local_socket::traits::StreamCommon as _;

        let pid = self.pipe.peer_creds().ok().and_then(|creds| creds.pid());
        Peer { is_same_user: true, pid }
    }

    /// Reads what is there, waiting for at least one byte; 0 at the end. Cancel safe.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        std::future::poll_fn(|cx| {
            let mut unread = ReadBuf::new(buffer);
            Pin::new(&mut &self.pipe).poll_read(cx, &mut unread).map_ok(|()| unread.filled().len())
        })
        .await
    }

    /// Writes what fits right now; `WouldBlock` when nothing does.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.poll_write(&mut Context::from_waker(Waker::noop()), bytes) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// A pipe ends when its last handle is dropped; until then its peer waits up to its limit.
    #[expect(clippy::unused_self, reason = "one signature on every system")]
    pub(crate) fn close(&self) {}

    /// Writes at least one byte, waiting for room. Cancel safe.
    pub(crate) async fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_write(cx, bytes)).await
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.pipe).poll_write(cx, bytes)
    }
}
