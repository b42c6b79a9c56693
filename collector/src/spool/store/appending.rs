//! Keeping events: one write for as many as go into it, all or nothing of them.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use daemoneye_eventbus::{CollectionEvent, EventId};

use super::super::AppendError;
use super::super::folder::CHUNK_BYTES;
use super::super::payload;
use super::super::record::{self, MAX_PAYLOAD_BYTES};
use super::super::segment::{HEADER_BYTES, Segment, SegmentHeader};
use super::{Appended, Spool};
use crate::config::SpoolSync;

impl Spool {
    /// Keeps events from the front of these: as many as go into one write, about 1 MiB, and into
    /// what is left of the limit. Once it returns they are kept as the configuration says. Without
    /// events it does nothing.
    ///
    /// After an error none of them is kept, and it can be called again.
    pub fn append(&mut self, events: &[CollectionEvent]) -> Result<Appended, AppendError> {
        let first = self.next;
        let mut chunk = Vec::new();
        let taken = self.encode(events, &mut chunk)?;
        if taken > 0 {
            self.write(&chunk, taken as u64).map_err(|source| {
                let folder = self.folder.path().to_owned();
                AppendError::Io { folder, source }
            })?;
        }
        Ok(Appended { taken, first })
    }

    /// Appends the records of events to a chunk; how many there was room for.
    fn encode(
        &self,
        events: &[CollectionEvent],
        chunk: &mut Vec<u8>,
    ) -> Result<usize, AppendError> {
        let mut id = EventId {
            publisher: self.publisher.clone(),
            incarnation: self.incarnation,
            sequence: self.next,
        };
        // It may have to begin a segment.
        let taken_bytes = self.bytes() + HEADER_BYTES as u64;
        let room_bytes = self.limits.limit_bytes.saturating_sub(taken_bytes);
        for (taken, event) in events.iter().enumerate() {
            let before = chunk.len();
            if before >= CHUNK_BYTES {
                return Ok(taken);
            }
            let payload_bytes = payload::encode(chunk, &id, event);
            if let Err(error) = self.check(payload_bytes, chunk.len(), room_bytes) {
                chunk.truncate(before);
                return if taken == 0 { Err(error) } else { Ok(taken) };
            }
            record::seal(&mut chunk[before..], id.sequence);
            id.sequence += 1;
        }
        Ok(events.len())
    }

    /// Whether an event may be kept, and the chunk that it ends fits.
    fn check(
        &self,
        payload_bytes: usize,
        chunk_bytes: usize,
        room_bytes: u64,
    ) -> Result<(), AppendError> {
        if payload_bytes > MAX_PAYLOAD_BYTES {
            let (bytes, limit_bytes) = (payload_bytes, MAX_PAYLOAD_BYTES);
            return Err(AppendError::TooLarge { bytes, limit_bytes });
        }
        if chunk_bytes as u64 > room_bytes {
            return Err(AppendError::Full { limit_bytes: self.limits.limit_bytes });
        }
        Ok(())
    }

    fn write(&mut self, chunk: &[u8], records: u64) -> io::Result<()> {
        let mut file = self.writable()?;
        let newest = self.segments.back_mut().expect("what is written to is the newest");
        let written = file.write_all(chunk).and_then(|()| match self.limits.sync {
            SpoolSync::Batch => file.sync_data(),
            SpoolSync::Never => Ok(()),
        });
        if let Err(error) = written {
            // What cannot be taken back is followed by another segment.
            self.file = take_back(file, newest.bytes).ok();
            return Err(error);
        }
        self.next += records;
        newest.next = self.next;
        newest.bytes += chunk.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// The newest segment, or the next one where that is full or not to be written to any more.
    pub(super) fn writable(&mut self) -> io::Result<File> {
        let limit_bytes = self.limits.segment_bytes;
        let has_room = self.segments.back().is_some_and(|newest| newest.bytes < limit_bytes);
        if let Some(file) = self.file.take()
            && has_room
        {
            return Ok(file);
        }
        let header = SegmentHeader { incarnation: self.incarnation, first: self.next };
        let file = self.folder.begin(header, self.limits.sync)?;
        // One that got no record had the same number, and was replaced.
        self.segments.retain(|segment| segment.first != header.first);
        self.segments.push_back(Segment::begun(header));
        Ok(file)
    }
}

/// Undoes a write of which nobody knows how far it came.
fn take_back(mut file: File, whole_bytes: u64) -> io::Result<File> {
    file.set_len(whole_bytes)?;
    file.seek(SeekFrom::Start(whole_bytes))?;
    Ok(file)
}
