//! What a collector tells of a thing.

use std::fmt;

use daemoneye_eventbus::CollectionEvent;
use daemoneye_eventbus::event::{FilesystemOperation, NetworkChange, ProcessChange};

/// One fact about a thing that has to be told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A process started.
    Started,
    /// Its executable was hashed.
    Hashed,
    /// It exited.
    Exited,
    /// A file appeared.
    Created,
    /// It was written to and closed.
    Modified,
    /// It disappeared.
    Deleted,
    /// A connection was opened.
    Opened,
    /// It was closed.
    Closed,
}

impl Step {
    /// What an event tells; `None` for one that is waited for by nobody.
    pub(super) fn told_by(event: &CollectionEvent) -> Option<Self> {
        match event {
            CollectionEvent::Process(seen) => match seen.change {
                ProcessChange::Started => Some(Self::Started),
                ProcessChange::Exited => Some(Self::Exited),
                ProcessChange::Integrity => Some(Self::Hashed),
                _ => None,
            },
            CollectionEvent::Filesystem(seen) => match seen.operation {
                FilesystemOperation::Created => Some(Self::Created),
                FilesystemOperation::Modified => Some(Self::Modified),
                FilesystemOperation::Deleted => Some(Self::Deleted),
                _ => None,
            },
            CollectionEvent::Network(seen) => match seen.change {
                NetworkChange::Opened => Some(Self::Opened),
                NetworkChange::Closed => Some(Self::Closed),
                _ => None,
            },
            _ => None,
        }
    }
}

/// As sentences have it: a thing "was seen starting".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "starting",
            Self::Hashed => "hashed",
            Self::Exited => "exiting",
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Opened => "opened",
            Self::Closed => "closed",
        })
    }
}
