//! What a bus leaves behind when it is gone: nobody else knows it, so nobody ends it.

use super::Fault;

/// Begins what will remain.
pub(super) fn begin(fault: Fault) {
    match fault {
        Fault::LeaksAThread => {
            // Parked for good.
            std::thread::spawn(|| {
                loop {
                    std::thread::park();
                }
            });
        }
        Fault::LeaksADescriptor => {
            let opened = std::env::current_exe().and_then(std::fs::File::open);
            std::mem::forget(opened);
        }
        Fault::LeavesAProcess => leave_a_process(),
        _ => {}
    }
}

/// A child that holds no pipe of ours and ends by itself at last, should nobody else see to it.
#[cfg(unix)]
fn leave_a_process() {
    use std::process::{Command, Stdio};

    /// Longer than any trial takes to end.
    const STAYS_S: &str = "120";
    let mut command = Command::new("sleep");
    command.arg(STAYS_S).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // If there is no such program nothing remains, and the suite tells that nothing was caught.
    let _ = command.spawn();
}

/// Only Linux tells of children, see the harness.
#[cfg(not(unix))]
fn leave_a_process() {}
