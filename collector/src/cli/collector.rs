//! The whole of a collector's binary: flags, configuration, one collector until it is told to end.

use std::io;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{CommandFactory, FromArgMatches, Parser};
use daemoneye_eventbus::{Credential, Secret};

use super::lifeline::{Lifeline, read_settings};
use super::logging::start_logging_of;
use super::signal::told_to_end;
use super::{CommonFlags, EXIT_CODES, Failure, print_line, report, show_config};
use crate::config::{CollectorName, Settings};
use crate::program::{self, AgentDeath, WayToBus};
use crate::ready::CollectorRefusal;

/// Flags of [`CommonFlags`]: other ways to a configuration than to be told the whole of it.
const ELSEWHERE: [&str; 6] = ["config", "bus", "socket", "interval", "set", "show_config"];

/// Flags of every collector.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    common: CommonFlags,
    /// End after a line `end` on standard input, and as `agent.orphan_limit` says when standard
    /// input ends without; the agent starts collectors so
    #[arg(long)]
    exit_with_parent: bool,
    /// Read a spawn token, 64 hexadecimal digits, from the first line of standard input; without one
    /// the broker takes the collector for an observer, who may not publish
    #[arg(long)]
    token_from_stdin: bool,
    /// Read the whole configuration as JSON from the next line of standard input, and nothing of it
    /// from anywhere else; the agent tells its collectors its own so
    #[arg(long, requires = "token_from_stdin", conflicts_with_all = ELSEWHERE)]
    settings_from_stdin: bool,
}

/// Runs the binary of a collector.
pub fn run_collector(name: CollectorName) -> ExitCode {
    let arguments = parse(name);
    let ran = start_logging_of(name.as_str()).and_then(|()| run(name, &arguments));
    if let (true, Err(Failure::Configuration(error))) = (arguments.settings_from_stdin, &ran) {
        print_line(&CollectorRefusal { refused: name.to_string(), why: format!("{error:#}") });
    }
    report(ran.map_err(|failure| failure.of(name.as_str())))
}

/// Ends the process at a mistake, as binaries do.
fn parse(name: CollectorName) -> Arguments {
    let about = about(name);
    let long = format!(
        "{about}.\n\nPrints one line of JSON on standard output once what was there at first is \
         published."
    );
    let mut command = Arguments::command().name(name.as_str()).about(about).long_about(long);
    if name.interval_key().is_none() {
        command = command.mut_arg("interval", |interval| interval.hide(true));
    }
    let matches = command.clone().get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

fn about(name: CollectorName) -> &'static str {
    match name {
        CollectorName::Procmond => {
            "Watches the processes of this host and publishes what changes to the agent's broker"
        }
        CollectorName::Netmond => {
            "Watches the connections of this host and publishes what changes to the agent's broker"
        }
        CollectorName::Fsmond => {
            "Watches folders of this host and publishes what changes to the agent's broker"
        }
        CollectorName::Perfmond => {
            "Measures CPU, memory, disks and load and publishes them to the agent's broker"
        }
    }
}

fn run(name: CollectorName, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.common.interval.is_some() && name.interval_key().is_none() {
        return Err(Failure::Configuration(anyhow!(
            "{name} has no interval: the system tells it of changes as they happen"
        )));
    }
    if arguments.settings_from_stdin {
        // Before anybody else reads standard input: what follows these lines is its parent's life.
        let credential = credential(arguments)?;
        let settings = read_settings(&mut io::stdin().lock()).map_err(Failure::Configuration)?;
        return begin(name, settings, credential, arguments);
    }
    let resolved = arguments.common.resolve(&[name], None)?;
    if arguments.common.show_config {
        return show_config(&resolved);
    }
    begin(name, resolved.settings, credential(arguments)?, arguments)
}

fn credential(arguments: &Arguments) -> Result<Credential, Failure> {
    if !arguments.token_from_stdin {
        return Ok(Credential::None);
    }
    let token = Secret::read_line(&mut io::stdin().lock());
    let token = token.context("no spawn token in the first line of standard input");
    token.map(Credential::SpawnToken).map_err(Failure::Configuration)
}

fn begin(
    name: CollectorName,
    settings: Settings,
    credential: Credential,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let bus = settings.event_bus.bus_type;
    if bus.is_in_process() {
        return Err(Failure::Configuration(anyhow!(
            "{name} is a process of its own and cannot share the in-process bus `{bus}`; \
             start daemoneye-agent, or use `--bus daemoneye`"
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
    runtime.block_on(watch(name, settings, credential, arguments.exit_with_parent))
}

async fn watch(
    name: CollectorName,
    settings: Settings,
    credential: Credential,
    exit_with_parent: bool,
) -> Result<(), Failure> {
    let unheard = |error: io::Error| {
        Failure::Infrastructure(anyhow::Error::from(error).context("cannot hear when to end"))
    };
    let signal = told_to_end(false).map_err(unheard)?;
    let lifeline = if exit_with_parent { Lifeline::listen() } else { Ok(Lifeline::none()) };
    let lifeline = lifeline.map_err(unheard)?;
    let by_agent = lifeline.clone().told_to_end();
    let stop = async {
        tokio::select! { () = signal => {}, () = by_agent => {} }
    };
    let agent_death = AgentDeath::when(lifeline.went_silent());
    let way = WayToBus::Own { credential, agent_death };
    program::run(name, &settings, way, stop, |ready| print_line(&ready)).await?;
    Ok(())
}
