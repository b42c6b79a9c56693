//! What the binaries of this package share: flags, exit codes, signals, logging.
//!
//! For binaries only: unlike the rest of the library this room reads the environment and traps
//! signals.

mod collector;
mod exit;
mod flags;
mod lifeline;
mod logging;
mod operator;
mod output;
mod signal;
mod status;
mod steering;
mod table;

pub use collector::run_collector;
pub use exit::{EXIT_CODES, Failure, report};
pub use flags::{BusFlag, CommonFlags};
pub use logging::start_logging;
pub use output::{print_line, show_config};
pub use signal::{interrupted, told_to_end};
pub use status::{StatusFlags, run_status};
pub use steering::{PauseFlags, SetFlags, run_pause, run_resume, run_set};
