//! The worker: takes messages from the ring in their one order (C5), completes events, and offers
//! each to the subscriptions it is for, without ever waiting (C1–C3, C11). It owns the table of
//! subscriptions and all figures (C12).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytestring::ByteString;
use daemoneye_eventbus::{EventBusStatistics, EventId, SubscribeError, UnsubscribeError};
use tokio::sync::mpsc;

use super::binding::Bindings;
use super::message::Message;
use super::slot::Slot;
use crate::draft::Draft;
use crate::routes::Routes;

/// Name of the publisher of all events of this bus: the agent's own process.
const PUBLISHER: &str = "local";

/// The worker's own state.
pub(super) struct Worker {
    messages: mpsc::Receiver<Message>,
    /// Set once the bus closes.
    closing: Arc<AtomicBool>,
    subscriber_limit: usize,
    slots: Vec<Slot>,
    routes: Routes,
    /// Slots the current event goes to; kept for its memory.
    targets: Vec<usize>,
    bindings: Bindings,
    publisher: ByteString,
    /// This bus's life; a random number.
    incarnation: u64,
    published: u64,
    /// Figures of subscriptions that have ended.
    past: Past,
}

#[derive(Default)]
struct Past {
    delivered: u64,
    dropped: u64,
}

impl Worker {
    pub(super) fn new(
        messages: mpsc::Receiver<Message>,
        closing: Arc<AtomicBool>,
        subscriber_limit: usize,
    ) -> Self {
        Self {
            messages,
            closing,
            subscriber_limit,
            slots: Vec::new(),
            routes: Routes::default(),
            targets: Vec::new(),
            bindings: Bindings::default(),
            publisher: ByteString::from_static(PUBLISHER),
            incarnation: uuid::Uuid::new_v4().as_u64_pair().0,
            published: 0,
            past: Past::default(),
        }
    }

    /// Shares events out until the bus was closed or dropped and the ring is empty. Returns the last
    /// figures.
    pub(super) fn run(mut self) -> EventBusStatistics {
        while let Some(message) = self.messages.blocking_recv() {
            self.handle(message);
            if self.is_closing() {
                // What is in the ring still comes; nothing more gets in.
                self.messages.close();
            }
        }
        for slot in self.slots.drain(..) {
            slot.end();
            self.past.add(&slot);
        }
        self.figures()
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    fn handle(&mut self, message: Message) {
        // A caller that no longer listens does not matter: its receiver is dropped with its call,
        // and found gone.
        match message {
            Message::Event(draft) => self.share(*draft),
            Message::Subscribe { slot, reply } => {
                let _ = reply.send(self.subscribe(*slot));
            }
            Message::Unsubscribe { id, reply } => {
                let _ = reply.send(self.unsubscribe(id));
            }
            Message::Statistics { reply } => {
                self.remove_gone();
                let _ = reply.send(self.figures());
            }
            Message::Nudge => {}
        }
    }

    fn share(&mut self, draft: Draft) {
        self.published += 1;
        let mut event = draft.numbered(EventId {
            publisher: self.publisher.clone(),
            incarnation: self.incarnation,
            sequence: self.published,
        });
        self.bindings.complete(&mut event);
        let event = Arc::new(event);
        let mut targets = std::mem::take(&mut self.targets);
        self.routes.find(&event.topic, self.slots.iter().map(Slot::matcher), &mut targets);
        let mut is_somebody_gone = false;
        for place in targets.drain(..) {
            is_somebody_gone |= !self.slots[place].offer(&event);
        }
        self.targets = targets;
        if is_somebody_gone {
            self.remove_gone();
        }
    }

    fn subscribe(&mut self, slot: Slot) -> Result<(), SubscribeError> {
        if self.is_closing() {
            return Err(SubscribeError::Closed);
        }
        self.remove_gone();
        if self.slots.iter().any(|own| own.id == slot.id) {
            return Err(SubscribeError::DuplicateId { id: slot.id });
        }
        let limit = self.subscriber_limit;
        if self.slots.len() >= limit {
            return Err(SubscribeError::LimitReached { limit });
        }
        self.slots.push(slot);
        self.routes.forget();
        Ok(())
    }

    fn unsubscribe(&mut self, id: String) -> Result<(), UnsubscribeError> {
        if self.is_closing() {
            return Err(UnsubscribeError::Closed);
        }
        self.remove_gone();
        let Some(place) = self.slots.iter().position(|slot| slot.id == id) else {
            return Err(UnsubscribeError::Unknown { id });
        };
        let slot = self.slots.remove(place);
        self.routes.forget();
        slot.end();
        self.past.add(&slot);
        Ok(())
    }

    /// Removes subscriptions whose receiver was dropped (C10).
    fn remove_gone(&mut self) {
        let before = self.slots.len();
        let past = &mut self.past;
        self.slots.retain(|slot| {
            let is_gone = slot.is_gone();
            if is_gone {
                past.add(slot);
            }
            !is_gone
        });
        if self.slots.len() != before {
            self.routes.forget();
        }
    }

    /// The figures, but for the time.
    fn figures(&self) -> EventBusStatistics {
        let mut subscriptions: Vec<_> = self.slots.iter().map(Slot::statistics).collect();
        let delivered: u64 = subscriptions.iter().map(|own| own.delivered).sum();
        let dropped: u64 = subscriptions.iter().map(|own| own.dropped).sum();
        subscriptions.sort_by(|a, b| a.subscriber_id.cmp(&b.subscriber_id));
        EventBusStatistics {
            events_published: self.published,
            events_delivered: self.past.delivered + delivered,
            events_dropped: self.past.dropped + dropped,
            active_subscribers: subscriptions.len(),
            subscriptions,
            ..EventBusStatistics::default()
        }
    }
}

impl Past {
    fn add(&mut self, slot: &Slot) {
        let own = slot.statistics();
        self.delivered += own.delivered;
        self.dropped += own.dropped;
    }
}
