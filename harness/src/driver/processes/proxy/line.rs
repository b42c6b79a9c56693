//! One direction of a connection: what it holds, and when how much of it may go on.
//!
//! Told the time and handed the bytes, so that it is the same on every system and in every test.

use std::time::Duration;

use tokio::time::Instant;

/// Most bytes a direction holds; the rest waits in the sockets, as it would without a proxy.
pub(super) const HELD_BYTES: usize = 64 * 1024;

/// How a direction treats what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Treatment {
    /// As it comes.
    Plain,
    /// Held for so long.
    Delay(Duration),
    /// In pieces of so many bytes at most, each written by itself.
    Split(usize),
    /// Not at all.
    Stall,
}

/// What one direction holds.
#[derive(Debug)]
pub(super) struct Line {
    treatment: Treatment,
    held: Vec<u8>,
    /// How much of it has gone on.
    gone: usize,
    /// When the first of what is held may go on.
    due: Instant,
    /// Bytes the present treatment had in its hands.
    touched: u64,
}

impl Line {
    /// A line that holds nothing back.
    pub(super) fn new() -> Self {
        let held = Vec::with_capacity(HELD_BYTES);
        Self { treatment: Treatment::Plain, held, gone: 0, due: Instant::now(), touched: 0 }
    }

    /// From now on bytes are treated so; returns how many the treatment before had in its hands.
    pub(super) fn treat(&mut self, treatment: Treatment, now: Instant) -> u64 {
        let stalled = self.treatment == Treatment::Stall;
        let touched = self.touched + if stalled { self.waiting().len() as u64 } else { 0 };
        self.treatment = treatment;
        self.touched = 0;
        self.due = self.due_from(now);
        touched
    }

    /// Whether it has room for more.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// What has just come, for an empty line; the room it held before is left in its place.
    pub(super) fn take(&mut self, coming: &mut Vec<u8>, now: Instant) {
        std::mem::swap(&mut self.held, coming);
        self.due = self.due_from(now);
    }

    /// What may go on next, once [`due`](Self::due) is over; nothing while it is stalled.
    pub(super) fn next(&self) -> Option<&[u8]> {
        let waiting = self.waiting();
        match self.treatment {
            _ if waiting.is_empty() => None,
            Treatment::Stall => None,
            Treatment::Split(bytes) => Some(&waiting[..bytes.min(waiting.len())]),
            Treatment::Plain | Treatment::Delay(_) => Some(waiting),
        }
    }

    /// When it may go on.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// So many bytes of it have gone on. Of what is to be split only pieces that were cut off
    /// something count as touched.
    pub(super) fn has_gone(&mut self, bytes: usize) {
        let is_touched = match self.treatment {
            Treatment::Plain => false,
            Treatment::Split(_) => bytes < self.waiting().len(),
            Treatment::Delay(_) | Treatment::Stall => true,
        };
        self.touched += if is_touched { bytes as u64 } else { 0 };
        self.gone += bytes;
        if self.is_empty() {
            self.held.clear();
            self.gone = 0;
        }
    }

    fn waiting(&self) -> &[u8] {
        &self.held[self.gone..]
    }

    fn due_from(&self, now: Instant) -> Instant {
        match self.treatment {
            Treatment::Delay(time) => now + time,
            _ => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(treatment: Treatment, bytes: &[u8]) -> (Line, Instant) {
        let (mut line, now) = (Line::new(), Instant::now());
        line.treat(treatment, now);
        line.take(&mut bytes.to_vec(), now);
        (line, now)
    }

    #[test]
    fn pieces_are_no_longer_than_they_may_be_and_nothing_is_left_out() {
        let (mut line, _) = line(Treatment::Split(2), b"abcde");
        let mut pieces = Vec::new();
        while let Some(piece) = line.next().map(<[u8]>::to_vec) {
            line.has_gone(piece.len());
            pieces.push(piece);
        }
        assert_eq!(pieces, [b"ab".as_slice(), b"cd", b"e"]);
        assert!(line.is_empty());
        assert_eq!(line.treat(Treatment::Plain, Instant::now()), 4, "the last is cut off nothing");
    }

    #[test]
    fn what_is_shorter_than_a_piece_is_not_touched() {
        let (mut line, now) = line(Treatment::Split(8), b"abcde");
        line.has_gone(line.next().map_or(0, <[u8]>::len));
        assert_eq!(line.treat(Treatment::Plain, now), 0);
    }

    #[test]
    fn what_is_delayed_is_due_later_by_the_delay() {
        let (line, came) = line(Treatment::Delay(Duration::from_millis(7)), b"abc");
        assert_eq!(line.due() - came, Duration::from_millis(7));
        assert_eq!(line.next(), Some(b"abc".as_slice()));
    }

    #[test]
    fn what_is_stalled_stays_whole_and_is_counted_when_it_heals() {
        let (mut line, now) = line(Treatment::Stall, b"abc");
        assert_eq!(line.next(), None);
        assert_eq!(line.treat(Treatment::Plain, now), 3);
        assert_eq!(line.next(), Some(b"abc".as_slice()));
        line.has_gone(3);
        assert_eq!(line.treat(Treatment::Plain, now), 0, "what passes plainly is not counted");
    }
}
