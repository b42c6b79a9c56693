//! The process: reads its assignment, hands its orders on, and ends with its input.

use std::io::{Write as _, stdin, stdout};
use std::process::ExitCode;
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

/// Exit code of a part whose first line is no assignment.
const USAGE: u8 = 2;
/// Exit code of a part whose harness is gone, or that cannot go on.
const ABANDONED: u8 = 4;
/// Orders waiting for a part; the harness waits for each answer.
const ORDERS: usize = 4;

/// Orders as a part sees them; their end is the harness's.
pub(in crate::driver) type Orders<O> = mpsc::Receiver<O>;

/// Is a part until let go: does what `obey` does with its assignment and its orders.
pub(in crate::driver) fn run<A, O>(
    obey: impl FnOnce(&A, Orders<O>) -> Result<(), String>,
) -> ExitCode
where
    A: DeserializeOwned,
    O: DeserializeOwned + Send + 'static,
{
    let mut first = String::new();
    if stdin().read_line(&mut first).is_err() {
        return ExitCode::from(USAGE);
    }
    let assignment: A = match serde_json::from_str(&first) {
        Ok(assignment) => assignment,
        Err(cause) => {
            eprintln!("the first line is no assignment: {cause}");
            return ExitCode::from(USAGE);
        }
    };
    let (sender, orders) = mpsc::channel(ORDERS);
    let reading = thread::Builder::new().name("orders".to_owned()).spawn(move || hand_on(&sender));
    let obeyed = reading.map_err(|cause| cause.to_string()).and_then(|_| obey(&assignment, orders));
    match obeyed {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            print(&Err::<(), String>(reason));
            ExitCode::from(ABANDONED)
        }
    }
}

/// Tells the harness; one that is gone is noticed where orders are read.
pub(in crate::driver) fn tell(reply: &impl Serialize) {
    print(&Ok::<_, String>(reply));
}

/// Hands orders on. In a thread of its own: the end of the input ends the process, whatever else
/// hangs.
fn hand_on<O: DeserializeOwned>(orders: &mpsc::Sender<O>) {
    for line in stdin().lines() {
        let Ok(line) = line else { break };
        let order = match serde_json::from_str(&line) {
            Ok(order) => order,
            Err(cause) => {
                eprintln!("an order is not understood: {cause}");
                break;
            }
        };
        if orders.blocking_send(order).is_err() {
            break;
        }
    }
    std::process::exit(ABANDONED.into());
}

/// A reply, or why there are no more.
fn print(line: &impl Serialize) {
    let line = serde_json::to_string(line).expect("replies have string keys only");
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
