//! netmond: watches the connections of this host and publishes what changes to the agent's broker.

use std::process::ExitCode;

use collector_core::cli::run_collector;
use collector_core::config::CollectorName;

fn main() -> ExitCode {
    run_collector(CollectorName::Netmond)
}
