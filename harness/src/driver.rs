//! Runs cases: the only room of the harness that touches systems.
//!
//! A trial spawns real processes (`actor`), leads them through the phases of a case, records
//! what they saw, measures them from outside, and checks that nothing remains. It judges nothing.
//!
//! - `trial`: one case on one bus, once, within its `budget`; `interrupt`: the user's wish to stop;
//!   `error`: why not;
//! - `processes`: the processes of a trial, the lines to them, whether they answer, what befalls them;
//! - `director`: leads a trial from its opening through its phases and fences to its end, and knows
//!   who takes part, how far everybody is and what was recorded;
//! - `fencing`: which event a fence is;
//! - `measure`, `backlog`, `collect`, `records`: what comes out of it;
//! - `hops`: a trial in which the hops of events are noted, and what they come to; `hop_notes`: what its actors leave;
//! - `host`: real agent and collectors instead of actors, and the switch of an agent's bus; `idle_processes`: others
//!   beside them;
//! - `chaos`: a real collector whose sources misbehave as the case says;
//! - `soak`: hours of events between real processes that come, go and stay, counted and not kept;
//! - `part`: a process of these two, and the line to it;
//! - `tap`: listens to a broker that runs already, whoever has started it;
//! - `descriptors`: the one limit of the system that a run raises;
//! - `passes`: what roles prove themselves with to the broker; `impostors`: what those show who are
//!   somebody else;
//! - `runtime_folder`, `identity`: whose folder it is, and whether a process still runs;
//! - `actor`: the other end of the line; `bus`: which bus is which; `peer`: brokers of others.

pub(crate) mod actor;
mod backlog;
mod budget;
mod bus;
mod chaos;
mod collect;
mod descriptors;
mod director;
mod error;
mod fencing;
mod hop_notes;
mod hops;
mod host;
mod identity;
mod idle_processes;
mod impostors;
mod interrupt;
mod measure;
mod part;
mod passes;
mod peer;
#[cfg(all(test, target_os = "linux"))]
mod played;
mod processes;
pub(crate) mod records;
mod remote;
mod runtime_folder;
mod soak;
mod tap;
mod trial;

pub use actor::ControlFault;
pub use chaos::{ChaosDriven, run_chaos};
pub use descriptors::{DescriptorLimit, descriptors_needed, raise_descriptor_limit};
pub use error::{DriveError, Stage};
pub use fencing::{companion, fence};
pub use hops::{hops_of, run_traced};
pub use host::{
    FootprintPlan, HostDriven, HostRequest, SwitchDriven, SwitchFault, ThingKind, agent_beside,
    run_footprint, run_host, run_switch,
};
pub use idle_processes::IdleProcesses;
pub use interrupt::{Interrupt, Interrupter};
pub use peer::why_unavailable;
pub use records::RecordsError;
pub use remote::RemoteFault;
pub use runtime_folder::sweep_runtime_folders;
pub use soak::{SoakPlan, run_soak};
pub use tap::{Tap, TapEnd, TapError, TapRequest};
pub use trial::{Driven, TrialRequest, run_trial};

pub use legacy_buses::broken::Fault;

/// Runs this process as an actor of a trial until its harness lets it go.
pub fn run_actor() -> std::process::ExitCode {
    actor::run()
}

/// Runs this process as a part of a case of chaos until its harness lets it go.
pub fn run_chaos_part() -> std::process::ExitCode {
    chaos::run_part()
}

/// Runs this process as a part of a soak until its harness lets it go.
pub fn run_soak_part() -> std::process::ExitCode {
    soak::run_part()
}
