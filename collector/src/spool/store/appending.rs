//! Keeping events: one write for as many as go into it, all or nothing of them.

use std::io::{self, Seek, SeekFrom, Write};

use daemoneye_eventbus::{CollectionEvent, EventId};

use super::super::AppendError;
use super::super::folder::CHUNK_BYTES;
use super::super::payload;
use super::super::record::{self, MAX_PAYLOAD_BYTES};
use super::super::segment::HEADER_BYTES;
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
            incarnation: self.newest().incarnation,
            sequence: self.next,
        };
        for (taken, event) in events.iter().enumerate() {
            let before = chunk.len();
            if before >= CHUNK_BYTES {
                return Ok(taken);
            }
            let payload_bytes = payload::encode(chunk, &id, event);
            if let Err(error) = self.check(payload_bytes, chunk.len()) {
                chunk.truncate(before);
                return if taken == 0 { Err(error) } else { Ok(taken) };
            }
            record::seal(&mut chunk[before..], id.sequence);
            id.sequence += 1;
        }
        Ok(events.len())
    }

    /// Whether an event may be kept, and the chunk that it ends fits.
    fn check(&self, payload_bytes: usize, chunk_bytes: usize) -> Result<(), AppendError> {
        if payload_bytes > MAX_PAYLOAD_BYTES {
            let (bytes, limit_bytes) = (payload_bytes, MAX_PAYLOAD_BYTES);
            return Err(AppendError::TooLarge { bytes, limit_bytes });
        }
        let limit_bytes = self.limits.limit_bytes;
        // It may have to begin a segment.
        let needed_bytes = self.bytes() + (HEADER_BYTES + chunk_bytes) as u64;
        if needed_bytes > limit_bytes { Err(AppendError::Full { limit_bytes }) } else { Ok(()) }
    }

    fn write(&mut self, chunk: &[u8], records: u64) -> io::Result<()> {
        if self.is_closed || self.newest().bytes >= self.limits.segment_bytes {
            self.begin_segment()?;
        }
        let written = self.file.write_all(chunk).and_then(|()| match self.limits.sync {
            SpoolSync::Batch => self.file.sync_data(),
            SpoolSync::Never => Ok(()),
        });
        if let Err(error) = written {
            self.take_back();
            return Err(error);
        }
        self.next += records;
        let newest = self.segments.back_mut().expect("there is always a newest segment");
        newest.next = self.next;
        newest.bytes += chunk.len() as u64;
        Ok(())
    }

    /// Undoes a write of which nobody knows how far it came.
    fn take_back(&mut self) {
        let whole_bytes = self.newest().bytes;
        let undone = self
            .file
            .set_len(whole_bytes)
            .and_then(|()| self.file.seek(SeekFrom::Start(whole_bytes)));
        self.is_closed = undone.is_err();
    }
}
