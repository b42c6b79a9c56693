//! What happens to events on their way out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use daemoneye_eventbus::contract::{Delivery, Inbox, Matcher};
use daemoneye_eventbus::{BusEvent, EventReceiver, TryRecvError};
use parking_lot::Mutex;

use super::Fault;

/// What an inbox shares with its bus.
#[derive(Debug, Default)]
pub(super) struct Closing {
    is_shut_down: AtomicBool,
    /// Tasks that wait for an end that only a shutdown brings.
    waiting: Mutex<Vec<Waker>>,
}

impl Closing {
    /// Says that the bus is shut down; returns whether it was already.
    pub(super) fn shut_down(&self) -> bool {
        let was = self.is_shut_down.swap(true, Ordering::SeqCst);
        self.waiting.lock().drain(..).for_each(Waker::wake);
        was
    }

    fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::SeqCst)
    }

    /// Leaves a task waiting; ready once the bus is shut down.
    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = self.waiting.lock();
        if self.is_shut_down() {
            return Poll::Ready(());
        }
        waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

pub(super) struct BrokenInbox {
    receiver: Arc<Mutex<EventReceiver>>,
    fault: Fault,
    closing: Arc<Closing>,
    /// What was asked for, for [`Fault::DeliversOneForeign`].
    wanted: Option<Matcher>,
    /// Events taken from the sound receiver.
    taken: u64,
    /// Events handed out.
    given: u64,
    /// To hand out before asking the sound receiver again.
    extra: VecDeque<Delivery>,
    /// Waits for the next event to overtake it.
    held: Option<Delivery>,
    /// Whether an event was handed out that nobody asked for.
    given_foreign: bool,
}

impl BrokenInbox {
    pub(super) fn new(
        receiver: Arc<Mutex<EventReceiver>>,
        fault: Fault,
        closing: Arc<Closing>,
        wanted: Option<Matcher>,
    ) -> Self {
        Self {
            receiver,
            fault,
            closing,
            wanted,
            taken: 0,
            given: 0,
            extra: VecDeque::new(),
            held: None,
            given_foreign: false,
        }
    }

    /// Events that were taken from the sound receiver before there was an inbox.
    pub(super) fn take_back(&mut self, before: Vec<Delivery>) {
        self.taken += before.len() as u64;
        self.extra.extend(before);
    }

    fn discards(&self) -> bool {
        self.fault == Fault::DiscardsAtShutdown && self.closing.is_shut_down()
    }

    /// Takes in one sound event; what comes of it lies in `extra`.
    fn take_in(&mut self, event: Arc<BusEvent>) {
        self.taken += 1;
        let delivery = Delivery { event, position: self.receiver.lock().position() };
        match self.held.take() {
            Some(held) => self.release(held, delivery),
            None => self.pass_on(delivery),
        }
    }

    fn pass_on(&mut self, delivery: Delivery) {
        if self.is_surplus(&delivery.event) {
            return;
        }
        match self.fault {
            Fault::LosesOneInFive if self.taken.is_multiple_of(5) => {}
            Fault::LosesTheFirst if self.taken == 1 => {}
            Fault::IsOvertakenRarely if self.taken.is_multiple_of(1000) => {
                self.held = Some(delivery);
            }
            Fault::SwapsNeighbours | Fault::SwapsForOneSubscriber if self.taken % 10 == 3 => {
                self.held = Some(delivery);
            }
            Fault::DeliversTwice if self.taken.is_multiple_of(3) => {
                self.extra.extend([delivery.clone(), delivery]);
            }
            _ => self.extra.push_back(delivery),
        }
    }

    /// Hands a held event out after the next, at its place: the numbers show nothing.
    fn release(&mut self, held: Delivery, next: Delivery) {
        let same_source = held.event.event.header().source == next.event.event.header().source;
        let pair = if self.fault == Fault::SwapsForOneSubscriber && same_source {
            [held, next]
        } else {
            let (first, second) = (held.position, next.position);
            [
                Delivery { position: first, event: next.event },
                Delivery { position: second, event: held.event },
            ]
        };
        self.extra.extend(pair);
    }

    /// Foreign, and not the first foreign one.
    fn is_surplus(&mut self, event: &BusEvent) -> bool {
        let Some(wanted) = &self.wanted else { return false };
        if wanted.matches_topic(&event.topic) {
            return false;
        }
        std::mem::replace(&mut self.given_foreign, true)
    }

    fn next_ready(&mut self) -> Option<Delivery> {
        let mut delivery = self.extra.pop_front()?;
        self.given += 1;
        let renumbers = matches!(
            self.fault,
            Fault::ClosesGaps | Fault::LosesTheFirst | Fault::DeliversOneForeign
        );
        if renumbers {
            delivery.position = self.given;
        }
        Some(delivery)
    }
}

impl Inbox for BrokenInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if self.discards() {
                return Poll::Ready(None);
            }
            if let Some(ready) = self.next_ready() {
                return Poll::Ready(Some(ready));
            }
            let next = self.receiver.lock().poll_recv(cx);
            match next {
                Poll::Ready(Some(event)) => self.take_in(event),
                Poll::Ready(None) => match self.held.take() {
                    Some(held) => self.extra.push_back(held),
                    None if self.fault == Fault::NeverEndsReceivers => {
                        return self.closing.poll(cx).map(|()| None);
                    }
                    None => return Poll::Ready(None),
                },
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        loop {
            if self.discards() {
                return Err(TryRecvError::Ended);
            }
            if let Some(ready) = self.next_ready() {
                return Ok(ready);
            }
            let next = self.receiver.lock().try_recv();
            match (next, self.held.take()) {
                (Ok(event), held) => {
                    self.held = held;
                    self.take_in(event);
                }
                (Err(TryRecvError::Ended), Some(held)) => self.extra.push_back(held),
                (Err(TryRecvError::Ended), None)
                    if self.fault == Fault::NeverEndsReceivers && !self.closing.is_shut_down() =>
                {
                    return Err(TryRecvError::Empty);
                }
                (Err(error), held) => {
                    self.held = held;
                    return Err(error);
                }
            }
        }
    }

    fn lagged(&self) -> u64 {
        let truth = self.receiver.lock().lagged();
        match self.fault {
            Fault::HidesLag => 0,
            Fault::InventsLag => truth + 1,
            _ => truth,
        }
    }
}
