//! The process of a part: reads its assignment, obeys, and ends with its input.

use std::io::stdin;
use std::process::ExitCode;

use tokio::sync::mpsc;

use super::line::{Assignment, Part, Reply};
use super::link::{Orders, tell};
use super::{broker, publisher, reader};

/// Exit code of a part whose first line is no assignment.
const USAGE: u8 = 2;
/// Exit code of a part whose harness is gone, or that cannot go on.
const ABANDONED: u8 = 4;
/// Orders waiting for the part; the harness waits for each answer.
const ORDERS: usize = 4;
/// Is a part of a soak until let go.
pub(in crate::driver) fn run() -> ExitCode {
    let mut first = String::new();
    if stdin().read_line(&mut first).is_err() {
        return ExitCode::from(USAGE);
    }
    let assignment: Assignment = match serde_json::from_str(&first) {
        Ok(assignment) => assignment,
        Err(cause) => {
            eprintln!("soak: the first line is no assignment: {cause}");
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
    match assignment.part {
        Part::Broker => broker::run(assignment, orders),
        Part::Publisher { index, rate } => publisher::run(assignment, index, rate, orders),
        Part::Reader { publishers } => reader::run(assignment, publishers, orders),
    }
}
