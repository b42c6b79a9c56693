//! What lies in the ring: an event, and whom it is for.

use std::sync::Arc;

use daemoneye_eventbus::BusEvent;
use daemoneye_eventbus::contract::Delivery;

use super::standing::Standing;

/// An event in its place.
pub(super) struct Published {
    pub(super) event: Arc<BusEvent>,
    /// The subscriptions it matches, in order of their keys.
    pub(super) addresses: Vec<Address>,
}

/// One of those an event is for.
pub(super) struct Address {
    /// The subscription's key.
    pub(super) key: u64,
    /// The event's number among those that matched it, from 1.
    pub(super) position: u64,
    pub(super) standing: Arc<Standing>,
}

impl Published {
    /// The event as it goes to the subscription with this key, if it does.
    pub(super) fn delivery_to(&self, key: u64) -> Option<Delivery> {
        let place = self.addresses.binary_search_by_key(&key, |address| address.key).ok()?;
        let position = self.addresses[place].position;
        Some(Delivery { event: Arc::clone(&self.event), position })
    }

    /// It leaves the ring: whoever has not received it has lost it.
    pub(super) fn push_out(&self) {
        for address in &self.addresses {
            address.standing.push_out(address.position);
        }
    }

    /// Whether somebody has not received it whom publishers wait for.
    pub(super) fn is_held(&self) -> bool {
        let holds = |address: &Address| {
            address.standing.holds() && !address.standing.is_settled(address.position)
        };
        self.addresses.iter().any(holds)
    }

    /// Wakes those it is for.
    pub(super) fn wake(&self) {
        for address in &self.addresses {
            address.standing.wake();
        }
    }
}
