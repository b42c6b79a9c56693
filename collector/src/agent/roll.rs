//! Who the agent's collectors are and what state each is in: written by the supervisor, read by
//! whoever asks.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::rpc::MemberState;
use tokio::sync::watch;

/// The state of one collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CollectorState {
    /// Started, and not ready yet.
    Starting,
    /// Ready, in this process.
    Running { pid: u32 },
    /// It ended, and will be started again after a pause.
    Restarting { cause: String, after: Duration },
    /// It ended too often, or refuses its configuration, and is not started any more (R5).
    Failed { cause: String },
}

/// One collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: CollectorState,
    /// How often it was started again.
    pub(super) restarts: u32,
}

/// The names of all collectors of the agent, each with its state, as their supervisors write it
/// at each start and at each end.
#[derive(Debug)]
pub(super) struct Roll {
    standings: watch::Sender<BTreeMap<String, Standing>>,
}

/// The same for whoever asks who there is.
#[derive(Debug, Clone)]
pub(super) struct RollReader {
    standings: watch::Receiver<BTreeMap<String, Standing>>,
}

impl Roll {
    /// With nobody in it.
    pub(super) fn new() -> Self {
        Self { standings: watch::Sender::new(BTreeMap::new()) }
    }

    /// A collector is in this state now. One that starts after it had ended is started again.
    pub(super) fn set(&self, collector: &str, state: CollectorState) {
        self.standings.send_modify(|standings| {
            let restarts = standings.get(collector).map_or(0, |before| before.restarts_at(&state));
            standings.insert(collector.to_owned(), Standing { state, restarts });
        });
    }

    pub(super) fn reader(&self) -> RollReader {
        RollReader { standings: self.standings.subscribe() }
    }
}

impl RollReader {
    /// Every collector as it is now.
    pub(super) fn standings(&self) -> BTreeMap<String, Standing> {
        self.standings.borrow().clone()
    }
}

impl Standing {
    fn restarts_at(&self, next: &CollectorState) -> u32 {
        let had_ended = matches!(self.state, CollectorState::Restarting { .. });
        let is_again = had_ended && *next == CollectorState::Starting;
        self.restarts.saturating_add(u32::from(is_again))
    }
}

impl CollectorState {
    /// As the control plane tells it.
    pub(super) fn told(&self) -> MemberState {
        match self {
            Self::Starting => MemberState::Starting,
            Self::Running { .. } => MemberState::Running,
            Self::Restarting { .. } => MemberState::Restarting,
            Self::Failed { .. } => MemberState::Failed,
        }
    }

    /// The process it runs in, if it does.
    pub(super) fn pid(&self) -> Option<u32> {
        match self {
            Self::Running { pid } => Some(*pid),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_counted_when_they_begin_and_kept_from_state_to_state() {
        let roll = Roll::new();
        let reader = roll.reader();
        let ended = || CollectorState::Restarting {
            cause: "signal: 9".to_owned(),
            after: Duration::from_secs(1),
        };
        let failed = CollectorState::Failed { cause: "signal: 9".to_owned() };
        for (state, restarts) in [
            (CollectorState::Starting, 0),
            (CollectorState::Running { pid: 7 }, 0),
            (ended(), 0),
            (CollectorState::Starting, 1),
            (ended(), 1),
            (CollectorState::Starting, 2),
            (CollectorState::Running { pid: 8 }, 2),
            (failed, 2),
        ] {
            roll.set("procmond", state.clone());
            assert_eq!(reader.standings()["procmond"], Standing { state, restarts });
        }
    }
}
