//! `list`: what there is to run.

mod filter;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::complain;
use super::known::{buses, ends, kinds, profiles};
use crate::driver::why_unavailable;
use crate::plan::{Bus, Deployment, TrialKind};
use crate::report::Ended;
use crate::scenario::Profile;
use filter::{Listed, listed};

/// List the cases of a profile, one per line, or the buses.
///
/// Filters are combined: a case is listed when it passes all of them.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// List the buses instead.
    #[arg(long, conflicts_with_all = FILTERS)]
    pub buses: bool,
    /// Only scenarios that show this contract number, for example C4; several times for several.
    #[arg(long, value_name = "NUMBER")]
    pub claim: Vec<String>,
    /// Only cases whose id or scenario matches; `*` stands for any run of characters.
    #[arg(long, value_name = "GLOB")]
    pub scenario: Option<String>,
    /// Only cases of this kind.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub kind: Option<TrialKind>,
    /// Only scenarios with this tag; several times for several.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only cases that apply to this bus; with `--verdict`, only what was said of it.
    #[arg(long, value_name = "BUS", value_parser = buses())]
    pub bus: Option<Bus>,
    /// Only cases of which the last report says this.
    #[arg(long, value_name = "VERDICT", value_parser = ends())]
    pub verdict: Option<Ended>,
    /// Folder of the report, instead of the last run's.
    #[arg(long, value_name = "FOLDER", requires = "verdict")]
    pub report: Option<PathBuf>,
    /// Which profile's cases.
    #[arg(long, default_value = "nightly", value_parser = profiles())]
    pub profile: Profile,
    /// Folder of the scenarios, instead of the project's own or, with `--verdict`, of that report's.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// What leaves cases out, and says nothing of buses.
const FILTERS: [&str; 7] = ["claim", "scenario", "kind", "tag", "bus", "verdict", "report"];

impl Default for ListArgs {
    /// Every case of the profile that has most.
    fn default() -> Self {
        Self {
            buses: false,
            claim: Vec::new(),
            scenario: None,
            kind: None,
            tag: Vec::new(),
            bus: None,
            verdict: None,
            report: None,
            profile: Profile::Nightly,
            scenarios: None,
        }
    }
}

/// Prints the list. What a filter names and nothing can have is a usage error; what nothing has is an
/// empty list.
pub fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    if args.buses {
        for bus in Bus::ALL {
            writeln!(out, "{:20} {}", bus.as_str(), told(bus))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let listed = match listed(args) {
        Ok(listed) => listed,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    listed.iter().try_for_each(|one| write_case(&mut out, one))?;
    Ok(ExitCode::SUCCESS)
}

fn write_case(out: &mut impl Write, listed: &Listed) -> std::io::Result<()> {
    let Listed { case, endings } = listed;
    let kind = case.kind.as_str();
    let claims: Vec<&str> = case.claims.iter().map(|claim| claim.as_str()).collect();
    write!(out, "{kind:10}  {:48}  {}", case.id, claims.join(" "))?;
    let on: Vec<String> =
        endings.iter().map(|one| format!("{} on {}", one.what, one.bus.as_str())).collect();
    if on.is_empty() { writeln!(out) } else { writeln!(out, "  ({})", on.join(", ")) }
}

/// What a bus is like and has, and why it cannot be had, where it cannot.
fn told(bus: Bus) -> String {
    let (layout, own) = (layout(bus.deployment()), own(bus));
    let like = match bus.capabilities() {
        Some(has) => format!("{own}: {layout}; {}", has.told()),
        None => format!("{own}, a broker of others: {layout}"),
    };
    match why_unavailable(bus) {
        Some(why) => format!("{like}; unavailable: {why}"),
        None => like,
    }
}

/// What a bus is, in a word that no other has.
fn own(bus: Bus) -> &'static str {
    match bus {
        Bus::Crossbeam => "the reference",
        Bus::CrossbeamSpinning => "the reference with a routing thread that spins",
        Bus::CrossbeamFaithful => "the bus of old, with what it does otherwise",
        Bus::Broadcast => "one ring",
        Bus::Sharing => "the multiplexer",
        Bus::Embedded => "the new broker as a library",
        Bus::Agent => "the new broker in an agent",
        Bus::Process => "the new broker by itself",
        Bus::Nats => "nats-server",
        Bus::Redis => "redis-server",
        Bus::Mosquitto => "mosquitto",
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_buses_are_told_alike() {
        let told: BTreeSet<String> = Bus::ALL.into_iter().map(told).collect();
        assert_eq!(told.len(), Bus::ALL.len(), "{told:?}");
    }
}
