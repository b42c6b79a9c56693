//! The shape of `[topology]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    CONFIRM, Caller, Collector, DURATION, KIND, Member, OrName, RATE, SIZE, Scalar, Source,
};

/// Who takes part, and settings of the bus between them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Topology {
    /// Most subscribers at once.
    pub subscriber_limit: Option<OrName<u32>>,
    /// Most connections at once.
    pub connection_limit: Option<OrName<u32>>,
    /// Most subscriptions of one connection.
    pub connection_subscriber_limit: Option<OrName<u32>>,
    /// Subscribers that share a process.
    pub subscribers_per_process: Option<OrName<u32>>,
    /// Events of each topic kept for late subscribers.
    pub retained_events: Option<OrName<u32>>,
    /// How long a publish waits for room.
    #[schemars(regex(pattern = DURATION))]
    pub publish_limit: Option<String>,
    /// Capacity of the crossbeam bus's central channel, events.
    pub central_capacity: Option<OrName<u32>>,
    /// Largest encoded payload (brokers only).
    #[schemars(regex(pattern = SIZE))]
    pub payload_limit: Option<String>,
    /// Publishers.
    #[serde(default)]
    pub publisher: Vec<Publisher>,
    /// Subscribers.
    #[serde(default)]
    pub subscriber: Vec<Subscriber>,
    /// How often members show life.
    #[schemars(regex(pattern = DURATION))]
    pub heartbeat: Option<String>,
    /// How the desk chooses who does a task.
    pub strategy: Option<String>,
    /// Workflows the desk keeps at once.
    pub workflows: Option<OrName<u32>>,
    /// Members of the control plane.
    #[serde(default)]
    pub member: Vec<Member>,
    /// Groups of callers.
    #[serde(default)]
    pub caller: Vec<Caller>,
    /// Limits of a collector whose sources are scripted.
    pub collector: Option<Collector>,
    /// Its sources.
    #[serde(default)]
    pub source: Vec<Source>,
}

/// A publisher, or a group of equals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publisher {
    /// Its name; with a count, the start of the names. With `kind = "host"` the collector it stands
    /// for: `procmond`, `netmond` or `fsmond`.
    pub name: String,
    /// How many equals: `p0`, `p1`, …
    pub count: Option<OrName<u32>>,
    /// What it is to a broker in another process: `agent`, `collector:KIND` or `observer`.
    pub role: Option<String>,
    /// What it waits for when it publishes to a broker in another process: `fire`, `accepted` or
    /// `delivered`.
    #[schemars(regex(pattern = CONFIRM))]
    pub confirm: Option<String>,
    /// The correlation its events carry: `fresh` or `numbered`.
    pub correlate: Option<String>,
    /// Process records it holds besides, as a collector does.
    pub table: Option<OrName<u32>>,
    /// A file beside the scenario's, whose events of this publisher it replays.
    pub recording: Option<String>,
    /// Several sorts of events, instead of the keys of one sort here.
    #[serde(default)]
    pub mix: Vec<MixPart>,
    /// See the mix.
    #[schemars(regex(pattern = KIND))]
    pub kind: Option<String>,
    /// See the mix.
    pub topic: Option<String>,
    /// See the mix.
    pub topics: Option<OrName<u32>>,
    /// See the mix.
    pub weight: Option<OrName<u32>>,
    /// See the mix.
    #[schemars(regex(pattern = SIZE))]
    pub payload: Option<String>,
    /// See the mix.
    pub priority: Option<String>,
    /// See the mix.
    pub pid: Option<OrName<u32>>,
    /// See the mix.
    #[serde(default)]
    pub metadata: BTreeMap<String, Scalar>,
}

