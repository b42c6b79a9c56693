//! The shape of a scenario file as types, for its JSON Schema and a second opinion by serde.
//!
//! Nothing is run from these: the strict reader is the authority, and tests hold both to the same
//! keys. A scalar may always be written `"${name}"`, hence [`OrName`].

mod chaos;
mod control;
mod curve;
mod phase;
mod topology;

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::{Bus, TrialKind};
use crate::scenario::Profile;
pub use chaos::{Collector, Source};
pub use control::{Caller, Member, Step};
pub use curve::Curve;
pub use phase::{Action, After, Phase, Publish};
pub use topology::{
    Breaker, CorrelationFilter, EventFilter, MixPart, Publisher, Subscriber, TopicFilter, Topology,
};

/// `${name}`, alone or inside other text.
const NAME: &str = r"\$\{";
/// A number that a scenario of some kind can claim.
const CLAIM: &str = "^(C([1-9]|1[0-4])|M[1-5]|T[1-6]|W[25689]|A[1345]|R[12346])$";
/// A kind of event, or a name.
const KIND: &str = r"^(process|network|filesystem|performance|trigger_request|audit|control)$|\$\{";
/// What a publisher waits for, or a name.
const CONFIRM: &str = r"^(fire|accepted|delivered)$|\$\{";
/// A size such as `1KiB`, or a name.
const SIZE: &str = r"^[0-9_]+(B|KiB|MiB|GiB)$|\$\{";
/// A duration such as `250ms`, or a name.
const DURATION: &str = r"^[0-9_]+(ms|s|min|h)$|\$\{";
/// A rate such as `1000/s`, or a name.
const RATE: &str = r"^[0-9_]+/s$|\$\{";
/// The same, or no rate at all.
const RATE_OR_MAX: &str = r"^([0-9_]+/s|max)$|\$\{";

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
    Name(#[schemars(regex(pattern = NAME))] String),
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
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The path below the scenarios folder, without `.toml`.
    pub name: String,
    /// Contract numbers the scenario shows.
    #[schemars(inner(regex(pattern = CLAIM)))]
    pub claims: Vec<String>,
    /// Short words to find the scenario by, whatever folder it lies in.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Why the scenario exists.
    pub summary: String,
    /// What is judged.
    pub kind: TrialKind,
    /// `recoverable` or `wild`: what is judged after a fault.
    pub faults: Option<String>,
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
    /// What makes the points of the matrix a curve.
    pub curve: Option<Curve>,
    /// Who takes part.
    pub topology: Topology,
    /// What happens, in order.
    #[serde(default)]
    pub phase: Vec<Phase>,
    /// What happens instead, with `kind = "control"`.
    #[serde(default)]
    pub step: Vec<Step>,
    /// What must come out, beyond the contract.
    pub expect: Option<Expect>,
    /// Buses the scenario does not apply to, with the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<Bus, String>,
    /// Brokers of others that it is measured beside: `nats`, `redis`, `mosquitto`.
    #[serde(default)]
    pub beside: Vec<Bus>,
    /// Limits tighter than those of `gates.toml`, by metric.
    pub gate: Option<Gates>,
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

/// Tighter limits, by metric.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gates {
    /// Deliveries a second at saturation.
    pub throughput: Option<Gate>,
    /// Median at a fixed rate.
    pub latency_p50: Option<Gate>,
    /// 99th percentile at a fixed rate.
    pub latency_p99: Option<Gate>,
    /// Memory of the whole tree.
    pub memory: Option<Gate>,
    /// CPU per delivery at a fixed rate.
    pub cpu: Option<Gate>,
    /// Bytes per queued event.
    pub backlog: Option<Gate>,
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
    #[schemars(regex(pattern = DURATION))]
    pub time: String,
}
