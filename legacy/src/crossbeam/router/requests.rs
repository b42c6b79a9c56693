//! How the routing thread answers its callers: subscribe, unsubscribe, statistics, shutdown
//! (C9, C10, C12, C13).

use daemoneye_eventbus::{SubscribeError, UnsubscribeError};

use super::Router;
use crate::crossbeam::control::{Closing, Control, Report};
use crate::crossbeam::slot::Slot;

impl Router {
    /// Answers every request that is there. A caller that no longer listens does not matter:
    /// its receiver is dropped with its call, and found gone.
    pub(super) fn serve(&mut self) {
        while let Ok(request) = self.requests.try_recv() {
            self.end_gone();
            match request {
                Control::Subscribe { slot, reply } => {
                    let _ = reply.send(self.subscribe(*slot));
                }
                Control::Unsubscribe { id, reply } => {
                    let _ = reply.send(self.unsubscribe(id));
                }
                Control::Statistics { reply } => {
                    let _ = reply.send(self.report());
                }
                Control::Shutdown(closing) => self.close(closing),
            }
        }
    }

    fn subscribe(&mut self, slot: Slot) -> Result<(), SubscribeError> {
        if self.closing.is_some() {
            return Err(SubscribeError::Closed);
        }
        if self.active().any(|own| own.id == slot.id) {
            return Err(SubscribeError::DuplicateId { id: slot.id.clone() });
        }
        let limit = self.orders.subscriber_limit;
        if self.active().count() >= limit {
            return Err(SubscribeError::LimitReached { limit });
        }
        self.slots.push(slot);
        self.routes.forget();
        Ok(())
    }

    fn unsubscribe(&mut self, id: String) -> Result<(), UnsubscribeError> {
        if self.closing.is_some() {
            return Err(UnsubscribeError::Closed);
        }
        match self.slots.iter_mut().find(|slot| !slot.has_ended() && slot.id == id) {
            Some(slot) => {
                slot.end();
                self.routes.forget();
                Ok(())
            }
            None => Err(UnsubscribeError::Unknown { id }),
        }
    }

    fn close(&mut self, closing: Closing) {
        if self.closing.is_some() {
            self.also_closing.push(closing.reply);
        } else {
            self.closing = Some(closing);
        }
    }

    /// The figures as of the event before this one.
    pub(super) fn report(&self) -> Report {
        Report {
            delivered: self.delivered,
            dropped: self.dropped,
            active: self.active().count(),
            subscriptions: self.active().map(Slot::statistics).collect(),
        }
    }

    /// Slots that can still receive; the old bus counted dead ones too (V2).
    fn active(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.has_ended())
    }

    /// Ends subscriptions whose receiver was dropped (C10).
    fn end_gone(&mut self) {
        if self.orders.faithful {
            return;
        }
        for slot in self.slots.iter_mut().filter(|slot| !slot.has_ended() && slot.is_gone()) {
            slot.end();
            self.routes.forget();
        }
    }
}
