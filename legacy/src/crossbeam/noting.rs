//! Notes when a hop of an event ended, where somebody asks for it.

use daemoneye_eventbus::BusEvent;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::hops::{Hop, HopLog, HopStamp};

/// A hop of an event ends now, for all its receivers.
pub(super) fn note(log: Option<&HopLog>, hop: Hop, event: &BusEvent) {
    if let Some(log) = log {
        let (incarnation, sequence) = (event.id.incarnation, event.id.sequence);
        log.note(HopStamp { hop, incarnation, sequence, receiver: 0, at_ns: monotonic_ns() });
    }
}
