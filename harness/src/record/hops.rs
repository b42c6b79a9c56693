//! Where the time of events went, from one trial with logs of hops beside those that are judged.

use daemoneye_eventbus::hops::Hop;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Validity;
use crate::plan::Bus;

/// A traced trial: one case on one bus, with logs of hops. It decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TracedTrial {
    /// Case id.
    pub case: String,
    /// The bus.
    pub bus: Bus,
    /// Whether its figures may be believed.
    pub validity: Validity,
    /// One event of so many was followed, by the bus's own numbers.
    pub every: u64,
    /// Deliveries that were followed through every hop.
    pub samples: u64,
    /// Their mean `receive − call`, nanoseconds: what the means of the hops add up to.
    pub mean_ns: f64,
    /// Their median, nanoseconds: medians of hops do not add up to it.
    pub p50_ns: u64,
    /// The mean of all deliveries of this trial, nanoseconds.
    pub whole_mean_ns: Option<f64>,
    /// The same in the trials of the case on this bus that are judged, nanoseconds: whether tracing
    /// changed it. `None` where there are none that count.
    pub judged_mean_ns: Option<f64>,
    /// Every hop there is on this bus, in the order an event takes them.
    pub hops: Vec<HopTimes>,
    /// Deliveries that were not followed to their end, by what is missing.
    pub unjoined: Vec<Unjoined>,
    /// Stamps that logs had no room for.
    pub left_out: u64,
}

impl TracedTrial {
    /// One that could not be made, and why.
    pub fn failed(case: &str, bus: Bus, why: String) -> Self {
        Self {
            case: case.to_owned(),
            bus,
            validity: Validity::Invalid(why),
            every: 1,
            samples: 0,
            mean_ns: 0.0,
            p50_ns: 0,
            whole_mean_ns: None,
            judged_mean_ns: None,
            hops: Vec::new(),
            unjoined: Vec::new(),
            left_out: 0,
        }
    }
}

/// How long a hop took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HopTimes {
    /// Which.
    #[schemars(with = "String")]
    pub hop: Hop,
    /// On average, nanoseconds.
    pub mean_ns: f64,
    /// Median, nanoseconds.
    pub p50_ns: u64,
    /// 99th percentile, nanoseconds; `None` without ten samples beyond it.
    pub p99_ns: Option<u64>,
}

/// Deliveries that could not be followed, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unjoined {
    /// The hop whose end is not known.
    #[schemars(with = "String")]
    pub hop: Hop,
    /// Why not.
    pub why: WhyUnjoined,
    /// How many.
    pub deliveries: u64,
}

/// Why the end of a hop is not known.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUnjoined {
    /// No log has it.
    Missing,
    /// Several stamps say different things.
    Twice,
}

/// What a hop is called where people read of it.
pub fn hop_name(hop: Hop) -> &'static str {
    match hop {
        Hop::Encode => "encode",
        Hop::SendQueue => "send queue",
        Hop::BrokerWake => "wake-up of the broker",
        Hop::Route => "route",
        Hop::BrokerQueue => "broker's queue",
        Hop::SubscriberWake => "wake-up of the subscriber",
        Hop::Decode => "decode",
    }
}
