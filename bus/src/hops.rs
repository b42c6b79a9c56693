//! When each hop of an event ended, noted for whoever asks where its time goes.
//!
//! A [`HopLog`] is off unless it is given to a broker, a client or both. Nothing of it travels: events are
//! known by what is on the wire anyway, and stamps are `CLOCK_MONOTONIC`, so that those of several
//! processes of one host can be joined afterwards.

use std::num::NonZeroU64;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// One part of an event's way, named by what it is spent on. A stamp says when it ended, which is when
/// the next one began; the first begins with the call of `publish`.
///
/// A write ends a hop when it begins: whoever is at the other end may have read before it returns. One
/// that waits for room in the socket began when it first asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// In the publisher, until the bytes are ready.
    Encode,
    /// In the publisher, until the write that took its last byte; of a bus in one process, until it is
    /// put into the queue to the routing thread.
    SendQueue,
    /// Through the socket, until the broker had read it; of a bus in one process, until the routing
    /// thread had taken it.
    BrokerWake,
    /// Until it is about to be handed to the first of those it goes to; waits for room included.
    Route,
    /// In the broker, until the write to its receiver that took its last byte.
    BrokerQueue,
    /// Through the socket, until its receiver had read it; of a receiver in the broker's process, until
    /// it was received.
    SubscriberWake,
    /// In its receiver, until it was received. No bus stamps it: who receives knows.
    Decode,
}

impl Hop {
    /// Every hop, in the order an event takes them.
    pub const ALL: [Self; 7] = [
        Self::Encode,
        Self::SendQueue,
        Self::BrokerWake,
        Self::Route,
        Self::BrokerQueue,
        Self::SubscriberWake,
        Self::Decode,
    ];
}

/// When a hop of an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopStamp {
    /// Which.
    pub hop: Hop,
    /// The life of the event's publisher.
    pub incarnation: u64,
    /// The event's number in it.
    pub sequence: u64,
    /// The life of the client it went to; 0 for a hop that all its receivers share.
    pub receiver: u64,
    /// The end: `CLOCK_MONOTONIC`, nanoseconds.
    pub at_ns: u64,
}

/// What a log has taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hops {
    /// In the order they were noted.
    pub stamps: Vec<HopStamp>,
    /// Stamps there was no room for.
    pub left_out: u64,
}

/// A bounded log of stamps of every so many events. Cheap to clone; all clones are the same log, and two
/// logs are equal if they are the same.
///
/// Its memory is taken when it is made: to note is one lock, and no allocation.
///
/// ```
/// use std::num::NonZeroU64;
///
/// use daemoneye_eventbus::hops::HopLog;
/// use daemoneye_eventbus::{BrokerConfig, DaemoneyeBroker};
///
/// let log = HopLog::new(NonZeroU64::MIN.saturating_add(6), 1 << 16);
/// assert!(log.samples(14) && !log.samples(15));
/// let broker = DaemoneyeBroker::new(BrokerConfig::default().with_hops(log.clone()));
/// # drop(broker);
/// assert_eq!(log.take().stamps, []);
/// ```
#[derive(Debug, Clone)]
pub struct HopLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    every: NonZeroU64,
    limit_stamps: usize,
    /// Shared by the threads of a process that see events pass; held for one append.
    hops: Mutex<Hops>,
}

impl HopLog {
    /// A log of at most so many stamps (40 bytes each), of the events whose number is a multiple of
    /// `every`. What finds it full is counted and left out.
    pub fn new(every: NonZeroU64, limit_stamps: usize) -> Self {
        let hops = Hops { stamps: Vec::with_capacity(limit_stamps), left_out: 0 };
        Self { shared: Arc::new(Shared { every, limit_stamps, hops: Mutex::new(hops) }) }
    }

    /// Whether the event of this number is one of those it is about.
    pub fn samples(&self, sequence: u64) -> bool {
        sequence.is_multiple_of(self.shared.every.get())
    }

    /// Notes a stamp, if it is of an event that is sampled and there is room.
    pub fn note(&self, stamp: HopStamp) {
        if !self.samples(stamp.sequence) {
            return;
        }
        let mut hops = self.shared.hops.lock();
        if hops.stamps.len() < self.shared.limit_stamps {
            hops.stamps.push(stamp);
        } else {
            hops.left_out += 1;
        }
    }

    /// Takes out what was noted. From then on it has no memory set aside: for the end.
    pub fn take(&self) -> Hops {
        std::mem::take(&mut *self.shared.hops.lock())
    }
}

impl PartialEq for HopLog {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for HopLog {}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(sequence: u64) -> HopStamp {
        HopStamp { hop: Hop::Encode, incarnation: 7, sequence, receiver: 0, at_ns: sequence }
    }

    fn log(every: u64, limit_stamps: usize) -> HopLog {
        HopLog::new(NonZeroU64::new(every).expect("not zero"), limit_stamps)
    }

    #[test]
    fn one_event_of_so_many_is_noted() {
        let log = log(3, 100);
        (1..=10).for_each(|sequence| log.note(stamp(sequence)));
        let Hops { stamps, left_out } = log.take();
        assert_eq!(stamps, [stamp(3), stamp(6), stamp(9)]);
        assert_eq!(left_out, 0);
    }

    #[test]
    fn what_finds_it_full_is_counted_and_costs_no_memory() {
        let log = log(1, 4);
        (1..=10).for_each(|sequence| log.note(stamp(sequence)));
        let Hops { stamps, left_out } = log.take();
        assert_eq!((stamps.len(), left_out), (4, 6));
        assert!(stamps.capacity() < 8, "{}", stamps.capacity());
    }

    #[test]
    fn clones_are_one_log() {
        let (one, other) = (log(1, 4), log(1, 4));
        one.clone().note(stamp(1));
        assert_eq!(one, one.clone());
        assert_ne!(one, other);
        assert_eq!((one.take().stamps.len(), other.take().stamps.len()), (1, 0));
    }
}
