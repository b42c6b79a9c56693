//! From a failure to a file: confirmed, shrunk, measured, written.

use std::fmt;
use std::path::PathBuf;

use super::trials::{Failure, TrialError, Trials};
use crate::cmd::command_line::CommandLine;
use crate::explore::generate::ALWAYS_JUDGED;
use crate::explore::{Shrunk, Sketch, shrink};
use crate::plan::claims::refusal;
use crate::plan::{Bus, Claim, TrialKind};
use crate::report::counted;

/// The kind of every sketch.
const KIND: TrialKind = TrialKind::Behaviour;
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
    /// Whether the user ended the hunt: the sketch is the smallest until then.
    pub interrupted: bool,
    /// Why runs of the last ones could not be driven; they count as not failed.
    pub undriven: Vec<String>,
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
        let topology = &sketch.topology;
        let events = usize::try_from(sketch.events()).unwrap_or(usize::MAX);
        writeln!(
            f,
            "  {}: {}, {}, {}; fails in {}",
            self.way_of_shrinking(),
            counted(topology.publishers.len(), "publisher", "publishers"),
            counted(topology.subscribers.len(), "subscriber", "subscribers"),
            counted(events, "event", "events"),
            self.reproduced
        )?;
        if let Some(rate) = self.in_processes {
            writeln!(f, "  in separate processes: {rate}")?;
        }
        if let Some(first) = self.undriven.first() {
            let runs = counted(self.undriven.len(), "run", "runs");
            writeln!(f, "  {runs} could not be driven and counted as not failed, first: {first}")?;
        }
        writeln!(f, "  written: {}", self.path.display())?;
        write!(f, "  rerun: {}", self.rerun)
    }
}

/// Confirms, shrinks, measures and writes. A failure that was found is not lost: an interrupt, or a run
/// that cannot be driven, leaves the smallest sketch until then. Errs when that cannot be written.
pub(in crate::cmd) async fn hunt(trials: &mut Trials<'_>, prey: Prey) -> Result<Found, TrialError> {
    let Prey { mut sketch, failure, name } = prey;
    // The name decides the seed of the case, so it is the file's from here on.
    sketch.name = name;
    let mut tried = 0;
    if fails_again(trials, &sketch, &failure).await.unwrap_or(false) {
        let asked = async |step: &Sketch| fails_again(trials, step, &failure).await;
        // What stopped the search is seen by the trials that follow, too.
        (Shrunk { sketch, tried, .. }, _) = shrink(sketch, asked).await;
    }
    let mut undriven = Vec::new();
    let reproduced = rate(trials, &sketch, &failure, FINAL_RUNS, &mut undriven).await;
    let mut in_processes = None;
    if failure.bus != Bus::Process {
        let there = Failure { bus: Bus::Process, ..failure.clone() };
        in_processes = Some(rate(trials, &sketch, &there, PROCESS_RUNS, &mut undriven).await);
    }
    let rerun = CommandLine::of_case(&trials.wanted(), &sketch.name, failure.bus).to_string();
    let path = trials.scenarios.join(format!("{}.toml", sketch.name));
    let interrupted = trials.is_interrupted();
    let found = Found {
        failure,
        sketch,
        tried,
        interrupted,
        undriven,
        reproduced,
        in_processes,
        path,
        rerun,
    };
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

/// How often a sketch fails, until the user ends it. A run that cannot be driven has not failed, and
/// its reason is kept.
async fn rate(
    trials: &mut Trials<'_>,
    sketch: &Sketch,
    failure: &Failure,
    runs: usize,
    undriven: &mut Vec<String>,
) -> Rate {
    let mut rate = Rate { failed: 0, of: 0 };
    while rate.of < runs {
        match trials.breaks(sketch, failure).await {
            Ok(broke) => rate.failed += usize::from(broke),
            Err(error) if error.is_interrupt() => break,
            Err(error) => undriven.push(error.to_string()),
        }
        rate.of += 1;
    }
    rate
}

impl Found {
    fn way_of_shrinking(&self) -> String {
        match (self.tried, self.interrupted) {
            (0, true) => "not shrunk, interrupted".to_owned(),
            (0, false) => "not shrunk, it fails too seldom".to_owned(),
            (tried, true) => format!("interrupted, shrunk in {}", counted(tried, "try", "tries")),
            (tried, false) => format!("shrunk in {}", counted(tried, "try", "tries")),
        }
    }

    /// Writes the file, its summary saying what it is for.
    fn written(mut self, trials: &Trials<'_>) -> Result<Self, TrialError> {
        let Failure { rule, bus, sentence } = &self.failure;
        let fault = match trials.fault {
            Some(fault) => format!(" behind the fault {}", fault.name()),
            None => String::new(),
        };
        let bus = bus.as_str();
        // A wild scenario cannot claim what has to happen, though a hole breaks C1 in it, too.
        let can_claim = |_: &Claim| refusal(KIND, self.sketch.wild, rule).is_none();
        self.sketch.claims = vec![Claim::parse(rule).filter(can_claim).unwrap_or(ALWAYS_JUDGED)];
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

#[cfg(test)]
mod tests;
