//! What the plan says about an event, as far as the oracle needs to know. No bus has a say in it.

use bytestring::ByteString;
use daemoneye_eventbus::{CorrelationMetadata, EventKind, Priority};

/// The plan's answer to "what is event n of this publisher?".
pub trait Planned {
    /// The event with this running number as planned, fences (`FENCE` bit set) included.
    ///
    /// `None` for an ordinary event that was published makes the history broken. `None` for a
    /// fence means that nothing is known about its lane: it then settles and proves nothing.
    /// Fences that differ in topic or filters have different numbers; one sent again keeps its own.
    fn attributes(&self, publisher: usize, sequence: u64) -> Option<PlannedAttributes>;

    /// Whether this subscriber's log holds fences that came on a companion subscription of its own.
    ///
    /// It then mixes two receivers: such a fence may arrive twice, with a position of the
    /// companion's and in no fixed order with the rest, hence proves no order by itself. A driver
    /// that keeps a companion's arrivals out of the log says no, even where there is a companion:
    /// the fences in the log then came by the subscription itself and are judged like any event.
    fn has_companion(&self, subscriber: usize) -> bool {
        let _ = subscriber;
        false
    }
}

/// Everything a topic, event or correlation filter can ask about an event (M1–M5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAttributes {
    /// Topic it is published on.
    pub topic: ByteString,
    /// Its kind.
    pub kind: EventKind,
    /// The process it is about.
    pub pid: Option<u32>,
    /// Its priority; none counts as normal.
    pub priority: Option<Priority>,
    /// The collector that made it.
    pub source: ByteString,
    /// Its metadata, keys unique.
    pub metadata: Vec<(ByteString, ByteString)>,
    /// The correlation handed to the bus; `None` where the bus makes a fresh root (C8).
    pub correlation: Option<CorrelationMetadata>,
}
