//! Exit codes, the same for every command of the workspace.

use std::process::ExitStatus;

/// Everything asked for holds.
pub(crate) const PASS: i32 = 0;
/// Something checked does not hold.
pub(crate) const FAIL: i32 = 1;
/// What was asked for does not exist.
pub(crate) const USAGE: i32 = 2;
/// The question could not be asked: a build, a process or the host failed.
pub(crate) const INFRASTRUCTURE: i32 = 4;

/// The table as `--help` prints it.
pub(crate) const EXPLAINED: &str = "\
Exit codes:
  0  pass
  1  fail: behaviour, a gate (in `ci` only an enforced one) or a check is violated
  2  usage, or an invalid scenario or configuration
  3  inconclusive: no violation, but not enough evidence for a verdict
  4  infrastructure: a build, a process or the host failed";

/// The code a finished child hands on: its own, or [`INFRASTRUCTURE`] when a signal ended it.
pub(crate) fn forwarded(status: ExitStatus) -> i32 {
    status.code().unwrap_or(INFRASTRUCTURE)
}
