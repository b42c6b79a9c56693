//! procmond: watches the processes of this host and publishes what changes to the agent's broker.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Parser;
use collector_core::cli::{
    self, CommonFlags, EXIT_CODES, Failure, print_line, start_logging, told_to_end,
};
use collector_core::config::{EventBusType, Settings};
use collector_core::sources::process::run_procmond;

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
    runtime.block_on(watch(settings, arguments.exit_with_parent))
}

async fn watch(settings: Settings, exit_with_parent: bool) -> Result<(), Failure> {
    let told = told_to_end(exit_with_parent);
    let stop = told.context("cannot hear when to end").map_err(Failure::Infrastructure)?;
    run_procmond(&settings, None, stop, |ready| print_line(&ready)).await?;
    Ok(())
}
