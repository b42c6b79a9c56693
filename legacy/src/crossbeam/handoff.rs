//! How the routing thread waits for events and for a full `block` subscriber.
//!
//! Both variants of the reference: sleeping in the channel, and spinning with `Backoff`. Whatever
//! it waits for, it still hears requests: unsubscribing a stalled subscriber frees the bus.

use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError};
use crossbeam::select;
use crossbeam::utils::Backoff;
use daemoneye_eventbus::contract::Delivery;

use super::config::HandOff;
use super::control::Message;
use super::gate::Gate;

/// How often a closing routing thread looks whether a publisher gave its ticket back. Such a
/// publisher is between two instructions, so this bounds a preemption, not a wait.
const CLOSING_LOOK: Duration = Duration::from_millis(1);
/// A wait without a deadline is cut into pieces of this length.
const FAR: Duration = Duration::from_hours(1);

/// How one wait for room ended.
pub(super) enum Waited {
    Sent,
    /// The receiver is gone, and the delivery with it.
    Gone,
    /// Somebody asks for something; the delivery comes back.
    Requested(Delivery),
    /// The time is up.
    Expired,
    /// The bus was dropped.
    Orphaned(Delivery),
}

/// How one wait for an event ended.
pub(super) enum Next {
    Message(Message),
    /// Look at requests and tickets.
    Look,
    /// The bus was dropped and its queue is empty.
    Orphaned,
}

/// The receiving ends the routing thread waits at.
pub(super) struct Ears {
    pub(super) central: Receiver<Message>,
    /// Interrupts a wait for room.
    pub(super) interrupt: Receiver<()>,
    pub(super) hand_off: HandOff,
}

impl Ears {
    /// Waits for a message, when there was none at once.
    pub(super) fn next(&self, gate: &Gate, closing: bool) -> Next {
        if closing {
            return match self.central.recv_timeout(CLOSING_LOOK) {
                Ok(message) => Next::Message(message),
                Err(RecvTimeoutError::Timeout) => Next::Look,
                Err(RecvTimeoutError::Disconnected) => Next::Orphaned,
            };
        }
        match self.hand_off {
            HandOff::Blocking => self.sleep(gate),
            HandOff::Spinning => self.spin(gate),
        }
    }

    fn sleep(&self, gate: &Gate) -> Next {
        let next = if gate.fall_idle() {
            self.central.recv().map_or(Next::Orphaned, Next::Message)
        } else {
            Next::Look
        };
        gate.wake_up();
        next
    }

    fn spin(&self, gate: &Gate) -> Next {
        let backoff = Backoff::new();
        loop {
            match self.central.try_recv() {
                Ok(message) => return Next::Message(message),
                Err(TryRecvError::Disconnected) => return Next::Orphaned,
                Err(TryRecvError::Empty) if gate.has_request() => return Next::Look,
                Err(TryRecvError::Empty) => backoff.snooze(),
            }
        }
    }

    /// Waits until a subscriber has room, or something else ends the wait.
    pub(super) fn wait_for_room(
        &self,
        gate: &Gate,
        subscriber: &Sender<Delivery>,
        delivery: Delivery,
        until: Option<Instant>,
    ) -> Waited {
        if gate.has_request() {
            return Waited::Requested(delivery);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Waited::Expired;
        }
        match self.hand_off {
            HandOff::Blocking => self.sleep_for_room(subscriber, delivery, until),
            HandOff::Spinning => self.spin_for_room(gate, subscriber, delivery, until),
        }
    }

    fn sleep_for_room(
        &self,
        subscriber: &Sender<Delivery>,
        delivery: Delivery,
        until: Option<Instant>,
    ) -> Waited {
        let limit = until.map_or(FAR, |until| until.saturating_duration_since(Instant::now()));
        select! {
            send(subscriber, delivery.clone()) -> sent => match sent {
                Ok(()) => Waited::Sent,
                Err(_) => Waited::Gone,
            },
            recv(self.interrupt) -> heard => match heard {
                Ok(()) => Waited::Requested(delivery),
                Err(_) => Waited::Orphaned(delivery),
            },
            default(limit) => Waited::Requested(delivery),
        }
    }

    fn spin_for_room(
        &self,
        gate: &Gate,
        subscriber: &Sender<Delivery>,
        mut delivery: Delivery,
        until: Option<Instant>,
    ) -> Waited {
        let backoff = Backoff::new();
        loop {
            delivery = match subscriber.try_send(delivery) {
                Ok(()) => return Waited::Sent,
                Err(TrySendError::Disconnected(_)) => return Waited::Gone,
                Err(TrySendError::Full(delivery)) => delivery,
            };
            if gate.has_request() {
                return Waited::Requested(delivery);
            }
            if self.interrupt.try_recv() == Err(TryRecvError::Disconnected) {
                return Waited::Orphaned(delivery);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Waited::Expired;
            }
            backoff.snooze();
        }
    }
}
