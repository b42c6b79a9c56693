//! Giving events back, in order, from where reading stopped.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::super::ReadError;
use super::super::payload;
use super::super::record::MAX_RECORD_BYTES;
use super::super::scan::Records;
use super::super::segment::{HEADER_BYTES, Segment};
use super::{Chunk, Record, Spool};

/// Bytes that are read at once: the largest record fits.
const READ_BYTES: u64 = MAX_RECORD_BYTES as u64;

/// A place in a segment, between two records.
#[derive(Debug)]
pub(super) struct Place {
    file: File,
    /// Number of the segment.
    segment: u64,
    /// Number of the record there.
    sequence: u64,
    offset: u64,
}

impl Spool {
    /// The events that come after a number and after all that is acknowledged, `most` at most; fewer
    /// only say that there are no more if there are none.
    ///
    /// Going on behind the last event that was given back is quick; anywhere else it looks for the
    /// place first.
    pub fn read_after(&mut self, sequence: u64, most: usize) -> Result<Chunk, ReadError> {
        let mut chunk = Chunk::default();
        let mut wanted = sequence.max(self.acknowledged).saturating_add(1);
        while let Some(index) = self.segment_with(wanted) {
            let read = self.read_some(index, wanted, most, &mut chunk);
            wanted = read.map_err(|source| {
                let folder = self.folder.path().to_owned();
                ReadError::Io { folder, source }
            })?;
            if !chunk.records.is_empty() || most == 0 {
                break;
            }
        }
        Ok(chunk)
    }

    /// The first segment that has a record of this number or a higher one.
    fn segment_with(&self, wanted: u64) -> Option<usize> {
        self.segments.iter().position(|segment| !segment.is_empty() && segment.next > wanted)
    }

    /// Reads on in a segment; the number that is wanted then.
    fn read_some(
        &mut self,
        index: usize,
        wanted: u64,
        most: usize,
        chunk: &mut Chunk,
    ) -> io::Result<u64> {
        let segment = self.segments[index];
        let mut place = self.place_in(&segment, wanted)?;
        let bytes = place.read(&segment)?;
        let mut records = Records::new(&bytes, place.sequence);
        while chunk.records.len() < most
            && let Some((sequence, payload)) = records.next()
        {
            if sequence >= wanted {
                let (incarnation, event) = (segment.incarnation, payload::decode(payload));
                chunk.records.push(Record { incarnation, sequence, event });
            }
        }
        let is_stuck = records.read_bytes() == 0 && records.ending().is_some();
        place.sequence = records.sequence();
        place.offset += records.read_bytes() as u64;
        let reached = place.sequence;
        if is_stuck {
            chunk.lost += self.give_up_rest(index, &place)?;
        } else {
            self.place = Some(place);
        }
        Ok(wanted.max(reached))
    }

    /// Where reading stopped, or the beginning of the segment.
    fn place_in(&mut self, segment: &Segment, wanted: u64) -> io::Result<Place> {
        let known = self.place.take();
        let known = known.filter(|at| at.segment == segment.first && at.sequence <= wanted);
        if let Some(place) = known {
            return Ok(place);
        }
        Ok(Place {
            file: File::open(self.folder.segment(segment.first))?,
            segment: segment.first,
            sequence: segment.first,
            offset: HEADER_BYTES as u64,
        })
    }

    /// Nothing more of a segment can be read: how many events that cost.
    fn give_up_rest(&mut self, index: usize, place: &Place) -> io::Result<u64> {
        self.folder.set_aside(place.segment, place.offset)?;
        let segment = &mut self.segments[index];
        let lost = segment.next - place.sequence;
        segment.next = place.sequence;
        segment.bytes = place.offset;
        if index + 1 == self.segments.len() {
            // Its numbers were given, and must not be given again after a restart. What cannot be
            // begun now is begun by the next call to keep something.
            self.is_closed = true;
            let _ = self.begin_segment();
        }
        Ok(lost)
    }
}

impl Place {
    /// The next bytes of the segment, as far as it has whole records.
    fn read(&mut self, segment: &Segment) -> io::Result<Vec<u8>> {
        let left_bytes = segment.bytes.saturating_sub(self.offset);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(self.offset))?;
        Read::by_ref(&mut self.file).take(left_bytes.min(READ_BYTES)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
