//! The routing thread: takes events from the central queue in their one order (C5) and offers each
//! to the subscriptions it is for (C1–C3, C11). It owns the table of subscriptions and all figures
//! (C12); callers send it requests.

mod requests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::TryRecvError;
use daemoneye_eventbus::contract::Delivery;
use daemoneye_eventbus::hops::{Hop, HopLog};
use daemoneye_eventbus::{BusEvent, ShutdownError};
use tokio::sync::{mpsc, oneshot};

use super::config::Sharing;
use super::control::{Closing, Control, Message, Report};
use super::gate::Gate;
use super::handoff::{Ears, Next, Waited};
use super::noting::note;
use super::slot::{Offer, Slot};
use crate::routes::Routes;

/// Events between two announcements of room: rare enough to cost nothing, often enough that a
/// waiting publisher refills the queue long before it is empty.
const ROOM_BATCH_EVENTS: usize = 32;

/// What the routing thread is told once.
pub(super) struct Orders {
    pub(super) sharing: Sharing,
    pub(super) subscriber_limit: usize,
    pub(super) faithful: bool,
    /// Longest wait for one full subscriber when faithful (V5).
    pub(super) hand_off_limit: Duration,
    pub(super) hops: Option<HopLog>,
}

/// The routing thread's own state.
pub(super) struct Router {
    gate: Arc<Gate>,
    ears: Ears,
    requests: mpsc::Receiver<Control>,
    orders: Orders,
    slots: Vec<Slot>,
    routes: Routes,
    /// Slots the current event goes to; kept for its memory.
    targets: Vec<usize>,
    /// Deliveries of the current event that found no room and must wait; likewise.
    waiting: Vec<(usize, Delivery)>,
    delivered: u64,
    dropped: u64,
    /// Events taken from the central queue.
    received: u64,
    /// Places that became free since the last announcement.
    freed: usize,
    closing: Option<Closing>,
    /// Further orders to end, answered with the first.
    also_closing: Vec<oneshot::Sender<Result<(), ShutdownError>>>,
    /// Accepted events lost because the deadline came first.
    undelivered: u64,
    /// The bus was dropped: nobody can ask for anything, so nothing is waited for.
    orphaned: bool,
}

/// What is left when the routing thread has ended.
pub(super) struct Remains {
    pub(super) report: Report,
    /// Answers to those who ordered the end.
    pub(super) replies: Vec<oneshot::Sender<Result<(), ShutdownError>>>,
    pub(super) result: Result<(), ShutdownError>,
    /// Lines that stay open until the bus is dropped (V4).
    pub(super) kept: Vec<Slot>,
}

impl Router {
    pub(super) fn new(
        gate: Arc<Gate>,
        ears: Ears,
        requests: mpsc::Receiver<Control>,
        orders: Orders,
    ) -> Self {
        Self {
            gate,
            ears,
            requests,
            orders,
            slots: Vec::new(),
            routes: Routes::default(),
            targets: Vec::new(),
            waiting: Vec::new(),
            delivered: 0,
            dropped: 0,
            received: 0,
            freed: 0,
            closing: None,
            also_closing: Vec::new(),
            undelivered: 0,
            orphaned: false,
        }
    }

    /// Routes until the bus is shut down or dropped.
    pub(super) fn run(mut self) -> Remains {
        while !self.is_done() {
            if self.gate.take_request() {
                self.serve();
                self.remove_ended();
                continue;
            }
            match self.next() {
                Next::Message(message) => self.handle(&message),
                Next::Look => {}
                Next::Orphaned => break,
            }
        }
        self.finish()
    }

    fn next(&mut self) -> Next {
        match self.ears.central.try_recv() {
            Ok(message) => Next::Message(message),
            Err(TryRecvError::Disconnected) => Next::Orphaned,
            Err(TryRecvError::Empty) => {
                self.announce_room();
                self.ears.next(&self.gate, self.closing.is_some())
            }
        }
    }

    fn handle(&mut self, message: &Message) {
        self.freed += 1;
        if self.freed >= ROOM_BATCH_EVENTS {
            self.announce_room();
        }
        let Message::Event(event) = message else { return };
        note(self.orders.hops.as_ref(), Hop::BrokerWake, event);
        self.received += 1;
        if self.is_expired() {
            self.discard(event);
        } else {
            self.route(event);
        }
    }

    fn announce_room(&mut self) {
        let freed = std::mem::take(&mut self.freed);
        if freed > 0 {
            self.gate.announce_room(freed);
        }
    }

