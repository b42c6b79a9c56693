//! `check [FILE…]`: every mistake of every file, each at its place.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::scenarios::{ScenariosError, criteria, gates, load_all, refusals, tighten};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::expand::{Expanded, check, expand_all};
use crate::plan::ledger::Known;
use crate::report::counted;
use crate::scenario::{Profile, Scenario};

/// Check scenario files without running anything.
#[derive(Debug, Clone, Default, Args)]
pub struct CheckArgs {
    /// Files to check, or folders with all their files; all scenarios, the gate table and the ledger when
    /// none is named.
    pub files: Vec<PathBuf>,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// Checks, and tells the mistakes on standard error.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    match valid(args) {
        Ok(0) => {
            let folder = folder_or_default(args.scenarios.as_deref());
            complain(&format_args!("error: there is no scenario file in {}", folder.display()));
            Ok(ExitCode::from(EXIT_INVALID))
        }
        Ok(valid) => {
            let files = counted(valid, "scenario file is", "scenario files are");
            writeln!(stdout(), "{files} valid")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            complain(&error);
            Ok(error.exit())
        }
    }
}

/// How many files are valid, if all are.
fn valid(args: &CheckArgs) -> Result<usize, ScenariosError> {
    let folder = folder_or_default(args.scenarios.as_deref());
    let mut problems = ScenariosError::default();
    let mut table = gates(&folder, &mut problems);
    let scenarios = load_all(&folder, &args.files, &mut problems);
    let mut known = Vec::new();
    for scenario in &scenarios {
        if let Err(mistakes) = check(scenario) {
            problems.mistake(&mistakes);
        } else if let Ok(expanded) = expand_all(scenario, Profile::Release, 0) {
            known.push(Known::of(scenario, &expanded.cases));
            let gated = if expanded.cases.is_empty() { last_profile(scenario) } else { expanded };
            tighten(scenario, &gated, &mut table, &mut problems);
        }
    }
    if args.files.is_empty() {
        criteria(&folder, &known, &table, &mut problems);
        refusals(&folder, &known, &mut problems);
    }
    problems.or(scenarios.len())
}

/// What the last profile of a scenario asks for that is not part of `release`.
fn last_profile(scenario: &Scenario) -> Expanded {
    let profile = scenario.profiles.last().copied().unwrap_or(Profile::Release);
    expand_all(scenario, profile, 0).expect("it was checked")
}
