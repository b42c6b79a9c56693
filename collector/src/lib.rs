//! Framework of DaemonEye's collectors (seed 002), and the agent built on it.

pub mod config;
pub mod factory;
pub mod health;
pub mod runtime;
pub mod source;
pub mod sources;
pub mod test_utils;

pub use config::CollectorConfig;
pub use factory::{EventBusFactory, FactoryError};
pub use health::HealthStatus;
pub use runtime::{Collector, CollectorStatus, RunError};
pub use source::{CollectionEvent, EventSource, SourceCaps};
pub use sources::process::ProcessSource;
