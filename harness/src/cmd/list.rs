//! `list`: what there is to run.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{EXIT_INVALID, complain, folder_or_default, load_all};
use crate::plan::{Bus, Case, Deployment, expand};
use crate::scenario::{Profile, find_files};

/// List the cases of a profile, one per line, or the buses.
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// List the buses instead.
    #[arg(long)]
    pub buses: bool,
    /// Only scenarios that show this contract number, for example C4.
    #[arg(long, value_name = "NUMBER")]
    pub claim: Option<String>,
    /// Which profile's cases.
    #[arg(long, value_enum, default_value = "nightly")]
    pub profile: ProfileChoice,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// [`Profile`] on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProfileChoice {
    /// [`Profile::Smoke`].
    Smoke,
    /// [`Profile::Pr`].
    Pr,
    /// [`Profile::Nightly`].
    #[default]
    Nightly,
    /// [`Profile::Release`].
    Release,
}

impl From<ProfileChoice> for Profile {
    fn from(choice: ProfileChoice) -> Self {
        match choice {
            ProfileChoice::Smoke => Self::Smoke,
            ProfileChoice::Pr => Self::Pr,
            ProfileChoice::Nightly => Self::Nightly,
            ProfileChoice::Release => Self::Release,
        }
    }
}

/// Prints the list. A claim nobody makes is an empty list and exit 0.
pub fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    if args.buses {
        for bus in Bus::ALL {
            writeln!(out, "{:20} {}", bus.as_str(), layout(bus.deployment()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let files = find_files(&folder_or_default(args.folder.as_deref()))?;
    let mut told = Vec::new();
    match load_all(&files) {
        Ok(scenarios) => {
            let wanted =
                |claim: &String| scenarios.iter().filter(move |s| s.shows(claim)).collect();
            let chosen: Vec<_> =
                args.claim.as_ref().map_or_else(|| scenarios.iter().collect(), wanted);
            for scenario in chosen {
                match expand(scenario, args.profile.into(), 0) {
                    Ok(cases) => cases.iter().try_for_each(|case| write_case(&mut out, case))?,
                    Err(problems) => told.push(problems.to_string()),
                }
            }
        }
        Err(errors) => told.extend(errors.iter().map(ToString::to_string)),
    }
    if told.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    complain(&told.join("\n\n"));
    Ok(ExitCode::from(EXIT_INVALID))
}

fn write_case(out: &mut impl Write, case: &Case) -> std::io::Result<()> {
    let kind = match case.kind {
        crate::plan::TrialKind::Behaviour => "behaviour",
        crate::plan::TrialKind::Saturation => "saturation",
        crate::plan::TrialKind::Paced => "paced",
        crate::plan::TrialKind::Host => "host",
    };
    writeln!(out, "{kind:10}  {:48}  {}", case.id, case.claims.join(" "))
}

fn layout(deployment: Deployment) -> &'static str {
    match deployment {
        Deployment::InProcess => "all roles in one process, around an in-process bus",
        Deployment::Embedded => "all roles in one process, around a broker",
        Deployment::Agent => "broker and subscribers in one process, each publisher in its own",
        Deployment::Process => "broker, each publisher and each subscriber in their own process",
    }
}
