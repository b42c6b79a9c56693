//! procmond: watches the processes of this host and publishes what changes to the agent's broker.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Parser;
use collector_core::cli::{
    self, CommonFlags, EXIT_CODES, Failure, print_line, start_logging, told_to_end,
};
use collector_core::config::{EventBusType, Settings};
use collector_core::sources::process::{WayToBus, run_procmond};
use daemoneye_eventbus::{Credential, Secret};

/// Watches the processes of this host and publishes what changes to the agent's broker.
///
/// Prints one line of JSON on standard output once the first scan is published.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    common: CommonFlags,
    /// End when standard input does; the agent starts collectors so
    #[arg(long)]
    exit_with_parent: bool,
    /// Read a spawn token, 64 hexadecimal digits, from the first line of standard input; without one
    /// the broker takes procmond for an observer, who may not publish
    #[arg(long)]
    token_from_stdin: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    cli::report(run(&arguments))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.common.resolve()?.settings;
    if settings.event_bus.bus_type == EventBusType::Local {
        return Err(Failure::Configuration(anyhow!(
            "procmond is a process of its own and cannot share the in-process bus `local`; \
             start daemoneye-agent, or use `--bus daemoneye`"
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
    // Before anybody else reads standard input: what follows the token is its parent's life.
    let credential = credential(arguments)?;
    runtime.block_on(watch(settings, credential, arguments.exit_with_parent))
}

fn credential(arguments: &Arguments) -> Result<Credential, Failure> {
    if !arguments.token_from_stdin {
        return Ok(Credential::None);
    }
    let token = Secret::read_line(&mut std::io::stdin().lock());
    let token = token.context("no spawn token in the first line of standard input");
    token.map(Credential::SpawnToken).map_err(Failure::Configuration)
}

async fn watch(
    settings: Settings,
    credential: Credential,
    exit_with_parent: bool,
) -> Result<(), Failure> {
    let told = told_to_end(exit_with_parent);
    let stop = told.context("cannot hear when to end").map_err(Failure::Infrastructure)?;
    run_procmond(&settings, WayToBus::Own(credential), stop, |ready| print_line(&ready)).await?;
    Ok(())
}
