//! Logs go to standard error; standard output is for the readiness line.

use std::fmt;
use std::io::IsTerminal;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What to log: directives such as `info` or `collector_core=debug`.
const LOG_VARIABLE: &str = "DAEMONEYE_LOG";
/// Without that variable.
const DEFAULT_DIRECTIVES: &str = "warn";

/// Lines as ever, behind the name of whoever writes them.
struct Named {
    name: Option<&'static str>,
    format: Format,
}

impl<S, N> FormatEvent<S, N> for Named
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if let Some(name) = self.name {
            write!(writer, "{name}: ")?;
        }
        self.format.format_event(context, writer, event)
    }
}

/// Starts logging for this process; a second call does nothing.
pub fn start_logging() {
    start(None);
}

/// The same for one of several that share a standard error.
pub(super) fn start_logging_of(name: &'static str) {
    start(Some(name));
}

fn start(name: Option<&'static str>) {
    let directives = std::env::var(LOG_VARIABLE);
    let filter = EnvFilter::new(directives.as_deref().unwrap_or(DEFAULT_DIRECTIVES));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Told on standard error as well, with a panic where that is closed: an orphan goes on
        // without anybody who reads it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .event_format(Named { name, format: Format::default() });
    // Fails only when logging has started already.
    let _ = log.try_init();
}
