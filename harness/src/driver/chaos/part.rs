//! The process: reads its assignment, obeys, and ends with its input.

use std::io::stdin;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::sync::mpsc;

use super::line::{Assignment, Orders, Reply, Role, tell};
use super::{collector, host};

/// Exit code of a process whose first line is no assignment.
const USAGE: u8 = 2;
/// Exit code of one whose harness is gone, or that cannot go on.
const ABANDONED: u8 = 4;
/// Orders waiting; the harness waits for each answer.
const ORDERS: usize = 4;
/// Threads of the runtime: with one, a source that never waits could keep the others from theirs.
const THREADS: usize = 2;

/// Is a process of a case of chaos until let go.
pub(in crate::driver) fn run() -> ExitCode {
    let mut first = String::new();
    if stdin().read_line(&mut first).is_err() {
        return ExitCode::from(USAGE);
    }
    let assignment: Assignment = match serde_json::from_str(&first) {
        Ok(assignment) => assignment,
        Err(cause) => {
            eprintln!("chaos: the first line is no assignment: {cause}");
            return ExitCode::from(USAGE);
        }
    };
    let (sender, orders) = mpsc::channel(ORDERS);
    // Reading stands alone: the end of the input ends the process, whatever else hangs.
    let reading = std::thread::Builder::new().name("orders".to_owned()).spawn(move || {
        for line in stdin().lines() {
            let order = line.ok().and_then(|line| serde_json::from_str(&line).ok());
            if order.is_none_or(|order| sender.blocking_send(order).is_err()) {
                break;
            }
        }
        std::process::exit(ABANDONED.into());
    });
    let obeyed = reading.map_err(|cause| cause.to_string()).and_then(|_| obey(&assignment, orders));
    match obeyed {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tell(&Reply::Failed(reason));
            ExitCode::from(ABANDONED)
        }
    }
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
