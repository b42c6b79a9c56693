//! The history of one behaviour trial: every call and every arrival, with its moment.
//!
//! Moments are `CLOCK_MONOTONIC` nanoseconds, comparable between the processes of the host.
//! Events are identified by what their publisher wrote into the header (`source`,
//! `source_sequence`), not by what the bus stamped: the bus is on trial.

use daemoneye_eventbus::EventBusStatistics;
use daemoneye_eventbus::contract::{Lost, Resumed};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::plan::FENCE;
use crate::plan::{Case, Deed, Fault, Operation, Victim};

/// Publisher index of an arrival nobody in the case published.
pub const UNKNOWN_PUBLISHER: u16 = u16::MAX;

/// Everything observed in one behaviour trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// By publisher index.
    pub publishers: Vec<PublisherLog>,
    /// By subscriber index.
    pub subscribers: Vec<SubscriberLog>,
    /// Subscriptions, their ends and other actions, in order of their calls.
    pub operations: Vec<Operated>,
    /// What passed connections while something was done to them.
    #[serde(default)]
    pub touched: Vec<Touched>,
    /// The bus's counters at the end of the last phase that was to end with fences, whether or not
    /// anybody was left to receive one, and before shutdown.
    pub statistics: Option<EventBusStatistics>,
    /// The bus's counters sampled during the run, in order; none may decrease (C12).
    pub statistics_samples: Vec<EventBusStatistics>,
}

impl History {
    /// The phase a publisher was killed in, if it was.
    pub fn killed_in(&self, publisher: usize) -> Option<u32> {
        let kill = Fault { deed: Deed::Kill, victim: Victim::Publisher(publisher) };
        self.faults().find(|(fault, _)| *fault == kill).map(|(_, phase)| phase)
    }

    /// The phase from which on what a publisher hands over may reach nobody: it was killed, its
    /// connection was cut, or the broker is gone; in a wild case that of the first fault.
    pub fn cut_off_in(&self, case: &Case, publisher: usize) -> Option<u32> {
        let cuts = |fault: Fault| {
            let concerned = [Victim::Publisher(publisher), Victim::Broker].contains(&fault.victim);
            case.wild || (concerned && fault.deed.cuts_off())
        };
        self.faults().find(|(fault, _)| cuts(*fault)).map(|(_, phase)| phase)
    }

    /// Every fault that was done, with its phase.
    fn faults(&self) -> impl Iterator<Item = (Fault, u32)> {
        self.operations.iter().filter_map(|one| Some((one.operation.fault()?, one.phase)))
    }
}

/// How much of what a connection carries a fault had in its hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// What was done to it, and whose it is.
    pub fault: Fault,
    /// Phase it belongs to.
    pub phase: u32,
    /// Bytes that were held back, or went on late or in pieces, both directions together.
    pub bytes: u64,
}

/// What one publisher did, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PublisherLog {
    /// Its name.
    pub name: String,
    /// Its publishes, fences included.
    pub published: Vec<Published>,
    /// What its broken connections have cost, as it was told.
    #[serde(default)]
    pub resumed: Resumption,
}

/// How often somebody came back after its connection broke, and what that cost, as it was told (W5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    /// How often.
    pub times: u64,
    /// Events lost by all of them together.
    pub lost: Loss,
}

/// How many events were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// So many.
    Exactly(u64),
    /// Not more.
    AtMost(u64),
    /// Any number.
    Unknown,
}

impl Default for Loss {
    fn default() -> Self {
        Self::Exactly(0)
    }
}

impl Loss {
    /// The most it can be; `None` if that is any number.
    pub fn at_most(self) -> Option<u64> {
        match self {
            Self::Exactly(events) | Self::AtMost(events) => Some(events),
            Self::Unknown => None,
        }
    }
}

impl From<Resumed> for Resumption {
    fn from(resumed: Resumed) -> Self {
        let lost = match resumed.lost {
            Lost::Exactly(events) => Loss::Exactly(events),
            Lost::AtMost(events) => Loss::AtMost(events),
            Lost::Unknown => Loss::Unknown,
        };
        Self { times: resumed.times, lost }
    }
}

/// One call of `publish`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The publisher's running number from 1; with [`FENCE`] set for a fence.
    pub sequence: u64,
    /// Phase it belongs to.
    pub phase: u32,
    /// When it was called, ns.
    pub call_ns: u64,
    /// When it returned, ns.
    pub return_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Digest of topic, event and correlation as handed to the bus.
    pub digest: u64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded.
    Ok,
    /// `Closed`.
    Closed,
    /// `TooLarge`.
    TooLarge,
    /// `Denied`, by access control.
    Denied,
    /// `Timeout`: whether the bus took the event is settled by the bus's promise that it did not.
    Timeout,
    /// `Disconnected`: the event may or may not have been taken.
    Unknown,
}

/// What one subscriber saw, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscriberLog {
    /// Its name.
    pub name: String,
    /// Arrivals, fences included.
    pub received: Vec<Received>,
    /// `lagged()` at the end.
    pub lagged: u64,
    /// What its broken connections have cost, as it was told.
    #[serde(default)]
    pub resumed: Resumption,
    /// Whether the receiver ended (`None`) before tear-down.
    pub ended: bool,
}

/// One arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Index of the publisher named in the event, or [`UNKNOWN_PUBLISHER`].
    pub publisher: u16,
    /// Which subscription of this subscriber it arrived on: 0 for the first subscribe, then 1, …
    pub subscription: u16,
    /// The publisher's running number, [`FENCE`] included.
    pub sequence: u64,
    /// When it arrived, ns.
    pub receive_ns: u64,
    /// `EventReceiver::position()` after it.
    pub position: u64,
    /// Digest of topic, event and correlation as received; a fresh correlation counts as none.
    pub digest: u64,
    /// Digest of the correlation id alone; fresh ones must be unique and roots (C8).
    pub correlation: u64,
    /// Whether the correlation is its own root with no parent.
    pub is_root: bool,
}

/// One action besides publishing and receiving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operated {
    /// What was done.
    pub operation: Operation,
    /// Phase it belongs to; `u32::MAX` for subscribing before the first phase.
    pub phase: u32,
    /// When it was called, ns.
    pub call_ns: u64,
    /// When it returned, ns.
    pub return_ns: u64,
    /// `ok`, or the error's code such as `duplicate-id`, `limit-reached`, `unknown`, `closed`.
    pub outcome: String,
    /// The outcome the case demands.
    pub expect: String,
}
