//! `cargo xtask mutants`: builds the harness and lets it loose on deliberately broken buses.
//!
//! The exit code is the harness's own: 1 when a broken bus is not caught.

use std::path::Path;

use crate::{equivalence, run};

/// Builds, runs, and returns the exit code to end with.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<i32> {
    run::outlive_children()?;
    equivalence::build_and_run(root, &verb(arguments))
}

/// The arguments of the harness.
pub(crate) fn verb(arguments: &[String]) -> Vec<String> {
    std::iter::once("mutants".to_owned()).chain(arguments.iter().cloned()).collect()
}
