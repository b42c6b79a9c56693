//! A relay between two sockets whose connections can be cut, and kept from coming back.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

/// Passes on whatever comes, both ways, until it is told otherwise.
pub(crate) struct Relay {
    shared: Arc<Shared>,
    path: PathBuf,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    passing: Vec<UnixStream>,
    /// Connections that were let through so far.
    admitted: usize,
}

impl Relay {
    /// From a socket of its own to another one, which need not be there all the time.
    pub(crate) fn start(path: &Path, to: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let (own, to) = (Arc::clone(&shared), to.to_owned());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                own.admit(near.unwrap(), &to);
            }
        });
        Self { shared, path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts every connection; further ones wait until [`open`](Self::open).
    pub(crate) fn close(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.is_closed = true;
        for stream in state.passing.drain(..) {
            // One that has ended already cannot be cut.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn open(&self) {
        self.shared.state.lock().unwrap().is_closed = false;
        self.shared.changed.notify_all();
    }

    /// Cuts every connection, and lets the next ones through.
    pub(crate) fn cut(&self) {
        self.close();
        self.open();
    }

    /// Connections that were let through so far.
    pub(crate) fn admitted(&self) -> usize {
        self.shared.state.lock().unwrap().admitted
    }
}

impl Shared {
    fn admit(&self, near: UnixStream, to: &Path) {
        let mut state = self.state.lock().unwrap();
        while state.is_closed {
            state = self.changed.wait(state).unwrap();
        }
        // Where nobody listens the near end is dropped, as by a socket nobody has.
        let Ok(far) = UnixStream::connect(to) else { return };
        state.admitted += 1;
        for (from, into) in [(&near, &far), (&far, &near)] {
            let (from, into) = (from.try_clone().unwrap(), into.try_clone().unwrap());
            std::thread::spawn(move || pass(from, into));
        }
        state.passing.extend([near, far]);
    }
}

fn pass(mut from: UnixStream, mut into: UnixStream) {
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        if into.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
