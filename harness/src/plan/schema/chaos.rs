//! The shape of what only chaos has.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DURATION, OrName, RATE_OR_MAX};

/// Limits of the collector.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Collector {
    /// Events of a batch, at most.
    pub max_batch_size: Option<OrName<u32>>,
    /// Longest time the first event of a batch waits for others.
    #[schemars(regex(pattern = DURATION))]
    pub batch_timeout: Option<String>,
    /// Events that sources may have waiting, all together.
    pub event_buffer_size: Option<OrName<u32>>,
    /// Events under way to the bus at which sources are held back.
    pub backpressure_threshold: Option<OrName<u32>>,
    /// Time for a stop.
    #[schemars(regex(pattern = DURATION))]
    pub shutdown_timeout: Option<String>,
}

/// A source of the collector.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Events it sends of what it declares.
    pub events: Option<OrName<u64>>,
    /// Events a second, or `max`.
    #[schemars(regex(pattern = RATE_OR_MAX))]
    pub rate: Option<String>,
    /// Events it sends besides, of a kind it does not declare.
    pub undeclared: Option<OrName<u64>>,
    /// `waits`, `ends`, `fails`, `panics` or `hangs`: what it does once all are sent.
    pub then: Option<String>,
}
