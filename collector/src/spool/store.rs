//! [`Spool`]: opens, keeps, gives back, forgets. Keeping and giving back are in files of their own.

mod appending;
mod reading;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daemoneye_eventbus::wire::DecodeError;
use daemoneye_eventbus::{ByteString, CollectionEvent};
use uuid::Uuid;

use super::cursor::Cursor;
use super::folder::{MAX_SEGMENT_BYTES, SpoolFolder};
use super::recovery::{Found, Recovered, recover};
use super::segment::Segment;
use super::{AcknowledgeError, LossNote, OpenError};
use crate::config::{SpoolConfig, SpoolSync};
use crate::source::Loss;
use reading::Place;

/// Segments that a full spool has at least, so that room comes back in steps that are small beside
/// its limit.
const MIN_SEGMENTS: u64 = 16;
/// Acknowledged bytes that are left where they are while nothing waits, rather than begin a new file
/// for every few events.
const IDLE_BYTES: u64 = 64 << 10;

/// Events on disk, in order, until they are acknowledged; see the [room](super) for what it promises.
///
/// Every call blocks for as long as the disk takes. Dropping it keeps what is in it, and lets another
/// process open it.
///
/// ```
/// use collector_core::config::SpoolConfig;
/// use collector_core::spool::Spool;
/// use daemoneye_eventbus::{CollectionEvent, ProcessEvent};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let config = SpoolConfig::default().with_folder(folder.path().join("spool"));
/// let event = CollectionEvent::Process(ProcessEvent { pid: 7, ..ProcessEvent::default() });
/// let (mut spool, _) = Spool::open(&config, "procmond")?;
/// spool.append(&[event.clone(), event.clone()])?;
/// drop(spool); // as the end of its process would
///
/// let (mut spool, recovered) = Spool::open(&config, "procmond")?;
/// assert_eq!(recovered.events, 2);
/// let chunk = spool.read_after(0, 10)?;
/// assert_eq!(chunk.records[0].event.as_ref(), Ok(&event));
/// spool.acknowledge(chunk.records[1].sequence)?;
/// assert_eq!(spool.usage().events, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool {
    folder: SpoolFolder,
    publisher: ByteString,
    /// The life of the publisher that this opening is.
    incarnation: u64,
    limits: Limits,
    /// Oldest first.
    segments: VecDeque<Segment>,
    /// The newest segment, open where it ends; `None` if another is to be begun first.
    file: Option<File>,
    /// The number of the next event.
    next: u64,
    cursor: Cursor,
    loss_note: Arc<LossNote>,
    /// Up to which number everything is acknowledged; the cursor may be behind.
    acknowledged: u64,
    /// Where reading goes on.
    place: Option<Place>,
    /// Events that were found lost, and nobody was told of yet.
    lost: u64,
}

/// What bounds a spool.
#[derive(Debug, Clone, Copy)]
struct Limits {
    limit_bytes: u64,
    /// Size from which on a segment is followed by another, bytes.
    segment_bytes: u64,
    sync: SpoolSync,
}

/// What was kept by one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// How many events, from the front. Fewer than there were: call again for the rest.
    pub taken: usize,
    /// The number of the first; the others follow it without a gap.
    pub first: u64,
}

/// What was given back by one call.
#[derive(Debug, Default)]
pub struct Chunk {
    /// In order. None: there are no more.
    pub records: Vec<Record>,
    /// Events between those given back before and these that could not be read any more. They are
    /// lost, and told this once.
    pub lost: u64,
}

/// One event that was kept.
#[derive(Debug)]
pub struct Record {
    /// The life of the publisher in which it was kept: with the number, the same event whenever it
    /// is given back.
    pub incarnation: u64,
    /// Its number. They increase, and have gaps where events were lost.
    pub sequence: u64,
    /// The event; an error if another version of this program has written what this one cannot read.
    pub event: Result<CollectionEvent, DecodeError>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Events that are not acknowledged.
    pub events: u64,
    /// What they take on disk, with those acknowledged and not yet deleted, bytes.
    pub bytes: u64,
    /// The most it may take, bytes.
    pub limit_bytes: u64,
}

