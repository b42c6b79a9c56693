//! Logs go to standard error; standard output is for the readiness line.

use std::fmt;
use std::io::IsTerminal;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Failure;
use crate::config::{ConfigError, Origin, Problem};
use crate::spelling::nearest;

/// What to log: directives such as `info` or `collector_core=debug`.
const LOG_VARIABLE: &str = "DAEMONEYE_LOG";
/// What may be logged, from least to most.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
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

/// Starts logging for this process; a second call does nothing. What cannot be read of the variable
/// is an error: to log less than was wanted would look like all is well.
pub fn start_logging() -> Result<(), Failure> {
    start(None)
}

/// The same for one of several that share a standard error.
pub(super) fn start_logging_of(name: &'static str) -> Result<(), Failure> {
    start(Some(name))
}

fn start(name: Option<&'static str>) -> Result<(), Failure> {
    let directives = std::env::var(LOG_VARIABLE);
    let filter = filter(directives.as_deref().unwrap_or(DEFAULT_DIRECTIVES))?;
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
    Ok(())
}

/// Reads directives; a word that is no level would count as the name of a module, of which there is
/// none, and everything else be silent.
fn filter(directives: &str) -> Result<EnvFilter, ConfigError> {
    let directives: Vec<_> = directives.split(',').map(str::trim).collect();
    for &directive in &directives {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
        // What stands in brackets is about spans, and has a grammar of its own.
        if !directive.contains('[') && level.parse::<LevelFilter>().is_err() {
            return Err(refused(&format!("`{level}` is no level"), nearest(level, LEVELS)));
        }
    }
    EnvFilter::try_new(directives.join(",")).map_err(|error| refused(&error.to_string(), None))
}

fn refused(what: &str, meant: Option<&str>) -> ConfigError {
    let levels = LEVELS.join(", ");
    let message = format!("{what}; write one of {levels}, or MODULE=LEVEL, parted by commas");
    let origin = Origin::Environment { variable: LOG_VARIABLE.to_owned() };
    let suggestion = meant.map(str::to_owned);
    ConfigError { problems: vec![Problem { origin, message, suggestion, place: None }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_modules_and_spans_are_read() {
        for directives in [
            "",
            "info",
            "WARN",
            "off",
            "collector_core=debug",
            "warn, daemoneye_eventbus=trace,collector_core::agent=info",
            "[publish]=trace",
        ] {
            assert!(filter(directives).is_ok(), "{directives}");
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused_with_the_level_that_was_meant() {
        for (directives, word, meant) in [
            ("infoo", "infoo", Some("info")),
            ("collector_core=dbug", "dbug", Some("debug")),
            ("warn,collector_core=dbug", "dbug", Some("debug")),
            ("collector_core", "collector_core", None),
        ] {
            let told = filter(directives).unwrap_err().to_string();
            let begins = format!("error: environment variable DAEMONEYE_LOG: `{word}` is no level");
            assert!(told.starts_with(&begins), "{told}");
            let help = meant.map(|meant| format!("did you mean `{meant}`?"));
            assert!(help.is_none_or(|help| told.ends_with(&help)), "{told}");
        }
    }
}
