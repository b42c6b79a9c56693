//! `daemoneye-agent status`: how a running agent and its collectors are.
//!
//! The agent tells what it knows; each collector that runs is asked itself for its health, part by
//! part. Whoever can read the key file beside the broker's socket may ask.

mod asking;
mod view;

use anyhow::{Context, anyhow};
use clap::Args;
use daemoneye_eventbus::rpc::HealthStatus;

use super::Failure;
use super::operator::OperatorFlags;
use super::output::print;
use asking::ask;
use view::AgentView;

/// For the end of its `--help`.
const STATUS_EXIT_CODES: &str = "\
Exit codes:
  0  every collector works; one that is degraded works
  1  a collector is unhealthy: it does not do its work
  2  wrong usage or configuration
  4  infrastructure: no agent, or it does not answer";

/// Tell how a running agent and its collectors are: state, process, restarts, health with its
/// reasons, and what each has done and uses
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS_EXIT_CODES)]
pub struct StatusFlags {
    #[command(flatten)]
    operator: OperatorFlags,
    /// Print a JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
pub fn run_status(flags: &StatusFlags) -> Result<(), Failure> {
    let view = AgentView::of(flags.operator.ask(ask)?);
    if flags.json {
        let text = serde_json::to_string_pretty(&view).context("cannot write JSON");
        print(&(text.map_err(Failure::Infrastructure)? + "\n"))?;
    } else {
        print(&view.to_string())?;
    }
    let unhealthy = view.names_of(HealthStatus::Unhealthy);
    if unhealthy.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(anyhow!("unhealthy: {}", unhealthy.join(", "))))
}
