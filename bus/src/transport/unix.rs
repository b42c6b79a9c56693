//! Unix sockets.
//!
//! A stream is registered with the reactor for reading only. A stream registered for both is woken
//! whenever its peer drains it, which for a broker is twice per message for nothing; interest in
//! writing is armed only after a write would have blocked, on a descriptor of its own.

use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use interprocess::local_socket::tokio::{Stream as TokioStream, prelude::*};
use interprocess::local_socket::{
    GenericFilePath, ListenerNonblockingMode, ListenerOptions, Name, Stream as BlockingStream,
};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use interprocess::os::unix::uds_local_socket;
use rustix::fs::Mode;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::SocketAddress;
use super::peer::Peer;
use super::probe::Probe;

/// Mode of the socket file: its owner alone.
const SOCKET_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A connected socket. Reads and writes take `&self`; one task reads, one at a time writes.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: AsyncFd<UnixStream>,
    peer: Peer,
}

/// A connected socket outside any runtime, on its way to another.
#[derive(Debug)]
pub(crate) struct DetachedStream {
    socket: UnixStream,
    peer: Peer,
}

/// A bound socket, outside any runtime.
#[derive(Debug)]
pub(super) struct Socket {
    listener: uds_local_socket::Listener,
}

/// A bound socket inside a runtime; removes its file when dropped.
#[derive(Debug)]
pub(super) struct Accepting {
    ready: AsyncFd<UnixListener>,
    _removes_the_file: uds_local_socket::Listener,
}

#[expect(
    deprecated,
    reason = "the replacement is unsafe to call, for descriptors that may be closed elsewhere; a \
              registered std socket owns its descriptor and never changes it"
)]
fn register<T: OwnsDescriptor>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// Sockets of the standard library, which own their descriptor for as long as they live.
trait OwnsDescriptor: AsRawFd {}

impl OwnsDescriptor for UnixStream {}
impl OwnsDescriptor for UnixListener {}

fn name(address: &SocketAddress) -> io::Result<Name<'_>> {
    address.path().to_fs_name::<GenericFilePath>()
}

fn options(address: &SocketAddress) -> io::Result<ListenerOptions<'_>> {
    Ok(ListenerOptions::new().name(name(address)?).nonblocking(ListenerNonblockingMode::Both))
}

/// Whether somebody listens; a socket file nobody listens on is removed.
pub(super) fn probe(address: &SocketAddress) -> Probe {
    use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};

    match name(address).and_then(BlockingStream::connect) {
        Ok(stream) => {
            let pid = stream.peer_creds().ok().and_then(|creds| creds.pid());
            Probe::Alive { pid: pid.and_then(|pid| u32::try_from(pid).ok()) }
        }
        // An ordinary file refuses connections, too; somebody else's is not ours to remove.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(address) => {
            // The name is locked by us, so nobody can have bound it since.
            let _ = fs::remove_file(address.path());
            Probe::Free
        }
        Err(_) => Probe::Free,
    }
}

/// Whether the file still has this name.
pub(super) fn is_named(file: &fs::File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(named)) => (ours.dev(), ours.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Who owns the name, as the owner wrote into its lock file.
pub(super) fn owner(_address: &SocketAddress, lock: &mut fs::File) -> Option<u32> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn is_socket(address: &SocketAddress) -> bool {
    fs::symlink_metadata(address.path()).is_ok_and(|found| found.file_type().is_socket())
}

impl Socket {
    pub(super) fn bind(address: &SocketAddress) -> io::Result<Self> {
        match options(address)?.mode(SOCKET_MODE.as_raw_mode()).create_sync_as() {
            Ok(listener) => Ok(Self { listener }),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                Self::bind_then_close(address)
            }
            Err(error) => Err(error),
        }
    }

    /// For macOS, and FreeBSD before 14.3, where a socket without a name has no mode. Another user
    /// who comes before it is set is refused all the same, by its credentials (A4).
    fn bind_then_close(address: &SocketAddress) -> io::Result<Self> {
        let listener = options(address)?.create_sync_as()?;
        rustix::fs::chmod(address.path(), SOCKET_MODE)?;
        Ok(Self { listener })
    }

    pub(super) fn accepting(self) -> io::Result<Accepting> {
        let ready = register(self.listener.inner().try_clone()?, Interest::READABLE)?;
        Ok(Accepting { ready, _removes_the_file: self.listener })
    }
}

impl Accepting {
    pub(super) async fn accept(&mut self) -> io::Result<Stream> {
        let (socket, _) = self.ready.async_io(Interest::READABLE, UnixListener::accept).await?;
        Stream::new(socket)
    }
}

impl DetachedStream {
    /// Goes on in the runtime this is called in.
    pub(crate) fn attach(self) -> io::Result<Stream> {
        Ok(Stream { socket: register(self.socket, Interest::READABLE)?, peer: self.peer })
    }
}

impl Stream {
    /// Whether it can be accepted in one runtime and served in another.
    pub(crate) const CAN_MOVE: bool = true;

    /// Leaves its runtime.
    pub(crate) fn detach(self) -> DetachedStream {
        DetachedStream { socket: self.socket.into_inner(), peer: self.peer }
    }

    /// Connects; must be called inside a runtime.
    pub(crate) async fn connect(address: &SocketAddress) -> io::Result<Self> {
        let TokioStream::UdSocket(stream) = TokioStream::connect(name(address)?).await?;
        Self::new(tokio::net::UnixStream::from(stream).into_std()?)
    }

    /// Two ends of a connection without a name.
    #[cfg(fuzzing)]
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = UnixStream::pair()?;
        Ok((Self::new(one)?, Self::new(other)?))
    }

    fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // The standard library does not tell yet whose the other end is.
        let socket = tokio::net::UnixStream::from_std(socket)?;
        let found = socket.peer_cred()?;
        let peer = Peer {
            is_same_user: found.uid() == rustix::process::geteuid().as_raw(),
            pid: found.pid().and_then(|pid| u32::try_from(pid).ok()),
        };
        DetachedStream { socket: socket.into_std()?, peer }.attach()
    }

    /// The process at the other end.
    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// Reads what is there, waiting for at least one byte; 0 at the end. Cancel safe.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.socket.readable().await?;
            let Ok(result) = guard.try_io(|socket| socket.get_ref().read(buffer)) else {
                continue;
            };
            // A short read has drained the socket: saves the read that would say so.
            if result.as_ref().is_ok_and(|read| *read < buffer.len()) {
                guard.clear_ready();
            }
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Writes what fits right now; `WouldBlock` when nothing does.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.socket.get_ref().write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Ends both directions, so that the peer sees the end though handles to this remain.
    pub(crate) fn close(&self) {
        // A peer that is gone already makes this fail, and that is as good.
        let _ = self.socket.get_ref().shutdown(Shutdown::Both);
    }

    /// Writes at least one byte, waiting for room. Cancel safe.
    pub(crate) async fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
        let armed = register(self.socket.get_ref().try_clone()?, Interest::WRITABLE)?;
        armed.async_io(Interest::WRITABLE, |mut socket| socket.write(bytes)).await
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_socket_that_is_closed_to_others_late_is_closed_to_them_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddress::from_path(folder.path().join("s")).expect("a short path");
        let socket = Socket::bind_then_close(&address).expect("bound");
        let mode = || Some(fs::metadata(address.path()).ok()?.permissions().mode() & 0o777);
        assert_eq!(mode(), Some(0o600));
        drop(socket);
        assert_eq!(mode(), None, "its file goes with it");
    }
}
