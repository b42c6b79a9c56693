//! The processes of a trial: one generic actor that hosts any set of roles as threads.
//!
//! A hidden verb of the harness's own executable. It obeys the lines of [`protocol`], records
//! what happens, and judges nothing.
//!
//! - `assignment`: what it is told first; `protocol`: the lines;
//! - `host`: the process; `dispatch`: its orders; `setup`: its bus and threads;
//! - `publisher`, `subscriber`, `void`: the roles; `ledger`: the records;
//! - `following`: which events of the bus arrivals were, in a traced trial;
//! - `control`: the roles of the control plane;
//! - `census`, `children`: what the process still holds at its end;
//! - `stream`: the events; `executor`, `pacing`, `credits`, `tally`, `link`, `settle`: means.

pub(crate) mod assignment;
mod census;
mod children;
mod control;
mod credits;
mod dispatch;
mod executor;
mod following;
mod host;
mod ledger;
mod link;
pub(super) mod pacing;
pub(crate) mod protocol;
mod publisher;
mod settle;
mod setup;
pub(crate) mod stream;
mod subscriber;
mod tally;
mod void;

pub use control::ControlFault;
pub(crate) use host::run;
pub(crate) use ledger::Summary;

use std::time::Duration;

/// How long a role's own handle or the bus may take to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
