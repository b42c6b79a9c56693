//! `daemoneye-agent status`: how a running agent and its collectors are.
//!
//! The agent tells what it knows; each collector that runs is asked itself for its health, part by
//! part. Whoever can read the key file beside the broker's socket may ask.

mod asking;
mod view;

use std::io;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::identity::{KeyFileError, read_key_file};
use daemoneye_eventbus::rpc::HealthStatus;

use super::output::print;
use super::{CommonFlags, Failure};
use crate::config::EventBusType;
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
    /// Read this file instead of the user's and the system's configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Socket of the agent's broker [default: as the configuration says]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Key file that proves the operator [default: the one beside the socket]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print a JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Asks and prints.
pub fn run_status(flags: &StatusFlags) -> Result<(), Failure> {
    let address = flags.address()?;
    let key = read_key_file(&flags.key.clone().unwrap_or_else(|| address.key_path()));
    let key = key.map_err(|error| unproved(&address, error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Infrastructure)?;
    let view = AgentView::of(runtime.block_on(ask(&address, key))?);
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

impl StatusFlags {
    /// Where the agent of this configuration has its broker.
    fn address(&self) -> Result<SocketAddress, Failure> {
        let common = CommonFlags {
            config: self.config.clone(),
            bus: None,
            socket: self.socket.clone(),
            interval: None,
            set: Vec::new(),
            show_config: false,
        };
        let event_bus = common.resolve(&[], None)?.settings.event_bus;
        // Whoever names a socket means the agent that has it.
        if event_bus.bus_type == EventBusType::Local && self.socket.is_none() {
            return Err(Failure::Configuration(anyhow!(
                "the configuration says `bus_type = \"local\"`: such an agent has no broker, and \
                 nobody outside it can ask; its collectors can be, where `[ipc]` is enabled"
            )));
        }
        let no_path = || anyhow!("no socket is named and this user has no home; use --socket");
        let path = event_bus.socket_path.ok_or_else(no_path).map_err(Failure::Configuration)?;
        SocketAddress::from_path(path).map_err(|error| Failure::Configuration(error.into()))
    }
}

/// Without the file there is no agent: each leaves one, and takes it away at its end.
fn unproved(address: &SocketAddress, error: KeyFileError) -> Failure {
    let is_missing = |source: &io::Error| source.kind() == io::ErrorKind::NotFound;
    if matches!(&error, KeyFileError::Read { source, .. } if is_missing(source)) {
        return Failure::Infrastructure(anyhow!(
            "no agent at {address}: {error}; start daemoneye-agent, or name the socket of a \
             running one with --socket; one with `--bus local` has none, and cannot be asked"
        ));
    }
    Failure::Configuration(error.into())
}
