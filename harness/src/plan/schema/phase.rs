//! The shape of `[[phase]]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DURATION, OrName, RATE_OR_MAX, SIZE};

/// One phase.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Phase {
    /// Its name, for witnesses.
    pub name: String,
    /// Who publishes how much.
    #[serde(default)]
    pub publish: Vec<Publish>,
    /// What else happens.
    #[serde(default)]
    pub action: Vec<Action>,
    /// Quiet time after the fence.
    #[schemars(regex(pattern = DURATION))]
    pub idle: Option<String>,
    /// Whether fences end it.
    pub fence: Option<bool>,
    /// Whether performance is measured in it.
    pub measured: Option<bool>,
}

/// One publisher's share of a phase.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publish {
    /// Name of a publisher or of a group; everybody when absent.
    pub publisher: Option<String>,
    /// This many events.
    pub count: Option<OrName<u64>>,
    /// As many as fit in this time.
    #[serde(rename = "for")]
    #[schemars(regex(pattern = DURATION))]
    pub duration: Option<String>,
    /// Until a publish errs.
    pub until_refused: Option<bool>,
    /// Everything its publishers were recorded with, each event when it was published.
    pub as_recorded: Option<bool>,
    /// Closed loop: this many in flight.
    pub window: Option<OrName<u32>>,
    /// Most bytes a closed loop has in flight.
    #[schemars(regex(pattern = SIZE))]
    pub window_bytes: Option<String>,
    /// Open loop: events per second, or `max`.
    #[schemars(regex(pattern = RATE_OR_MAX))]
    pub rate: Option<String>,
    /// `constant` or `poisson`.
    pub arrivals: Option<String>,
    /// This many at once, then quiet, at the same mean rate.
    pub burst: Option<OrName<u32>>,
}

/// Something done besides publishing.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Action {
    /// `start` or `end` of the phase.
    pub at: Option<String>,
    /// After so many events.
    pub after: Option<After>,
    /// What is done.
    #[serde(rename = "do")]
    pub operation: String,
    /// Subscriber or group it is done to.
    pub subscriber: Option<String>,
    /// Publisher or group it is done to.
    pub publisher: Option<String>,
    /// Whether it is done to the broker's process.
    pub broker: Option<bool>,
    /// Deadline of a shutdown.
    #[schemars(regex(pattern = DURATION))]
    pub deadline: Option<String>,
    /// How long what passes a connection is held.
    #[schemars(regex(pattern = DURATION))]
    pub by: Option<String>,
    /// For `restart`: how long nobody is in its place.
    #[serde(rename = "for")]
    #[schemars(regex(pattern = DURATION))]
    pub pause: Option<String>,
    /// Bytes of a piece.
    pub bytes: Option<OrName<u32>>,
    /// `to-broker` or `from-broker`.
    pub direction: Option<String>,
    /// How it must end: `ok`, or the code of an error.
    pub expect: Option<String>,
}

/// A count of events to wait for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct After {
    /// How many.
    pub events: OrName<u64>,
    /// Published by this one in the phase.
    pub publisher: Option<String>,
    /// Received by this one in all.
    pub subscriber: Option<String>,
}
