//! A run of the real agent and its procmond, recorded as it goes and replayed on both buses: as many events
//! on each topic there as here.
//!
//! Ignored where the agent was not built along with this test.

use std::process::ExitCode;

#[cfg(unix)]
#[path = "record/recorder.rs"]
mod recorder;
#[cfg(unix)]
#[path = "record/replay.rs"]
mod replay;

fn main() -> ExitCode {
    let arguments = libtest_mimic::Arguments::from_args();
    #[cfg(unix)]
    let trials = vec![replay::trial()];
    // Ctrl-C, which ends a recording, cannot be sent to one process elsewhere.
    #[cfg(not(unix))]
    let trials = Vec::new();
    libtest_mimic::run(&arguments, trials).exit_code()
}
