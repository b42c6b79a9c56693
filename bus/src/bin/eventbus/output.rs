//! Standard output: whole texts, and JSON, one value per line or one in all.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde::Serialize;

use crate::exit::Failure;

/// Buffer of a stream of lines, bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Prints a text.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(Failure::from_output)
}

/// Prints one value as JSON that people can read, too.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::infrastructure(error, "cannot write JSON"))?;
    print(&(text + "\n"))
}

/// Prints one value as one line of JSON, at once.
pub(crate) fn print_json_line(value: &impl Serialize) -> Result<(), Failure> {
    let mut lines = Lines::new();
    lines.json(value)?;
    lines.flush()
}

/// A stream of lines; nothing is sure to be seen before [`flush`](Self::flush).
#[derive(Debug)]
pub(crate) struct Lines {
    output: BufWriter<StdoutLock<'static>>,
}

impl Lines {
    /// Takes standard output for as long as it lives.
    pub(crate) fn new() -> Self {
        Self { output: BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock()) }
    }

    /// One value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.output, value)
            .map_err(io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"))
            .map_err(Failure::from_output)
    }

    /// Shows what was printed.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.output.flush().map_err(Failure::from_output)
    }
}
