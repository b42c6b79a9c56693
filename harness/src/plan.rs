//! What will be run: every value of a scenario resolved, no system touched yet.
//!
//! A scenario file (as said) × its matrix gives [`Case`]s (as resolved). Everything downstream,
//! driver, checkers and report, reads cases and never scenario files.

pub mod access;
mod bare;
mod bus;
pub mod bus_name;
mod capabilities;
mod case;
pub mod chaos;
mod claim;
pub mod claims;
pub mod control;
mod curve;
mod day;
mod digest;
mod divergence;
pub mod expand;
mod expect;
mod fault;
mod faults;
mod fence;
pub mod gates;
mod idle;
mod lane;
pub mod ledger;
pub mod limits;
mod longest;
mod named;
mod pace;
mod peers;
mod phase;
mod places;
pub mod refusals;
mod replay;
mod schedule;
pub mod schema;
mod told;
mod topology;
mod workload;

pub use crate::scenario::Scale;
pub use bus::{Bus, Deployment};
pub use capabilities::Capabilities;
pub use case::{Case, TrialKind, scenario_of};
pub use claim::Claim;
pub use curve::{Asks, Axis, Curve};
pub use day::Day;
pub use digest::{digest, digest_correlation_id, digest_received};
pub use divergence::{Divergence, Observe};
pub use expand::{Expanded, expand};
pub use expect::{Expectation, Expected};
pub use fault::{Deed, Direction, Fault, Target, Victim};
#[cfg(test)]
pub(crate) use fence::tests::case as fence_case;
pub use fence::{FENCE, FENCE_SUBSCRIBER, Fence, fence_event};
pub use idle::idle_pattern;
use idle::is_idle_topic;
pub use lane::{Lane, published_lanes, shared_lanes};
pub use phase::{Action, Arrivals, Count, Operation, Phase, Publish, Rate, Trigger};
pub use places::{Place, Places};
pub use replay::replay;
pub use schedule::schedule;
pub use topology::{
    BusSettings, Correlate, MixPart, PublisherSpec, Reading, Replay, SubscriberSpec, Topology,
};
pub use workload::{PlannedEvent, Workload, WorkloadError, least_payload, table};
