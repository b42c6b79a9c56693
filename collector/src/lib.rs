//! Framework of DaemonEye's collectors, and the agent and processes built on it.
//!
//! In the order to read, each room using only those above it:
//!
//! - `backoff`: how long to wait before something is tried again;
//! - `spelling`: what a misspelt name most likely meant;
//! - `causes`: an error in one line, with everything that led to it;
//! - `digest`: SHA-256 of what is read, a chunk at a time;
//! - [`source`]: what a collection implementation offers, the [`EventSource`] trait;
//! - [`condition`]: conditions on events, written in SQL;
//! - [`analysis`]: looking closer, in several steps and over several collectors;
//! - [`config`]: what can be set, in which layers, and what is wrong with it;
//! - [`factory`]: which bus a configuration means;
//! - [`spool`]: events on disk while the bus is away;
//! - [`telemetry`]: what a collector finds of itself;
//! - [`runtime`]: the [`Collector`], from sources to the bus;
//! - [`health`]: judging what the runtime reports;
//! - [`trigger`]: asks for analysis where a condition holds;
//! - [`control`]: a collector's part in the control plane;
//! - [`ipc`]: a direct door to one collector, for programs that are not on the bus;
//! - [`ready`]: the line a process prints once it works;
//! - [`sources`]: the sources this project ships;
//! - [`program`]: a collector as a program, on a bus of its own or of others;
//! - [`agent`]: hosts the bus, runs the collectors;
//! - [`cli`]: what the binaries share;
//! - [`test_utils`]: for tests of sources and collectors.

pub mod agent;
pub mod analysis;
mod backoff;
mod causes;
pub mod cli;
pub mod condition;
pub mod config;
pub mod control;
mod digest;
pub mod factory;
pub mod health;
pub mod ipc;
pub mod program;
pub mod ready;
pub mod runtime;
pub mod source;
pub mod sources;
mod spelling;
pub mod spool;
pub mod telemetry;
pub mod test_utils;
pub mod trigger;

// The bus's, which the collector's document has under this crate's name.
pub use daemoneye_eventbus::{
    CorrelationFilter, EventBus, EventFilter, EventSubscription, FilesystemEvent, NetworkEvent,
    PerformanceEvent, ProcessEvent, TriggerRequest,
};

pub use analysis::{AnalysisChainCoordinator, AnalysisStage, AnalysisWorkflowDefinition};
pub use config::{CollectorConfig, EventBusConfig, EventBusType};
pub use factory::{DaemoneyeEventBusAdapter, EventBusFactory, FactoryError};
pub use health::HealthStatus;
pub use ipc::{CollectorIpcClient, CollectorIpcServer};
pub use runtime::{Collector, CollectorStatus, RunError};
pub use source::{CollectionEvent, EventSource, SourceCaps};
pub use sources::{FilesystemSource, NetworkSource, PerformanceSource, ProcessSource};
pub use trigger::{TriggerCondition, TriggerManager, TriggerPriority, TriggerResourceLimits};

/// The examples of `MIGRATION.md`, which are run like those of this documentation where there are
/// both buses.
#[cfg(all(doctest, feature = "legacy"))]
#[doc = include_str!("../MIGRATION.md")]
pub struct MigrationGuide;
