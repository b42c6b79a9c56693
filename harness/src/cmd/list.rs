//! `list`: what there is to run.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::known::profiles;
use super::scenarios::{ScenariosError, load_all};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::driver::why_unavailable;
use crate::plan::{Bus, Case, Deployment, TrialKind, claims, expand};
use crate::scenario::{Profile, Scenario};

/// List the cases of a profile, one per line, or the buses.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// List the buses instead.
    #[arg(long)]
    pub buses: bool,
    /// Only scenarios that show this contract number, for example C4.
    #[arg(long, value_name = "NUMBER")]
    pub claim: Option<String>,
    /// Which profile's cases.
    #[arg(long, default_value = "nightly", value_parser = profiles())]
    pub profile: Profile,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// Prints the list. A number that no scenario can claim is a usage error; one that none does claim
/// is an empty list.
pub fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    if args.buses {
        for bus in Bus::ALL {
            writeln!(out, "{:20} {}", bus.as_str(), told(bus))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(claim) = args.claim.as_deref().filter(|claim| !known().contains(claim)) {
        let known = known().join(", ");
        complain(&format_args!("error: no scenario can claim {claim:?}; there is {known}"));
        return Ok(ExitCode::from(EXIT_INVALID));
    }
    let mut problems = ScenariosError::default();
    let folder = folder_or_default(args.scenarios.as_deref());
    let scenarios = load_all(&folder, &[], &mut problems);
    let is_wanted = |own: &&Scenario| args.claim.as_ref().is_none_or(|claim| own.shows(claim));
    for scenario in scenarios.iter().filter(is_wanted) {
        match expand(scenario, args.profile, 0) {
            Ok(cases) => cases.iter().try_for_each(|case| write_case(&mut out, case))?,
            Err(mistakes) => problems.mistake(&mistakes),
        }
    }
    match problems.or(()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            complain(&error);
            Ok(error.exit())
        }
    }
}

/// Every number that a scenario of some kind can claim.
fn known() -> Vec<&'static str> {
    let kinds = [
        TrialKind::Behaviour,
        TrialKind::Host,
        TrialKind::Control,
        TrialKind::Saturation,
        TrialKind::Paced,
    ];
    let mut known: Vec<&str> = Vec::new();
    for number in kinds.into_iter().flat_map(claims::judged) {
        if !known.contains(&number.as_str()) {
            known.push(number.as_str());
        }
    }
    known
}

fn write_case(out: &mut impl Write, case: &Case) -> std::io::Result<()> {
    let kind = match case.kind {
        TrialKind::Behaviour => "behaviour",
        TrialKind::Saturation => "saturation",
        TrialKind::Paced => "paced",
        TrialKind::Host => "host",
        TrialKind::Control => "control",
    };
    let claims: Vec<&str> = case.claims.iter().map(|claim| claim.as_str()).collect();
    writeln!(out, "{kind:10}  {:48}  {}", case.id, claims.join(" "))
}

/// What a bus is like, and why it cannot be had, where it cannot.
fn told(bus: Bus) -> String {
    let layout = layout(bus.deployment());
    let server = if bus.is_peer() { " (a broker of others)" } else { "" };
    match why_unavailable(bus) {
        Some(why) => format!("{layout}{server}; unavailable: {why}"),
        None => format!("{layout}{server}"),
    }
}

fn layout(deployment: Deployment) -> &'static str {
    match deployment {
        Deployment::InProcess => "all roles in one process, around an in-process bus",
        Deployment::Embedded => "all roles in one process, around a broker",
        Deployment::Agent => "broker and subscribers in one process, each publisher in its own",
        Deployment::Process => "broker, each publisher and each subscriber in their own process",
    }
}
