//! The status of a collector as it is told to others.

use daemoneye_eventbus::SourceCaps;

use crate::analysis::sentence;
use crate::runtime::{CollectorStatus, SourceState, SourceStatus};

/// A collector at one moment; the counters are those of [`CollectorStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// Its name.
    pub component_name: String,
    /// Its sources, in the order they registered.
    pub sources: Vec<SourceReport>,
    /// Events taken from sources that they were allowed to send.
    pub events_accepted: u64,
    /// Events the bus accepted.
    pub events_published: u64,
    /// Events that are lost.
    pub events_lost: u64,
    /// Events of this run that are on disk.
    pub events_spooled: u64,
    /// Events of earlier runs that the bus has accepted since.
    pub events_replayed: u64,
    /// Publishes that were tried again because the bus had no room.
    pub publish_retries: u64,
    /// Whether sources are held back right now.
    pub backpressure: bool,
    /// How often that began.
    pub backpressure_episodes: u64,
}

/// One source at one moment. Texts are cut at the length of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceReport {
    /// Its name.
    pub name: String,
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

impl From<&CollectorStatus> for StatusReport {
    fn from(status: &CollectorStatus) -> Self {
        Self {
            component_name: status.component_name.clone(),
            sources: status.sources.iter().map(SourceReport::from).collect(),
            events_accepted: status.events_accepted,
            events_published: status.events_published,
            events_lost: status.events_lost,
            events_spooled: status.events_spooled,
            events_replayed: status.events_replayed,
            publish_retries: status.publish_retries,
            backpressure: status.backpressure,
            backpressure_episodes: status.backpressure_episodes,
        }
    }
}

impl From<&SourceStatus> for SourceReport {
    fn from(source: &SourceStatus) -> Self {
        Self {
            name: source.name.to_owned(),
            capabilities: source.capabilities,
            state: told(&source.state),
            events_accepted: source.events_accepted,
            events_refused: source.events_refused,
            failed_checks: source.failed_checks,
            last_failure: source.last_failure.as_ref().map(sentence),
        }
    }
}

fn told(state: &SourceState) -> SourceState {
    match state {
        SourceState::Failed { error } => SourceState::Failed { error: sentence(error) },
        SourceState::Panicked { message } => SourceState::Panicked { message: sentence(message) },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::MAX_REASON_BYTES;

    #[test]
    fn what_a_source_has_to_say_at_length_is_cut() {
        let long = "x".repeat(MAX_REASON_BYTES + 1);
        let report = SourceReport::from(&SourceStatus {
            name: "s",
            capabilities: SourceCaps::PROCESS,
            state: SourceState::Failed { error: long.clone() },
            events_accepted: 1,
            events_refused: 2,
            failed_checks: 3,
            last_failure: Some(long.clone()),
            limitation: None,
        });
        let cut = long[1..].to_owned();
        assert_eq!(report.state, SourceState::Failed { error: cut.clone() });
        assert_eq!(report.last_failure, Some(cut));
        assert_eq!((report.events_accepted, report.events_refused), (1, 2));
    }
}
