//! What an earlier process has left in a folder, whole again: torn ends are cut off, damage is moved
//! aside and counted.

use std::collections::VecDeque;
use std::io;

use super::OpenError;
use super::folder::SpoolFolder;
use super::scan::{Ending, Records};
use super::segment::{BadHeader, HEADER_BYTES, Segment, SegmentHeader};

/// What was found when a spool was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Events that wait to be given back.
    pub events: u64,
    /// Bytes of writes that did not get done, cut off: of events nobody was told are kept.
    pub torn_bytes: u64,
    /// Bytes that had changed since they were written, or came after such, moved to files of their
    /// own.
    pub damaged_bytes: u64,
    /// Events that were lost with them, as far as their numbers tell: those of the newest segment
    /// nobody can count.
    pub lost_events: u64,
}

/// What is known of a folder once it is whole.
#[derive(Debug)]
pub(super) struct Found {
    /// Oldest first.
    pub(super) segments: VecDeque<Segment>,
    /// Up to which number everything was acknowledged.
    pub(super) acknowledged: u64,
    /// The number of the next event.
    pub(super) next: u64,
    /// Whether the newest segment can be appended to. If not, numbers may have been given that are
    /// not known any more, and what follows is of a new incarnation.
    pub(super) continues: bool,
    pub(super) recovered: Recovered,
}

#[derive(Debug, Default)]
struct Survey {
    segments: VecDeque<Segment>,
    /// No number below it is given again.
    floor: u64,
    /// Whether nothing is missing at the end of the segment looked at last.
    is_sound: bool,
    recovered: Recovered,
}

/// Looks at every segment, and makes it whole. `cursor` is the number up to which everything was
/// acknowledged, as far as was written down.
pub(super) fn recover(folder: &SpoolFolder, cursor: u64) -> Result<Found, OpenError> {
    let failed = |source| OpenError::Io { folder: folder.path().to_owned(), source };
    let firsts = folder.segments().map_err(failed)?;
    let mut survey = Survey::default();
    for (index, first) in firsts.iter().enumerate() {
        let until = firsts.get(index + 1).copied();
        let bytes = folder.read(*first).map_err(failed)?;
        match header(&bytes, *first) {
            Header::Good(header) => survey.segment(folder, header, &bytes, until),
            Header::Torn => survey.without_header(folder, *first, bytes.len(), until),
            Header::Damaged => survey.unreadable(folder, *first, bytes.len(), until),
            Header::Format(format) => {
                return Err(OpenError::Format { path: folder.segment(*first), format });
            }
        }
        .map_err(failed)?;
    }
    Ok(survey.conclude(cursor))
}

/// What a file begins with.
enum Header {
    Good(SegmentHeader),
    /// It is too short.
    Torn,
    /// It is none, or of another file.
    Damaged,
    Format(u32),
}

fn header(bytes: &[u8], first: u64) -> Header {
    let Some(bytes) = bytes.first_chunk::<HEADER_BYTES>() else { return Header::Torn };
    match SegmentHeader::decode(bytes) {
        Ok(header) if header.first == first => Header::Good(header),
        Ok(_) | Err(BadHeader::Damaged) => Header::Damaged,
        Err(BadHeader::Format(format)) => Header::Format(format),
    }
}

impl Survey {
    /// A segment with a header. What it has from the number on with which the next one begins is
    /// left from a write that was taken back.
    fn segment(
        &mut self,
        folder: &SpoolFolder,
        header: SegmentHeader,
        bytes: &[u8],
        until: Option<u64>,
    ) -> io::Result<()> {
        let mut segment = Segment::begun(header);
        let mut records = Records::new(&bytes[HEADER_BYTES..], header.first);
        let limit = until.unwrap_or(u64::MAX);
        while segment.next < limit && records.next().is_some() {
            segment.next = records.sequence();
            segment.bytes = (HEADER_BYTES + records.read_bytes()) as u64;
        }
        let rest_bytes = bytes.len() as u64 - segment.bytes;
        let is_damaged = segment.next < limit && records.ending() == Some(Ending::Damaged);
        if is_damaged {
            self.recovered.damaged_bytes += rest_bytes;
            folder.set_aside(header.first, segment.bytes)?;
        } else if rest_bytes > 0 {
            self.recovered.torn_bytes += rest_bytes;
            folder.cut(header.first, segment.bytes)?;
        }
        if is_damaged || rest_bytes > 0 {
            self.lost(segment.next, until);
        }
        self.floor = self.floor.max(segment.next);
        self.is_sound = !is_damaged;
        self.segments.push_back(segment);
        Ok(())
    }

    /// One that was being begun, and got no record.
    fn without_header(
        &mut self,
        folder: &SpoolFolder,
        first: u64,
        bytes: usize,
        until: Option<u64>,
    ) -> io::Result<()> {
        self.recovered.torn_bytes += bytes as u64;
        self.lost(first, until);
        self.floor = self.floor.max(first);
        folder.remove(first)
    }

    /// One of which nothing can be trusted.
    fn unreadable(
        &mut self,
        folder: &SpoolFolder,
        first: u64,
        bytes: usize,
        until: Option<u64>,
    ) -> io::Result<()> {
        self.recovered.damaged_bytes += bytes as u64;
        self.lost(first, until);
        self.floor = self.floor.max(first);
        self.is_sound = false;
        folder.set_aside_whole(first)
    }

    /// The events from a number to that of the next segment are lost.
    fn lost(&mut self, from: u64, until: Option<u64>) {
        self.recovered.lost_events += until.map_or(0, |until| until.saturating_sub(from));
    }

    fn conclude(self, cursor: u64) -> Found {
        let Self { segments, floor, is_sound, mut recovered } = self;
        // What came before the oldest segment was deleted because it was acknowledged.
        let deleted = segments.front().map_or(0, |oldest| oldest.first.saturating_sub(1));
        let acknowledged = cursor.max(deleted);
        let next = floor.max(acknowledged + 1);
        let continues = is_sound && segments.back().is_some_and(|newest| newest.next == next);
        recovered.events = segments.iter().map(|segment| segment.records_after(acknowledged)).sum();
        Found { segments, acknowledged, next, continues, recovered }
    }
}

#[cfg(test)]
mod tests;
