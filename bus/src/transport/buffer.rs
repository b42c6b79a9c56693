//! A read buffer that keeps what is not yet a whole frame.

use std::io;

use super::Stream;

/// Bytes asked of the socket at once by who has little to read: most clients, and all strangers.
const FIRST_BYTES: usize = 4 << 10;
/// The same once a read has brought as much: some 300 events of 200 bytes for one system call.
const READ_BYTES: usize = 64 << 10;

/// What a large frame took is given back after so many reads that had no need of it. Where one such
/// frame follows the other, a buffer that grew for each of them would cost more than all else; and a
/// connection that falls silent has heartbeats, for which it is read.
const PATIENT_READS: u8 = 8;

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// More bytes.
    Some,
    /// The peer ended between frames.
    End,
    /// The peer ended within a frame.
    Torn,
}

/// Bytes read and not yet consumed.
#[derive(Debug)]
pub(crate) struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How many bytes it is long while no frame needs more.
    usual: usize,
    /// Reads in a row for which that was enough, while it is longer.
    unneeded: u8,
    /// The last read took all there was room for.
    was_filled: bool,
}

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; FIRST_BYTES], usual: FIRST_BYTES, ..Self::empty() }
    }

    /// A buffer that takes no memory, to stand in while the real one is lent out.
    pub(crate) fn empty() -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, usual: 0, unneeded: 0, was_filled: false }
    }

    /// Whether the last read took all there was room for: there may be more.
    pub(crate) fn was_filled(&self) -> bool {
        self.was_filled
    }

    /// What is there.
    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Forgets the first bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        debug_assert!(self.start <= self.end, "only what was filled is consumed");
    }

    /// Waits for more. Cancel safe: nothing is read by a cancelled call.
    ///
    /// The buffer grows to hold the frame it has begun; frames have a limit, so it has one.
    pub(crate) async fn fill(&mut self, stream: &Stream) -> io::Result<Fill> {
        self.make_room();
        let read = stream.read(&mut self.bytes[self.end..]).await?;
        self.has_read(read);
        self.was_filled = self.end == self.bytes.len();
        if self.was_filled {
            // Whoever sends so much is read in large pieces from now on.
            self.usual = READ_BYTES;
        }
        Ok(match (read, self.filled().is_empty()) {
            (0, true) => Fill::End,
            (0, false) => Fill::Torn,
            _ => Fill::Some,
        })
    }

    fn has_read(&mut self, bytes: usize) {
        self.end += bytes;
        let is_unneeded = self.bytes.len() > self.usual && self.end <= self.usual / 2;
        self.unneeded = if is_unneeded { self.unneeded.saturating_add(1) } else { 0 };
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // Also where the next frame has begun.
        if self.unneeded >= PATIENT_READS && self.end <= self.usual / 2 {
            self.bytes.truncate(self.usual);
            self.bytes.shrink_to_fit();
            self.unneeded = 0;
        }
        if self.bytes.len() - self.end < self.usual / 2 {
            self.bytes.resize((self.end * 2).max(self.usual), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer that has read so much, of which so much is consumed.
    fn read(bytes: usize, consumed: usize) -> ReadBuffer {
        let mut buffer = ReadBuffer::new();
        buffer.bytes.resize(bytes, 7);
        buffer.end = bytes;
        buffer.usual = READ_BYTES;
        buffer.consume(consumed);
        buffer
    }

    #[test]
    fn what_a_large_frame_took_is_given_back_though_the_next_has_begun() {
        for left in [0, 1, READ_BYTES / 2] {
            let mut buffer = read(2 << 20, (2 << 20) - left);
            for _ in 0..PATIENT_READS {
                buffer.make_room();
                assert_eq!(buffer.bytes.len(), 2 << 20, "the next may be as large");
                buffer.has_read(0);
            }
            buffer.make_room();
            assert_eq!(buffer.filled(), vec![7; left]);
            assert!(buffer.bytes.capacity() <= 2 * READ_BYTES, "{}", buffer.bytes.capacity());
            assert!(buffer.bytes.len() - buffer.end >= READ_BYTES / 2);
        }
    }

    #[test]
    fn large_frames_in_a_row_keep_their_room() {
        let mut buffer = read(2 << 20, 2 << 20);
        for _ in 0..10 {
            for read in [0, 100 << 10, 900 << 10] {
                buffer.make_room();
                buffer.has_read(read);
                assert_eq!(buffer.bytes.len(), 2 << 20);
            }
            buffer.consume(1000 << 10);
        }
    }

    #[test]
    fn a_frame_that_is_not_whole_yet_gets_room() {
        let mut buffer = read(1 << 20, 0);
        buffer.make_room();
        assert_eq!((buffer.filled().len(), buffer.bytes.len()), (1 << 20, 2 << 20));
    }
}
