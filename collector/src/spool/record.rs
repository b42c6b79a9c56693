//! One event as it stands in a segment: its length, a checksum, its number, its payload.
//!
//! ```text
//! 0         4          8               16
//! ┌─────────┬──────────┬───────────────┬───────────┐
//! │ length  │ CRC-32   │ sequence      │ payload   │
//! └─────────┴──────────┴───────────────┴───────────┘
//! ```
//!
//! Numbers are little-endian. The checksum is of everything else, the length included. A record is
//! only read where its number is expected: one that slipped to another place is none.

use crc32fast::Hasher;
use daemoneye_eventbus::wire::{DEFAULT_PAYLOAD_LIMIT_BYTES, ENVELOPE_LIMIT_BYTES};

/// Bytes before the payload.
pub(super) const HEAD_BYTES: usize = 16;
/// Largest payload of a record, bytes: an event of the largest size the bus takes by default, with
/// all that travels beside it (W2). A larger event is refused.
pub const MAX_PAYLOAD_BYTES: usize = DEFAULT_PAYLOAD_LIMIT_BYTES + ENVELOPE_LIMIT_BYTES;
/// Largest record, bytes.
pub(super) const MAX_RECORD_BYTES: usize = HEAD_BYTES + MAX_PAYLOAD_BYTES;

/// Why a place of a segment has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing is there: the segment is whole.
    Whole,
    /// The beginning of a record, or room nobody wrote into: a write that did not get done.
    Torn,
    /// Bytes that were something else when they were written.
    Damaged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    length: u32,
    checksum: u32,
    sequence: u64,
}

/// Writes the head of a record into the room before its payload, which is within its limit.
pub(super) fn seal(record: &mut [u8], sequence: u64) {
    let (head, payload) = record.split_at_mut(HEAD_BYTES);
    let length = u32::try_from(payload.len()).expect("a payload is within its limit");
    let checksum = checksum(length, sequence, payload);
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..8].copy_from_slice(&checksum.to_le_bytes());
    head[8..].copy_from_slice(&sequence.to_le_bytes());
}

/// The payload of the record that the bytes begin with, where that of this number is expected.
pub(super) fn parse(bytes: &[u8], sequence: u64) -> Result<&[u8], Ending> {
    if bytes.is_empty() {
        return Err(Ending::Whole);
    }
    let (head, rest) = Head::split(bytes).ok_or(Ending::Torn)?;
    // What a file system shows of a file that grew and was not written before power was lost.
    if head.is_blank() && rest.iter().all(|byte| *byte == 0) {
        return Err(Ending::Torn);
    }
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    if head.sequence != sequence || length > MAX_PAYLOAD_BYTES {
        return Err(Ending::Damaged);
    }
    let payload = rest.get(..length).ok_or(Ending::Torn)?;
    let is_whole = head.checksum == checksum(head.length, sequence, payload);
    if is_whole { Ok(payload) } else { Err(Ending::Damaged) }
}

impl Head {
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (checksum, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let head = Self {
            length: u32::from_le_bytes(*length),
            checksum: u32::from_le_bytes(*checksum),
            sequence: u64::from_le_bytes(*sequence),
        };
        Some((head, rest))
    }

    fn is_blank(self) -> bool {
        self == Self { length: 0, checksum: 0, sequence: 0 }
    }
}

fn checksum(length: u32, sequence: u64, payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sequence: u64, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_BYTES];
        bytes.extend_from_slice(payload);
        seal(&mut bytes, sequence);
        bytes
    }

    #[test]
    fn a_record_is_read_where_its_number_is_expected_and_nowhere_else() {
        let bytes = record(7, b"payload");
        assert_eq!(parse(&bytes, 7), Ok(&b"payload"[..]));
        assert_eq!(parse(&bytes, 8), Err(Ending::Damaged));
        assert_eq!(parse(&record(1, b""), 1), Ok(&b""[..]));
    }

    #[test]
    fn a_bit_that_changed_anywhere_is_noticed() {
        let whole = record(7, b"payload");
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&bytes, 7).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn room_that_was_never_written_is_torn_and_not_damaged() {
        for length in [1, HEAD_BYTES, 4096] {
            assert_eq!(parse(&vec![0; length], 7), Err(Ending::Torn), "{length}");
        }
        let mut bytes = vec![0; 4096];
        bytes[4095] = 1;
        assert_eq!(parse(&bytes, 7), Err(Ending::Damaged));
    }

    #[test]
    fn a_length_over_the_limit_is_damage_however_much_follows() {
        let mut bytes = record(7, b"payload");
        let beyond = u32::try_from(MAX_PAYLOAD_BYTES + 1).unwrap();
        bytes[..4].copy_from_slice(&beyond.to_le_bytes());
        assert_eq!(parse(&bytes, 7), Err(Ending::Damaged));
    }
}
