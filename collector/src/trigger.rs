//! Triggers: where an event fulfils a condition, a collector is asked to look closer.
//!
//! The [`TriggerManager`] decides; it is told the events and the time, and neither waits nor reads
//! a clock. The [`TriggerService`] is its life on a bus. What a trigger may ask and how often is
//! in `TRIGGERS.md` beside this package's manifest.
//!
//! In the order to read, each using only those above it:
//!
//! - `definition`: what a trigger is; `moment`: what time it is said to be;
//! - `subject`, `recent`: what was asked about not long ago; `pending`: what is not done;
//!   `bucket`: how often; `request`: what is asked; `statistics`: what is counted;
//! - `armed`: one trigger with all of these; `manager`: all of them;
//! - `handle`, `service`: on a bus.
//!
//! This room knows conditions and configuration. It judges no events but by their conditions, and
//! does nothing about a request itself.

mod armed;
mod bucket;
mod definition;
mod error;
mod handle;
mod manager;
mod moment;
mod pending;
mod recent;
mod request;
mod service;
mod statistics;
mod subject;

pub use crate::config::{MAX_TRIGGERS, TriggerPriority, TriggerResourceLimits};
pub use definition::{Trigger, TriggerCondition};
pub use error::{RegisterError, ServiceEnded, TriggerServiceError};
pub use handle::TriggerHandle;
pub use manager::TriggerManager;
pub use moment::Moment;
pub use recent::MAX_SUBJECTS;
pub use request::Fired;
pub use service::{DEFAULT_CAPACITY_EVENTS, TriggerService, TriggerServiceConfig};
pub use statistics::{TriggerServiceStatistics, TriggerStatistics};
pub use subject::Subject;

#[cfg(test)]
mod tests;
