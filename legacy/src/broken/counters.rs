//! What happens to the counters before anybody sees them.

use daemoneye_eventbus::{EventBusStatistics, SubscriptionStatistics};
use parking_lot::Mutex;

use super::Fault;

/// Where a counter that is too narrow starts again.
const NARROW_EVENTS: u64 = 1500;

/// The counters told first, for [`Fault::CountsOnceForAll`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    first: Mutex<Option<EventBusStatistics>>,
}

impl Counters {
    /// Damages the counters; `members` is everybody who ever subscribed.
    pub(super) fn damage<'a>(
        &self,
        fault: Fault,
        counted: &mut EventBusStatistics,
        members: impl Iterator<Item = &'a String>,
    ) {
        match fault {
            Fault::CountsTheDeparted => keep(counted, members),
            Fault::CountsOneTooMany => counted.events_published += 1,
            Fault::CountsTwice => double(counted),
            Fault::CountsOnceForAll => {
                *counted = self.first.lock().get_or_insert_with(|| counted.clone()).clone();
            }
            Fault::CountsBackwards => counted.events_published %= NARROW_EVENTS,
            Fault::HidesDrops => {
                counted.events_dropped = 0;
                counted.subscriptions.iter_mut().for_each(|own| own.dropped = 0);
            }
            _ => {}
        }
    }
}

/// Adds a row for each member that has none.
fn keep<'a>(counted: &mut EventBusStatistics, members: impl Iterator<Item = &'a String>) {
    for id in members {
        let rows = &mut counted.subscriptions;
        if rows.iter().all(|row| row.subscriber_id != *id) {
            rows.push(SubscriptionStatistics {
                subscriber_id: id.clone(),
                ..SubscriptionStatistics::default()
            });
            counted.active_subscribers += 1;
        }
    }
}

fn double(counted: &mut EventBusStatistics) {
    counted.events_delivered *= 2;
    for own in &mut counted.subscriptions {
        own.matched += own.delivered;
        own.delivered *= 2;
    }
}
