//! Runs cases: the only room of the harness that touches systems.
//!
//! A trial spawns real processes (`actor`), leads them through the phases of a case, records
//! what they saw, measures them from outside, and checks that nothing remains. It judges nothing.
//!
//! - `trial`: one case on one bus, once; `interrupt`: the user's wish to stop; `error`: why not;
//! - `deploy`, `spawn`, `session`: processes and the lines to them;
//! - `director`, `phases`, `fences` with `fencing`, `tear_down`: what happens in a trial;
//! - `measure`, `collect`, `records`: what comes out of it;
//! - `host`: real agent and collectors instead of actors;
//! - `actor`: the other end of the line; `bus`: which bus is which.

pub(crate) mod actor;
mod bus;
mod collect;
mod deploy;
mod director;
mod error;
mod fences;
mod fencing;
mod host;
mod interrupt;
mod measure;
mod phases;
pub(crate) mod records;
mod session;
mod spawn;
mod tear_down;
mod trial;

pub use error::DriveError;
pub use fencing::{companion, fence};
pub use host::{HostRequest, Sightings, agent_beside, run_host};
pub use interrupt::{Interrupt, Interrupter};
pub use records::RecordsError;
pub use trial::{Driven, TrialRequest, run_trial};

pub use legacy_buses::broken::Fault;

/// Runs this process as an actor of a trial until its harness lets it go.
pub fn run_actor() -> std::process::ExitCode {
    actor::run()
}
