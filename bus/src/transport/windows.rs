//! Windows named pipes.
//!
//! The pipe's name is derived from the address's path, so that one path means one broker on every
//! system. A pipe has no non-blocking write of its own: the overlapped write is started, and what
//! the system has not taken at once counts as would-block.
//!
//! Names of pipes have no folder that could be private: anybody may take one first. So a pipe is
//! made for its user alone, and a client says nothing to the process of another (A4).

use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use interprocess::local_socket::tokio::{Listener, Stream as PipeStream, prelude::*};
use interprocess::local_socket::{
    GenericNamespaced, ListenerOptions, Name, Stream as BlockingStream,
};
use interprocess::os::windows::local_socket::ListenerOptionsExt;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use same_file::Handle;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::address::pipe_name;
use super::peer::Peer;
use super::probe::Probe;
use super::{SocketAddress, user};

/// Most bytes of one write, which counts as taken only when all of it is: whoever reads slowly is
/// seen to read.
const WRITE_BYTES: usize = 16 << 10;

/// A connected pipe. Reads and writes take `&self`; one task reads, one at a time writes.
#[derive(Debug)]
pub(crate) struct Stream {
    pipe: PipeStream,
}

/// A connected pipe on its way to where it is served: in the runtime it is in already.
#[derive(Debug)]
pub(crate) struct DetachedStream(Stream);

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

/// Whether the file still has this name.
pub(super) fn is_named(file: &File, path: &Path) -> bool {
    let ours = file.try_clone().and_then(Handle::from_file);
    matches!((ours, Handle::from_path(path)), (Ok(ours), Ok(named)) if ours == named)
}

/// Who owns the name: whoever serves the pipe. What the owner wrote into its lock file is for
/// itself, as the system lets nobody else read what is locked.
pub(super) fn owner(address: &SocketAddress, _lock: &mut File) -> Option<u32> {
    match probe(address) {
        Probe::Alive { pid } => pid,
        Probe::Free => None,
    }
}

/// Whether somebody listens.
pub(super) fn probe(address: &SocketAddress) -> Probe {
    use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};

    match name(address).and_then(BlockingStream::connect) {
        Ok(stream) => Probe::Alive { pid: stream.peer_creds().ok().and_then(|creds| creds.pid()) },
        // Somebody does, for others than us.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Probe::Alive { pid: None },
        Err(_) => Probe::Free,
    }
}

impl Socket {
    #[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
    pub(super) fn bind(address: &SocketAddress) -> io::Result<Self> {
        Ok(Self { address: address.clone() })
    }

    pub(super) fn accepting(self) -> io::Result<Accepting> {
        self.accepting_from(user::alone()?)
    }

    /// Fails where somebody serves a pipe of that name already.
    fn accepting_from(self, whom: SecurityDescriptor) -> io::Result<Accepting> {
        let options = ListenerOptions::new().name(name(&self.address)?).security_descriptor(whom);
        Ok(Accepting { listener: options.create_tokio()? })
    }
}

impl Accepting {
    pub(super) async fn accept(&mut self) -> io::Result<Stream> {
        Ok(Stream { pipe: self.listener.accept().await? })
    }
}

impl DetachedStream {
    /// Goes on in the runtime it is in.
    #[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
    pub(crate) fn attach(self) -> io::Result<Stream> {
        Ok(self.0)
    }
}

impl Stream {
    /// Whether it can be accepted in one runtime and served in another: the system ties a pipe to
    /// the completion port it has first.
    pub(crate) const CAN_MOVE: bool = false;

    /// Stays in its runtime.
    pub(crate) fn detach(self) -> DetachedStream {
        DetachedStream(self)
    }

    /// Connects; must be called inside a runtime. Nothing is said to a pipe that a process of
    /// another user serves.
    pub(crate) async fn connect(address: &SocketAddress) -> io::Result<Self> {
        let stream = Self { pipe: PipeStream::connect(name(address)?).await? };
        if stream.pid().is_some_and(user::is_own) {
            return Ok(stream);
        }
        let text = "the pipe is served by another user's process";
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    }

    /// The process at the other end. The pipe's descriptor lets no other user open it, and a
    /// client has looked whose it is, so it is the same user's.
    pub(crate) fn peer(&self) -> Peer {
        Peer { is_same_user: true, pid: self.pid() }
    }

    fn pid(&self) -> Option<u32> {
        use interprocess::local_socket::traits::StreamCommon as _;

        self.pipe.peer_creds().ok().and_then(|creds| creds.pid())
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
        let piece = &bytes[..bytes.len().min(WRITE_BYTES)];
        Pin::new(&mut &self.pipe).poll_write(cx, piece)
    }
}

/// A pipe that was written to would be handed to a thread that waits until its peer has read
/// everything, and one peer that never reads would hold up the end of all others. The system keeps
/// what was written for the peer as it is.
impl Drop for Stream {
    fn drop(&mut self) {
        let PipeStream::NamedPipe(pipe) = &self.pipe;
        pipe.inner().assume_flushed();
    }
}

#[cfg(test)]
mod tests {
    use super::super::user::only;
    use super::*;

    /// The account of the system itself: whoever runs tests is somebody else.
    const THE_SYSTEM: &str = "S-1-5-18";

    /// Wine looks neither at who opens a pipe nor at who was first to serve it.
    fn is_wine() -> bool {
        let is_wine = std::env::var_os("WINELOADER").is_some();
        if is_wine {
            eprintln!("skipped: Wine guards no pipe");
        }
        is_wine
    }

    fn address() -> (tempfile::TempDir, SocketAddress) {
        let folder = tempfile::tempdir().expect("a folder");
        let address = SocketAddress::from_path(folder.path().join("s")).expect("a short path");
        (folder, address)
    }

    #[tokio::test]
    async fn a_pipe_is_open_to_its_own_user() {
        let (_folder, address) = address();
        let mut accepting = Socket::bind(&address).and_then(Socket::accepting).expect("served");
        let (ours, theirs) = tokio::join!(Stream::connect(&address), accepting.accept());
        for stream in [ours, theirs] {
            let expected = Peer { is_same_user: true, pid: Some(std::process::id()) };
            assert_eq!(stream.expect("open").peer(), expected);
        }
    }

    #[tokio::test]
    async fn a_pipe_of_another_user_is_closed_and_its_name_is_taken() {
        if is_wine() {
            return;
        }
        let (_folder, address) = address();
        let socket = Socket::bind(&address).expect("a name");
        let _served = socket.accepting_from(only(THE_SYSTEM).expect("valid")).expect("served");
        let error = Stream::connect(&address).await.expect_err("for somebody else");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
        assert_eq!(probe(&address), Probe::Alive { pid: None });
    }

    #[tokio::test]
    async fn a_pipe_that_is_served_is_not_served_twice() {
        if is_wine() {
            return;
        }
        let (_folder, address) = address();
        let socket = || Socket::bind(&address).expect("a name");
        let served = socket().accepting().expect("served");
        let error = socket().accepting().expect_err("a second server");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
        drop(served);
        socket().accepting().expect("free again");
    }

    #[test]
    fn a_file_that_lost_its_name_to_another_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, aside) = (folder.path().join("lock"), folder.path().join("aside"));
        let file = File::create_new(&path).expect("new");
        assert!(is_named(&file, &path));
        std::fs::rename(&path, &aside).expect("moved");
        assert!(!is_named(&file, &path), "nobody has the name");
        File::create_new(&path).expect("new");
        assert!(!is_named(&file, &path), "another has the name");
    }
}
