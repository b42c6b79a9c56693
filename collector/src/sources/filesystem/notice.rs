//! What the system says of paths, one statement at a time, in one vocabulary for every system.

use std::path::PathBuf;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Wall clock, nanoseconds since the epoch.
    pub(super) unix_ns: u64,
    /// The same moment, monotonic, nanoseconds.
    pub(super) monotonic_ns: u64,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// Something happened to a path.
    Happened(Happening),
    /// Statements were lost: anything may have happened.
    Overflow {
        /// When that was noticed.
        at: Stamp,
        /// How many were lost; 0 when nobody counted.
        dropped: u64,
    },
}

/// What happened to which path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) path: PathBuf,
    pub(super) what: What,
    pub(super) at: Stamp,
}

/// What may happen to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It was made.
    Created,
    /// Its content changed; it may still be open.
    Written,
    /// It was closed by one who could write.
    Closed,
    /// Its permissions, owner or times changed.
    Attributes,
    /// It was opened.
    Opened,
    /// It was removed.
    Removed,
    /// It left for another name; the same cookie comes with `MovedTo` if that name is watched.
    MovedFrom { cookie: Option<usize> },
    /// It came from another name.
    MovedTo { cookie: Option<usize> },
    /// What is watched by itself has another name; if its folder is watched too, that says more.
    MovedAway,
    /// Something happened: look yourself. Whether content is part of it.
    Changed { content: bool },
}

impl Stamp {
    /// This moment; for those who meet the system, never for those who decide.
    pub(super) fn now() -> Self {
        Self { unix_ns: unix_ns(), monotonic_ns: monotonic_ns() }
    }
}
