//! What the harness and a process of a case of chaos tell each other: one reply to the assignment
//! and one to each order. Between them the collector tells by itself when its sources are held back,
//! and when they are let go.

use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::BusEvent;
use serde::{Deserialize, Serialize};

use crate::driver::part;
use crate::plan::{Bus, Case};
use crate::record::{CollectorReport, PartTold};

/// How long closing the bus may take.
pub(super) const CLOSE_LIMIT: Duration = Duration::from_secs(15);

/// What the harness tells it.
pub(super) type Orders = part::Orders<Order>;

/// The first line a process reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The case.
    pub(super) case: Case,
    /// The bus.
    pub(super) bus: Bus,
    /// Where its broker listens, if it has one.
    pub(super) socket: PathBuf,
    /// What the process is.
    pub(super) role: Role,
}

/// What a process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// It hosts the bus and subscribes; where nobody else gets at that, the collector is in it, too.
    Host,
    /// The collector, which proves to the broker with this that it is.
    Collector {
        /// Its token, in hexadecimal digits.
        token: String,
    },
}

/// What the harness tells a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    /// Say how many events have arrived: [`Reply::Received`].
    Look,
    /// Read, if the subscriber does not yet; answered with [`Reply::Obeyed`].
    Read,
    /// Ask the collector how it is: [`Reply::Health`].
    AskHealth,
    /// Stop the collector: [`Reply::Ended`].
    Stop,
    /// Close the bus, and say what has arrived: [`Reply::Record`].
    Leave,
}

/// What a process tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
    /// It is up.
    Ready {
        /// What the collector proves itself with, where it is another process.
        token: Option<String>,
    },
    /// It has done what it was told to.
    Obeyed,
    /// Unasked: whether sources are held back.
    HeldBack(bool),
    /// Events that have arrived.
    Received(u64),
    /// How the collector says that it is; empty where it did not answer.
    Health(Vec<PartTold>),
    /// How the collector ended.
    Ended(CollectorReport),
    /// Everything that has arrived.
    Record(Vec<BusEvent>),
}
