//! Framework of DaemonEye's collectors (seed 002), and the agent built on it.

pub mod config;
pub mod source;

pub use config::CollectorConfig;
pub use source::{CollectionEvent, EventSource, SourceCaps};
