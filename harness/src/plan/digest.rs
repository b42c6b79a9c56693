//! A number for everything that must arrive as it was sent (C6), whatever carried it.
//!
//! Computed from the model, not from wire bytes: the wire is on trial.

use std::io::{self, Write};

use daemoneye_eventbus::{BusEvent, CollectionEvent, CorrelationMetadata, Topic};
use xxhash_rust::xxh3::Xxh3;

/// Digest of an event as handed to a bus, stamps included. `None` is a correlation left to the bus.
pub fn digest(
    topic: &Topic,
    event: &CollectionEvent,
    correlation: Option<&CorrelationMetadata>,
) -> u64 {
    let mut hashed = Hashed(Xxh3::new());
    serde_json::to_writer(&mut hashed, &(topic, event, correlation))
        .expect("events are plain data and hashing does not fail");
    hashed.0.digest()
}

/// The same for an event as received: equal if and only if nothing changed on the way.
pub fn digest_received(received: &BusEvent) -> u64 {
    let correlation = (!is_fresh(received)).then_some(&received.correlation);
    digest(&received.topic, &received.event, correlation)
}

/// Digest of a correlation id alone, to find fresh ones that are not unique (C8).
pub fn digest_correlation_id(correlation: &CorrelationMetadata) -> u64 {
    xxhash_rust::xxh3::xxh3_64(correlation.id.to_byte_string().as_bytes())
}

/// Whether the bus made the correlation, because the publisher gave none.
fn is_fresh(received: &BusEvent) -> bool {
    received.correlation == CorrelationMetadata::derived(&received.id)
}

struct Hashed(Xxh3);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventId, ProcessEvent};

    use super::*;

    fn topic() -> Topic {
        Topic::new("events.process.lifecycle").expect("valid")
    }

    fn received(correlation: CorrelationMetadata) -> BusEvent {
        BusEvent {
            id: EventId { publisher: "p".into(), incarnation: 7, sequence: 1 },
            topic: topic(),
            published_monotonic_ns: 1,
            correlation,
            event: CollectionEvent::Process(ProcessEvent { pid: 3, ..ProcessEvent::default() }),
        }
    }

    #[test]
    fn a_fresh_correlation_counts_as_none_and_a_given_one_does_not() {
        let id = EventId { publisher: "p".into(), incarnation: 7, sequence: 1 };
        let fresh = received(CorrelationMetadata::derived(&id));
        let sent = digest(&topic(), &fresh.event, None);
        assert_eq!(digest_received(&fresh), sent);
        assert_ne!(digest_received(&received("scan-7".into())), sent);
    }

    #[test]
    fn every_part_of_an_event_changes_its_digest() {
        let sent = received("scan-7".into());
        let before = digest_received(&sent);
        let mut changed = vec![sent.clone(), sent.clone(), sent.clone(), sent.clone()];
        changed[0].topic = Topic::new("events.process.tree").expect("valid");
        changed[1].event.header_mut().observed_monotonic_ns += 1;
        changed[2].correlation.sequence += 1;
        changed[3].event.header_mut().metadata.push(("a".into(), "b".into()));
        for event in changed {
            assert_ne!(digest_received(&event), before, "{event:?}");
        }
    }
}
