//! A collector whose agent died (R5).
//!
//! It goes on: what its sources see waits on disk, or holds them back where there is no spool, and
//! its client looks for the broker. One that lived comes back to its clients; one that a new agent
//! hosts knows none of their keys and refuses them. That is how an orphan learns of its successor,
//! which the new agent starts: it keeps what is left and ends, and the successor waits for what it
//! has alone ([`handover`](super::handover)). So a name is never two publishers', and no proof of
//! it outlives the broker that gave it. An orphan nobody comes for ends when its limit is over.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use daemoneye_eventbus::client::Reconnect;
use daemoneye_eventbus::{EventBus, ShutdownError};
use tracing::warn;

use crate::runtime::{CollectorStatus, RunError};

/// Longest pause before the broker is looked for again: a socket nobody listens on costs next to
/// nothing, and a successor may wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How much longer than an orphan goes on its client looks, so that the limit is the orphan's.
const MARGIN: Duration = Duration::from_secs(10);

/// The death of a collector's agent, told by whoever watches for it.
pub struct AgentDeath(Pin<Box<dyn Future<Output = ()> + Send>>);

/// Why an orphan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrphanEnd {
    /// Another broker is where its own was, and refused it.
    Replaced,
    /// It was told to end: by a signal, as nobody else could.
    Told,
    /// No broker was there within the limit.
    Alone {
        /// The limit.
        waited: Duration,
    },
}

/// A collector that may become an orphan.
pub(super) struct Orphan {
    agent_death: AgentDeath,
    limit: Duration,
    /// Whether the agent has died.
    is_orphan: bool,
    end: Option<OrphanEnd>,
}

/// How the client of a collector looks for its broker.
pub(super) fn reconnect(orphan_limit: Duration) -> Reconnect {
    let usual = Reconnect::default().with_most(LONGEST_PAUSE);
    usual.with_limit(orphan_limit.saturating_add(MARGIN).max(usual.limit))
}

/// Leaves a bus whose agent died, and waits for nobody there. Events that were not lost before, and
/// may be now.
pub(super) async fn leave(bus: &dyn EventBus) -> u64 {
    match bus.shutdown(Duration::ZERO).await {
        Ok(()) => 0,
        Err(
            ShutdownError::Deadline { undelivered, .. }
            | ShutdownError::Disconnected { undelivered, .. },
        ) => undelivered,
    }
}

impl AgentDeath {
    /// Completes with a future.
    pub fn when(died: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(died))
    }
}

impl Orphan {
    pub(super) fn new(agent_death: AgentDeath, limit: Duration) -> Self {
        Self { agent_death, limit, is_orphan: false, end: None }
    }

    /// How long it goes on without its agent.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Completes when the collector is to end because its agent died; `bus_ended` completes when no
    /// broker is looked for any more. To be waited for once.
    pub(super) async fn over(&mut self, bus_ended: impl Future<Output = ()>) {
        self.agent_death.0.as_mut().await;
        self.is_orphan = true;
        // Otherwise it ends at once, and its last words say so.
        if !self.limit.is_zero() {
            warn!(limit = ?self.limit, "the agent died; looking for its broker");
        }
        self.end = Some(tokio::select! {
            () = bus_ended => OrphanEnd::Replaced,
            () = tokio::time::sleep(self.limit) => OrphanEnd::Alone { waited: self.limit },
        });
    }

    /// Why it ended as an orphan, if that is how the run ended.
    pub(super) fn end(&self, ran: &Result<CollectorStatus, RunError>) -> Option<OrphanEnd> {
        match ran {
            // The publisher may hear of the end of the bus first.
            Err(RunError::BusLost { .. }) if self.is_orphan => {
                Some(self.end.unwrap_or(OrphanEnd::Replaced))
            }
            Ok(_) | Err(RunError::Deadline { .. }) => {
                self.end.or(self.is_orphan.then_some(OrphanEnd::Told))
            }
            Err(_) => None,
        }
    }
}

impl fmt::Display for OrphanEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced => f.write_str("another one has its place"),
            Self::Told => f.write_str("the collector was told to end"),
            Self::Alone { waited } if waited.is_zero() => {
                f.write_str("the collector ends with it, as `agent.orphan_limit` is 0")
            }
            Self::Alone { waited } => write!(f, "nobody came within {waited:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use daemoneye_eventbus::PublishError;
    use tokio::time::timeout;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(2);
    /// Much longer, on a paused clock.
    const HOUR: Duration = Duration::from_hours(1);

    fn in_order() -> CollectorStatus {
        CollectorStatus::new("c")
    }

    fn bus_lost() -> Result<CollectorStatus, RunError> {
        Err(RunError::BusLost { source: PublishError::Closed, lost: 0 })
    }

    fn orphan() -> Orphan {
        Orphan::new(AgentDeath::when(ready(())), LIMIT)
    }

    #[tokio::test(start_paused = true)]
    async fn an_orphan_nobody_comes_for_ends_when_its_limit_is_over() {
        let mut orphan = orphan();
        timeout(HOUR, orphan.over(pending())).await.unwrap();
        assert_eq!(orphan.end(&Ok(in_order())), Some(OrphanEnd::Alone { waited: LIMIT }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_orphan_ends_when_another_broker_refuses_it() {
        let mut orphan = orphan();
        timeout(LIMIT / 2, orphan.over(ready(()))).await.unwrap();
        assert_eq!(orphan.end(&Ok(in_order())), Some(OrphanEnd::Replaced));
        assert_eq!(orphan.end(&bus_lost()), Some(OrphanEnd::Replaced));
    }

    #[tokio::test(start_paused = true)]
    async fn a_publisher_may_hear_first_that_another_broker_is_there() {
        let mut orphan = orphan();
        assert!(timeout(LIMIT / 2, orphan.over(pending())).await.is_err());
        assert_eq!(orphan.end(&bus_lost()), Some(OrphanEnd::Replaced));
        let told = orphan.end(&Ok(in_order()));
        assert_eq!(told, Some(OrphanEnd::Told), "nobody is there to take leave of");
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_whose_agent_lives_is_no_orphan_whatever_becomes_of_its_bus() {
        let mut collector = Orphan::new(AgentDeath::when(pending()), LIMIT);
        assert!(timeout(HOUR, collector.over(ready(()))).await.is_err());
        assert_eq!(collector.end(&bus_lost()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_ended_for_a_reason_of_its_own_did_not_end_as_an_orphan() {
        let mut orphan = orphan();
        orphan.over(ready(())).await;
        let failed = Err(RunError::AllSourcesFailed { failures: "s: broken".to_owned() });
        assert_eq!(orphan.end(&failed), None);
    }

    #[test]
    fn an_orphan_that_is_not_to_go_on_does_not_speak_of_a_wait() {
        let at_once = OrphanEnd::Alone { waited: Duration::ZERO }.to_string();
        assert_eq!(at_once, "the collector ends with it, as `agent.orphan_limit` is 0");
        let late = OrphanEnd::Alone { waited: LIMIT }.to_string();
        assert_eq!(late, "nobody came within 120s");
    }

    #[test]
    fn the_broker_is_looked_for_longer_than_an_orphan_goes_on() {
        let usual = Reconnect::default().limit;
        for limit in [Duration::ZERO, usual, 10 * usual, Duration::MAX] {
            let plan = reconnect(limit);
            assert!(plan.limit > limit || limit == Duration::MAX, "{limit:?}");
            assert!(plan.limit >= usual && plan.most == LONGEST_PAUSE, "{plan:?}");
        }
    }
}
