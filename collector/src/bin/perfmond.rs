//! perfmond: measures CPU, memory, disks and load and publishes them to the agent's broker.

use std::process::ExitCode;

use collector_core::cli::run_collector;
use collector_core::config::CollectorName;

fn main() -> ExitCode {
    run_collector(CollectorName::Perfmond)
}
