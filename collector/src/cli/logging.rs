//! Logs go to standard error; standard output is for the readiness line.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What to log: directives such as `info` or `collector_core=debug`.
const LOG_VARIABLE: &str = "DAEMONEYE_LOG";
/// Without that variable.
const DEFAULT_DIRECTIVES: &str = "warn";

/// Starts logging for this process; a second call does nothing.
pub fn start_logging() {
    let directives = std::env::var(LOG_VARIABLE);
    let filter = EnvFilter::new(directives.as_deref().unwrap_or(DEFAULT_DIRECTIVES));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Told on standard error as well, with a panic where that is closed: an orphan goes on
        // without anybody who reads it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    // Fails only when logging has started already.
    let _ = log.try_init();
}
