//! From a failure to a file: confirmed, shrunk, measured, written.

use std::fmt;
use std::path::PathBuf;

use super::trials::{Failure, TrialError, Trials};
use crate::cmd::command_line::CommandLine;
use crate::explore::generate::ALWAYS_JUDGED;
use crate::explore::{Shrunk, Sketch, shrink};
use crate::plan::{Bus, Claim};

/// Runs of each step of a shrink, at most.
const STEP_RUNS: usize = 3;
/// Of these must break the same rule for the step to be kept.
const STEP_BREAKS: usize = 2;
/// Runs that measure how often the written file fails.
const FINAL_RUNS: usize = 10;
/// Runs of the written file in separate processes.
const PROCESS_RUNS: usize = 3;

/// A failing sketch and the name its file is to have.
pub(in crate::cmd) struct Prey {
    pub(in crate::cmd) sketch: Sketch,
    pub(in crate::cmd) failure: Failure,
    pub(in crate::cmd) name: String,
}

/// A failure and the file that shows it.
#[derive(Debug, Clone)]
pub struct Found {
    /// What was broken; the witness is that of the first run.
    pub failure: Failure,
    /// The file's scenario.
    pub sketch: Sketch,
    /// Sketches tried to make it small; 0 if it did not fail often enough to be shrunk.
    pub tried: usize,
    /// How many of the last runs failed.
    pub reproduced: Rate,
    /// The same in separate processes, unless that was the bus.
    pub in_processes: Option<Rate>,
    /// The file.
    pub path: PathBuf,
    /// The line that runs it again.
    pub rerun: String,
}

/// So many of so many runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Runs that failed.
    pub failed: usize,
    /// Runs.
    pub of: usize,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} runs", self.failed, self.of)
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failure, sketch, .. } = self;
        writeln!(f, "{} broke on {}: {}", failure.rule, failure.bus.as_str(), failure.sentence)?;
        let shrunk = match self.tried {
            0 => "not shrunk, it fails too seldom".to_owned(),
            tried => format!("shrunk in {tried} tries"),
        };
        writeln!(
            f,
            "  {shrunk}: {} publishers, {} subscribers, {} events; fails in {}",
            sketch.topology.publishers.len(),
            sketch.topology.subscribers.len(),
            sketch.events(),
            self.reproduced
        )?;
        if let Some(rate) = self.in_processes {
            writeln!(f, "  in separate processes: {rate}")?;
        }
        writeln!(f, "  written: {}", self.path.display())?;
        write!(f, "  rerun: {}", self.rerun)
    }
}

/// Confirms, shrinks, measures and writes.
pub(in crate::cmd) async fn hunt(trials: &mut Trials<'_>, prey: Prey) -> Result<Found, TrialError> {
    let Prey { mut sketch, failure, name } = prey;
    // The name decides the seed of the case, so it is the file's from here on.
    sketch.name = name;
    let mut tried = 0;
    if fails_again(trials, &sketch, &failure).await? {
        let asked = async |step: &Sketch| fails_again(trials, step, &failure).await;
        let (shrunk, stopped) = shrink(sketch, asked).await;
        if let Some(error) = stopped.filter(TrialError::is_interrupt) {
            return Err(error);
        }
        Shrunk { sketch, tried, .. } = shrunk;
    }
    let reproduced = rate(trials, &sketch, &failure, FINAL_RUNS).await?;
    let mut in_processes = None;
    if failure.bus != Bus::Process {
        let there = Failure { bus: Bus::Process, ..failure.clone() };
        in_processes = Some(rate(trials, &sketch, &there, PROCESS_RUNS).await?);
    }
    let rerun = CommandLine::of_case(&trials.wanted(), &sketch.name, failure.bus).to_string();
    let path = trials.scenarios.join(format!("{}.toml", sketch.name));
    let found = Found { failure, sketch, tried, reproduced, in_processes, path, rerun };
    found.written(trials)
}

/// Whether a sketch fails often enough to go on from it. One that cannot be run does not fail.
async fn fails_again(
    trials: &mut Trials<'_>,
    sketch: &Sketch,
    failure: &Failure,
) -> Result<bool, TrialError> {
    let mut breaks = 0;
    for run in 0..STEP_RUNS {
        match trials.breaks(sketch, failure).await {
            Ok(broke) => breaks += usize::from(broke),
            Err(error) if error.is_interrupt() => return Err(error),
            Err(_) => return Ok(false),
        }
        let left = STEP_RUNS - run - 1;
        if breaks == STEP_BREAKS || breaks + left < STEP_BREAKS {
            break;
        }
    }
    Ok(breaks >= STEP_BREAKS)
}

async fn rate(
    trials: &mut Trials<'_>,
    sketch: &Sketch,
    failure: &Failure,
    runs: usize,
) -> Result<Rate, TrialError> {
    let mut failed = 0;
    for _ in 0..runs {
        failed += usize::from(trials.breaks(sketch, failure).await?);
    }
    Ok(Rate { failed, of: runs })
}

impl Found {
    /// Writes the file, its summary saying what it is for.
    fn written(mut self, trials: &Trials<'_>) -> Result<Self, TrialError> {
        let Failure { rule, bus, sentence } = &self.failure;
        let fault = match trials.fault {
            Some(fault) => format!(" behind the fault {}", fault.name()),
            None => String::new(),
        };
        let bus = bus.as_str();
        self.sketch.claims = vec![Claim::parse(rule).unwrap_or(ALWAYS_JUDGED)];
        self.sketch.summary = format!(
            "Made up with seed {} and shrunk: {rule} broke on {bus}{fault}, in {}. First seen: \
             {sentence}. Rerun: {}",
            trials.seed, self.reproduced, self.rerun
        );
        let text = self.sketch.text();
        // What is written can be read: a claim or a summary may be refused, too.
        self.sketch.case(trials.seed)?;
        let unwritten = |cause| TrialError::Write { path: self.path.display().to_string(), cause };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(unwritten)?;
        }
        std::fs::write(&self.path, text).map_err(unwritten)?;
        Ok(self)
    }
}
