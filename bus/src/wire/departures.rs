//! Which events left with a write, for a log of hops: found in the frames themselves, so that nothing
//! is kept for them while they wait.

use super::EventEnvelope;
use super::frame::{Inbound, Scanner, parse_delivery};
use crate::clock::monotonic_ns;
use crate::hops::{Hop, HopLog, HopStamp};

/// What leaves over one connection. Without a log it does nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Departures(Option<Noting>);

#[derive(Debug, Clone)]
struct Noting {
    log: HopLog,
    /// The hop that ends with a write.
    hop: Hop,
    receiver: u64,
}

impl Departures {
    /// For a log, if there is one; `receiver` is who reads at the other end, 0 where it is a broker.
    pub(crate) fn of(log: Option<&HopLog>, hop: Hop, receiver: u64) -> Self {
        Self(log.map(|log| Noting { log: log.clone(), hop, receiver }))
    }

    /// The moment a write begins, for [`wrote`](Self::wrote); 0 where nobody asks for it.
    pub(crate) fn begin(&self) -> u64 {
        self.0.as_ref().map_or(0, |_| monotonic_ns())
    }

    /// A write that began then took `bytes` of whole `frames`, of which `before` were gone already.
    pub(crate) fn wrote(&self, began_ns: u64, frames: &[u8], before: usize, bytes: usize) {
        if let Some(noting) = &self.0 {
            noting.wrote(began_ns, frames, before, before + bytes);
        }
    }
}

impl Noting {
    fn wrote(&self, at_ns: u64, frames: &[u8], before: usize, after: usize) {
        let Self { log, hop, receiver } = self;
        let scanner = Scanner::new(usize::MAX);
        let mut targets = Vec::new();
        let mut at = 0;
        while let Ok(Some((frame, used))) = scanner.next(&frames[at..]) {
            at += used;
            if at > after {
                return;
            }
            let event = match frame {
                _ if at <= before => continue,
                Inbound::Publish(event) => Ok(event),
                Inbound::Deliver(delivery) => parse_delivery(delivery, &mut targets),
                Inbound::Control(_) => continue,
            };
            if let Ok(EventEnvelope { incarnation, sequence, .. }) =
                event.and_then(EventEnvelope::parse)
            {
                log.note(HopStamp { hop: *hop, incarnation, sequence, receiver: *receiver, at_ns });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::contract::{Confirmation, EventId};
    use crate::event::{CollectionEvent, ProcessEvent};
    use crate::topic::Topic;
    use crate::wire::{encode_control, encode_publish, proto};

    /// A ping, then publishes of these numbers, and where each of them ends.
    fn frames(sequences: &[u64]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Vec::new();
        encode_control(&mut bytes, proto::frame::Body::Ping(proto::Ping {}));
        let topic = Topic::new("events.process.lifecycle").expect("a topic");
        let event = CollectionEvent::Process(ProcessEvent::default());
        let ends = sequences.iter().map(|sequence| {
            let id = EventId { publisher: "p".into(), incarnation: 7, sequence: *sequence };
            let fire = Confirmation::Fire;
            encode_publish(&mut bytes, &id, &topic, 1, &event, None, fire);
            bytes.len()
        });
        let ends = ends.collect();
        (bytes, ends)
    }

    #[test]
    fn an_event_leaves_with_the_write_that_takes_its_last_byte() {
        let log = HopLog::new(NonZeroU64::MIN, 100);
        let departures = Departures::of(Some(&log), Hop::SendQueue, 3);
        let (bytes, ends) = frames(&[1, 2, 3]);
        departures.wrote(10, &bytes, 0, ends[0] + 1);
        departures.wrote(20, &bytes, ends[0] + 1, ends[1] - ends[0] - 2);
        departures.wrote(30, &bytes, ends[1] - 1, bytes.len() - ends[1] + 1);
        let noted: Vec<_> =
            log.take().stamps.iter().map(|stamp| (stamp.sequence, stamp.at_ns)).collect();
        assert_eq!(noted, [(1, 10), (2, 30), (3, 30)]);
    }

    #[test]
    fn deliveries_are_known_by_the_event_within() {
        let log = HopLog::new(NonZeroU64::MIN, 100);
        let (publish, _) = frames(&[5]);
        let ping = Scanner::new(usize::MAX).next(&publish).expect("whole").expect("there").1;
        let Some((Inbound::Publish(event), _)) =
            Scanner::new(usize::MAX).next(&publish[ping..]).expect("whole")
        else {
            panic!("a publish follows the ping");
        };
        let mut bytes = Vec::new();
        crate::wire::encode_delivery(&mut bytes, &[(1, 1), (2, 9)], event);
        let all = bytes.len();
        Departures::of(Some(&log), Hop::BrokerQueue, 3).wrote(10, &bytes, 0, all);
        let (hop, receiver) = (Hop::BrokerQueue, 3);
        let stamp = HopStamp { hop, incarnation: 7, sequence: 5, receiver, at_ns: 10 };
        assert_eq!(log.take().stamps, [stamp], "once, however many subscriptions it is for");
    }

    #[test]
    fn nobody_asks_so_no_clock_is_read() {
        let departures = Departures::default();
        assert_eq!(departures.begin(), 0);
        departures.wrote(0, &[1, 2, 3], 0, 3);
    }
}
