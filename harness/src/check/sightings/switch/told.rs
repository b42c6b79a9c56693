//! What an agent recorded of each thing, step by step, and which fields of it two agents must have
//! in common.
//!
//! Every field is compared that an event has, those that are added some day among them, unless it
//! is listed here with the reason. The event's id and when it was published are the bus's own.

use std::collections::{BTreeMap, BTreeSet};

use daemoneye_eventbus::{BusEvent, CollectionEvent};
use serde::Serialize;
use serde_json::Value;

use crate::check::sightings::children::Early;
use crate::record::{Sightings, Step, Thing};

/// What is each run's own, by its nature: ids, ports, times, figures, and the running numbers of a
/// source, which go on with whatever else happens on the host. Of these it must be the same whether
/// there is a value, and of which sort. Whether the value is right is for `content` and `numbers`
/// to say.
const OWN: [&str; 12] = [
    "correlation.id",
    "correlation.root",
    "header.source_sequence",
    "header.observed_unix_ns",
    "header.observed_monotonic_ns",
    "pid",
    "start_time_unix_ns",
    "cpu_percent",
    "memory_bytes",
    "connection_id",
    "local_address",
    "remote_address",
];
/// What a scan sees otherwise that met a thing half-made: a child before its exec was over, a
/// connection before it was accepted. Which things a scan meets so is chance.
const HALF_MADE: [&str; 6] = ["name", "executable_path", "arguments", "accessible", "state", "pid"];
/// Told with a step as far as it is known by then, which is a matter of time; it has a step of its
/// own.
const HASH: &str = "executable_sha256";

/// One step of a thing, as an agent recorded it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) step: Step,
    pub(super) received: &'a BusEvent,
    /// Whether the thing was half-made still.
    is_early: bool,
}

/// A field that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Differing {
    /// Its path in the event, such as `header.priority`.
    pub(super) field: String,
    pub(super) first: Value,
    pub(super) second: Value,
}

/// By thing: its steps, in the order they were received.
pub(super) fn by_thing(sightings: &Sightings) -> Vec<Vec<Told<'_>>> {
    let mut early = Early::default();
    let mut all = vec![Vec::new(); sightings.things.len()];
    for (received, index) in sightings.told() {
        let Some(index) = index else { continue };
        let is_early = match (&sightings.things[index], &received.event) {
            (Thing::Child(child), CollectionEvent::Process(seen)) => {
                early.shows(seen, (index, child), &sightings.parent)
            }
            (Thing::Socket(socket), CollectionEvent::Network(seen)) => {
                socket.may_be_unaccepted(seen)
            }
            _ => false,
        };
        if let Some(step) = sightings.things[index].step_told_by(&received.event) {
            all[index].push(Told { step, received, is_early });
        }
    }
    all
}

impl Told<'_> {
    /// How many fields were compared with those of the same step as another agent recorded it, and
    /// what differs.
    pub(super) fn against(&self, other: &Told<'_>) -> (u64, Vec<Differing>) {
        let (own, others) = (self.fields(), other.fields());
        let is_open = |field: &str| self.is_open(field) || other.is_open(field);
        let fields: BTreeSet<&String> =
            own.keys().chain(others.keys()).filter(|field| !is_open(field)).collect();
        let looked_at = fields.len() as u64;
        let value = |of: &BTreeMap<String, Value>, field: &String| {
            of.get(field).cloned().unwrap_or_default()
        };
        let pairs = fields.into_iter().map(|field| Differing {
            first: value(&own, field),
            second: value(&others, field),
            field: field.clone(),
        });
        (looked_at, pairs.filter(|pair| pair.first != pair.second).collect())
    }

    /// Every field with what must be the same of it.
    fn fields(&self) -> BTreeMap<String, Value> {
        let BusEvent { topic, correlation, event, .. } = self.received;
        let mut fields = BTreeMap::new();
        flatten(value(topic), "topic", &mut fields);
        flatten(value(correlation), "correlation", &mut fields);
        flatten(value(event), "", &mut fields);
        for field in OWN {
            if let Some(value) = fields.get_mut(field) {
                *value = sort_of(value);
            }
        }
        fields
    }

    /// Whether two runs may have a field otherwise.
    fn is_open(&self, field: &str) -> bool {
        (self.is_early && HALF_MADE.contains(&field))
            || (field == HASH && self.step != Step::Hashed)
    }
}

fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("events are plain data")
}

/// Enters the fields of a value, each by its path.
fn flatten(value: Value, path: &str, into: &mut BTreeMap<String, Value>) {
    let Value::Object(fields) = value else {
        into.insert(path.to_owned(), value);
        return;
    };
    for (name, value) in fields {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        flatten(value, &path, into);
    }
}

/// What stands for a value that is a run's own.
fn sort_of(value: &Value) -> Value {
    match value {
        Value::Number(_) => "a number".into(),
        Value::String(text) if !text.is_empty() => "a text".into(),
        other => other.clone(),
    }
}
