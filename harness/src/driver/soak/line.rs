//! What the harness and a process of a soak tell each other: one reply to each order and one to the
//! assignment.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::record::Reading;

/// The first line such a process reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// Its name, on the bus as well.
    pub(super) name: String,
    /// Where the broker listens.
    pub(super) socket: PathBuf,
    /// What it is.
    pub(super) role: Role,
    /// The name of the fault it puts the bus behind.
    pub(super) fault: Option<String>,
}

/// What a process of a soak is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// The broker.
    Broker,
    /// A publisher.
    Publisher {
        /// Which one: its events have the source `p` and this number.
        index: usize,
        /// Events a second.
        rate: f64,
    },
    /// A reader of all publishers.
    Reader {
        /// How many publishers there are.
        publishers: usize,
    },
}

/// What the harness tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// Publish from now on; answered with [`Reply::Ready`].
    Begin,
    /// Say how far it is: [`Reply::Published`] or [`Reply::Read`].
    Report,
    /// Leave the bus in order and connect again; answered with [`Reply::Published`].
    Reconnect,
    /// Leave for good, in order: with the last report, or [`Reply::Ready`] of a broker.
    Leave,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
    /// It is up, or has obeyed.
    Ready,
    /// Events a publisher published, and calls that failed.
    Published { count: u64, refused: u64 },
    /// What a reader saw so far.
    Read(Reading),
}
