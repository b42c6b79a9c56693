//! `rerun`: what a report left failed or open, once more, exactly as it was asked for.
//!
//! The report's own command says everything that decided the run; only its patterns and its folder are others.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, ValueEnum};

use super::command_line::AGAIN;
use super::last_report::{LATEST, last_report};
use super::run::{RunArgs, RunOptions};
use super::selection::Selection;
use super::{EXIT_INVALID, answer, complain};
use crate::gate::Verdict;
use crate::plan::Case;
use crate::report::{BehaviourRow, Ended, Exit, Run};

/// Words of a report's command before its options.
const PROGRAM: [&str; 3] = ["cargo", "xtask", "equivalence"];
/// Options of the command that were a matter of the build.
const SWITCHES: [(&str, bool); 2] =
    [("--peers", cfg!(feature = "peers")), ("--mimalloc", cfg!(feature = "mimalloc"))];

/// Run again what a report says failed, or is open.
#[derive(Debug, Clone, Args)]
pub struct RerunArgs {
    /// What to run again; without it, both.
    #[arg(long, value_enum)]
    pub only: Option<Only>,
    /// The report, its folder or file.
    #[arg(long, value_name = "REPORT", default_value = LATEST)]
    pub report: PathBuf,
    /// Folder of the new report, another than that of the report that is read: this stays as it is.
    #[arg(long, value_name = "FOLDER", default_value = AGAIN)]
    pub out: PathBuf,
}

/// Which cases are run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// A broken promise, something left behind, or a gate that failed.
    Fail,
    /// Whatever decided nothing: an undecided gate, a difference nobody is to blame for, a case that was
    /// not exercised, not judged or, in a run that was interrupted or broke down, not run.
    Inconclusive,
}

/// The options of a command, parsed as the user's were.
#[derive(Debug, Parser)]
struct Again {
    #[command(flatten)]
    run: RunArgs,
}

/// Runs it. Where there is nothing to run again, that is said, and nothing is wrong.
pub fn run(arguments: &RerunArgs) -> ExitCode {
    match resolved(arguments) {
        Ok(Some(options)) => super::run::run(&options),
        Ok(None) => {
            let (report, nothing) = (arguments.report.display(), said(arguments.only));
            let told = format!("{report} has nothing {nothing}; nothing is run again");
            ExitCode::from(answer(&told, Exit::Pass).code())
        }
        Err(why) => {
            complain(&format_args!("error: {why}"));
            ExitCode::from(EXIT_INVALID)
        }
    }
}

/// The run that is meant, if there is anything to run; an error in words where the report names none.
fn resolved(arguments: &RerunArgs) -> Result<Option<RunOptions>, String> {
    let read = last_report(Some(&arguments.report));
    let run = read.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    let mut options = asked(&run.command)?;
    let selection = options.wanted.select().map_err(|error| error.to_string())?;
    options.wanted.patterns = cases(&run, &selection, arguments.only);
    if options.wanted.patterns.is_empty() {
        return Ok(None);
    }
    if is_of(&arguments.report, &arguments.out) {
        let out = arguments.out.display();
        let why = "would replace the report that is read; name another folder";
        return Err(format!("--out {out} {why}"));
    }
    let (out, against, save_baseline) = (arguments.out.clone(), None, None);
    Ok(Some(RunOptions { out, against, save_baseline, ..options }))
}

/// Whether a report, named by its folder or its file, lies in that folder, whichever way both are written.
fn is_of(report: &Path, folder: &Path) -> bool {
    let Ok(report) = report.canonicalize() else { return false };
    let own = if report.is_dir() { Some(report.as_path()) } else { report.parent() };
    // A folder that is not there yet is no report's.
    folder.canonicalize().is_ok_and(|folder| own == Some(folder.as_path()))
}

/// What a report's command asked for.
pub(super) fn asked(command: &str) -> Result<RunOptions, String> {
    let strange = || format!("the report's command is none of a run: {command}");
    let words = shlex::split(command).ok_or_else(strange)?;
    let options = words.strip_prefix(&PROGRAM.map(str::to_owned)[..]).ok_or_else(strange)?;
    let is_switch = |word: &&String| SWITCHES.iter().any(|(switch, _)| word == switch);
    if let Some((switch, _)) =
        SWITCHES.iter().find(|(switch, built)| !built && options.iter().any(|word| word == switch))
    {
        return Err(format!(
            "that run was built with it: `cargo xtask equivalence rerun {switch}`"
        ));
    }
    let options = options.iter().filter(|word| !is_switch(word)).cloned();
    let parsed = Again::try_parse_from(std::iter::once("run".to_owned()).chain(options));
    Ok(parsed.map_err(|error| error.to_string())?.run.resolved())
}

