//! Owning a name: a lock file says who does, a stale socket is reclaimed, a live one is not (W7).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;

use thiserror::Error;

use super::probe::Probe;
use super::{SocketAddress, Stream, system};

/// How often a lock file may vanish under whoever takes it: each time another owner has come and
/// gone meanwhile.
const MAX_LOCK_ATTEMPTS: u32 = 100;

/// A bound local socket. Dropping it removes its files.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddress,
    socket: system::Socket,
    lock: NameLock,
}

/// Why a name could not be bound.
#[derive(Debug, Error)]
pub enum BindError {
    /// Somebody listens there.
    #[error("{address} is in use by process {}", pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()))]
    InUse {
        /// The address.
        address: SocketAddress,
        /// Its owner, as far as it can be told.
        pid: Option<u32>,
    },
    /// The system said no.
    #[error("cannot bind {address}")]
    Io {
        /// The address.
        address: SocketAddress,
        /// Why.
        source: io::Error,
    },
}

/// Accepts connections on a [`Listener`], inside a runtime.
#[derive(Debug)]
pub(crate) struct Acceptor {
    accepting: system::Accepting,
    _lock: NameLock,
}

impl Listener {
    /// Binds the name for this user alone (socket mode 0600).
    ///
    /// A socket file nobody listens on is replaced. Blocks for a few system calls.
    pub fn bind(address: &SocketAddress) -> Result<Self, BindError> {
        let io_error = |source| BindError::Io { address: address.clone(), source };
        let lock = NameLock::acquire(address)?;
        if let Probe::Alive { pid } = system::probe(address) {
            return Err(BindError::InUse { address: address.clone(), pid });
        }
        let socket = system::Socket::bind(address).map_err(io_error)?;
        Ok(Self { address: address.clone(), socket, lock })
    }

    /// Where it listens.
    pub fn address(&self) -> &SocketAddress {
        &self.address
    }

    /// Begins to accept; must be called inside a runtime.
    pub(crate) fn into_acceptor(self) -> io::Result<Acceptor> {
        Ok(Acceptor { accepting: self.socket.accepting()?, _lock: self.lock })
    }
}

impl Acceptor {
    /// The next connection. Cancel safe.
    pub(crate) async fn accept(&mut self) -> io::Result<Stream> {
        self.accepting.accept().await
    }
}

/// An advisory lock held as long as the name is owned; it ends with the process, however that
/// ends. It holds the owner's process id for whoever is refused.
#[derive(Debug)]
struct NameLock {
    path: PathBuf,
    file: File,
    owns_the_name: bool,
}

impl NameLock {
    fn acquire(address: &SocketAddress) -> Result<Self, BindError> {
        for _ in 0..MAX_LOCK_ATTEMPTS {
            let lock = Self::try_acquire(address)?;
            // An owner that left between our opening and locking took the file's name with it: what
            // we hold then guards nothing, and it is not ours to remove.
            if system::is_named(&lock.file, &lock.path) {
                return Ok(lock);
            }
            lock.forget();
        }
        Err(BindError::InUse { address: address.clone(), pid: None })
    }

    fn try_acquire(address: &SocketAddress) -> Result<Self, BindError> {
        let path = address.lock_path();
        let io_error = |source| BindError::Io { address: address.clone(), source };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(BindError::InUse {
                    address: address.clone(),
                    pid: system::owner(address, &mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io_error)?;
        Ok(Self { path, file, owns_the_name: true })
    }

    /// Lets go without removing a file that is another's by now.
    fn forget(mut self) {
        self.owns_the_name = false;
    }
}

impl Drop for NameLock {
    fn drop(&mut self) {
        if self.owns_the_name {
            // A failure leaves an unlocked file behind, which the next owner takes over.
            let _ = fs::remove_file(&self.path);
        }
    }
}
