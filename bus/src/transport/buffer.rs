//! A read buffer that keeps what is not yet a whole frame.

use std::io;

use super::Stream;

/// Bytes asked of the socket at once by who has little to read: most clients, and all strangers.
const FIRST_BYTES: usize = 4 << 10;
/// The same once a read has brought as much: some 300 events of 200 bytes for one system call.
const READ_BYTES: usize = 64 << 10;

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
}

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; FIRST_BYTES], start: 0, end: 0, usual: FIRST_BYTES }
    }

    /// A buffer that takes no memory, to stand in while the real one is lent out.
    pub(crate) fn empty() -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, usual: 0 }
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
        self.end += read;
        if self.end == self.bytes.len() {
            // There may be more: whoever sends so much is read in large pieces from now on.
            self.usual = READ_BYTES;
        }
        Ok(match (read, self.filled().is_empty()) {
            (0, true) => Fill::End,
            (0, false) => Fill::Torn,
            _ => Fill::Some,
        })
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.bytes.len() != self.usual {
                self.bytes.truncate(self.usual);
                self.bytes.shrink_to_fit();
                self.bytes.resize(self.usual, 0);
            }
        } else if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() - self.end < self.usual / 2 {
            self.bytes.resize((self.end * 2).max(self.usual), 0);
        }
    }
}
