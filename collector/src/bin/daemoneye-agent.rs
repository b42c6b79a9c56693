//! daemoneye-agent: hosts the event bus and runs the collectors.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use collector_core::agent::{self, AgentOptions};
use collector_core::cli::{
    self, CommonFlags, EXIT_CODES, Failure, print_line, start_logging, told_to_end,
};

/// Hosts the event bus, runs the collectors, and receives what they publish.
///
/// With the bus `daemoneye` each collector is a process of its own that publishes to the agent's
/// broker; with `local` each is a thread of the agent. Prints one line of JSON on standard output
/// once all collectors are ready.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    common: CommonFlags,
    /// Executable of procmond [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    procmond: Option<PathBuf>,
    /// Append every received event to this file, one line of JSON each
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Receive only what matches this pattern; may be repeated [default: events.process.#]
    #[arg(long, value_name = "PATTERN")]
    subscribe: Vec<String>,
    /// Serve the broker's metrics as Prometheus text on this loopback address, such as
    /// 127.0.0.1:9464; only in a program built with the feature `metrics`
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// End when standard input does, as collectors of the agent do
    #[arg(long)]
    exit_with_parent: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    cli::report(run(arguments))
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = arguments.common.resolve()?.settings;
    let named = arguments.procmond.or_else(|| settings.agent.procmond_path.clone());
    let procmond = match named {
        Some(path) => path,
        None => sibling("procmond").map_err(Failure::Infrastructure)?,
    };
    let options = AgentOptions {
        settings,
        config_file: arguments.common.config,
        procmond,
        record: arguments.record,
        patterns: arguments.subscribe,
        metrics: arguments.metrics,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
    runtime.block_on(async {
        let told = told_to_end(arguments.exit_with_parent);
        let stop = told.context("cannot hear when to end").map_err(Failure::Infrastructure)?;
        Ok(agent::run(options, stop, |ready| print_line(&ready)).await?)
    })
}

/// The executable of this name beside the agent's own.
fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own path")?;
    Ok(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
