//! What an earlier process has left in a folder, whole again: torn ends are cut off, damage is moved
//! aside and counted.

use std::collections::VecDeque;
use std::io;

use super::OpenError;
use super::folder::SpoolFolder;
use super::record::Ending;
use super::scan::Records;
use super::segment::{BadHeader, HEADER_BYTES, Segment, SegmentHeader};
use crate::source::Loss;

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
    /// Events that were lost with them and were not acknowledged, as far as their numbers tell: those
    /// of the newest segment nobody can count.
    pub lost_events: u64,
    /// What earlier runs could not keep when they ended, and nobody was told yet.
    pub given_up: Loss,
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
    pub(super) recovered: Recovered,
}

struct Survey<'a> {
    folder: &'a SpoolFolder,
    /// Up to which number everything was acknowledged, as far as was written down.
    cursor: u64,
    segments: VecDeque<Segment>,
    /// No number below it is given again.
    floor: u64,
    recovered: Recovered,
}

/// Looks at every segment, and makes it whole. `cursor` is the number up to which everything was
/// acknowledged, as far as was written down.
pub(super) fn recover(folder: &SpoolFolder, cursor: u64) -> Result<Found, OpenError> {
    let failed = |source| OpenError::Io { folder: folder.path().to_owned(), source };
    let firsts = folder.segments().map_err(failed)?;
    let mut survey = Survey::new(folder, cursor);
    for (index, first) in firsts.iter().copied().enumerate() {
        let until = firsts.get(index + 1).copied();
        let bytes = folder.read(first).map_err(failed)?;
        match SegmentHeader::decode(&bytes) {
            Ok(header) if header.first == first => survey.segment(header, &bytes, until),
            Err(BadHeader::Torn) => survey.without_header(first, bytes.len(), until),
            Ok(_) | Err(BadHeader::Damaged) => survey.unreadable(first, bytes.len(), until),
            Err(BadHeader::Format(format)) => {
                return Err(OpenError::Format { path: folder.segment(first), format });
            }
        }
        .map_err(failed)?;
    }
    Ok(survey.conclude())
}

impl<'a> Survey<'a> {
    fn new(folder: &'a SpoolFolder, cursor: u64) -> Self {
        let (segments, recovered) = (VecDeque::new(), Recovered::default());
        Self { folder, cursor, segments, floor: 0, recovered }
    }

    /// A segment with a header. What it has from the number on with which the next one begins is
    /// left from a write that was taken back.
    fn segment(
        &mut self,
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
        // What is missing before another segment was whole once, however it looks now.
        let is_torn =
            segment.next >= limit || (until.is_none() && records.ending() == Some(Ending::Torn));
        let rest_bytes = bytes.len() as u64 - segment.bytes;
        if rest_bytes > 0 && is_torn {
            self.recovered.torn_bytes += rest_bytes;
            self.folder.cut(header.first, segment.bytes)?;
        } else if rest_bytes > 0 {
            self.lost(rest_bytes, segment.next, until);
            self.folder.set_aside(header.first, segment.bytes)?;
        }
        self.floor = self.floor.max(segment.next);
        self.segments.push_back(segment);
        Ok(())
    }

    /// One that is too short for a header: it was being begun, and got no record, unless another
    /// one follows.
    fn without_header(&mut self, first: u64, bytes: usize, until: Option<u64>) -> io::Result<()> {
        if until.is_some() {
            return self.unreadable(first, bytes, until);
        }
        self.recovered.torn_bytes += bytes as u64;
        self.floor = self.floor.max(first);
        self.folder.remove(first)
    }

    /// One of which nothing can be trusted.
    fn unreadable(&mut self, first: u64, bytes: usize, until: Option<u64>) -> io::Result<()> {
        self.lost(bytes as u64, first, until);
        self.floor = self.floor.max(first);
        self.folder.set_aside_whole(first)
    }

    /// The events from a number to that of the next segment are lost, but for those that are
    /// acknowledged.
    fn lost(&mut self, damaged_bytes: u64, from: u64, until: Option<u64>) {
        let from = from.max(self.cursor + 1);
        self.recovered.damaged_bytes += damaged_bytes;
        self.recovered.lost_events += until.map_or(0, |until| until.saturating_sub(from));
    }

    fn conclude(self) -> Found {
        let Self { cursor, segments, floor, mut recovered, .. } = self;
        // What came before the oldest segment was deleted because it was acknowledged.
        let deleted = segments.front().map_or(0, |oldest| oldest.first.saturating_sub(1));
        let acknowledged = cursor.max(deleted);
        recovered.events = segments.iter().map(|segment| segment.records_after(acknowledged)).sum();
        Found { segments, acknowledged, next: floor.max(acknowledged + 1), recovered }
    }
}

#[cfg(test)]
mod tests;
