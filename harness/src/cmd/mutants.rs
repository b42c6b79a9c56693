//! `mutants`: every deliberately broken bus must be caught, the sound one must not.

mod measured;
mod trials;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::run::folder;
use super::selection::{Selection, Wanted};
use super::{EXIT_INVALID, answer, complain};
use crate::mutants::{
    FILES, KillMatrix, MUTANTS, Mutant, PARTIAL_FILES, SLOW, SLOW_FILES, SLOW_PARTIAL_FILES, SOUND,
    SlowMatrix, SlowMutant, Stopped, page, slow_page,
};
use crate::plan::Bus;
use crate::plan::gates::matches_glob;
use crate::report::Exit;
use crate::scenario::Profile;
use measured::Wish;

/// Run deliberately broken buses and say who caught which. Exits 1 when one is not caught.
#[derive(Debug, Clone, Args)]
pub struct MutantsArgs {
    /// Only mutants whose name matches; `*` stands for any run of characters.
    #[arg(long, value_name = "GLOB", default_value = "*")]
    pub mutant: String,
    /// Measure buses that are too slow or too hungry for one gate each, instead: minutes each, on a
    /// quiet host.
    #[arg(long)]
    pub slow: bool,
    /// How often each slow bus is measured; of three runs two must be right and none wrong.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "slow")]
    pub runs: u64,
    /// Begin no measurement of a slow bus after so many minutes; what was measured is kept.
    #[arg(long, value_name = "N", requires = "slow")]
    pub minutes: Option<u64>,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder of `mutants.json` and `mutants.md`, of slow buses `mutants-slow.*`; while not all
    /// were judged, `mutants-partial.*` and `mutants-slow-partial.*`.
    #[arg(long, value_name = "FOLDER", default_value = "reports/latest")]
    pub out: PathBuf,
}

/// Runs them, prints what came of it, and writes the matrix.
pub fn run(arguments: &MutantsArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted {
        folder: None,
        profile: Profile::Pr,
        patterns: Vec::new(),
        baseline: Bus::Crossbeam,
        seed: arguments.seed,
    };
    let selection = match wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    if arguments.slow { run_slow(arguments, &selection) } else { run_broken(arguments, &selection) }
}

fn run_broken(arguments: &MutantsArgs, selection: &Selection) -> anyhow::Result<ExitCode> {
    let mutants = chosen(&arguments.mutant);
    if mutants.is_empty() {
        return Ok(unknown(&arguments.mutant, MUTANTS.iter().map(|mutant| mutant.fault.name())));
    }
    // Held until the matrix is written.
    let _claim = match folder::claim(&arguments.out, "cargo xtask mutants") {
        Ok(claim) => claim,
        Err(error) => {
            complain(&format_args!("error: {error}"));
            return Ok(error.exit());
        }
    };
    let matrix = trials::run(&mutants, &selection.cases)?;
    let page = write(&arguments.out, &matrix)?;
    let exit = answer(&told(&matrix, &page), exit(&matrix));
    if matrix.is_interrupted() {
        complain(&"interrupted: what was judged until then is in the matrix");
    }
    Ok(ExitCode::from(exit.code()))
}

fn run_slow(arguments: &MutantsArgs, selection: &Selection) -> anyhow::Result<ExitCode> {
    let matching = |slow: &&SlowMutant| matches_glob(&arguments.mutant, slow.fault.name());
    let mutants: Vec<&SlowMutant> = SLOW.iter().filter(matching).collect();
    if mutants.is_empty() {
        return Ok(unknown(&arguments.mutant, SLOW.iter().map(|mutant| mutant.fault.name())));
    }
    let _claim = match folder::claim(&arguments.out, "cargo xtask mutants --slow") {
        Ok(claim) => claim,
        Err(error) => {
            complain(&format_args!("error: {error}"));
            return Ok(error.exit());
        }
    };
    let wish = Wish { mutants, runs: arguments.runs, minutes: arguments.minutes };
    let keep = |matrix: &SlowMatrix| write_slow(&arguments.out, matrix).map(drop);
    let matrix = measured::run(&wish, selection, keep)?;
    let page = write_slow(&arguments.out, &matrix)?;
    Ok(ExitCode::from(answer(&told_slow(&matrix, &page), exit_slow(&matrix)).code()))
}

