//! A segment: a file of records whose numbers follow each other, and what is known of it.

/// What every segment begins with.
const MAGIC: [u8; 8] = *b"deyspool";
/// The format this build writes and reads.
pub(super) const FORMAT: u32 = 1;
/// Length of a segment's header, bytes.
pub(super) const HEADER_BYTES: usize = 32;
/// Numbers an event can have; beyond them a number is damage, and no sum of numbers overflows.
pub(super) const MAX_SEQUENCE: u64 = u64::MAX / 2;

/// The header: magic (8), format (4), incarnation (8), number of the first record (8), CRC-32 of
/// these (4). Every format has the first, the second and the last of them there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The life of the publisher its records belong to. Each opening of a spool is a new one, as
    /// numbers may have been given before that are not known any more.
    pub(super) incarnation: u64,
    /// Number of its first record, and of its file.
    pub(super) first: u64,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// They are too few.
    Torn,
    /// They are something else, or changed since.
    Damaged,
    /// One that another version of this program has written.
    Format(u32),
}

/// What is known of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) incarnation: u64,
    /// Number of its first record.
    pub(super) first: u64,
    /// One more than that of its last.
    pub(super) next: u64,
    /// Its header and whole records, bytes.
    pub(super) bytes: u64,
}

impl SegmentHeader {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.incarnation.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header that bytes begin with.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let bytes = bytes.first_chunk::<HEADER_BYTES>().ok_or(BadHeader::Torn)?;
        let is_whole = bytes[28..] == crc32fast::hash(&bytes[..28]).to_le_bytes();
        if bytes[..8] != MAGIC || !is_whole {
            return Err(BadHeader::Damaged);
        }
        let format = u32::from_le_bytes(field(bytes, 8));
        if format != FORMAT {
            return Err(BadHeader::Format(format));
        }
        let incarnation = u64::from_le_bytes(field(bytes, 12));
        let first = u64::from_le_bytes(field(bytes, 20));
        if first > MAX_SEQUENCE {
            return Err(BadHeader::Damaged);
        }
        Ok(Self { incarnation, first })
    }
}

/// The bytes of a field that begins at a place of the header.
fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

impl Segment {
    /// One without records.
    pub(super) fn begun(header: SegmentHeader) -> Self {
        let SegmentHeader { incarnation, first } = header;
        Self { incarnation, first, next: first, bytes: HEADER_BYTES as u64 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next == self.first
    }

    /// How many of its records come after a number.
    pub(super) fn records_after(&self, sequence: u64) -> u64 {
        self.next.saturating_sub(self.first.max(sequence + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader { incarnation: 0xfeed_0000_beef, first: 4711 };

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let bytes = HEADER.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(HEADER));
        assert_eq!(SegmentHeader::decode(&bytes[1..]), Err(BadHeader::Torn));
    }

    #[test]
    fn a_bit_that_changed_anywhere_is_damage() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = HEADER.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&bytes), Err(BadHeader::Damaged), "bit {bit}");
        }
        assert_eq!(SegmentHeader::decode(&[0; HEADER_BYTES]), Err(BadHeader::Damaged));
    }

    #[test]
    fn a_number_out_of_bounds_is_damage() {
        let header = SegmentHeader { first: MAX_SEQUENCE + 1, ..HEADER };
        assert_eq!(SegmentHeader::decode(&header.encode()), Err(BadHeader::Damaged));
    }

    #[test]
    fn the_records_after_a_number_are_counted() {
        let segment = Segment { next: 15, ..Segment::begun(SegmentHeader { first: 10, ..HEADER }) };
        let rows = [(0, 5), (9, 5), (10, 4), (13, 1), (14, 0), (99, 0)];
        for (after, records) in rows {
            assert_eq!(segment.records_after(after), records, "{after}");
        }
        assert_eq!(Segment::begun(HEADER).records_after(0), 0);
    }
}
