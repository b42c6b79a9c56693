//! The agent's record, read as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use daemoneye_eventbus::BusEvent;
use serde::Deserialize;

/// Events kept of one record, about a gigabyte of them: more than a host starts in minutes.
const MAX_EVENTS: usize = 1_000_000;

/// One record, as far as it was read.
pub(super) struct GrowingRecord {
    path: PathBuf,
    /// Bytes read so far.
    read: u64,
    /// The beginning of a line whose end is not written yet.
    torn: Vec<u8>,
    pub(super) events: Vec<BusEvent>,
}

/// One line.
#[derive(Deserialize)]
struct Line {
    event: BusEvent,
}

impl GrowingRecord {
    /// Begins a record; one of an earlier run would be taken for this one's, as agents append.
    pub(super) fn begin(path: PathBuf) -> Self {
        let _ = std::fs::remove_file(&path);
        Self { path, read: 0, torn: Vec::new(), events: Vec::new() }
    }

    /// Reads what was written since; returns how many events were known before.
    pub(super) fn read_on(&mut self) -> io::Result<usize> {
        let known = self.events.len();
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            // Nothing was received yet.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(known),
            Err(cause) => return Err(cause),
        };
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = std::mem::take(&mut self.torn);
        let before = bytes.len();
        file.read_to_end(&mut bytes)?;
        self.read += (bytes.len() - before) as u64;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.torn = bytes.split_off(whole);
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Line = serde_json::from_slice(line)?;
            self.events.push(line.event);
        }
        if self.events.len() > MAX_EVENTS {
            return Err(io::Error::other(format!("it holds more than {MAX_EVENTS} events")));
        }
        Ok(known)
    }
}
