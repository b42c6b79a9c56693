//! Places of connections (W8): so many may be open at once. As many more that have ended may still
//! have events wait for their turn; beyond those a place is free only when they had it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All places of a broker.
#[derive(Debug)]
pub(super) struct Slots {
    open: Arc<Semaphore>,
    leaving: Arc<Semaphore>,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    place: OwnedSemaphorePermit,
    leaving: Arc<Semaphore>,
}

impl Slots {
    pub(super) fn new(limit: usize) -> Self {
        Self { open: Arc::new(Semaphore::new(limit)), leaving: Arc::new(Semaphore::new(limit)) }
    }

    /// A place, if one is free.
    pub(super) fn take(&self) -> Option<Slot> {
        let place = Arc::clone(&self.open).try_acquire_owned().ok()?;
        Some(Slot { place, leaving: Arc::clone(&self.leaving) })
    }
}

impl Slot {
    /// The connection is closed: another may have its place, while what it had published waits.
    pub(super) fn leave(&mut self) {
        if let Ok(place) = Arc::clone(&self.leaving).try_acquire_owned() {
            self.place = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn who_leaves_makes_room_as_long_as_few_others_do() {
        let slots = Slots::new(1);
        let mut first = slots.take().expect("a place");
        assert!(slots.take().is_none(), "one is one");
        first.leave();
        let mut second = slots.take().expect("the first has left");
        second.leave();
        assert!(slots.take().is_none(), "one leaves already");
        drop(first);
        assert!(slots.take().is_none(), "the second is still in its place");
        second.leave();
        assert!(slots.take().is_some());
    }
}