fn said(only: Option<Only>) -> &'static str {
    match only {
        None => "failed or open",
        Some(Only::Fail) => "failed",
        Some(Only::Inconclusive) => "open",
    }
}

/// Ids of the cases, and names of the curves, each once and in the report's order.
fn cases(run: &Run, selection: &Selection, only: Option<Only>) -> Vec<String> {
    let is_wanted = |kind: Option<Only>| kind.is_some_and(|kind| only.is_none_or(|o| o == kind));
    let behaviour = run.behaviour.iter().map(|row| (row.case.clone(), of_behaviour(row)));
    let left = run.left_behind.iter().map(|left| (left.case.clone(), Some(Only::Fail)));
    let gated = run.performance.iter().filter(|row| row.gated);
    let gated = gated.map(|row| (row.case.clone(), of_verdict(&row.judgement.verdict)));
    let candidates = run.candidates.iter().filter(|bus| **bus != run.baseline);
    let curves = candidates.flat_map(|bus| {
        let drawn = run.curves.iter();
        drawn.map(|row| (row.scenario.clone(), row.verdict(*bus).and_then(of_verdict)))
    });
    let is_whole = run.interrupted.is_none() && run.infrastructure.is_empty();
    let not_run = selection.cases.iter().filter(|case| !is_whole && !has_row(run, case));
    let not_run = not_run.map(|case| case.id.clone());
    // A case may have a row of one bus and none of another.
    let on_a_bus = run.not_run.iter().flat_map(|missing| &missing.cases);
    let not_run = on_a_bus.map(|one| one.case.clone()).chain(not_run);
    let not_run = not_run.map(|case| (case, Some(Only::Inconclusive)));
    let mut cases: Vec<String> = Vec::new();
    for (case, kind) in behaviour.chain(left).chain(gated).chain(curves).chain(not_run) {
        if is_wanted(kind) && !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

/// Whether a report says anything of a case.
fn has_row(run: &Run, case: &Case) -> bool {
    run.behaviour.iter().any(|row| row.case == case.id)
        || run.performance.iter().any(|row| row.case == case.id)
        || (case.curve.is_some() && run.curves.iter().any(|row| row.scenario == case.scenario))
}

fn of_behaviour(row: &BehaviourRow) -> Option<Only> {
    match Ended::behaved(row) {
        Ended::Fail => Some(Only::Fail),
        ended if ended.is_open() => Some(Only::Inconclusive),
        _ => None,
    }
}

fn of_verdict(verdict: &Verdict) -> Option<Only> {
    match verdict {
        Verdict::Fail => Some(Only::Fail),
        Verdict::Inconclusive(_) => Some(Only::Inconclusive),
        Verdict::Pass | Verdict::NotApplicable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;
    use crate::report::{NotRun, OnBus, sample};

    #[test]
    fn a_command_is_asked_again_with_all_its_options() {
        let command = "cargo xtask equivalence --profile smoke --scenario 'a b/*' --scenarios there \
                       --baseline embedded --candidate agent --seed 7 --out x --baseline-twice";
        let options = asked(command).expect("a command of ours");
        assert_eq!(options.wanted.patterns, ["a b/*"]);
        assert_eq!(options.wanted.folder, Some(PathBuf::from("there")));
        assert_eq!((options.wanted.seed, options.wanted.baseline), (7, Bus::Embedded));
        assert_eq!(options.candidates, [Bus::Agent]);
        assert!(options.baseline_twice);
    }

    #[test]
    fn a_case_that_was_run_on_one_bus_and_not_on_the_other_is_run_again() {
        let mut partial = sample::run();
        assert!(cases(&partial, &Selection::default(), None).is_empty(), "it is whole");
        partial.interrupted = Some("interrupted in ordering/one".to_owned());
        let process = OnBus { case: "ordering/one".to_owned(), bus: Bus::Process };
        partial.not_run = Some(NotRun { planned: 2, cases: vec![process] });
        assert_eq!(cases(&partial, &Selection::default(), None), ["ordering/one"]);
        let failed = Some(Only::Fail);
        assert!(cases(&partial, &Selection::default(), failed).is_empty());
    }

    #[test]
    fn a_report_lies_in_its_folder_whichever_way_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir(&own).unwrap();
        std::fs::create_dir(&other).unwrap();
        std::fs::write(own.join("report.json"), "{}").unwrap();
        for report in [own.clone(), own.join("report.json")] {
            assert!(is_of(&report, &own) && is_of(&report, &other.join("../a")));
            assert!(!is_of(&report, &other) && !is_of(&report, &folder.path().join("new")));
        }
    }

    #[test]
    fn what_is_no_command_of_a_run_is_refused() {
        for command in ["", "rm -r x", "cargo xtask equivalence --no-such-option", "cargo 'xtask"] {
            assert!(asked(command).is_err(), "{command}");
        }
    }
}
