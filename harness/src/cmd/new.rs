//! `new NAME`: a scenario file to begin with, put together from parts, that passes as it is.
//!
//! Whatever no option says is asked for where somebody can answer; otherwise it is a default, and what
//! has none is a usage error. Nothing that is there is ever overwritten.

mod answers;
mod ask;
mod text;

use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use thiserror::Error;

use super::check::{self, CheckArgs};
use super::command_line::{CommandLine, is_own};
use super::known::kinds_of;
use super::place::{Existing, Place, PlaceError};
use super::terminal::{AskError, Terminal};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::TrialKind;
use crate::plan::expand;
use crate::report::Exit;
use crate::scenario::{Problems, Scenario, Source};
use answers::{Answers, Said};

/// Kinds of scenario that can be put together from parts.
pub const KINDS: [TrialKind; 3] = [TrialKind::Behaviour, TrialKind::Saturation, TrialKind::Paced];

/// Write a scenario file to begin with; what no option says is asked for on a terminal.
#[derive(Debug, Clone, Default, Args)]
pub struct NewArgs {
    /// Its name: the path below the folder of scenarios, without `.toml`.
    pub name: String,
    /// What is judged.
    #[arg(long, value_name = "KIND", value_parser = kinds_of(KINDS))]
    pub kind: Option<TrialKind>,
    /// A number of the contract that it shows; several times for several.
    #[arg(long, value_name = "NUMBER")]
    pub claim: Vec<String>,
    /// Publishers; 1 by default.
    #[arg(long, value_name = "N")]
    pub publishers: Option<usize>,
    /// Subscribers; 1 by default.
    #[arg(long, value_name = "N")]
    pub subscribers: Option<usize>,
    /// The pattern they subscribe to; `events.process.#` by default.
    #[arg(long, value_name = "PATTERN")]
    pub pattern: Option<String>,
    /// Events of each publisher: 1000 by default, 12000 where latency is measured.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Events a second of each publisher, for example 1000/s: as fast as the bus takes them by default,
    /// 10000/s where latency is measured.
    #[arg(long, value_name = "RATE")]
    pub rate: Option<String>,
    /// Why it exists: what would go unnoticed without it.
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// Why no file was written.
#[derive(Debug, Error)]
enum NewError {
    #[error("error: {0}")]
    Place(#[from] PlaceError),
    #[error("error: {0}")]
    Answers(#[from] answers::AnswersError),
    #[error("error: {0}; nothing was written")]
    Ask(#[from] AskError),
    /// The answers are fine one by one, and too much or impossible together.
    #[error("{0}\n\nnothing was written: these answers make no scenario")]
    Together(#[from] Problems),
}

impl NewError {
    fn exit(&self) -> ExitCode {
        let is_infrastructure = match self {
            Self::Ask(error) => matches!(error, AskError::Terminal(_)),
            Self::Place(error) => !error.is_usage(),
            Self::Answers(_) | Self::Together(_) => false,
        };
        let code = if is_infrastructure { Exit::Infrastructure.code() } else { EXIT_INVALID };
        ExitCode::from(code)
    }
}

/// Writes the file, checks it as `check` does, and says what to do next.
pub fn run(args: &NewArgs) -> anyhow::Result<ExitCode> {
    let folder = folder_or_default(args.scenarios.as_deref());
    let path = match written(args, &folder) {
        Ok(path) => path,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    writeln!(stdout(), "wrote {}", path.display())?;
    let checked =
        check::run(&CheckArgs { files: vec![path.clone()], scenarios: args.scenarios.clone() })?;
    if checked == ExitCode::SUCCESS {
        tell_what_is_next(args, &path)?;
    }
    Ok(checked)
}

fn written(args: &NewArgs, folder: &Path) -> Result<PathBuf, NewError> {
    let place = Place::of(folder, &args.name, Existing::Kept)?;
    let mut said = Said::of(args);
    if stdin().is_terminal() && stderr().is_terminal() {
        let (mut input, mut output) = (stdin().lock(), stderr());
        ask::fill(&mut said, &mut Terminal::new(&mut input, &mut output))?;
    }
    let answers = Answers::of(&said)?;
    let text = text::of(&place, &answers);
    checked(&place, &text)?;
    Ok(place.write(&text)?)
}

/// What is wrong with a file is told before it is there.
fn checked(place: &Place, text: &str) -> Result<(), Problems> {
    let source = Source { path: place.path().display().to_string(), text: text.to_owned() };
    expand::check(&Scenario::parse(source)?)
}

fn tell_what_is_next(args: &NewArgs, path: &Path) -> std::io::Result<()> {
    let folder = args.scenarios.as_deref();
    let check = CommandLine::equivalence(&["check"]).path(path).in_folder(folder);
    let run = CommandLine::equivalence(&["--scenario", &args.name]).in_folder(folder);
    let test = if is_own(folder) {
        CommandLine::tests_of(&args.name).to_string()
    } else {
        "none: the project's tests are those of its own folder".to_owned()
    };
    writeln!(stdout(), "\ncheck it  {check}\nrun it    {run}\ntest it   {test}")
}
