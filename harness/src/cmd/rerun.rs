//! `rerun`: what a report left failed or open, once more, with the seed and the buses it had.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::run::{Inconclusive, RunOptions};
use super::selection::Wanted;
use super::{EXIT_INVALID, complain};
use crate::gate::Verdict;
use crate::report::{self, Behaviour, Run};
use crate::scenario::Profile;

/// Run again what a report says failed, or is open.
#[derive(Debug, Clone, Args)]
pub struct RerunArgs {
    /// What to run again; without it, both.
    #[arg(long, value_enum)]
    pub only: Option<Only>,
    /// The report, its folder or file.
    #[arg(long, value_name = "REPORT", default_value = "reports/latest")]
    pub report: PathBuf,
    /// Folder of scenario files, where the report's own run had another than the project's.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
    /// Folder of the new report: the one that is read stays as it is.
    #[arg(long, value_name = "FOLDER", default_value = "target/again")]
    pub out: PathBuf,
    /// What an undecided gate does to the exit code.
    #[arg(long, value_enum, default_value_t = Inconclusive::Fail)]
    pub inconclusive: Inconclusive,
    /// Fail on gates marked `enforced` alone; the others are printed.
    #[arg(long)]
    pub enforced_only: bool,
}

/// Which cases are run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// A broken promise, something left behind, or a gate that failed.
    Fail,
    /// Whatever decided nothing: an undecided gate, a case that was not exercised or not judged.
    Inconclusive,
}

impl RerunArgs {
    /// The run that is meant; an error in words, exit 2, where the report names none.
    fn resolved(self) -> Result<RunOptions, String> {
        let read = report::read_either(&self.report);
        let run = read.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        if let Some(revision) = run.baseline_revision {
            let bus = run.baseline.as_str();
            return Err(format!(
                "its baseline {bus}@{revision} has to be built again: run `{}`",
                run.command
            ));
        }
        let profile = Profile::ALL.into_iter().find(|own| own.as_str() == run.profile);
        let profile = profile.ok_or_else(|| format!("no profile {:?} any more", run.profile))?;
        let patterns = cases(&run, self.only);
        if patterns.is_empty() {
            return Err(format!("{} has nothing {}", self.report.display(), said(self.only)));
        }
        Ok(RunOptions {
            wanted: Wanted {
                folder: self.scenarios,
                profile,
                patterns,
                seed: run.seed,
                baseline: run.baseline,
            },
            revision: None,
            baseline_executable: None,
            candidates: run.candidates,
            out: self.out,
            against: None,
            save_baseline: None,
            warn_inconclusive: matches!(self.inconclusive, Inconclusive::Warn),
            enforced_only: self.enforced_only,
            baseline_twice: false,
        })
    }
}

/// Runs it.
pub fn run(arguments: RerunArgs) -> ExitCode {
    match arguments.resolved() {
        Ok(options) => super::run::run(&options),
        Err(why) => {
            complain(&format_args!("error: {why}"));
            ExitCode::from(EXIT_INVALID)
        }
    }
}

fn said(only: Option<Only>) -> &'static str {
    match only {
        None => "failed or open",
        Some(Only::Fail) => "failed",
        Some(Only::Inconclusive) => "open",
    }
}

/// Ids of the cases, and names of the curves, each once and in the report's order.
fn cases(run: &Run, only: Option<Only>) -> Vec<String> {
    let is_wanted = |kind: Option<Only>| kind.is_some_and(|kind| only.is_none_or(|o| o == kind));
    let behaviour = run.behaviour.iter().map(|row| (&row.case, of_behaviour(&row.outcome)));
    let left = run.left_behind.iter().map(|left| (&left.case, Some(Only::Fail)));
    let gated = run.performance.iter().filter(|row| row.gated);
    let gated = gated.map(|row| (&row.case, of_verdict(&row.judgement.verdict)));
    let candidates = run.candidates.iter().filter(|bus| **bus != run.baseline);
    let curves = candidates.flat_map(|bus| {
        let drawn = run.curves.iter();
        drawn.map(|row| (&row.scenario, row.verdict(*bus).and_then(of_verdict)))
    });
    let mut cases: Vec<String> = Vec::new();
    for (case, kind) in behaviour.chain(left).chain(gated).chain(curves) {
        if is_wanted(kind) && !cases.contains(case) {
            cases.push(case.clone());
        }
    }
    cases
}

fn of_behaviour(outcome: &Behaviour) -> Option<Only> {
    match outcome {
        Behaviour::Fail => Some(Only::Fail),
        Behaviour::NotExercised(_) | Behaviour::Broken(_) => Some(Only::Inconclusive),
        Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_) => None,
    }
}

fn of_verdict(verdict: &Verdict) -> Option<Only> {
    match verdict {
        Verdict::Fail => Some(Only::Fail),
        Verdict::Inconclusive(_) => Some(Only::Inconclusive),
        Verdict::Pass | Verdict::NotApplicable(_) => None,
    }
}
