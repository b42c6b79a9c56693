//! `schema`: the JSON Schema of scenario files, for editors.

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Args;

use crate::plan::schema;

/// Print the JSON Schema of scenario files; `scenarios/schema.json` holds a copy.
#[derive(Debug, Clone, Default, Args)]
pub struct SchemaArgs {}

/// Prints the schema.
pub fn run(_args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    write!(stdout(), "{}", schema::text())?;
    Ok(ExitCode::SUCCESS)
}
