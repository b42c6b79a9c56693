//! daemoneye-agent: hosts the event bus and runs the collectors.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use collector_core::agent::{self, AgentOptions};
use collector_core::cli::{
    self, CommonFlags, EXIT_CODES, Failure, PauseFlags, SetFlags, StatusFlags, interrupted,
    print_line, run_pause, run_resume, run_set, run_status, show_config, start_logging,
    told_to_end,
};

/// Hosts the event bus, runs the collectors, and receives what they publish.
///
/// With the bus `daemoneye` each collector is a process of its own that publishes to the agent's
/// broker; with a bus inside a process, where the program was built with any, each is a thread of
/// the agent. Prints one line of JSON on standard output once all collectors are ready.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    common: CommonFlags,
    /// Collectors to run, such as procmond,fsmond [default: all there are]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    collectors: Vec<String>,
    /// Folder of the collectors' executables [default: the one of this program]
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Append every received event to this file, one line of JSON each
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Receive only what matches this pattern; may be repeated [default: events.#]
    #[arg(long, value_name = "PATTERN")]
    subscribe: Vec<String>,
    /// Serve the broker's metrics as Prometheus text on this loopback address, such as
    /// 127.0.0.1:9464; only in a program built with the feature `metrics`
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// End when standard input does
    #[arg(long)]
    exit_with_parent: bool,
}

/// What is done instead of running the agent.
#[derive(Debug, Subcommand)]
enum Command {
    Status(StatusFlags),
    Set(SetFlags),
    /// Have a running collector cease to look until it is to go on; what the system tells meanwhile
    /// waits, what a scan does not find is not seen
    Pause(PauseFlags),
    /// Have a paused collector go on, beginning with a look
    Resume(PauseFlags),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.command.is_some() && arguments.sets_up_an_agent() {
        let message = "a command takes no flag of an agent's start but `--config` and `--socket`";
        Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    cli::report(start_logging().and_then(|()| match &arguments.command {
        Some(Command::Status(flags)) => run_status(flags),
        Some(Command::Set(flags)) => run_set(flags),
        Some(Command::Pause(flags)) => run_pause(flags),
        Some(Command::Resume(flags)) => run_resume(flags),
        None => run(arguments),
    }))
}

impl Arguments {
    /// Whether something is said that only an agent can use that is about to start.
    fn sets_up_an_agent(&self) -> bool {
        let Self {
            command: _,
            common: CommonFlags { config: _, socket: _, bus, interval, set, show_config },
            collectors,
            programs,
            record,
            subscribe,
            metrics,
            exit_with_parent,
        } = self;
        let has_value = bus.is_some() || interval.is_some() || metrics.is_some();
        let has_path = programs.is_some() || record.is_some();
        let has_list = !set.is_empty() || !collectors.is_empty() || !subscribe.is_empty();
        has_value || has_path || has_list || *show_config || *exit_with_parent
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let common = arguments.common;
    let collectors = arguments.collectors;
    let named = (!collectors.is_empty())
        .then(|| ("--collectors", "agent.collectors", toml::Value::from(collectors)));
    // Which collectors an interval is for is itself configured.
    let running = common.resolve(&[], named.clone())?.settings.agent.collectors;
    let resolved = common.resolve(&running, named)?;
    if common.show_config {
        return show_config(&resolved);
    }
    let settings = resolved.settings;
    let named = arguments.programs.or_else(|| settings.agent.program_folder.clone());
    let program_folder = match named {
        Some(folder) => folder,
        None => own_folder().map_err(Failure::Infrastructure)?,
    };
    let options = AgentOptions {
        settings,
        program_folder,
        record: arguments.record,
        patterns: arguments.subscribe,
        metrics: arguments.metrics,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
    runtime.block_on(async {
        let end = told_to_end(arguments.exit_with_parent);
        let stop = end.context("cannot hear when to end").map_err(Failure::Infrastructure)?;
        Ok(agent::run(options, stop, interrupted(), |ready| print_line(&ready)).await?)
    })
}

/// The folder of the agent's own executable.
fn own_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program's own path")?;
    let folder = own.parent().context("this program has no folder")?;
    Ok(folder.to_owned())
}
