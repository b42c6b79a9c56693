//! The receiving end behind a fault: what it makes of its connection's return.

use std::task::{Context, Poll};

use daemoneye_eventbus::contract::{Delivery, Inbox, Lost, Resumed};
use daemoneye_eventbus::{CollectionEvent, EventReceiver, TryRecvError};

use super::RemoteFault;
use crate::plan::control::TOLD_AT_ONCE;

/// A sound receiver behind a fault.
pub(super) struct FaultyInbox {
    receiver: EventReceiver,
    fault: RemoteFault,
    /// Returns that were dealt with.
    returns: u64,
    last: Option<Delivery>,
    /// Audits that came.
    audits: u64,
}

/// What becomes of an event.
enum Fate {
    Taken(Delivery),
    /// It is not seen.
    Lost,
}

impl FaultyInbox {
    pub(super) fn new(receiver: EventReceiver, fault: RemoteFault) -> Self {
        Self { receiver, fault, returns: 0, last: None, audits: 0 }
    }

    /// Whether the connection has returned since it was last asked.
    fn has_returned(&mut self) -> bool {
        let times = self.receiver.resumed().times;
        let is_new = times > self.returns;
        self.returns = times;
        is_new
    }

    /// What was there before a return comes once more.
    fn again(&mut self) -> Option<Delivery> {
        let comes_again = self.fault == RemoteFault::TakesAgain && self.has_returned();
        comes_again.then(|| self.last.clone()).flatten()
    }

    fn decide(&mut self, delivery: Delivery) -> Fate {
        let is_lost = match self.fault {
            RemoteFault::SubscribesOnce => self.receiver.resumed().times > 0,
            // It was acknowledged when it came, and was in the hands of who lost it.
            RemoteFault::AcknowledgesEarly => self.has_returned(),
            RemoteFault::TellsTenAtMost => {
                self.audits += u64::from(matches!(delivery.event.event, CollectionEvent::Audit(_)));
                self.audits > TOLD_AT_ONCE
            }
            _ => false,
        };
        if is_lost {
            return Fate::Lost;
        }
        self.last = Some(delivery.clone());
        Fate::Taken(delivery)
    }
}

impl Inbox for FaultyInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        if let Some(again) = self.again() {
            return Poll::Ready(Some(again));
        }
        loop {
            let Poll::Ready(event) = self.receiver.poll_recv(cx) else { return Poll::Pending };
            let Some(event) = event else { return Poll::Ready(None) };
            let delivery = Delivery { event, position: self.receiver.position() };
            if let Fate::Taken(taken) = self.decide(delivery) {
                return Poll::Ready(Some(taken));
            }
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        if let Some(again) = self.again() {
            return Ok(again);
        }
        loop {
            let event = self.receiver.try_recv()?;
            let delivery = Delivery { event, position: self.receiver.position() };
            if let Fate::Taken(taken) = self.decide(delivery) {
                return Ok(taken);
            }
        }
    }

    fn lagged(&self) -> u64 {
        self.receiver.lagged()
    }

    fn resumed(&self) -> Resumed {
        match self.fault {
            RemoteFault::TellsNoGap => Resumed::default(),
            RemoteFault::KnowsNoLoss => {
                let resumed = self.receiver.resumed();
                let lost = if resumed.times > 0 { Lost::Unknown } else { resumed.lost };
                Resumed { lost, ..resumed }
            }
            _ => self.receiver.resumed(),
        }
    }
}
