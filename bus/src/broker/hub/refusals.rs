//! Refusals: all are counted, and told on the audit topic as often as somebody can read (A5).
//!
//! What the broker tells of itself was published by nobody: it is no part of `events_published`.

use std::sync::Arc;

use bytestring::ByteString;
use rustc_hash::FxHashMap;

use super::super::publication::Publication;
use super::{AtFull, Hub};
use crate::clock::{monotonic_ns, unix_ns};
use crate::contract::{BusEvent, CorrelationMetadata, EventId};
use crate::event::{AuditEvent, AuditOutcome, CollectionEvent, EventHeader};
use crate::topic::{AUDIT_TOPIC, Topic};

/// Who tells them: a reserved name.
const BROKER: ByteString = ByteString::from_static("broker");
/// After as many as may be told at once, one is told in so long, nanoseconds.
const ONE_TOLD_PER_NS: u64 = 1_000_000_000;

/// Clients whose refusals are counted each on its own; the others are one origin with strangers.
const MAX_ORIGINS: usize = 1024;

/// Something that was refused.
#[derive(Debug)]
pub(in super::super) struct Refused {
    pub(in super::super) actor: String,
    pub(in super::super) action: &'static str,
    /// With which topic, pattern or name.
    pub(in super::super) resource: String,
    /// Role and rule, in a sentence.
    pub(in super::super) reason: String,
}

/// How often refusals are told, by their origin. It outlives connections: who comes again is no
/// other origin.
#[derive(Debug, Default)]
pub(super) struct Tellings {
    /// Clients that have proved who they are.
    clients: FxHashMap<ByteString, Telling>,
    /// Everybody else together.
    strangers: Telling,
}

impl Tellings {
    /// Of a client with this name, or of a stranger.
    fn of(&mut self, client: Option<&ByteString>) -> &mut Telling {
        let Some(name) = client else { return &mut self.strangers };
        let is_counted = self.clients.contains_key(name) || self.clients.len() < MAX_ORIGINS;
        if is_counted { self.clients.entry(name.clone()).or_default() } else { &mut self.strangers }
    }
}

/// How often refusals of one origin are told.
#[derive(Debug, Default)]
struct Telling {
    /// Told beyond what the passed time has allowed.
    ahead: u64,
    since_ns: u64,
    untold: u64,
}

impl Telling {
    /// Whether one more may be told now; if so, how many were not since the last.
    fn may(&mut self, at_once: u64, now_ns: u64) -> Option<u64> {
        let passed = now_ns.saturating_sub(self.since_ns) / ONE_TOLD_PER_NS;
        if passed > 0 {
            self.ahead = self.ahead.saturating_sub(passed);
            self.since_ns = now_ns;
        }
        if self.ahead >= at_once {
            self.untold += 1;
            return None;
        }
        self.ahead += 1;
        Some(std::mem::take(&mut self.untold))
    }
}

impl Hub {
    /// Counts a refusal and tells it, unless its origin, a client by its name or a stranger, is told of
    /// too often; if told, how many were not since the last.
    pub(in super::super) fn refuse(
        &mut self,
        refused: Refused,
        client: Option<&ByteString>,
    ) -> Option<u64> {
        self.refused += 1;
        let now_ns = monotonic_ns();
        let untold = self.tellings.of(client).may(self.config.audits_at_once, now_ns)?;
        self.audit(refused, untold, now_ns);
        Some(untold)
    }

    fn audit(&mut self, refused: Refused, untold: u64, now_ns: u64) {
        self.audited += 1;
        let Refused { actor, action, resource, mut reason } = refused;
        if untold > 0 {
            reason = format!("{reason} (and {untold} more since the last that was told)");
        }
        let event = CollectionEvent::Audit(AuditEvent {
            header: EventHeader {
                source: BROKER,
                source_sequence: self.audited,
                observed_unix_ns: unix_ns(),
                observed_monotonic_ns: now_ns,
                ..EventHeader::default()
            },
            actor: actor.into(),
            action: ByteString::from_static(action),
            resource: resource.into(),
            outcome: AuditOutcome::Refused,
            reason: Some(reason.into()),
        });
        let id =
            EventId { publisher: BROKER, incarnation: self.incarnation, sequence: self.audited };
        let event = BusEvent {
            correlation: CorrelationMetadata::derived(&id),
            id,
            topic: Topic::new(AUDIT_TOPIC).expect("a registered topic"),
            published_monotonic_ns: now_ns,
            event,
        };
        // Whoever does not keep up with audits loses them: nobody waits for an auditor.
        self.place(&Publication::local(Arc::new(event), true), AtFull::Pass, now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_told_at_once_and_then_one_a_second_with_the_number_of_the_others() {
        let mut telling = Telling::default();
        let start = 5 * ONE_TOLD_PER_NS;
        let told = (0..15).filter(|_| telling.may(10, start).is_some()).count();
        assert_eq!(told, 10);
        assert_eq!(telling.may(10, start + ONE_TOLD_PER_NS - 1), None);
        assert_eq!(telling.may(10, start + ONE_TOLD_PER_NS), Some(6));
        assert_eq!(telling.may(10, start + ONE_TOLD_PER_NS), None);
        let later = start + 100 * ONE_TOLD_PER_NS;
        assert_eq!(telling.may(10, later), Some(1));
        assert_eq!((0..15).filter(|_| telling.may(10, later).is_some()).count(), 9);
    }
}
