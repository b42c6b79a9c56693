//! What will be run: every value of a scenario resolved, no system touched yet.
//!
//! A scenario file (as said) × its matrix gives [`Case`]s (as resolved). Everything downstream,
//! driver, checkers and report, reads cases and never scenario files.

mod bus;
mod case;
mod expect;
pub mod gates;
mod phase;
mod topology;

pub use bus::{Bus, Deployment};
pub use case::{Case, TrialKind};
pub use expect::{Expectation, Expected};
pub use phase::{Action, Arrivals, Count, Operation, Phase, Publish, Rate, Trigger};
pub use topology::{
    BusSettings, Correlate, MixPart, PublisherSpec, Reading, SubscriberSpec, Topology,
};
