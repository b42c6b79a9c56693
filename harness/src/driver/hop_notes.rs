//! What the actors of a traced trial leave in its folder: their logs of hops, and which event of the bus an
//! arrival was.

use std::io;
use std::num::NonZeroU64;
use std::path::Path;

use daemoneye_eventbus::hops::{Hop, HopLog, HopStamp, Hops};

use super::records::{Fields, Fixed, RecordsError, read_all, write_all};

/// Stamps one log holds, 40 bytes each.
pub(super) const LIMIT_STAMPS: usize = 1 << 16;

/// An arrival of an event that is followed, in the numbers of the plan and of the bus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sighted {
    /// Index of its publisher.
    pub(super) publisher: u64,
    /// The publisher's running number.
    pub(super) sequence: u64,
    /// The life of its publisher on the bus.
    pub(super) incarnation: u64,
    /// The bus's number of it.
    pub(super) number: u64,
    /// When it arrived, nanoseconds.
    pub(super) receive_ns: u64,
}

impl Fixed for Sighted {
    const BYTES: usize = 40;

    fn put(&self, out: &mut Vec<u8>) {
        let Self { publisher, sequence, incarnation, number, receive_ns } = *self;
        for field in [publisher, sequence, incarnation, number, receive_ns] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            publisher: fields.u64(),
            sequence: fields.u64(),
            incarnation: fields.u64(),
            number: fields.u64(),
            receive_ns: fields.u64(),
        }
    }
}

/// A stamp, or in the place of the last one how many found no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Stamp(HopStamp),
    LeftOut(u64),
}

/// Stands where the place of a hop among all of them does.
const LEFT_OUT: u8 = u8::MAX;

impl Fixed for Note {
    const BYTES: usize = 33;

    fn put(&self, out: &mut Vec<u8>) {
        let (code, fields) = match *self {
            Self::Stamp(HopStamp { hop, incarnation, sequence, receiver, at_ns }) => {
                (code(hop), [incarnation, sequence, receiver, at_ns])
            }
            Self::LeftOut(stamps) => (LEFT_OUT, [stamps, 0, 0, 0]),
        };
        out.push(code);
        for field in fields {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }

    fn take(fields: &mut Fields<'_>) -> Self {
        let code = fields.u8();
        let [first, sequence, receiver, at_ns] = std::array::from_fn(|_| fields.u64());
        match Hop::ALL.get(usize::from(code)) {
            Some(hop) => {
                Self::Stamp(HopStamp { hop: *hop, incarnation: first, sequence, receiver, at_ns })
            }
            None => Self::LeftOut(first),
        }
    }
}

fn code(hop: Hop) -> u8 {
    let place = Hop::ALL.iter().position(|other| *other == hop);
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(LEFT_OUT)
}

/// A log for one process or role of a traced trial.
pub(super) fn log(every: NonZeroU64) -> HopLog {
    HopLog::new(every, LIMIT_STAMPS)
}

/// Writes a log down at the end of a role; returns what could not be written.
pub(super) fn write_log(path: &Path, log: Option<&HopLog>) -> Option<String> {
    let Hops { stamps, left_out } = log?.take();
    let stamps = stamps.into_iter().map(Note::Stamp);
    let notes: Vec<Note> = stamps.chain([Note::LeftOut(left_out)]).collect();
    let wrote: io::Result<()> = write_all(path, &notes);
    wrote.err().map(|cause| format!("{}: {cause}", path.display()))
}

/// Reads what [`write_log`] wrote.
pub(super) fn read_log(path: &Path) -> Result<Hops, RecordsError> {
    let mut hops = Hops::default();
    for note in read_all::<Note>(path)? {
        match note {
            Note::Stamp(stamp) => hops.stamps.push(stamp),
            Note::LeftOut(stamps) => hops.left_out += stamps,
        }
    }
    Ok(hops)
}

/// Names of the files of a traced trial beside those of any.
pub(super) mod names {
    use std::path::{Path, PathBuf};

    /// The log of the process that hosts the bus.
    pub(in crate::driver) fn bus(directory: &Path) -> PathBuf {
        directory.join("bus.hops")
    }

    /// The log of a publisher's own connection.
    pub(in crate::driver) fn publisher(directory: &Path, publisher: usize) -> PathBuf {
        directory.join(format!("publisher-{publisher}.hops"))
    }

    /// The log of a subscriber's own connection.
    pub(in crate::driver) fn subscriber(directory: &Path, subscriber: usize) -> PathBuf {
        directory.join(format!("subscriber-{subscriber}.hops"))
    }

    /// `Sighted` records of a subscriber.
    pub(in crate::driver) fn sighted(directory: &Path, subscriber: usize) -> PathBuf {
        directory.join(format!("subscriber-{subscriber}.sighted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_comes_back_as_it_was_written_with_what_it_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = names::bus(folder.path());
        let log = HopLog::new(NonZeroU64::MIN, Hop::ALL.len());
        let stamp = |hop, sequence| HopStamp {
            hop,
            incarnation: u64::MAX,
            sequence,
            receiver: 9,
            at_ns: 100 + sequence,
        };
        let stamps = Hop::ALL.map(|hop| stamp(hop, 1));
        stamps.into_iter().chain([stamp(Hop::Route, 2)]).for_each(|stamp| log.note(stamp));
        assert_eq!(write_log(&path, Some(&log)), None);
        let read = read_log(&path).expect("read");
        assert_eq!(read, Hops { stamps: stamps.to_vec(), left_out: 1 });
    }
}