/// Writes what was measured and returns the path of its page.
fn write_slow(folder: &Path, matrix: &SlowMatrix) -> anyhow::Result<PathBuf> {
    let files = if matrix.complete { SLOW_FILES } else { SLOW_PARTIAL_FILES };
    write_both(folder, files, &serde_json::to_string_pretty(matrix)?, &slow_page(matrix))
}

fn told_slow(matrix: &SlowMatrix, page: &Path) -> String {
    let complaints = matrix.complaints().into_iter().map(|told| format!("FAIL {told}"));
    let mut lines: Vec<String> = complaints.collect();
    lines.extend(matrix.stopped.as_ref().map(|why| format!("PARTIAL: {why}")));
    lines.push(format!("{} of {} measurements are right", matrix.right(), matrix.rows.len()));
    lines.push(format!("report: {}", page.display()));
    lines.join("\n")
}

fn exit_slow(matrix: &SlowMatrix) -> Exit {
    match matrix.stopped {
        _ if !matrix.complaints().is_empty() => Exit::Fail,
        Some(Stopped::Interrupted | Stopped::Broke(_)) => Exit::Infrastructure,
        Some(Stopped::OutOfTime(_)) => Exit::Inconclusive,
        None => Exit::Pass,
    }
}

fn unknown<'a>(pattern: &str, names: impl Iterator<Item = &'a str>) -> ExitCode {
    let names: Vec<&str> = names.collect();
    complain(&format_args!("no mutant matches {pattern:?}; there are {}", names.join(", ")));
    ExitCode::from(EXIT_INVALID)
}

/// Mutants whose name matches; the one that breaks nothing only by its own name.
fn chosen(pattern: &str) -> Vec<Mutant> {
    if pattern == SOUND.fault.name() {
        return vec![SOUND];
    }
    let matching = |mutant: &&Mutant| matches_glob(pattern, mutant.fault.name());
    MUTANTS.iter().filter(matching).copied().collect()
}

/// Writes the matrix and returns the path of its page; a partial one leaves a whole one alone.
fn write(folder: &Path, matrix: &KillMatrix) -> anyhow::Result<PathBuf> {
    let json = serde_json::to_string_pretty(matrix).context("the matrix as JSON")?;
    let files = if matrix.complete { FILES } else { PARTIAL_FILES };
    write_both(folder, files, &json, &page(matrix))
}

/// Writes a record and its page; returns the path of the page.
fn write_both(folder: &Path, files: [&str; 2], json: &str, page: &str) -> anyhow::Result<PathBuf> {
    let [record, page_file] = files.map(|name| folder.join(name));
    for (path, text) in [(&record, json), (&page_file, page)] {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(page_file)
}

/// The matrix in lines, for whoever waits for it.
fn told(matrix: &KillMatrix, page: &Path) -> String {
    let mut lines = Vec::new();
    for (guard, names) in matrix.kills_by_guard() {
        lines.push(format!("{:<15} {:<7} catches {}", guard.name(), guard.rule(), names.len()));
    }
    for row in &matrix.checkers.vacuous {
        lines.push(format!("{:<28} is unmasked by {}", row.name, row.unmasked_by.join(", ")));
    }
    for sentence in matrix.not_run().iter().chain(&matrix.complaints()) {
        lines.push(format!("FAIL {sentence}"));
    }
    let caught = matrix.mutants.iter().filter(|row| row.is_caught()).count();
    lines.push(format!("{caught} of {} mutants are caught", matrix.mutants.len()));
    lines.push(format!("report: {}", page.display()));
    lines.join("\n")
}

/// A failure found is said even if the user interrupted later, as for a run.
fn exit(matrix: &KillMatrix) -> Exit {
    if !matrix.complaints().is_empty() {
        Exit::Fail
    } else if matrix.is_interrupted() || !matrix.not_run().is_empty() {
        Exit::Infrastructure
    } else {
        Exit::Pass
    }
}
