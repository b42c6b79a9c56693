//! `show NAME`: a scenario as said, or `--effective`, as it will be run.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::known::{SEED, profiles};
use super::scenarios::{ScenariosError, load_all};
use super::selection::{Selection, Wanted};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::expand::{Effective, explain};
use crate::plan::gates::matches_glob;
use crate::plan::{Bus, scenario_of};
use crate::scenario::{Origin, Profile, Scenario};

/// Show a scenario: its file, or with `--effective` every value of every case and its origin.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Name of a scenario, or a case id; `*` stands for any run of characters.
    pub name: String,
    /// Every value as it will be run, with the line it comes from.
    #[arg(long)]
    pub effective: bool,
    /// Which profile's cases.
    #[arg(long, default_value = "nightly", value_parser = profiles())]
    pub profile: Profile,
    /// Seed of the run.
    #[arg(long, default_value_t = SEED)]
    pub seed: u64,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// Prints. A name nobody has, with `--effective` in that profile, or a scenario with mistakes, exits 2.
pub fn run(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let mut problems = ScenariosError::default();
    let scenarios = load_all(&folder_or_default(args.scenarios.as_deref()), &[], &mut problems);
    let scenarios = match problems.or(scenarios) {
        Ok(scenarios) => scenarios,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    let scenario_name = scenario_of(&args.name);
    let chosen: Vec<&Scenario> =
        scenarios.iter().filter(|own| matches_glob(scenario_name, &own.name)).collect();
    if chosen.is_empty() {
        return Ok(refuse(&unknown(&args.name, &scenarios)));
    }
    let mut out = stdout().lock();
    if args.effective {
        return write_cases(&mut out, args, &chosen);
    }
    for scenario in chosen {
        writeln!(out, "# {}\n{}", scenario.source.path, scenario.source.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every case of the profile that the name means; that there is none is a mistake of the name.
fn write_cases(
    out: &mut impl Write,
    args: &ShowArgs,
    chosen: &[&Scenario],
) -> anyhow::Result<ExitCode> {
    let mut shown = 0;
    for scenario in chosen {
        let cases = match explain(scenario, args.profile, args.seed) {
            Ok(cases) => cases,
            Err(problems) => return Ok(refuse(&problems.to_string())),
        };
        for case in cases.iter().filter(|own| is_wanted(&args.name, own)) {
            write_case(out, scenario, case)?;
            shown += 1;
        }
    }
    Ok(if shown > 0 { ExitCode::SUCCESS } else { refuse(&no_case(args)) })
}

/// What may have been meant by the name of a case that the profile does not have.
fn no_case(args: &ShowArgs) -> String {
    let wanted = Wanted {
        folder: args.scenarios.clone(),
        profile: args.profile,
        patterns: vec![args.name.clone()],
        seed: args.seed,
        baseline: Bus::Crossbeam,
    };
    wanted.complaint(&Selection::default()).expect("the name selects nothing")
}

/// A name without a matrix point means all its cases. Brackets stand for themselves.
fn is_wanted(name: &str, effective: &Effective) -> bool {
    !name.contains('[') || matches_glob(name, &effective.case.id)
}

fn unknown(name: &str, scenarios: &[Scenario]) -> String {
    let names = scenarios.iter().map(|scenario| scenario.name.as_str());
    match crate::scenario::suggestion(name, names) {
        Some(meant) => format!("error: no scenario {name:?}; did you mean {meant:?}?"),
        None => format!("error: no scenario {name:?}; `list` names them all"),
    }
}

fn refuse(message: &str) -> ExitCode {
    complain(&message);
    ExitCode::from(EXIT_INVALID)
}

/// One case: its file, its seed, and every value with its origin.
pub(super) fn write_case(
    out: &mut impl Write,
    scenario: &Scenario,
    effective: &Effective,
) -> std::io::Result<()> {
    let Effective { case, values } = effective;
    writeln!(out, "case {}", case.id)?;
    writeln!(out, "file {}", scenario.source.path)?;
    writeln!(out, "seed {} (from the run's seed and the id)", case.seed)?;
    for traced in values {
        writeln!(out, "  {:44} = {:28} {}", traced.place, traced.value, origin(&traced.origin))?;
    }
    writeln!(out)
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Line(line) => format!("line {line}"),
        Origin::Substituted(line) => format!("line {line}, by substitution"),
        Origin::Default => "default".to_owned(),
    }
}
