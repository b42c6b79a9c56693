//! The subscriber's end of a broken bus: asks the sound receiver, and hands out what `passage`
//! makes of it. The faults here concern ends and losses, not single events.

use std::sync::Arc;
use std::task::{Context, Poll};

use daemoneye_eventbus::contract::{Delivery, Inbox};
use daemoneye_eventbus::{EventReceiver, TryRecvError};
use parking_lot::Mutex;

use super::Fault;
use super::closing::Closing;
use super::passage::Passage;

/// An inbox behind a fault.
pub(super) struct BrokenInbox {
    /// Shared with a bus that keeps it beyond its owner, for [`Fault::KeepsDeadReceivers`].
    receiver: Arc<Mutex<EventReceiver>>,
    fault: Fault,
    closing: Arc<Closing>,
    passage: Passage,
}

impl BrokenInbox {
    pub(super) fn new(
        receiver: Arc<Mutex<EventReceiver>>,
        fault: Fault,
        closing: Arc<Closing>,
        passage: Passage,
    ) -> Self {
        Self { receiver, fault, closing, passage }
    }

    fn discards(&self) -> bool {
        self.fault == Fault::DiscardsAtShutdown && self.closing.is_shut_down()
    }
}

impl Inbox for BrokenInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if self.discards() {
                return Poll::Ready(None);
            }
            if let Some(ready) = self.passage.hand_out() {
                return Poll::Ready(Some(ready));
            }
            let mut receiver = self.receiver.lock();
            match receiver.poll_recv(cx) {
                Poll::Ready(Some(event)) => {
                    self.passage.take_in(Delivery { event, position: receiver.position() });
                }
                Poll::Ready(None) if self.passage.let_go() => {}
                Poll::Ready(None) if self.fault == Fault::NeverEndsReceivers => {
                    return self.closing.poll(cx).map(|()| None);
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        loop {
            if self.discards() {
                return Err(TryRecvError::Ended);
            }
            if let Some(ready) = self.passage.hand_out() {
                return Ok(ready);
            }
            let mut receiver = self.receiver.lock();
            match receiver.try_recv() {
                Ok(event) => {
                    self.passage.take_in(Delivery { event, position: receiver.position() });
                }
                Err(TryRecvError::Ended) if self.passage.let_go() => {}
                Err(TryRecvError::Ended)
                    if self.fault == Fault::NeverEndsReceivers && !self.closing.is_shut_down() =>
                {
                    return Err(TryRecvError::Empty);
                }
                Err(error) => return Err(error),
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
