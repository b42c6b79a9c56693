//! The accepted events the broker has not said it dealt with (C13).
//!
//! It knows sizes, not events: the broker grants publish bytes in the order they were sent, so
//! the sizes of what is outstanding are enough to tell how many events a grant covers.

use std::collections::VecDeque;

/// Sizes of the publish frames that were accepted and not granted back, oldest first.
///
/// As many as the outbox and the publish window hold at most, 4 bytes each.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    frames: VecDeque<u32>,
    /// Granted for the oldest frame, and not all of it.
    part_bytes: u64,
}

impl Ledger {
    /// An event was accepted; its frame has this many bytes.
    pub(super) fn accepted(&mut self, frame_bytes: usize) {
        self.frames.push_back(u32::try_from(frame_bytes).unwrap_or(u32::MAX));
    }

    /// The broker dealt with the next so many bytes. A grant for more than was sent is no credit
    /// for what comes later.
    pub(super) fn granted(&mut self, bytes: u64) {
        self.part_bytes = self.part_bytes.saturating_add(bytes);
        while let Some(oldest) = self.frames.front() {
            let Some(rest) = self.part_bytes.checked_sub(u64::from(*oldest)) else { return };
            self.part_bytes = rest;
            self.frames.pop_front();
        }
        self.part_bytes = 0;
    }

    /// Events accepted and not known to have been dealt with.
    pub(super) fn outstanding(&self) -> u64 {
        self.frames.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn an_event_is_outstanding_until_its_last_byte_is_granted() {
        let mut ledger = Ledger::default();
        for bytes in [10, 20, 30] {
            ledger.accepted(bytes);
        }
        let after = [(9, 3), (1, 2), (19, 2), (2, 1), (28, 1), (1, 0)];
        for (bytes, outstanding) in after {
            ledger.granted(bytes);
            assert_eq!(ledger.outstanding(), outstanding);
        }
    }

    #[test]
    fn a_grant_beyond_what_was_sent_covers_nothing_later() {
        let mut ledger = Ledger::default();
        ledger.accepted(10);
        ledger.granted(u64::MAX);
        ledger.accepted(10);
        ledger.granted(9);
        assert_eq!(ledger.outstanding(), 1);
    }
}
