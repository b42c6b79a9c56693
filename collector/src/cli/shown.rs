//! `--show-config`: what holds, and why.

use std::io::Write;

use anyhow::Context;

use super::Failure;
use crate::config::Resolved;

/// Prints a configuration on standard output, each value with where it came from.
pub fn show_config(resolved: &Resolved) -> Result<(), Failure> {
    let printed = std::io::stdout().lock().write_all(resolved.shown().as_bytes());
    printed.context("cannot print the configuration").map_err(Failure::Infrastructure)
}
