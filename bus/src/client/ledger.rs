//! The sent events the broker has not said it dealt with (C13).
//!
//! It knows sizes, not events: the broker grants publish bytes in the order they were sent, so
//! the sizes of what is outstanding are enough to tell how many events a grant covers.

use std::collections::VecDeque;

/// One publish frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    bytes: u32,
    /// Whether it is kept until it is confirmed, so that it cannot be lost with its connection.
    pub(super) is_kept: bool,
}

impl Frame {
    pub(super) fn new(bytes: usize, is_kept: bool) -> Self {
        Self { bytes: u32::try_from(bytes).unwrap_or(u32::MAX), is_kept }
    }
}

/// The publish frames that were sent and not granted back, oldest first: as many as the publish
/// window holds at most.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    frames: VecDeque<Frame>,
    /// Granted for the oldest frame, and not all of it.
    part_bytes: u64,
}

impl Ledger {
    /// Frames were sent, in this order.
    pub(super) fn sent(&mut self, frames: &mut VecDeque<Frame>) {
        self.frames.append(frames);
    }

    /// The broker dealt with the next so many bytes. A grant for more than was sent is no credit
    /// for what comes later.
    pub(super) fn granted(&mut self, bytes: u64) {
        self.part_bytes = self.part_bytes.saturating_add(bytes);
        while let Some(oldest) = self.frames.front() {
            let Some(rest) = self.part_bytes.checked_sub(u64::from(oldest.bytes)) else { return };
            self.part_bytes = rest;
            self.frames.pop_front();
        }
        self.part_bytes = 0;
    }

    /// Takes back what was sent last, and was not.
    pub(super) fn take_back(&mut self) -> Option<Frame> {
        self.frames.pop_back()
    }

    /// Nothing is known of a connection that broke.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.part_bytes = 0;
    }

    /// Events sent and not known to have been dealt with, that nobody keeps.
    pub(super) fn outstanding(&self) -> u64 {
        unkept(&self.frames)
    }
}

/// How many of these nobody keeps.
pub(super) fn unkept(frames: &VecDeque<Frame>) -> u64 {
    frames.iter().filter(|frame| !frame.is_kept).count() as u64
}

#[cfg(test)]
mod tests {
    use super::{Frame, Ledger};

    fn sent(sizes: &[usize]) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.sent(&mut sizes.iter().map(|bytes| Frame::new(*bytes, false)).collect());
        ledger
    }

    #[test]
    fn an_event_is_outstanding_until_its_last_byte_is_granted() {
        let mut ledger = sent(&[10, 20, 30]);
        let after = [(9, 3), (1, 2), (19, 2), (2, 1), (28, 1), (1, 0)];
        for (bytes, outstanding) in after {
            ledger.granted(bytes);
            assert_eq!(ledger.outstanding(), outstanding);
        }
    }

    #[test]
    fn a_grant_beyond_what_was_sent_covers_nothing_later() {
        let mut ledger = sent(&[10]);
        ledger.granted(u64::MAX);
        ledger.sent(&mut [Frame::new(10, false)].into());
        ledger.granted(9);
        assert_eq!(ledger.outstanding(), 1);
    }

    #[test]
    fn what_is_kept_cannot_be_lost() {
        let mut ledger = Ledger::default();
        ledger.sent(&mut [Frame::new(10, true), Frame::new(10, false)].into());
        assert_eq!(ledger.outstanding(), 1);
    }
}
