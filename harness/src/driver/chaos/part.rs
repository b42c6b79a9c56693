//! The process: the host of the bus, or a collector on a connection of its own.

use std::process::ExitCode;

use tokio::runtime::Builder;

use super::line::{Assignment, Order, Orders, Role};
use super::{collector, host};
use crate::driver::part;

/// Threads of the runtime: with one, a source that never waits could keep the others from theirs.
const THREADS: usize = 2;

/// Is a process of a case of chaos until let go.
pub(in crate::driver) fn run() -> ExitCode {
    part::run::<Assignment, Order>(obey)
}

fn obey(assignment: &Assignment, orders: Orders) -> Result<(), String> {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    match &assignment.role {
        Role::Host => runtime.block_on(host::run(assignment, orders)),
        Role::Collector { token } => {
            runtime.block_on(collector::run_alone(assignment, token, orders))
        }
    }
}
