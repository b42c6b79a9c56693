//! What is lost with a run, written down for the one after it: a small file of one slot.
//!
//! The slot is there from the opening on and written in its place: a disk that is full is what it is
//! needed for.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use crate::source::Loss;

/// What a slot has behind its figures.
const TAG: [u8; 4] = *b"los1";
/// Events (8), whether there may be more (1), the tag (4), CRC-32 of all of them (4).
const SLOT_BYTES: usize = 17;
/// The same without the checksum.
const CHECKED_BYTES: usize = SLOT_BYTES - 4;

/// The open file. As long as there is one, no other process opens the spool.
#[derive(Debug)]
pub(crate) struct LossNote {
    file: File,
    found: Loss,
    _lock: Arc<File>,
}

impl LossNote {
    /// Reads a file, which may be new. What is no slot as this writes them is a loss that nobody
    /// can count.
    pub(super) fn read(mut file: File, lock: Arc<File>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut file).take(SLOT_BYTES as u64).read_to_end(&mut bytes)?;
        let is_new = bytes.len() < SLOT_BYTES;
        let unreadable = Loss { events: 0, uncounted: true };
        let found = if is_new { Loss::default() } else { decode(&bytes).unwrap_or(unreadable) };
        let note = Self { file, found, _lock: lock };
        if is_new {
            // Where there is no room now, there may be at the end.
            let _ = note.write(found);
        }
        Ok(note)
    }

    /// What it said when it was opened.
    pub(super) fn found(&self) -> Loss {
        self.found
    }

    /// Says this from now on.
    pub(crate) fn write(&self, loss: Loss) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&encode(loss))
    }
}

fn encode(loss: Loss) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(&loss.events.to_le_bytes());
    slot[8] = u8::from(loss.uncounted);
    slot[9..CHECKED_BYTES].copy_from_slice(&TAG);
    let checksum = crc32fast::hash(&slot[..CHECKED_BYTES]);
    slot[CHECKED_BYTES..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// What a slot says that is whole.
fn decode(slot: &[u8]) -> Option<Loss> {
    let (events, rest) = slot.split_first_chunk()?;
    let loss = Loss { events: u64::from_le_bytes(*events), uncounted: *rest.first()? == 1 };
    (slot == encode(loss)).then_some(loss)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Loss = Loss { events: 28_078, uncounted: true };

    fn reopened(file: &File) -> LossNote {
        LossNote::read(file.try_clone().unwrap(), Arc::new(file.try_clone().unwrap())).unwrap()
    }

    #[test]
    fn what_is_said_is_read_again_until_something_else_is_said() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(reopened(&file).found(), Loss::default());
        for loss in [LOST, Loss { events: 1, uncounted: false }, Loss::default()] {
            reopened(&file).write(loss).unwrap();
            assert_eq!(reopened(&file).found(), loss);
        }
    }

    #[test]
    fn its_room_is_taken_from_the_beginning_on() {
        let file = tempfile::tempfile().unwrap();
        let note = reopened(&file);
        let length = || file.metadata().unwrap().len();
        let before = length();
        note.write(LOST).unwrap();
        assert_eq!((before, length()), (SLOT_BYTES as u64, SLOT_BYTES as u64));
    }

    #[test]
    fn a_slot_with_any_bit_changed_says_that_nobody_knows() {
        let unknown = Loss { events: 0, uncounted: true };
        for bit in 0..SLOT_BYTES * 8 {
            let mut slot = encode(LOST);
            slot[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&slot), None, "bit {bit}");
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&slot).unwrap();
            assert_eq!(reopened(&file).found(), unknown, "bit {bit}");
        }
    }
}
