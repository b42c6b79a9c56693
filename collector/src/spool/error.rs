//! Why a spool does not open, or does not do what it was asked. Its calls leave it as it was then.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::segment::FORMAT;
use crate::config::FolderError;

/// Why there is no spool.
#[derive(Debug, Error)]
pub enum OpenError {
    /// No folder is configured, and there is no default.
    #[error("no folder is configured for the spool, and this user has no home for a default")]
    NoFolder,
    /// The publisher's name cannot be that of a folder.
    #[error("{name:?} cannot name a folder: write letters, digits, `-` and `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// The folder cannot be made, or is not private.
    #[error("the spool's folder cannot be used")]
    Folder(#[from] FolderError),
    /// Another process has it open.
    #[error("the spool {} is in use by {}", folder.display(), process(*pid))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, where the system lets others read who it is.
        pid: Option<u32>,
    },
    /// Another version of this program has written it. It is left as it is.
    #[error("{} is of format {format}, this program reads {reads}", path.display(), reads = FORMAT)]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// A file in it cannot be read or written.
    #[error("cannot use the spool {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl OpenError {
    /// Whether the configuration must be changed; otherwise the system or another process must.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::NoFolder | Self::Name { .. })
    }
}

/// Why the first of the events was not kept, nor any after it.
#[derive(Debug, Error)]
pub enum AppendError {
    /// There is no room until others are acknowledged. Nothing is given up for it.
    #[error("the spool is full, its limit is {limit_bytes} bytes")]
    Full {
        /// The limit.
        limit_bytes: u64,
    },
    /// It will never fit. Go on with the next one.
    #[error("the encoded event is {bytes} bytes, a spool keeps {limit_bytes} at most")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest there may be.
        limit_bytes: usize,
    },
    /// It cannot be written: the disk is full, or fails.
    #[error("cannot write to the spool {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why no events are given back; they are all still there.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A segment cannot be read.
    #[error("cannot read the spool {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why an acknowledgement was not taken, or not written down.
#[derive(Debug, Error)]
pub enum AcknowledgeError {
    /// No event has that number yet.
    #[error("{sequence} was not given to an event, the next is {next}")]
    Unknown {
        /// The number.
        sequence: u64,
        /// What the next event gets.
        next: u64,
    },
    /// It holds, but was not written down, or what it made needless was not deleted: after a restart
    /// events may come again. The next acknowledgement makes up for it.
    #[error("cannot tidy the spool {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}
