//! Up to which number everything was acknowledged: a small file of two slots.
//!
//! They are written in turn, so that a write that does not get done spoils the older one. Nothing is
//! created and nothing replaced, which is cheap enough to be done after every few events, and needs
//! no room on a disk that is full.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::segment::MAX_SEQUENCE;

/// What a slot has behind its number.
const TAG: [u8; 4] = *b"ack1";
/// A number (8), the tag (4), CRC-32 of both (4).
const SLOT_BYTES: usize = 16;

/// The open file.
#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    acknowledged: u64,
    /// The slot to write, 0 or 1: not the one that holds.
    turn: u64,
}

impl Cursor {
    /// Reads a file, which may be empty; without a slot that is whole, nothing was acknowledged.
    pub(super) fn read(mut file: File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut file).take(2 * SLOT_BYTES as u64).read_to_end(&mut bytes)?;
        let (first, second) = bytes.split_at(bytes.len().min(SLOT_BYTES));
        let (first, second) = (decode(first), decode(second));
        let turn = u64::from(first >= second);
        let acknowledged = first.max(second).unwrap_or(0);
        Ok(Self { file, acknowledged, turn })
    }

    /// The number up to which everything was acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Moves on. After an error it stands where it stood.
    pub(super) fn advance(&mut self, to: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.turn * SLOT_BYTES as u64))?;
        self.file.write_all(&encode(to))?;
        self.turn = 1 - self.turn;
        self.acknowledged = to;
        Ok(())
    }
}

fn encode(number: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(&number.to_le_bytes());
    slot[8..12].copy_from_slice(&TAG);
    let checksum = crc32fast::hash(&slot[..12]);
    slot[12..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// The number of a slot that is whole.
fn decode(slot: &[u8]) -> Option<u64> {
    let (number, _) = slot.split_first_chunk()?;
    let number = u64::from_le_bytes(*number);
    (number <= MAX_SEQUENCE && slot == encode(number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopened(cursor: &Cursor) -> Cursor {
        Cursor::read(cursor.file.try_clone().unwrap()).unwrap()
    }

    #[test]
    fn an_empty_file_says_that_nothing_was_acknowledged() {
        assert_eq!(Cursor::read(tempfile::tempfile().unwrap()).unwrap().acknowledged(), 0);
    }

    #[test]
    fn the_last_number_is_read_again() {
        let mut cursor = Cursor::read(tempfile::tempfile().unwrap()).unwrap();
        for number in [3, 4, 700, 701, 702] {
            cursor.advance(number).unwrap();
            assert_eq!(reopened(&cursor).acknowledged(), number);
        }
        let length = cursor.file.metadata().unwrap().len();
        assert_eq!(length, 2 * SLOT_BYTES as u64);
    }

    #[test]
    fn a_write_that_did_not_get_done_leaves_the_number_before() {
        let mut cursor = Cursor::read(tempfile::tempfile().unwrap()).unwrap();
        cursor.advance(3).unwrap();
        cursor.advance(4).unwrap();
        let mut next = reopened(&cursor);
        next.file.seek(SeekFrom::Start(next.turn * SLOT_BYTES as u64)).unwrap();
        next.file.write_all(&encode(5)[..7]).unwrap();
        let mut after = reopened(&next);
        assert_eq!(after.acknowledged(), 4);
        after.advance(6).unwrap();
        assert_eq!(reopened(&after).acknowledged(), 6);
    }

    #[test]
    fn a_slot_of_any_other_bytes_counts_for_nothing() {
        for bit in 0..SLOT_BYTES * 8 {
            let mut slot = encode(9);
            slot[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&slot), None, "bit {bit}");
        }
        assert_eq!(decode(&[0; SLOT_BYTES]), None);
        assert_eq!(decode(&encode(9)[..SLOT_BYTES - 1]), None);
        assert_eq!(decode(&encode(MAX_SEQUENCE + 1)), None);
    }
}
