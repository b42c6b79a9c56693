//! Publishes that were accepted and not passed on yet, and ends of subscriptions that are due.

use bytestring::ByteString;
use daemoneye_eventbus::{CollectionEvent, CorrelationMetadata, Topic};
use parking_lot::Mutex;

use super::Fault;

/// One event in so many of a source is held back by [`Fault::AcceptsEarly`].
const HELD_ONE_IN: u64 = 20;
/// After so many publishes [`Fault::UnsubscribesLate`] does what it said: more than any thread is kept
/// from running for between the end it speaks of and the stamp of that end.
const LATE_BY_PUBLISHES: u64 = 1_000;

/// One call of `publish_to`.
pub(super) struct Call {
    pub(super) topic: Topic,
    pub(super) event: CollectionEvent,
    pub(super) correlation: Option<CorrelationMetadata>,
}

impl Call {
    fn source(&self) -> &ByteString {
        &self.event.header().source
    }

    /// The publisher's own number.
    pub(super) fn number(&self) -> u64 {
        self.event.header().source_sequence
    }
}

/// What waits for a later publish.
#[derive(Default)]
pub(super) struct Holding {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    publishes: u64,
    /// At most one of each source.
    held: Vec<Call>,
    /// Ids, each with the publish it is ended at.
    ending: Vec<(u64, String)>,
}

impl Holding {
    /// Takes in one publish; returns what is to be passed on now, in order.
    pub(super) fn take_in(&self, fault: Fault, call: Call) -> Vec<Call> {
        let mut state = self.state.lock();
        state.publishes += 1;
        let known = state.held.iter().position(|held| held.source() == call.source());
        let held = known.map(|known| state.held.swap_remove(known));
        if fault == Fault::AcceptsEarly
            && held.is_none()
            && call.number().is_multiple_of(HELD_ONE_IN)
        {
            state.held.push(call);
            return Vec::new();
        }
        held.into_iter().chain([call]).collect()
    }

    /// Puts the end of a subscription off.
    pub(super) fn end_later(&self, subscriber_id: &str) {
        let mut state = self.state.lock();
        let due = state.publishes + LATE_BY_PUBLISHES;
        state.ending.push((due, subscriber_id.to_owned()));
    }

    /// Subscriptions to be ended now.
    pub(super) fn due(&self) -> Vec<String> {
        let mut state = self.state.lock();
        let publishes = state.publishes;
        let due = state.ending.extract_if(.., |(due, _)| *due <= publishes);
        due.map(|(_, id)| id).collect()
    }

    /// What is held back for good unless it is passed on now.
    pub(super) fn drain(&self) -> Vec<Call> {
        std::mem::take(&mut self.state.lock().held)
    }

    /// Whether anything was published yet.
    pub(super) fn has_seen_publishes(&self) -> bool {
        self.state.lock().publishes > 0
    }
}
