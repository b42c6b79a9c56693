//! Who takes part in a case.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{EventKind, EventSubscription, Priority};
use serde::{Deserialize, Serialize};

/// Publishers and subscribers of a case, and settings of the bus between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// Settings of the bus; `None` leaves the bus's own default.
    pub bus: BusSettings,
    /// Publishers; histories refer to them by index.
    pub publishers: Vec<PublisherSpec>,
    /// Subscribers; histories refer to them by index.
    pub subscribers: Vec<SubscriberSpec>,
    /// Subscribers that share a process where others have one each; `None` for one.
    #[serde(default)]
    pub subscribers_per_process: Option<usize>,
}

impl Topology {
    /// Subscribers of a process that has nothing else, at least 1.
    pub fn per_process(&self) -> usize {
        self.subscribers_per_process.unwrap_or(1).max(1)
    }

    /// Whether everybody may do everything, as in one process.
    pub fn is_all_agents(&self) -> bool {
        let publishers = self.publishers.iter().map(|spec| spec.role);
        let mut roles = publishers.chain(self.subscribers.iter().map(|spec| spec.role));
        roles.all(|role| role == Role::Agent)
    }
}

/// Settings that mean the same on every bus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusSettings {
    /// Most subscribers at once.
    pub subscriber_limit: Option<usize>,
    /// Most connections of a broker at once.
    #[serde(default)]
    pub connection_limit: Option<usize>,
    /// Most subscriptions of one connection of a broker.
    #[serde(default)]
    pub connection_subscriber_limit: Option<usize>,
    /// Events of each topic a broker keeps for late subscribers; none where it is not said.
    #[serde(default)]
    pub retained_events: Option<usize>,
    /// How long a publish waits for room, milliseconds.
    pub publish_limit_ms: Option<u64>,
    /// Capacity of the crossbeam bus's central channel, events.
    pub central_capacity: Option<usize>,
    /// Largest encoded payload, bytes (brokers only).
    pub payload_limit_bytes: Option<usize>,
    /// Name of the fault an in-process bus is put behind, to see whether the harness catches it.
    /// No scenario can say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

const NS_PER_MS: u64 = 1_000_000;
/// How long a publish waits where the case does not say, milliseconds: as the buses do (C11).
const PUBLISH_LIMIT_MS: u64 = 30_000;
/// Largest payload a bus must take where the case does not say, bytes (W2).
const PAYLOAD_LIMIT_BYTES: usize = 1 << 20;

impl BusSettings {
    /// How long a publish waits for room, said or not, milliseconds.
    pub(crate) fn publish_waits_ms(&self) -> u64 {
        self.publish_limit_ms.unwrap_or(PUBLISH_LIMIT_MS)
    }

    /// The largest payload a bus must take, said or not, bytes.
    pub(crate) fn takes_payload_bytes(&self) -> usize {
        self.payload_limit_bytes.unwrap_or(PAYLOAD_LIMIT_BYTES)
    }
}

/// One publisher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublisherSpec {
    /// Unique in the case; the `source` of its events.
    pub name: String,
    /// What it is to a broker in another process (A2).
    pub role: Role,
    /// What it publishes; parts are interleaved by weight, in a fixed order given by the seed.
    pub mix: Vec<MixPart>,
    /// What it waits for when it publishes to a broker in another process (W6).
    #[serde(default)]
    pub confirm: Confirmation,
    /// The correlation its events carry.
    pub correlate: Correlate,
    /// Process records it holds besides, as a collector does of what it watches; 0 to 1 000 000.
    pub table: usize,
    /// Which part of the mix comes when, where that was recorded and not made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

/// The order and the moments of a publisher's events, as they were recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The recording's file, beside the scenario's.
    pub file: String,
    /// By event: its part, an index into the mix.
    pub order: Vec<u32>,
    /// By event: when it was published, nanoseconds after the first event of the recording.
    pub moments_ns: Vec<u64>,
}

impl Replay {
    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.order.len() as u64
    }

    /// When the last one comes, milliseconds after the first of the recording, rounded up.
    pub fn lasts_ms(&self) -> u64 {
        self.moments_ns.last().map_or(0, |last| last.div_ceil(NS_PER_MS))
    }
}

/// One sort of event in a publisher's mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixPart {
    /// Kind of event.
    pub kind: EventKind,
    /// Topic to publish on; `None` for the kind's default topic.
    pub topic: Option<String>,
    /// How many topics the events of this part rotate over, each its own with one level more:
    /// `t0000`, `t0001`, …; `None` for its own alone.
    #[serde(default)]
    pub topics: Option<u32>,
    /// Share of this part among all parts, at least 1.
    pub weight: u32,
    /// Encoded size of the payload, bytes, exactly; small events are padded to it.
    pub payload_bytes: usize,
    /// Priority, if any.
    pub priority: Option<Priority>,
    /// Process id, if the kind has one; otherwise made from the sequence number.
    pub pid: Option<u32>,
    /// Metadata the events carry.
    pub metadata: Vec<(String, String)>,
}

/// Which correlation a publisher's events carry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correlate {
    /// None: the bus makes a fresh root (C8).
    #[default]
    Fresh,
    /// A full correlation made from the sequence number: id `<publisher>-<sequence>`, parent,
    /// root, trace, stage `stage-<sequence % 3>`, sequence, tags `parity=even|odd` and
    /// `publisher=<name>`.
    Numbered,
}

/// One subscriber.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscriberSpec {
    /// Unique in the case.
    pub name: String,
    /// What it is to a broker in another process (A2).
    pub role: Role,
    /// What it asks for; `subscriber_id` may differ from `name` (duplicate and empty ids).
    pub subscription: EventSubscription,
    /// How it reads.
    pub reading: Reading,
    /// Events it takes a second at most, until the case is over; `None` for as many as there are.
    pub pace_per_s: Option<f64>,
    /// Whether it subscribes before the first phase.
    pub from_start: bool,
    /// Further subscriptions it holds that nothing published matches.
    #[serde(default)]
    pub idle_subscriptions: usize,
}

/// How a subscriber takes its events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// As fast as it can.
    #[default]
    Prompt,
    /// Not at all until told to resume.
    Stopped,
}
