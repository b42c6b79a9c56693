//! Sockets of the standard library, with a limit on every wait.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::peer::WATCHDOG;

pub(crate) type Stream = UnixStream;

/// Somebody else's listener.
#[derive(Debug)]
pub(crate) struct Listener(UnixListener);

impl Listener {
    pub(crate) fn bind(path: &Path) -> Self {
        Self(UnixListener::bind(path).unwrap())
    }

    /// The only connection it takes.
    pub(crate) fn accept(self) -> Stream {
        limited(self.0.accept().unwrap().0)
    }
}

pub(crate) fn connect(path: &Path) -> Stream {
    limited(UnixStream::connect(path).unwrap())
}

/// Ends one direction, if there is such a thing.
pub(crate) fn end_writing(stream: &Stream) -> bool {
    // A peer that has closed makes this fail, and that is as good.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    true
}

/// Ends the other direction: whoever writes to this stream fails.
pub(crate) fn end_reading(stream: &Stream) {
    stream.shutdown(std::net::Shutdown::Read).unwrap();
}

fn limited(stream: UnixStream) -> Stream {
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.set_write_timeout(Some(WATCHDOG)).unwrap();
    stream
}
