//! What a case of chaos saw: what arrived, and what the collector told of itself. Plain data.

use daemoneye_eventbus::BusEvent;
use serde::{Deserialize, Serialize};

use super::AgentEnd;
use crate::plan::control::Health;

/// Everything observed in one case of chaos.
#[derive(Debug, Clone, PartialEq)]
pub struct ChaosHistory {
    /// What the subscriber received, in its order.
    pub received: Vec<BusEvent>,
    /// How many of these had come when the collector was asked to end.
    pub before_stop: u64,
    /// What the collector answered over the bus when it was last asked how it is, before it was asked
    /// to end; empty where no answer came.
    pub health: Vec<PartTold>,
    /// Whether its sources were held back, each time that changed, as it told while it ran.
    pub held_back: Vec<bool>,
    /// What it counted, told at its end; `None` where it did not come to tell.
    pub report: Option<CollectorReport>,
    /// How its process ended.
    pub end: AgentEnd,
}

/// How one part of a collector is, as it told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartTold {
    /// Which part: a source, by its name, or what the collector watches of itself.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
}

/// What a collector counted, and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorReport {
    /// Events taken from all sources.
    pub accepted: u64,
    /// Of these, those the bus accepted.
    pub published: u64,
    /// Of these, those that are lost.
    pub lost: u64,
    /// How often it began to hold its sources back.
    pub backpressure_episodes: u64,
    /// Why its run did not end well, if it did not.
    pub error: Option<String>,
    /// Its sources, in the order they registered.
    pub sources: Vec<SourceReport>,
}

/// What a collector says of one source at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub end: SourceEnd,
    /// What it said of that, if anything.
    pub reason: Option<String>,
    /// Events taken from it.
    pub accepted: u64,
    /// Events refused, as it did not declare their kind.
    pub refused: u64,
}

/// How a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceEnd {
    /// Not at all.
    Running,
    /// Well.
    Ended,
    /// With an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It was abandoned, as it did not end in time.
    Aborted,
}

impl SourceEnd {
    /// As sentences have it: `it was told as …`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Aborted => "aborted",
        }
    }
}

impl Default for ChaosHistory {
    /// Nothing was seen, and nothing went wrong.
    fn default() -> Self {
        Self {
            received: Vec::new(),
            before_stop: 0,
            health: Vec::new(),
            held_back: Vec::new(),
            report: None,
            end: AgentEnd::InOrder,
        }
    }
}
