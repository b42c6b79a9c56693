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
        let mut records = Vec::new();
        let mut wanted = sequence.max(self.acknowledged).saturating_add(1);
        while records.is_empty()
            && most > 0
            && let Some(index) = self.segment_with(wanted)
        {
            let read = self.read_some(index, wanted, most, &mut records);
            wanted = read.map_err(|source| {
                let folder = self.folder.path().to_owned();
                ReadError::Io { folder, source }
            })?;
        }
        Ok(Chunk { records, lost: std::mem::take(&mut self.lost) })
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
        records: &mut Vec<Record>,
    ) -> io::Result<u64> {
        let segment = self.segments[index];
        let mut place = match self.place_in(&segment, wanted) {
            // Whoever removed the file took its events with it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.give_up(index, Segment { next: segment.first, bytes: 0, ..segment }, wanted);
                return Ok(wanted);
            }
            place => place?,
        };
        let bytes = place.read(&segment)?;
        let mut found = Records::new(&bytes, place.sequence);
        while records.len() < most
            && let Some((sequence, payload)) = found.next()
        {
            if sequence >= wanted {
                let (incarnation, event) = (segment.incarnation, payload::decode(payload));
                records.push(Record { incarnation, sequence, event });
            }
        }
        place.sequence = found.sequence();
        place.offset += found.read_bytes() as u64;
        if found.read_bytes() == 0 {
            self.folder.set_aside(segment.first, place.offset)?;
            let left = Segment { next: place.sequence, bytes: place.offset, ..segment };
            self.give_up(index, left, wanted);
            return Ok(wanted);
        }
        let reached = place.sequence;
        self.place = Some(place);
        Ok(wanted.max(reached))
    }

    /// Where reading stopped, or the beginning of the segment.
    fn place_in(&mut self, segment: &Segment, wanted: u64) -> io::Result<Place> {
        let known = self.place.take();
        let known = known.filter(|at| at.is_in(segment) && at.sequence <= wanted);
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

    /// Nothing of a segment can be read but what is left.
    fn give_up(&mut self, index: usize, left: Segment, wanted: u64) {
        if index + 1 == self.segments.len() {
            // Its numbers were given, and are not given again.
            self.file = None;
        }
        let segment = &mut self.segments[index];
        self.lost += segment.next - left.next.max(wanted);
        *segment = left;
    }
}

impl Place {
    pub(super) fn is_in(&self, segment: &Segment) -> bool {
        self.segment == segment.first
    }

    /// The next bytes of the segment, as far as it has whole records.
    fn read(&mut self, segment: &Segment) -> io::Result<Vec<u8>> {
        let left_bytes = segment.bytes.saturating_sub(self.offset);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(self.offset))?;
        Read::by_ref(&mut self.file).take(left_bytes.min(READ_BYTES)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