    /// Offers an event to everybody it is for, then waits for those that must not lose it.
    fn route(&mut self, event: &Arc<BusEvent>) {
        let mut targets = std::mem::take(&mut self.targets);
        self.routes.find(&event.topic, self.slots.iter().map(Slot::matcher), &mut targets);
        note(self.orders.hops.as_ref(), Hop::Route, event);
        for index in targets.drain(..) {
            let slot = &mut self.slots[index];
            let Some(position) = slot.claim(event) else { continue };
            let shared = match self.orders.sharing {
                Sharing::Arc => Arc::clone(event),
                Sharing::Clone => Arc::new(BusEvent::clone(event)),
            };
            match slot.offer(Delivery { event: shared, position }) {
                Offer::Delivered => self.delivered += 1,
                Offer::Dropped => self.dropped += 1,
                Offer::Gone => self.lose_gone(index),
                Offer::Wait(delivery) => self.waiting.push((index, delivery)),
            }
        }
        self.targets = targets;
        if !self.waiting.is_empty() {
            self.wait_for_all();
        }
    }

    fn wait_for_all(&mut self) {
        self.announce_room();
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut is_late = false;
        for (index, delivery) in waiting.drain(..) {
            is_late |= self.wait_for(index, delivery);
        }
        self.undelivered += u64::from(is_late);
        self.waiting = waiting;
        self.remove_ended();
    }

    /// Waits for one subscriber; whether the shutdown's deadline came first. Slots keep their
    /// places meanwhile: ended ones are removed later.
    fn wait_for(&mut self, index: usize, mut delivery: Delivery) -> bool {
        let gives_up = self.orders.faithful.then(|| Instant::now() + self.orders.hand_off_limit);
        loop {
            let Some(sender) = self.slots[index].sender() else {
                self.lose_gone(index);
                return false;
            };
            if self.orphaned {
                self.lose(index, 1);
                return false;
            }
            let until = earlier(gives_up, self.deadline());
            match self.ears.wait_for_room(&self.gate, sender, delivery, until) {
                Waited::Sent => {
                    self.slots[index].count_delivered();
                    self.delivered += 1;
                    return false;
                }
                Waited::Gone => {
                    self.lose_gone(index);
                    return false;
                }
                Waited::Expired => {
                    self.lose(index, 1);
                    return self.is_expired();
                }
                Waited::Orphaned(back) => {
                    delivery = back;
                    self.orphaned = true;
                }
                Waited::Requested(back) => {
                    delivery = back;
                    if self.gate.take_request() {
                        self.serve();
                    }
                }
            }
        }
    }

    /// The event's receiver is gone, or its subscription ended meanwhile: removed now (C10). The
    /// old bus kept it and counted the loss twice (V1, V2).
    fn lose_gone(&mut self, index: usize) {
        if self.orders.faithful {
            return self.lose(index, 2);
        }
        self.lose(index, 1);
        self.slots[index].end();
        self.routes.forget();
    }

    fn lose(&mut self, index: usize, times: u64) {
        self.slots[index].count_dropped(times);
        self.dropped += times;
    }

    /// After the deadline: counts an event as lost by everybody it was for (C13).
    fn discard(&mut self, event: &BusEvent) {
        let mut targets = std::mem::take(&mut self.targets);
        self.routes.find(&event.topic, self.slots.iter().map(Slot::matcher), &mut targets);
        let before = self.dropped;
        for index in targets.drain(..) {
            if self.slots[index].claim(event).is_some() {
                self.lose(index, 1);
            }
        }
        self.undelivered += u64::from(self.dropped > before);
        self.targets = targets;
    }

    fn remove_ended(&mut self) {
        let before = self.slots.len();
        self.slots.retain(|slot| !slot.has_ended());
        if self.slots.len() != before {
            self.routes.forget();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.closing.as_ref().and_then(|closing| closing.deadline)
    }

    fn is_expired(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Whether every ticket's event arrived or was given back. The old bus did not look (V3).
    fn is_done(&self) -> bool {
        if self.closing.is_none() {
            return false;
        }
        let accounted_for = self.received + self.gate.returned();
        self.orders.faithful
            || self.gate.tickets_at_end().is_some_and(|tickets| accounted_for >= tickets)
    }

    fn finish(mut self) -> Remains {
        if !self.orders.faithful {
            self.slots.clear();
        }
        let report = self.report();
        let mut replies = std::mem::take(&mut self.also_closing);
        let mut waited = Duration::ZERO;
        if let Some(closing) = self.closing.take() {
            waited = closing.ordered.elapsed();
            replies.push(closing.reply);
        }
        let result = match self.undelivered {
            0 => Ok(()),
            undelivered => Err(ShutdownError::Deadline { undelivered, waited }),
        };
        Remains { report, replies, result, kept: self.slots }
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
