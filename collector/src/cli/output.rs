//! Standard output: one line of JSON, for the program that started this one.

use std::io::{self, Write};

use serde::Serialize;
use tracing::debug;

/// Prints a value as one line of JSON, at once.
///
/// When nobody reads any more that is no reason to end: whoever wanted the line is gone.
pub fn print_line(value: &impl Serialize) {
    let mut output = io::stdout().lock();
    let written = serde_json::to_writer(&mut output, value)
        .map_err(io::Error::from)
        .and_then(|()| output.write_all(b"\n"))
        .and_then(|()| output.flush());
    if let Err(error) = written {
        debug!(%error, "nobody reads standard output");
    }
}
