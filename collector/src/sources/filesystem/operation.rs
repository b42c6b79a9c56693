//! What happened once it has settled: the words in which events are told.

use std::path::PathBuf;

use super::notice::Stamp;

/// One thing that happened to a path, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) path: PathBuf,
    pub(super) what: Settled,
    /// When the last statement came that it is made of.
    pub(super) at: Stamp,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was made.
    Created,
    /// It came from where nobody watches.
    MovedIn,
    /// Its content changed.
    Modified {
        /// Whether whoever wrote it has not closed it yet.
        still_open: bool,
    },
    /// Its permissions, owner or times changed.
    Attributes,
    /// It was opened, and not for writing.
    Accessed,
    /// It was removed.
    Deleted,
    /// It left to where nobody watches.
    MovedOut,
    /// What is watched by itself has another name.
    MovedAway,
    /// It has another name.
    Renamed {
        /// The name before.
        from: PathBuf,
    },
    /// Something happened to it: look.
    Changed {
        /// Whether its content is said to be part of it.
        content: bool,
    },
}
