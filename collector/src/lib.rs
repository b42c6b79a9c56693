//! Framework of DaemonEye's collectors, and the agent and processes built on it.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`source`]: what a collection implementation offers, the [`EventSource`] trait;
//! - [`config`]: what can be set, in which layers, and what is wrong with it;
//! - [`factory`]: which bus a configuration means;
//! - [`runtime`]: the [`Collector`], from sources to the bus;
//! - [`health`]: judging what the runtime reports;
//! - [`control`]: a collector's part in the control plane;
//! - [`ready`]: the line a process prints once it works;
//! - [`sources`]: the sources this project ships;
//! - [`agent`]: hosts the bus, runs the collectors;
//! - [`cli`]: what the binaries share;
//! - [`test_utils`]: for tests of sources and collectors.

pub mod agent;
pub mod cli;
pub mod config;
pub mod control;
pub mod factory;
pub mod health;
pub mod ready;
pub mod runtime;
pub mod source;
pub mod sources;
pub mod test_utils;

pub use config::{CollectorConfig, EventBusConfig, EventBusType};
pub use factory::{EventBusFactory, FactoryError};
pub use health::HealthStatus;
pub use runtime::{Collector, CollectorStatus, RunError};
pub use source::{CollectionEvent, EventSource, SourceCaps};
pub use sources::process::ProcessSource;
