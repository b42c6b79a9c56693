//! Runs cases: the only room of the harness that touches systems.
//!
//! A trial spawns real processes (`actor`), leads them through the phases of a case, records
//! what they saw, measures them from outside, and checks that nothing remains. It judges nothing.
//!
//! - `trial`: one case on one bus, once, within its `budget`; `interrupt`: the user's wish to stop;
//!   `error`: why not;
//! - `deploy`, `spawn`, `session`, `roll`: processes, the lines to them, and whether they answer;
//! - `director`: leads a trial from its opening through `phases` and `tear_down` to its end;
//! - what it knows, each with one owner: `attendance` (who takes part), `progress` (how far
//!   everybody is), `actions` (what is under way), `credit` (what closed loops may send), `volley`
//!   (which fences are missing), `journal` (what was recorded);
//! - `fences` with `fencing`, `counters`: how it learns that a phase is over and the bus at rest;
//! - `faults`, `signals`, `ways` with `proxy`: what the case does to a process or a connection
//!   instead of asking anybody;
//! - `measure`, `backlog`, `collect`, `records`: what comes out of it;
//! - `host`: real agent and collectors instead of actors;
//! - `descriptors`: the one limit of the system that a run raises;
//! - `runtime_folder`, `identity`: whose folder it is, and whether a process still runs;
//! - `actor`: the other end of the line; `bus`: which bus is which.

mod actions;
pub(crate) mod actor;
mod attendance;
mod backlog;
mod budget;
mod bus;
mod collect;
mod counters;
mod credit;
mod deploy;
mod descriptors;
mod director;
mod error;
mod faults;
mod fences;
mod fencing;
mod host;
mod identity;
mod interrupt;
mod journal;
mod measure;
mod phases;
mod progress;
#[cfg(unix)]
mod proxy;
pub(crate) mod records;
mod roll;
mod runtime_folder;
mod session;
mod signals;
mod spawn;
mod tear_down;
mod trial;
mod volley;
mod ways;

pub use descriptors::{DescriptorLimit, descriptors_needed, raise_descriptor_limit};
pub use error::{DriveError, Stage};
pub use fencing::{companion, fence};
pub use host::{HostDriven, HostRequest, agent_beside, run_host};
pub use interrupt::{Interrupt, Interrupter};
pub use records::RecordsError;
pub use runtime_folder::sweep_runtime_folders;
pub use trial::{Driven, TrialRequest, run_trial};

pub use legacy_buses::broken::Fault;

/// Runs this process as an actor of a trial until its harness lets it go.
pub fn run_actor() -> std::process::ExitCode {
    actor::run()
}
