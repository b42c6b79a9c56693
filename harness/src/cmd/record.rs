//! `record NAME`: what a running broker carries, into a file, and two scenarios that replay it: exactly,
//! and smaller (`scenarios/RECORDINGS.md`).

mod files;
mod gathered;
mod names;
mod told;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use thiserror::Error;

use self::files::{Files, Kept};
use self::gathered::Gathered;
use self::told::tell;
use super::place::PlaceError;
use super::run::interrupt;
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::driver::{Tap, TapEnd, TapError, TapRequest};
use crate::report::Exit;
use crate::scenario::{
    Ended, MAX_RECORDED_EVENTS, MAX_RECORDED_NS, Recording, duration_ms, shown_ms,
};

/// Longest time, milliseconds: as long as a phase can publish what was recorded.
const MAX_FOR_MS: u64 = MAX_RECORDED_NS / 1_000_000;

/// Record what a running broker carries: when, where, who, of which kind and how large; never what
/// events say.
///
/// Writes `recorded/NAME.jsonl`, `recorded/NAME.toml`, which replays it exactly, and
/// `recorded/NAME-fitted.toml`, which is like it, smaller, and needs no recording. Ctrl-C ends it and keeps
/// what there is. The recording is written first: where there is more in it than a scenario may ask for, that
/// scenario is left out, and why is said.
#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    /// What the scenarios are called, below `recorded/` in the folder of scenarios.
    pub name: String,
    /// Socket of the broker; the agent's readiness line names it.
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
    /// Key file that proves the operator, who may hear everything and is told the subscriptions; by
    /// default the file beside the socket, if it is there.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// End after this time, such as 30s; after 10 min in any case.
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub lasts: Option<Duration>,
    /// End after so many events; after 100 000 in any case.
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..=MAX_RECORDED_EVENTS as u64))]
    pub events: Option<u64>,
    /// What to listen to; several times for several.
    #[arg(long = "pattern", value_name = "PATTERN", default_value = "events.#")]
    pub patterns: Vec<String>,
    /// Replace files that are there.
    #[arg(long)]
    pub force: bool,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

fn time(text: &str) -> Result<Duration, String> {
    match duration_ms(text)? {
        0 => Err("nothing happens in no time".to_owned()),
        ms if ms > MAX_FOR_MS => Err(format!("a recording lasts at most {}", shown_ms(MAX_FOR_MS))),
        ms => Ok(Duration::from_millis(ms)),
    }
}

/// Why there is no recording.
#[derive(Debug, Error)]
enum RecordError {
    #[error("error: {0}")]
    Place(#[from] PlaceError),
    #[error("error: {0}; or replace it with --force")]
    Taken(PlaceError),
    #[error("error: {0}")]
    Tap(#[from] TapError),
    #[error("error: cannot begin: {0}")]
    System(#[from] std::io::Error),
    /// What was published, if anything, was missed.
    #[error("nothing was recorded, and nothing was written. {0}")]
    Missed(String),
}

impl RecordError {
    fn exit(&self) -> ExitCode {
        let is_usage = match self {
            Self::Place(cause) => cause.is_usage(),
            Self::Tap(cause) => cause.is_usage(),
            Self::Taken(_) => true,
            Self::Missed(_) => return Exit::Fail.code().into(),
            Self::System(_) => false,
        };
        ExitCode::from(if is_usage { EXIT_INVALID } else { Exit::Infrastructure.code() })
    }
}

/// Records, writes the files, and says what they hold and what they lack.
pub fn run(args: &RecordArgs) -> anyhow::Result<ExitCode> {
    let exit = match written(args) {
        Ok(Some(written)) => {
            tell(args, &written)?;
            written.exit()
        }
        Ok(None) => Exit::Inconclusive,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    Ok(exit.code().into())
}

/// What was written.
struct Written {
    recording: Recording,
    /// Whoever is called otherwise in it than he is.
    renamed: Vec<(String, String)>,
    kept: Kept,
}

impl Written {
    /// The recording is there; whether it has everything, and all that was to come of it.
    fn exit(&self) -> Exit {
        if self.kept.is_unwritable() {
            Exit::Infrastructure
        } else if self.recording.is_complete() && self.kept.is_whole() {
            Exit::Pass
        } else {
            Exit::Fail
        }
    }
}

/// Records and writes; nothing where nothing was published.
fn written(args: &RecordArgs) -> Result<Option<Written>, RecordError> {
    let folder = folder_or_default(args.scenarios.as_deref());
    let files = Files::of(&folder, &args.name, args.force).map_err(|error| match error {
        PlaceError::Taken { .. } => RecordError::Taken(error),
        error => RecordError::Place(error),
    })?;
    // The session has a thread of its own, so that it shows life whatever this one does.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let gathered = runtime.block_on(recorded(args))?;
    if gathered.recording.events().is_empty() {
        if !gathered.recording.is_complete() {
            return Err(RecordError::Missed(gathered.recording.lacks().join(" ")));
        }
        let seconds = gathered.recording.about.seconds;
        complain(&format_args!("nothing was published in {seconds:.1} s; nothing was written"));
        return Ok(None);
    }
    let (recording, renamed) = gathered.finished();
    let kept = files.write(&recording)?;
    Ok(Some(Written { recording, renamed, kept }))
}

/// Listens until there is a reason to end.
async fn recorded(args: &RecordArgs) -> Result<Gathered, RecordError> {
    let mut interrupt = interrupt::on_signals()?;
    let RecordArgs { socket, key, patterns, .. } = args;
    let mut tap = Tap::open(TapRequest { socket, key: key.as_deref(), patterns }).await?;
    let began = std::time::Instant::now();
    let mut gathered = Gathered::new(patterns, args.events);
    gathered.subscriptions(tap.subscriptions().await?);
    let patterns = patterns.join(" ");
    complain(&format_args!("recording {patterns} at {}; Ctrl-C ends it", socket.display()));
    let most = Duration::from_millis(MAX_FOR_MS);
    let lasts = args.lasts.unwrap_or(most);
    let mut end = tap.listen(lasts, &mut interrupt, |event| gathered.take(event)).await;
    if matches!(end, TapEnd::Interrupt | TapEnd::Time) {
        // Who came meanwhile, while the broker can be asked.
        if let Ok(seen) = tap.subscriptions().await {
            gathered.subscriptions(seen);
        }
        if !tap.leave(&mut |event| gathered.take(event)).await && !gathered.is_full() {
            end = TapEnd::Broker;
        }
    }
    let is_full = gathered.is_full();
    let about = &mut gathered.recording.about;
    about.seconds = began.elapsed().as_secs_f64();
    about.lost = if is_full { tap.lost_before_last() } else { tap.lost() };
    match end {
        // It has said itself of what it had enough.
        _ if is_full => {}
        TapEnd::Interrupt | TapEnd::Enough => about.ended = Ended::Interrupt,
        TapEnd::Time => about.ended = Ended::Time,
        TapEnd::Broker => about.ended = Ended::Broker,
    }
    tap.close().await;
    Ok(gathered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_a_limit() {
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("10min"), Ok(Duration::from_mins(10)));
        for (text, why) in
            [("0s", "no time"), ("11min", "at most 10min"), ("30", "unit is missing")]
        {
            let told = time(text).expect_err("no time");
            assert!(told.contains(why), "{told}");
        }
    }
}
