//! The verbs of the `equivalence` command, one per file. They put the rooms together.

mod actor;
pub mod behaviour;
mod chaos;
pub mod check;
pub mod command_line;
pub mod compare;
mod control;
mod curves;
mod evidence;
pub mod explain;
pub mod explore;
pub mod footprint;
mod host;
pub mod judged;
pub mod judging;
pub mod known;
pub mod last_report;
pub mod list;
pub mod mutants;
pub mod new;
pub mod performance;
mod place;
pub mod plan;
pub mod record;
pub mod report;
pub mod rerun;
pub mod review;
pub mod run;
pub mod scenarios;
pub mod schema;
pub mod selection;
pub mod show;
pub mod shrink;
pub mod soak;
mod switch;
mod terminal;
pub mod trend;
mod wrap;

pub use actor::{actor, chaos_part, child, soak_part};

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::report::Exit;
use crate::scenario;

/// Exit code for a usage error or an invalid scenario.
pub const EXIT_INVALID: u8 = 2;

/// Says on standard error what is wrong; when nobody listens, the exit code still tells.
pub fn complain(message: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Prints the answer of a verb that judges, and says how it ends: an answer that is lost is
/// infrastructure, unless a failure was found. Whoever has stopped reading has read enough.
fn answer(text: &str, exit: Exit) -> Exit {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format_args!("error: cannot print the answer: {error}"));
            if exit == Exit::Fail { exit } else { Exit::Infrastructure }
        }
        _ => exit,
    }
}

/// The folder a verb works in: the one named, or the project's own.
fn folder_or_default(folder: Option<&Path>) -> PathBuf {
    folder.map_or_else(scenario::default_folder, Path::to_path_buf)
}
