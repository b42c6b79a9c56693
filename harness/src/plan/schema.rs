//! The shape of a scenario file as types, for its JSON Schema and a second opinion by serde.
//!
//! Nothing is run from these: the strict reader is the authority, and tests hold both to the same
//! keys. A scalar may always be written `"${name}"`, hence [`OrName`].

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::gates::Metric;
use super::{Bus, TrialKind};
use crate::scenario::Profile;

/// The schema as text, ending in a line feed.
pub fn text() -> String {
    let schema = schema_for!(ScenarioFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}

/// A value, or the name that stands for it: `"${subs}"`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OrName<T> {
    /// The value itself.
    Value(T),
    /// `${name}`, alone or inside other text.
    Name(String),
}

/// A scalar: text, number or truth value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

/// `100`, or `[at least, at most]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Counts {
    /// Exactly.
    Exactly(OrName<u64>),
    /// At least and at most.
    Between([OrName<u64>; 2]),
}

/// A scenario: who takes part, what happens, what must come out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScenarioFile {
    /// Version of the format: 1.
    pub format: u32,
    /// The path below the scenarios folder, without `.toml`.
    pub name: String,
    /// Contract numbers the scenario shows.
    pub claims: Vec<String>,
    /// Why the scenario exists.
    pub summary: String,
    /// What is judged.
    pub kind: TrialKind,
    /// Profiles the scenario is part of; all by default.
    pub profiles: Option<Vec<Profile>>,
    /// Axes: each point of their product is a case.
    #[serde(default)]
    pub matrix: BTreeMap<String, Vec<Scalar>>,
    /// Named values that are no axis and stand in no case id.
    #[serde(default)]
    pub values: BTreeMap<String, Scalar>,
    /// What a profile changes: fewer values of an axis, or another named value.
    #[serde(default)]
    pub profile: BTreeMap<Profile, BTreeMap<String, Change>>,
    /// Who takes part.
    pub topology: Topology,
    /// What happens, in order.
    pub phase: Vec<Phase>,
    /// What must come out, beyond the contract.
    pub expect: Option<Expect>,
    /// Buses the scenario does not apply to, with the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<Bus, String>,
    /// Limits tighter than those of `gates.toml`, by metric.
    #[serde(default)]
    pub gate: BTreeMap<Metric, Gate>,
    /// Differences between buses that are meant to be.
    #[serde(default)]
    pub divergence: Vec<Divergence>,
    /// How long a trial may take.
    pub budget: Option<Budget>,
}

/// What a profile says about one name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Change {
    /// The values of an axis that are kept.
    Axis(Vec<Scalar>),
    /// Another value.
    Value(Scalar),
}

/// Who takes part, and settings of the bus between them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Topology {
    /// Most subscribers at once.
    pub subscriber_limit: Option<OrName<u32>>,
    /// How long a publish waits for room.
    pub publish_limit: Option<String>,
    /// Capacity of the crossbeam bus's central channel, events.
    pub central_capacity: Option<OrName<u32>>,
    /// Largest encoded payload (brokers only).
    pub payload_limit: Option<String>,
    /// Publishers.
    #[serde(default)]
    pub publisher: Vec<Publisher>,
    /// Subscribers.
    #[serde(default)]
    pub subscriber: Vec<Subscriber>,
}

/// A publisher, or a group of equals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publisher {
    /// Its name; with a count, the start of the names.
    pub name: String,
    /// How many equals: `p0`, `p1`, …
    pub count: Option<OrName<u32>>,
    /// The correlation its events carry: `fresh` or `numbered`.
    pub correlate: Option<String>,
    /// Several sorts of events, instead of the keys of one sort here.
    #[serde(default)]
    pub mix: Vec<MixPart>,
    /// See the mix.
    pub kind: Option<String>,
    /// See the mix.
    pub topic: Option<String>,
    /// See the mix.
    pub weight: Option<OrName<u32>>,
    /// See the mix.
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
    pub kind: Option<String>,
    /// Topic; the kind's default topic when absent.
    pub topic: Option<String>,
    /// Share among the parts.
    pub weight: Option<OrName<u32>>,
    /// Encoded size of the payload, exactly.
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
    /// What happens at a full queue.
    pub policy: Option<String>,
    /// When a circuit opens, with the policy `circuit-break`.
    pub breaker: Option<Breaker>,
    /// `prompt` or `stopped`.
    pub reading: Option<String>,
    /// Whether it subscribes before the first phase.
    pub from_start: Option<bool>,
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
    pub window: Option<String>,
    /// How long it refuses.
    pub cool_down: Option<String>,
}

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
    pub duration: Option<String>,
    /// Until a publish errs.
    pub until_refused: Option<bool>,
    /// Closed loop: this many in flight.
    pub window: Option<OrName<u32>>,
    /// Open loop: events per second, or `max`.
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
    /// Deadline of a shutdown.
    pub deadline: Option<String>,
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

/// What must come out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// On one bus instead, name by name.
    #[serde(default)]
    pub on: BTreeMap<Bus, ExpectOnBus>,
    /// On every bus: publisher → accepted publishes.
    #[serde(default)]
    pub accepted: BTreeMap<String, Counts>,
    /// Subscriber → received events.
    #[serde(default)]
    pub received: BTreeMap<String, Counts>,
    /// Subscriber → lost events, as it was told.
    #[serde(default)]
    pub lagged: BTreeMap<String, Counts>,
    /// Publisher → code of its last publish's error.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
}

/// What must come out on one bus.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectOnBus {
    /// Publisher → accepted publishes.
    #[serde(default)]
    pub accepted: BTreeMap<String, Counts>,
    /// Subscriber → received events.
    #[serde(default)]
    pub received: BTreeMap<String, Counts>,
    /// Subscriber → lost events, as it was told.
    #[serde(default)]
    pub lagged: BTreeMap<String, Counts>,
    /// Publisher → code of its last publish's error.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
}

/// A tighter limit.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gate {
    /// The ratio candidate ÷ baseline.
    pub limit: f64,
}

/// A difference between buses that is meant to be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Divergence {
    /// `V1` to `V10`, or a name of its own.
    pub id: String,
    /// The contract number it departs from.
    pub rule: String,
    /// The bus that departs.
    pub bus: Bus,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day it is accepted.
    pub until: String,
    /// `always` or `may`.
    pub observe: Option<String>,
}

/// How long a trial may take.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Budget {
    /// The time.
    pub time: String,
}