/// One sort of event.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MixPart {
    /// Kind of event, `process` by default.
    #[schemars(regex(pattern = KIND))]
    pub kind: Option<String>,
    /// Topic; the kind's default topic when absent.
    pub topic: Option<String>,
    /// How many topics its events rotate over, each with one level more.
    pub topics: Option<OrName<u32>>,
    /// Share among the parts.
    pub weight: Option<OrName<u32>>,
    /// Encoded size of the payload, exactly.
    #[schemars(regex(pattern = SIZE))]
    pub payload: Option<String>,
    /// `low`, `normal`, `high` or `critical`.
    pub priority: Option<String>,
    /// Process the events are about; made from their numbers when absent.
    pub pid: Option<OrName<u32>>,
    /// Metadata the events carry.
    #[serde(default)]
    pub metadata: BTreeMap<String, Scalar>,
}

/// A subscriber, or a group of equals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subscriber {
    /// Its name; with a count, the start of the names.
    pub name: String,
    /// How many equals: `s0`, `s1`, …
    pub count: Option<OrName<u32>>,
    /// What it is to a broker in another process: `agent`, `collector:KIND` or `observer`.
    pub role: Option<String>,
    /// Id it subscribes with; its name when absent.
    pub id: Option<String>,
    /// Whether it is refused on purpose, so that nothing is checked here.
    pub invalid: Option<bool>,
    /// Topic patterns, of which one must match.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Capabilities, used when there are no patterns.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Whether `+` and `#` are allowed.
    pub wildcards: Option<bool>,
    /// Conditions on the event.
    pub event_filter: Option<EventFilter>,
    /// Conditions on the topic.
    pub topic_filter: Option<TopicFilter>,
    /// Conditions on the correlation.
    pub correlation_filter: Option<CorrelationFilter>,
    /// Events held for it.
    pub capacity: Option<OrName<u32>>,
    /// Events of before that it begins with, at most.
    pub replay_last: Option<OrName<u32>>,
    /// What happens at a full queue.
    pub policy: Option<String>,
    /// When a circuit opens, with the policy `circuit-break`.
    pub breaker: Option<Breaker>,
    /// `prompt` or `stopped`.
    pub reading: Option<String>,
    /// Whether it subscribes before the first phase.
    pub from_start: Option<bool>,
    /// Events it takes a second at most.
    #[schemars(regex(pattern = RATE))]
    pub pace: Option<String>,
    /// Further subscriptions that nothing published matches.
    pub idle_subscriptions: Option<OrName<u32>>,
}

/// Conditions on the event (M3).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventFilter {
    /// Kinds that pass.
    #[serde(default)]
    pub types: Vec<String>,
    /// Processes that pass.
    #[serde(default)]
    pub pids: Vec<OrName<u32>>,
    /// The lowest priority that passes.
    pub min_priority: Option<String>,
    /// Publishers that pass.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Metadata an event must carry.
    #[serde(default)]
    pub metadata: BTreeMap<String, Scalar>,
}

/// Conditions on the topic (M4).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TopicFilter {
    /// Patterns that never pass.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// When not empty: patterns of which one must match.
    #[serde(default)]
    pub include: Vec<String>,
}

/// Conditions on the correlation (M5).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CorrelationFilter {
    /// The id, or its beginning as `prefix*`.
    pub id: Option<String>,
    /// The parent's id.
    pub parent: Option<String>,
    /// The root's id.
    pub root: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// Tags that must all be there.
    #[serde(default)]
    pub all_tags: BTreeMap<String, Scalar>,
    /// Tags of which one must be there.
    #[serde(default)]
    pub any_tags: BTreeMap<String, Scalar>,
    /// First and last correlation sequence number that pass.
    pub sequence: Option<[OrName<u64>; 2]>,
    /// Processes that pass.
    #[serde(default)]
    pub process_ids: Vec<OrName<u32>>,
}

/// When a circuit opens and for how long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Breaker {
    /// Losses within the window that open it.
    pub losses: Option<OrName<u32>>,
    /// The window losses are counted in.
    #[schemars(regex(pattern = DURATION))]
    pub window: Option<String>,
    /// How long an open circuit loses everything before it tries one event.
    #[schemars(regex(pattern = DURATION))]
    pub cool_down: Option<String>,
}
