//! `mutants`: every deliberately broken bus must be caught, the sound one must not.

mod measured;
mod trials;

use std::fs;
use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::EXIT_INVALID;
use super::selection::{Selection, Wanted};
use crate::mutants::{
    FILES, KillMatrix, MUTANTS, Mutant, SLOW, SOUND, SlowMutant, page, slow_complaints,
};
use crate::plan::Bus;
use crate::plan::gates::matches_glob;
use crate::report::Exit;
use crate::scenario::Profile;

/// Run deliberately broken buses and say who caught which. Exits 1 when one is not caught.
#[derive(Debug, Clone, Args)]
pub struct MutantsArgs {
    /// Only mutants whose name matches; `*` stands for any run of characters.
    #[arg(long, value_name = "GLOB", default_value = "*")]
    pub mutant: String,
    /// Measure buses that are too slow for one gate each, instead: minutes each, on a quiet host.
    #[arg(long)]
    pub slow: bool,
    /// How often each slow bus is measured; of three runs two must be right and none wrong.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "slow")]
    pub runs: u64,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder of `mutants.json` and `mutants.md`.
    #[arg(long, value_name = "FOLDER", default_value = "reports/latest")]
    pub out: PathBuf,
}

/// Runs them, prints what came of it, and writes the matrix.
pub fn run(arguments: &MutantsArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted {
        folder: None,
        profile: Profile::Pr,
        pattern: None,
        baseline: Bus::Crossbeam,
        seed: arguments.seed,
    };
    let selection = match wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            writeln!(stderr(), "{error}")?;
            return Ok(ExitCode::from(EXIT_INVALID));
        }
    };
    if arguments.slow { run_slow(arguments, &selection) } else { run_broken(arguments, &selection) }
}

fn run_broken(arguments: &MutantsArgs, selection: &Selection) -> anyhow::Result<ExitCode> {
    let mutants = chosen(&arguments.mutant);
    if mutants.is_empty() {
        return unknown(&arguments.mutant, MUTANTS.iter().map(|mutant| mutant.fault.name()));
    }
    let matrix = trials::run(&mutants, &selection.cases)?;
    write(&arguments.out, &matrix)?;
    conclude(&matrix, &arguments.out)
}

fn run_slow(arguments: &MutantsArgs, selection: &Selection) -> anyhow::Result<ExitCode> {
    let matching = |slow: &&SlowMutant| matches_glob(&arguments.mutant, slow.fault.name());
    let mutants: Vec<&SlowMutant> = SLOW.iter().filter(matching).collect();
    if mutants.is_empty() {
        return unknown(&arguments.mutant, SLOW.iter().map(|mutant| mutant.fault.name()));
    }
    let rows = measured::run(&mutants, selection, arguments.runs)?;
    let mut out = stdout().lock();
    let complaints = slow_complaints(&rows);
    for sentence in &complaints {
        writeln!(out, "FAIL {sentence}")?;
    }
    let right = rows.iter().filter(|row| row.is_right()).count();
    writeln!(out, "{right} of {} measurements are right", rows.len())?;
    let exit = if complaints.is_empty() { Exit::Pass } else { Exit::Fail };
    Ok(ExitCode::from(exit.code()))
}

fn unknown<'a>(pattern: &str, names: impl Iterator<Item = &'a str>) -> anyhow::Result<ExitCode> {
    let names: Vec<&str> = names.collect();
    writeln!(stderr(), "no mutant matches {pattern:?}; there are {}", names.join(", "))?;
    Ok(ExitCode::from(EXIT_INVALID))
}

/// Mutants whose name matches; the one that breaks nothing only by its own name.
fn chosen(pattern: &str) -> Vec<Mutant> {
    if pattern == SOUND.fault.name() {
        return vec![SOUND];
    }
    let matching = |mutant: &&Mutant| matches_glob(pattern, mutant.fault.name());
    MUTANTS.iter().filter(matching).copied().collect()
}

fn write(folder: &Path, matrix: &KillMatrix) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let json = serde_json::to_string_pretty(matrix).context("the matrix as JSON")?;
    for (name, text) in FILES.into_iter().zip([json, page(matrix)]) {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn conclude(matrix: &KillMatrix, folder: &Path) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    let (complaints, not_run) = (matrix.complaints(), matrix.not_run());
    for (guard, names) in matrix.kills_by_guard() {
        writeln!(out, "{:<14} {:<7} catches {}", guard.name(), guard.rule(), names.len())?;
    }
    for row in &matrix.checkers.vacuous {
        writeln!(out, "{:<28} is unmasked by {}", row.name, row.unmasked_by.join(", "))?;
    }
    for sentence in not_run.iter().chain(&complaints) {
        writeln!(out, "FAIL {sentence}")?;
    }
    let caught = matrix.mutants.iter().filter(|row| row.is_caught()).count();
    writeln!(out, "{caught} of {} mutants are caught", matrix.mutants.len())?;
    writeln!(out, "report: {}", folder.join("mutants.md").display())?;
    let exit = match (complaints.is_empty(), not_run.is_empty()) {
        (false, _) => Exit::Fail,
        (true, false) => Exit::Infrastructure,
        (true, true) => Exit::Pass,
    };
    Ok(ExitCode::from(exit.code()))
}