impl Spool {
    /// Opens the spool of a publisher, or begins one. Reads all that is in it.
    pub fn open(config: &SpoolConfig, publisher: &str) -> Result<(Self, Recovered), OpenError> {
        let limits = Limits {
            limit_bytes: config.limit_bytes,
            segment_bytes: (config.limit_bytes / MIN_SEGMENTS).min(MAX_SEGMENT_BYTES),
            sync: config.sync,
        };
        Self::open_in(&folder(config, publisher)?, publisher, limits)
    }

    fn open_in(
        path: &Path,
        publisher: &str,
        limits: Limits,
    ) -> Result<(Self, Recovered), OpenError> {
        let folder = SpoolFolder::open(path)?;
        let failed = |source| OpenError::Io { folder: path.to_owned(), source };
        let cursor = folder.cursor().and_then(Cursor::read).map_err(failed)?;
        let loss = folder.loss().and_then(|(file, lock)| LossNote::read(file, lock));
        let loss_note = Arc::new(loss.map_err(failed)?);
        let Found { segments, acknowledged, next, mut recovered } =
            recover(&folder, cursor.acknowledged())?;
        recovered.given_up = loss_note.found();
        let mut spool = Self {
            folder,
            publisher: publisher.into(),
            incarnation: Uuid::new_v4().as_u64_pair().0,
            limits,
            segments,
            file: None,
            next,
            cursor,
            loss_note,
            acknowledged,
            place: None,
            lost: 0,
        };
        // What cannot be deleted now is deleted with what is acknowledged next.
        let _ = spool.delete_acknowledged();
        Ok((spool, recovered))
    }

    /// How much there is.
    pub fn usage(&self) -> Usage {
        let segments = self.segments.iter();
        Usage {
            events: segments.map(|segment| segment.records_after(self.acknowledged)).sum(),
            bytes: self.bytes(),
            limit_bytes: self.limits.limit_bytes,
        }
    }

    /// Where it is written down what is lost at the end; it is of use longer than the spool.
    pub(crate) fn loss_note(&self) -> Arc<LossNote> {
        Arc::clone(&self.loss_note)
    }

    /// What earlier runs lost when they ended was told, and is not told again.
    pub(crate) fn forget_loss(&mut self) -> io::Result<()> {
        self.loss_note.write(Loss::default())
    }

    /// Whether earlier runs lost something of which nobody was told before.
    pub(crate) fn follows_loss(&self) -> bool {
        !self.loss_note.found().is_none()
    }

    /// Forgets every event up to a number, that included; earlier numbers change nothing.
    pub fn acknowledge(&mut self, sequence: u64) -> Result<(), AcknowledgeError> {
        if sequence >= self.next {
            return Err(AcknowledgeError::Unknown { sequence, next: self.next });
        }
        if sequence <= self.acknowledged {
            return Ok(());
        }
        self.acknowledged = sequence;
        let written = self.cursor.advance(sequence);
        let deleted = self.delete_acknowledged();
        written.and(deleted).map_err(|source| {
            let folder = self.folder.path().to_owned();
            AcknowledgeError::Io { folder, source }
        })
    }

    /// Deletes segments whose events are all acknowledged; the one that is written to stays while
    /// little is in it. The number of the next event is known without them, by the cursor.
    fn delete_acknowledged(&mut self) -> io::Result<()> {
        while let Some(oldest) = self.segments.front().copied() {
            let is_newest = self.segments.len() == 1;
            let is_in_use = is_newest && self.file.is_some() && oldest.bytes < IDLE_BYTES;
            if is_in_use || oldest.records_after(self.acknowledged) > 0 {
                break;
            }
            // A file that is open takes its room, deleted or not.
            if is_newest {
                self.file = None;
            }
            if self.place.as_ref().is_some_and(|place| place.is_in(&oldest)) {
                self.place = None;
            }
            self.folder.remove(oldest.first)?;
            self.segments.pop_front();
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

/// Where the spool of a publisher is.
fn folder(config: &SpoolConfig, publisher: &str) -> Result<PathBuf, OpenError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if publisher.is_empty() || !publisher.bytes().all(is_plain) {
        return Err(OpenError::Name { name: publisher.to_owned() });
    }
    let base = config.folder.as_ref().ok_or(OpenError::NoFolder)?;
    Ok(base.join(publisher))
}

#[cfg(test)]
mod tests;
