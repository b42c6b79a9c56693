//! Which events somebody has received already, and since when.

use std::collections::HashMap;
use std::time::Duration;

use daemoneye_eventbus::EventId;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::Delivery;
use parking_lot::Mutex;

/// Between an event being handed out and whoever got it having noted that, and between a call of
/// `publish` and the bus's stamp: generous, so that whoever compares their own notes agrees.
const NOTED_WITHIN: Duration = Duration::from_micros(200);

/// When events were first handed out, for [`super::Fault::ShowsEffectsFirst`]. Never forgets.
#[derive(Debug, Default)]
pub(super) struct Seen {
    first_ns: Mutex<HashMap<EventId, u64>>,
}

impl Seen {
    /// Notes that an event is handed out.
    pub(super) fn note(&self, delivery: &Delivery) {
        let now_ns = monotonic_ns();
        self.first_ns.lock().entry(delivery.event.id.clone()).or_insert(now_ns);
    }

    /// Whether an event was surely received before another was published.
    pub(super) fn is_cause(&self, cause: &Delivery, effect: &Delivery) -> bool {
        let published_ns = u128::from(effect.event.published_monotonic_ns);
        let first_ns = self.first_ns.lock().get(&cause.event.id).copied();
        first_ns
            .is_some_and(|first_ns| u128::from(first_ns) + NOTED_WITHIN.as_nanos() < published_ns)
    }
}
