//! Binary records of fixed size: what actors write into the trial's folder and the driver reads.
//!
//! Little-endian, field after field, no header: the file's name says what it holds and for whom.
//! Both ends have the same `PROTOCOL`, which changes with any record here, so there is no version either.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::record::{Outcome, Published, Received};

/// A record of fixed size.
pub(crate) trait Fixed: Sized {
    /// Its size on disk.
    const BYTES: usize;

    /// Appends its fields.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads its fields in the order they were put.
    fn take(fields: &mut Fields<'_>) -> Self;
}

/// When one event of an open loop was planned, begun, handed over and accepted, ns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// The publisher's running number.
    pub sequence: u64,
    /// The schedule's moment.
    pub planned_ns: u64,
    /// The return of the publisher's most recent sleep.
    pub wake_ns: u64,
    /// The call of `publish`.
    pub call_ns: u64,
    /// Its return.
    pub return_ns: u64,
}

/// When one event of an open loop arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Index of its publisher.
    pub publisher: u64,
    /// The publisher's running number.
    pub sequence: u64,
    /// The stamp in the event, `max(planned, wake)`.
    pub start_ns: u64,
    /// When it arrived.
    pub receive_ns: u64,
}

/// A cursor over the bytes of one record.
pub(crate) struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a record holds all its fields");
        self.0 = rest;
        *head
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes())
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }
}

impl Fixed for Published {
    const BYTES: usize = 37;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.phase.to_le_bytes());
        out.extend_from_slice(&self.call_ns.to_le_bytes());
        out.extend_from_slice(&self.return_ns.to_le_bytes());
        out.push(outcome_code(self.outcome));
        out.extend_from_slice(&self.digest.to_le_bytes());
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            sequence: fields.u64(),
            phase: fields.u32(),
            call_ns: fields.u64(),
            return_ns: fields.u64(),
            outcome: outcome_of(fields.u8()),
            digest: fields.u64(),
        }
    }
}

impl Fixed for Received {
    const BYTES: usize = 45;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.publisher.to_le_bytes());
        out.extend_from_slice(&self.subscription.to_le_bytes());
        for field in [self.sequence, self.receive_ns, self.position, self.digest, self.correlation]
        {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.push(u8::from(self.is_root));
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            publisher: fields.u16(),
            subscription: fields.u16(),
            sequence: fields.u64(),
            receive_ns: fields.u64(),
            position: fields.u64(),
            digest: fields.u64(),
            correlation: fields.u64(),
            is_root: fields.u8() == 1,
        }
    }
}

impl Fixed for Timing {
    const BYTES: usize = 40;

    fn put(&self, out: &mut Vec<u8>) {
        for field in [self.sequence, self.planned_ns, self.wake_ns, self.call_ns, self.return_ns] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            sequence: fields.u64(),
            planned_ns: fields.u64(),
            wake_ns: fields.u64(),
            call_ns: fields.u64(),
            return_ns: fields.u64(),
        }
    }
}

impl Fixed for Arrival {
    const BYTES: usize = 32;

    fn put(&self, out: &mut Vec<u8>) {
        for field in [self.publisher, self.sequence, self.start_ns, self.receive_ns] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            publisher: fields.u64(),
            sequence: fields.u64(),
            start_ns: fields.u64(),
            receive_ns: fields.u64(),
        }
    }
}

fn outcome_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Closed => 1,
        Outcome::TooLarge => 2,
        Outcome::Timeout => 3,
        Outcome::Unknown => 4,
        Outcome::Denied => 5,
    }
}

fn outcome_of(code: u8) -> Outcome {
    match code {
        0 => Outcome::Ok,
        1 => Outcome::Closed,
        2 => Outcome::TooLarge,
        3 => Outcome::Timeout,
        5 => Outcome::Denied,
        _ => Outcome::Unknown,
    }
}

/// Writes records as they come through a buffer of fixed size, so that recording a long trial
/// costs no memory that grows.
pub(crate) struct Recorder<T> {
    file: BufWriter<File>,
    scratch: Vec<u8>,
    of: std::marker::PhantomData<T>,
}

impl<T: Fixed> Recorder<T> {
    /// A recorder into a new file.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(64 * 1024, File::create(path)?);
        Ok(Self { file, scratch: Vec::with_capacity(T::BYTES), of: std::marker::PhantomData })
    }

    /// A recorder that keeps nothing back: whoever kills this process has every record so far, the
    /// last one perhaps torn.
    pub(crate) fn through(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(0, File::create(path)?);
        Ok(Self { file, scratch: Vec::with_capacity(T::BYTES), of: std::marker::PhantomData })
    }

    /// Appends one record.
    pub(crate) fn record(&mut self, record: &T) -> io::Result<()> {
        self.scratch.clear();
        record.put(&mut self.scratch);
        self.file.write_all(&self.scratch)
    }

    /// Writes what is buffered and closes the file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes records gathered in memory.
pub(crate) fn write_all<T: Fixed>(path: &Path, records: &[T]) -> io::Result<()> {
    let mut recorder = Recorder::create(path)?;
    for record in records {
        recorder.record(record)?;
    }
    recorder.finish()
}

