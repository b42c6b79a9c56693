//! Standard output, for people and for the program that started this one. A reader that has seen
//! enough is no error.

use std::io::{self, Write};

use anyhow::anyhow;
use serde::Serialize;
use tracing::debug;

use super::Failure;
use crate::config::Resolved;

/// Prints a configuration, each value with where it came from.
pub fn show_config(resolved: &Resolved) -> Result<(), Failure> {
    print(&resolved.shown())
}

/// Prints a text at once.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match write(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Infrastructure(anyhow!(error).context("cannot write standard output")))
        }
        _ => Ok(()),
    }
}

/// Prints a value as one line of JSON, at once.
///
/// When that fails it is no reason to end: whoever wanted the line is gone.
pub fn print_line(value: &impl Serialize) {
    let line = serde_json::to_string(value).map_err(io::Error::from);
    if let Err(error) = line.and_then(|line| write(format!("{line}\n").as_bytes())) {
        debug!(%error, "nobody reads standard output");
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}
