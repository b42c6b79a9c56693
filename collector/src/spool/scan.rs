//! The records of a segment, one after the other, up to the first that is none.

use super::record::{self, Ending, HEAD_BYTES};

/// Records in bytes, in the order of their numbers, without a gap.
#[derive(Debug)]
pub(super) struct Records<'a> {
    rest: &'a [u8],
    /// Of the next record.
    sequence: u64,
    read_bytes: usize,
    /// How they ended; `None` before the end.
    ending: Option<Ending>,
}

impl<'a> Records<'a> {
    /// The records of bytes whose first has this number.
    pub(super) fn new(bytes: &'a [u8], first: u64) -> Self {
        Self { rest: bytes, sequence: first, read_bytes: 0, ending: None }
    }

    /// Number of the record after those that were read.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Bytes of those that were read.
    pub(super) fn read_bytes(&self) -> usize {
        self.read_bytes
    }

    /// How they ended; `None` before the end.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match record::parse(self.rest, self.sequence) {
            Ok(payload) => {
                let (bytes, sequence) = (HEAD_BYTES + payload.len(), self.sequence);
                self.rest = &self.rest[bytes..];
                self.read_bytes += bytes;
                self.sequence += 1;
                Some((sequence, payload))
            }
            Err(ending) => {
                self.ending = Some(ending);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    const FIRST: u64 = 41;

    fn segment(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (sequence, payload) in (FIRST..).zip(payloads) {
            let at = bytes.len();
            bytes.resize(at + HEAD_BYTES, 0);
            bytes.extend_from_slice(payload);
            record::seal(&mut bytes[at..], sequence);
        }
        bytes
    }

    /// What is read, and how it ended.
    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Ending) {
        let mut records = Records::new(bytes, FIRST);
        let mut payloads = Vec::new();
        for (at, (sequence, payload)) in (FIRST..).zip(records.by_ref()) {
            assert_eq!(sequence, at);
            payloads.push(payload.to_vec());
        }
        assert!(records.read_bytes() <= bytes.len());
        assert_eq!(records.sequence() - FIRST, payloads.len() as u64);
        (payloads, records.ending().expect("it has ended"))
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        vec(vec(any::<u8>(), 0..40), 0..12)
    }

    #[test]
    fn a_record_behind_a_damaged_one_is_not_read() {
        let mut bytes = segment(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
        bytes[2 * HEAD_BYTES + 3] ^= 0x80;
        assert_eq!(read(&bytes), (vec![b"one".to_vec()], Ending::Damaged));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(payloads in payloads()) {
            prop_assert_eq!(read(&segment(&payloads)), (payloads, Ending::Whole));
        }

        #[test]
        fn arbitrary_bytes_are_read_as_no_record(bytes in vec(any::<u8>(), 1..300)) {
            let (payloads, ending) = read(&bytes);
            prop_assert!(payloads.is_empty() && ending != Ending::Whole);
        }

        #[test]
        fn of_what_was_cut_off_anywhere_the_whole_records_are_left(
            payloads in payloads(),
            cut in any::<Index>(),
        ) {
            let bytes = segment(&payloads);
            let cut = cut.index(bytes.len() + 1);
            let (left, ending) = read(&bytes[..cut]);
            prop_assert_eq!(&left[..], &payloads[..left.len()]);
            let kept_bytes = segment(&left).len();
            prop_assert_eq!(ending, if kept_bytes == cut { Ending::Whole } else { Ending::Torn });
            // The next one would not have fitted.
            if let Some(next) = payloads.get(left.len()) {
                prop_assert!(kept_bytes + HEAD_BYTES + next.len() > cut);
            }
        }
    }
}
