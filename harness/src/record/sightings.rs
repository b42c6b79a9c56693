//! What a host case saw: the agent's record, and the things that the harness made happen itself.
//!
//! Plain data, gathered by the driver. The one thing decided here is identity: which thing an event
//! is about.
//!
//! - `thing`: what is made to happen: a `child`, a `file`, a `socket`; `step`: what is told of it;
//! - `turn`: the agents of a switch, of which each saw as much.

mod child;
mod file;
mod socket;
mod step;
mod thing;
mod turn;

use std::time::Duration;

use daemoneye_eventbus::BusEvent;

pub use child::WatchedChild;
pub use file::WatchedFile;
pub use socket::WatchedSocket;
pub use step::Step;
pub use thing::Thing;
pub use turn::{AgentTurn, Deployed, Turn};

/// Everything observed in one host case.
#[derive(Debug, Clone, PartialEq)]
pub struct Sightings {
    /// What the recorder received, in its order.
    pub record: Vec<BusEvent>,
    /// What the harness made happen, in the order it began.
    pub things: Vec<Thing>,
    /// The harness, which a child looks like until its `exec` is over.
    pub parent: Parent,
    /// How the agent ended.
    pub end: AgentEnd,
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
    /// Every event of the record with the thing it is about, if it is about one.
    pub fn told(&self) -> impl Iterator<Item = (&BusEvent, Option<usize>)> {
        self.record.iter().map(|received| (received, Thing::find(&self.things, &received.event)))
    }
}
