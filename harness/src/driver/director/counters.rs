//! The bus's own counters: read now, or once they rest.

use std::time::Duration;

use daemoneye_eventbus::EventBusStatistics;
use tokio::time::Instant;

use super::Director;
use crate::driver::actor::assignment::Part;
use crate::driver::actor::protocol::{Notice, Order};
use crate::driver::error::DriveError;

/// Counters are told within this time.
const STATISTICS_LIMIT: Duration = Duration::from_secs(15);
/// After the last fences, what a broker holds back is handed over, and counted, within this time.
const QUIESCENCE_LIMIT: Duration = Duration::from_secs(10);
/// Between two readings of the counters while they still move.
const QUIESCENCE_POLL: Duration = Duration::from_millis(2);

impl Director<'_> {
    /// The bus's counters when they rest: two readings in a row agree, and nothing is held back for
    /// anybody who reads. After the limit, as they are: the checks say what is wrong with them.
    pub(in crate::driver) async fn statistics_at_rest(
        &mut self,
    ) -> Result<Option<EventBusStatistics>, DriveError> {
        let until = Instant::now() + QUIESCENCE_LIMIT;
        let mut before = None;
        loop {
            let Some(now) = self.statistics().await? else { return Ok(None) };
            let is_at_rest = !self.holds_back(&now)
                && before.as_ref().is_some_and(|before| counts_agree(before, &now));
            if is_at_rest || Instant::now() >= until {
                return Ok(Some(now));
            }
            before = Some(now);
            self.idle(QUIESCENCE_POLL).await?;
        }
    }

    /// The bus's counters now; `None` with a doubt when the bus does not tell.
    pub(in crate::driver) async fn statistics(
        &mut self,
    ) -> Result<Option<EventBusStatistics>, DriveError> {
        // A broker of others has none of ours.
        if self.void || self.bus.is_peer() {
            return Ok(None);
        }
        self.session.tell(Part::Bus, &Order::Statistics).await?;
        let until = Instant::now() + STATISTICS_LIMIT;
        loop {
            let (_, notice) = self.session.hear("counters", STATISTICS_LIMIT, until).await?;
            match notice {
                Notice::Counters { statistics, why } => {
                    if statistics.is_none() && !self.attendance.is_shut_down() {
                        self.journal.doubt(format!("no counters: {why}"));
                    }
                    return Ok(statistics);
                }
                other => self.note_meanwhile(other),
            }
        }
    }

    /// Whether something is queued for a subscription that is being read.
    fn holds_back(&self, statistics: &EventBusStatistics) -> bool {
        let subscribers = self.case.topology.subscribers.iter().enumerate();
        let stalled: Vec<&str> = subscribers
            .filter(|(index, _)| !self.attendance.reads(*index))
            .map(|(_, spec)| spec.subscription.subscriber_id.as_str())
            .collect();
        let mut rows = statistics.subscriptions.iter();
        rows.any(|row| row.queued > 0 && !stalled.contains(&row.subscriber_id.as_str()))
    }
}

/// Whether two readings differ in nothing but their time.
fn counts_agree(one: &EventBusStatistics, other: &EventBusStatistics) -> bool {
    let EventBusStatistics {
        events_published,
        events_delivered,
        events_dropped,
        refused,
        active_subscribers,
        uptime: _,
        subscriptions,
    } = one;
    *events_published == other.events_published
        && *events_delivered == other.events_delivered
        && *events_dropped == other.events_dropped
        && *refused == other.refused
        && *active_subscribers == other.active_subscribers
        && *subscriptions == other.subscriptions
}
