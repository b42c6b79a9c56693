//! Where a configured value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from. Later variants win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Built in.
    Default,
    /// What a running collector was started with, wherever that came from.
    Start,
    /// A file; of two files the one added later wins.
    File {
        /// Its path as given.
        path: PathBuf,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A flag of the command line.
    Flag {
        /// The flag with its dashes.
        flag: String,
    },
    /// A change of a running collector.
    Update {
        /// The change, as `KEY=VALUE`; the key alone for the value it was started with.
        change: String,
    },
}

impl Origin {
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default | Self::Start => 0,
            Self::File { .. } => 1,
            Self::Environment { .. } => 2,
            Self::Flag { .. } => 3,
            Self::Update { .. } => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::Start => f.write_str("what it was started with"),
            Self::File { path } => path.display().fmt(f),
            Self::Environment { variable } => write!(f, "environment variable {variable}"),
            Self::Flag { flag } => write!(f, "flag {flag}"),
            Self::Update { change } => write!(f, "update {change}"),
        }
    }
}
