//! What an instrument notes of one subscribe, one publish and its arrival, where all are on time: it
//! follows from their place in the history.

use crate::plan::Operation;
use crate::record::{Operated, Outcome, Published, Received};

/// Time between two events, ns.
pub(super) const STEP_NS: u64 = 1000;

/// A subscribe before the first phase.
pub(super) fn subscribed(subscriber: usize) -> Operated {
    Operated {
        operation: Operation::Subscribe(subscriber),
        phase: u32::MAX,
        call_ns: 1,
        return_ns: 2,
        outcome: "ok".to_owned(),
        expect: "ok".to_owned(),
    }
}

/// The publish with this number at this place among all, fences included; in the first phase.
pub(super) fn published(sequence: u64, place: u64) -> Published {
    Published {
        sequence,
        phase: 0,
        call_ns: place * STEP_NS,
        return_ns: place * STEP_NS + 100,
        outcome: Outcome::Ok,
        digest: digest(place),
    }
}

/// Its arrival at a subscriber that has received all before it.
pub(super) fn received(sequence: u64, place: u64) -> Received {
    Received {
        publisher: 0,
        subscription: 0,
        sequence,
        receive_ns: place * STEP_NS + 50,
        position: place,
        digest: digest(place),
        correlation: place,
        is_root: true,
    }
}

/// Any number will do that is not 0 and not another event's.
fn digest(place: u64) -> u64 {
    place << 8 | 0x2d
}
