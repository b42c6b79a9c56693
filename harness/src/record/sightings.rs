//! What a host case saw: the agent's record, and the children that the harness started itself.
//!
//! Plain data, gathered by the driver. The one thing decided here is identity: which child an event
//! is about. An id alone is used again after a process has ended, so it never decides alone.

use std::time::Duration;

use daemoneye_eventbus::event::{ProcessChange, ProcessEvent};
use daemoneye_eventbus::{BusEvent, CollectionEvent};

/// How far a start time as seen may be from the moment of the start, nanoseconds: the kernel tells
/// the host's own start in whole seconds, and clocks are corrected.
const START_TOLERANCE_NS: u64 = 2_000_000_000;

/// Everything observed in one host case.
#[derive(Debug, Clone, PartialEq)]
pub struct Sightings {
    /// What the recorder received, in its order.
    pub record: Vec<BusEvent>,
    /// The children, in the order they were started.
    pub children: Vec<WatchedChild>,
    /// The harness, which a child looks like until its `exec` is over.
    pub parent: Parent,
    /// How the agent ended.
    pub end: AgentEnd,
}

/// A child of the harness, as the harness knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedChild {
    /// Its process id.
    pub pid: u32,
    /// Its short name, as the kernel tells it.
    pub name: String,
    /// Path of its executable.
    pub executable_path: String,
    /// Its arguments; the last one is its mark, which no other process has.
    pub arguments: Vec<String>,
    /// Wall clock right before and right after its start, nanoseconds since the epoch.
    pub started_unix_ns: (u64, u64),
    /// When its `exec` was over, `CLOCK_MONOTONIC`, nanoseconds.
    pub executed_monotonic_ns: u64,
}

/// The process that starts the children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parent {
    /// Its process id.
    pub pid: u32,
    /// Its own arguments.
    pub arguments: Vec<String>,
}

/// How the agent ended after it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentEnd {
    /// By itself, saying that all went well.
    InOrder,
    /// By itself, with a failure.
    Failed {
        /// Its exit status.
        how: String,
        /// The end of its standard error.
        last_words: String,
    },
    /// It had to be killed.
    Killed {
        /// After this long.
        waited: Duration,
    },
}

impl Sightings {
    /// Events about processes, each with the child it is about, if it is about one.
    pub fn processes(&self) -> impl Iterator<Item = (&ProcessEvent, Option<usize>)> {
        self.record.iter().filter_map(|received| {
            let CollectionEvent::Process(process) = &received.event else { return None };
            Some((process, WatchedChild::find(&self.children, process)))
        })
    }
}

impl WatchedChild {
    /// The child an event is about: the one whose mark is among the arguments; of an event with
    /// no mark, the one with its id that was started when the event says.
    pub fn find(children: &[Self], seen: &ProcessEvent) -> Option<usize> {
        let marked = |child: &Self| {
            let mark = child.arguments.last();
            mark.is_some_and(|mark| seen.arguments.iter().any(|argument| argument == mark.as_str()))
        };
        children.iter().position(marked).or_else(|| {
            let own = children.iter().enumerate().filter(|(_, child)| child.pid == seen.pid);
            let near = own.filter_map(|(index, child)| Some((child.distance_ns(seen)?, index)));
            near.min().map(|(_, index)| index)
        })
    }

    /// Whether the start time of an event is this child's.
    pub fn was_started_then(&self, seen: &ProcessEvent) -> bool {
        self.distance_ns(seen).is_some()
    }

    /// Between its start and the start an event tells; `None` when that is no tolerance.
    fn distance_ns(&self, seen: &ProcessEvent) -> Option<u64> {
        let (before, after) = self.started_unix_ns;
        let told = seen.start_time_unix_ns?;
        let distance = before.saturating_sub(told).max(told.saturating_sub(after));
        (distance <= START_TOLERANCE_NS).then_some(distance)
    }
}

/// Whether an event tells the start of a process.
pub fn tells_start(seen: &ProcessEvent) -> bool {
    seen.change == ProcessChange::Started
}

/// Whether an event tells the end of a process.
pub fn tells_exit(seen: &ProcessEvent) -> bool {
    seen.change == ProcessChange::Exited
}
