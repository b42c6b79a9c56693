//! What a collector reports about itself: facts and counters that never decrease.

use daemoneye_eventbus::SourceCaps;

/// A collector at one moment. At quiescence accepted = published + lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorStatus {
    /// Its name.
    pub component_name: String,
    /// Its sources, in the order they registered.
    pub sources: Vec<SourceStatus>,
    /// Events taken from sources that they were allowed to send.
    pub events_accepted: u64,
    /// Events the bus accepted.
    pub events_published: u64,
    /// Events the bus would never take (too large), or that were left over when the time for a
    /// stop was up or the bus was gone.
    pub events_lost: u64,
    /// Publishes that were tried again because the bus had no room.
    pub publish_retries: u64,
    /// Whether sources are held back right now, because the bus does not keep up.
    pub backpressure: bool,
    /// How often that began.
    pub backpressure_episodes: u64,
}

/// One source at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its name.
    pub name: &'static str,
    /// What it declared.
    pub capabilities: SourceCaps,
    /// Whether it runs, or how it ended.
    pub state: SourceState,
    /// Events taken from it.
    pub events_accepted: u64,
    /// Events outside its declared capabilities, refused.
    pub events_refused: u64,
    /// Health checks that failed since the last that succeeded.
    pub failed_checks: u32,
    /// What the last failed health check, or a failed stop, said.
    pub last_failure: Option<String>,
}

/// The life of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// Not started yet.
    Registered,
    /// Started, and not ended.
    Running,
    /// Ended without an error.
    Ended,
    /// Ended with an error.
    Failed {
        /// The error and its causes.
        error: String,
    },
    /// Panicked.
    Panicked {
        /// What it said.
        message: String,
    },
    /// Did not end within the limit after a stop, and was aborted.
    Aborted,
}

impl CollectorStatus {
    /// The source of a name.
    pub fn source(&self, name: &str) -> Option<&SourceStatus> {
        self.sources.iter().find(|source| source.name == name)
    }
}

impl SourceState {
    /// Whether the source has ended, one way or another.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Registered | Self::Running)
    }
}
