//! `equivalence actor`: hidden; this process becomes an actor of somebody's trial.

use std::process::ExitCode;

/// Obeys the harness on standard input until let go.
pub fn actor() -> ExitCode {
    crate::driver::run_actor()
}
