//! What becomes of each event between the sound receiver and the subscriber: handed on, lost,
//! repeated, held back, renumbered. Waits for nothing and knows no receiver.

use std::collections::VecDeque;
use std::sync::Arc;

use daemoneye_eventbus::BusEvent;
use daemoneye_eventbus::contract::{Delivery, Matcher};

use super::Fault;
use super::seen::Seen;

/// The events of one subscription on their way out.
pub(super) struct Passage {
    fault: Fault,
    /// What was asked for, for [`Fault::DeliversOneForeign`].
    wanted: Option<Matcher>,
    /// What the subscribers without the fault have received, for [`Fault::ShowsEffectsFirst`].
    seen: Option<Arc<Seen>>,
    /// Events taken in, from 1.
    taken: u64,
    /// Events handed out.
    given: u64,
    /// To hand out next, oldest first.
    ready: VecDeque<Delivery>,
    /// Waits for the next event to overtake it.
    held: Option<Delivery>,
    /// Whether an event was handed out that nobody asked for.
    given_foreign: bool,
}

impl Passage {
    pub(super) fn new(fault: Fault, wanted: Option<Matcher>, seen: Option<Arc<Seen>>) -> Self {
        Self {
            fault,
            wanted,
            seen,
            taken: 0,
            given: 0,
            ready: VecDeque::new(),
            held: None,
            given_foreign: false,
        }
    }

    /// Takes in events that no fault here concerns any more.
    pub(super) fn take_back(&mut self, before: Vec<Delivery>) {
        self.taken += before.len() as u64;
        self.ready.extend(before);
    }

    /// Takes in the next event.
    pub(super) fn take_in(&mut self, delivery: Delivery) {
        self.taken += 1;
        match self.held.take() {
            Some(held) => self.ready.extend(self.pair(held, delivery)),
            None => self.pass(delivery),
        }
    }

    /// The next event to hand out, if one is ready.
    pub(super) fn hand_out(&mut self) -> Option<Delivery> {
        let mut delivery = self.ready.pop_front()?;
        self.given += 1;
        if self.renumbers() {
            delivery.position = self.given;
        }
        if let (Some(seen), Fault::Nothing) = (&self.seen, self.fault) {
            seen.note(&delivery);
        }
        Some(delivery)
    }

    /// No next event will come: what waits for one waits no longer. Returns whether anything did.
    pub(super) fn let_go(&mut self) -> bool {
        let held = self.held.take();
        self.ready.extend(held);
        !self.ready.is_empty()
    }

    fn pass(&mut self, delivery: Delivery) {
        if self.is_surplus(&delivery.event) {
            return;
        }
        match self.fault {
            Fault::LosesOneInFive if self.taken.is_multiple_of(5) => {}
            Fault::LosesTheFirst if self.taken == 1 => {}
            Fault::DeliversTwice if self.taken.is_multiple_of(3) => {
                self.ready.extend([delivery.clone(), delivery]);
            }
            _ if self.holds_back() => self.held = Some(delivery),
            _ => self.ready.push_back(delivery),
        }
    }

    /// Whether the event just taken in waits for the next.
    fn holds_back(&self) -> bool {
        match self.fault {
            Fault::IsOvertakenRarely => self.taken.is_multiple_of(1000),
            Fault::SwapsNeighbours | Fault::SwapsForOneSubscriber | Fault::ShowsEffectsFirst => {
                self.taken % 10 == 3
            }
            _ => false,
        }
    }

    /// An event that waited and the one it waited for, in the order they are handed out.
    fn pair(&self, held: Delivery, next: Delivery) -> [Delivery; 2] {
        let keeps_order = match self.fault {
            Fault::SwapsForOneSubscriber => source(&held) == source(&next),
            Fault::ShowsEffectsFirst => {
                let is_cause = |seen: &Arc<Seen>| seen.is_cause(&held, &next);
                source(&held) == source(&next) || !self.seen.as_ref().is_some_and(is_cause)
            }
            _ => false,
        };
        if keeps_order { [held, next] } else { swapped(held, next) }
    }

    /// Whether an event is foreign, and not the first foreign one.
    fn is_surplus(&mut self, event: &BusEvent) -> bool {
        let Some(wanted) = &self.wanted else { return false };
        if wanted.matches_topic(&event.topic) {
            return false;
        }
        std::mem::replace(&mut self.given_foreign, true)
    }

    /// Whether positions are those of what is handed out, so that they show no other fault.
    fn renumbers(&self) -> bool {
        matches!(self.fault, Fault::ClosesGaps | Fault::LosesTheFirst | Fault::DeliversOneForeign)
    }
}

fn source(delivery: &Delivery) -> &str {
    &delivery.event.event.header().source
}

/// Each in the other's place: positions show nothing.
fn swapped(first: Delivery, second: Delivery) -> [Delivery; 2] {
    [
        Delivery { position: first.position, event: second.event },
        Delivery { position: second.position, event: first.event },
    ]
}