/// Why a file of records could not be read.
#[derive(Debug, Error)]
pub enum RecordsError {
    /// It is missing or unreadable: its actor did not finish.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It ends in the middle of a record.
    #[error("{} is torn: {bytes} bytes are no multiple of {record_bytes}", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// Length of one record.
        record_bytes: usize,
    },
}

/// Reads a file of records.
pub(crate) fn read_all<T: Fixed>(path: &Path) -> Result<Vec<T>, RecordsError> {
    let bytes =
        std::fs::read(path).map_err(|cause| RecordsError::Read { path: path.to_owned(), cause })?;
    if !bytes.len().is_multiple_of(T::BYTES) {
        return Err(RecordsError::Torn {
            path: path.to_owned(),
            bytes: bytes.len(),
            record_bytes: T::BYTES,
        });
    }
    Ok(bytes.chunks_exact(T::BYTES).map(|chunk| T::take(&mut Fields(chunk))).collect())
}

/// Reads what is whole of a file whose writer may have been killed; nothing where it had not begun.
pub(crate) fn read_whole<T: Fixed>(path: &Path) -> Result<Vec<T>, RecordsError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            Ok(bytes.chunks_exact(T::BYTES).map(|one| T::take(&mut Fields(one))).collect())
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(RecordsError::Read { path: path.to_owned(), cause }),
    }
}

/// Publishes of one that may have been killed. Each was written before its call, with an unknown
/// outcome, and again after it: the later record of a number stands.
pub(crate) fn read_announced(path: &Path) -> Result<Vec<Published>, RecordsError> {
    let mut published: Vec<Published> = Vec::new();
    for record in read_whole::<Published>(path)? {
        match published.last_mut().filter(|last| last.sequence == record.sequence) {
            Some(last) if last.return_ns == last.call_ns && last.outcome == Outcome::Unknown => {
                *last = record;
            }
            _ => published.push(record),
        }
    }
    Ok(published)
}

/// Names of the files of a trial.
pub(crate) mod names {
    use std::path::{Path, PathBuf};

    /// `Published` records of a behaviour trial.
    pub(crate) fn published(directory: &Path, publisher: usize) -> PathBuf {
        directory.join(format!("publisher-{publisher}.published"))
    }

    /// What a publisher was told of its broken connections, JSON.
    pub(crate) fn resumed(directory: &Path, publisher: usize) -> PathBuf {
        directory.join(format!("publisher-{publisher}.json"))
    }

    /// `Timing` records of a paced trial.
    pub(crate) fn timing(directory: &Path, publisher: usize) -> PathBuf {
        directory.join(format!("publisher-{publisher}.timing"))
    }

    /// `Received` records of a behaviour trial.
    pub(crate) fn received(directory: &Path, subscriber: usize) -> PathBuf {
        directory.join(format!("subscriber-{subscriber}.received"))
    }

    /// `Arrival` records of a paced trial.
    pub(crate) fn arrivals(directory: &Path, subscriber: usize) -> PathBuf {
        directory.join(format!("subscriber-{subscriber}.arrivals"))
    }

    /// What a subscriber says about itself at the end, JSON.
    pub(crate) fn summary(directory: &Path, subscriber: usize) -> PathBuf {
        directory.join(format!("subscriber-{subscriber}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("records");
        let published = [Published {
            sequence: 3 | crate::record::FENCE,
            phase: 2,
            call_ns: 10,
            return_ns: 12,
            outcome: Outcome::Timeout,
            digest: 77,
        }];
        write_all(&path, &published).expect("written");
        assert_eq!(read_all::<Published>(&path).expect("read"), published);
        let received = [Received {
            publisher: 1,
            subscription: 4,
            sequence: 9,
            receive_ns: 5,
            position: 6,
            digest: 7,
            correlation: 8,
            is_root: true,
        }];
        write_all(&path, &received).expect("written");
        assert_eq!(read_all::<Received>(&path).expect("read"), received);
    }

    #[test]
    fn of_a_killed_publisher_all_is_read_but_what_is_torn_and_its_last_call_is_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("records");
        let announced = |sequence| Published {
            sequence,
            phase: 0,
            call_ns: 10 * sequence,
            return_ns: 10 * sequence,
            outcome: Outcome::Unknown,
            digest: 7,
        };
        let done = Published { return_ns: 12, outcome: Outcome::Ok, ..announced(1) };
        let mut recorder = Recorder::through(&path).expect("made");
        for record in [announced(1), done, announced(2)] {
            recorder.record(&record).expect("written");
        }
        // Not finished: a killed process does not get so far.
        let mut bytes = std::fs::read(&path).expect("every record is there at once");
        bytes.extend([0; Published::BYTES - 1]);
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(read_announced(&path).expect("read"), [done, announced(2)]);
        assert_eq!(read_announced(&folder.path().join("none")).expect("none began"), []);
    }

    #[test]
    fn a_torn_file_is_an_error_not_a_shorter_history() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("records");
        std::fs::write(&path, [0; Arrival::BYTES + 1]).expect("written");
        assert!(matches!(read_all::<Arrival>(&path), Err(RecordsError::Torn { .. })));
    }
}
