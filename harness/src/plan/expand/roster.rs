//! `[topology]`: who takes part. A `count` makes a group of equals, named by number.

use std::ops::Range;

use daemoneye_eventbus::Topic;
use daemoneye_eventbus::contract::Confirmation;

use super::super::access::may_have;
use super::super::limits::{
    MAX_PAYLOAD_BYTES, MAX_ROLES, MAX_SUBSCRIPTIONS, MAX_TABLE_RECORDS, MAX_TOPICS, MAX_WAIT_MS,
};
use super::super::workload::{own_topic, topics};
use super::super::{BusSettings, Correlate, MixPart, PublisherSpec, TrialKind};
use super::said::{Said, kind, measured_only, pid, priority, read_names, role};
use super::{chaos, collectors, control, idle, replay, subscribers, untold};
use crate::scenario::{At, Reader, Recordings, Table, suggestion};

/// Sum of the weights of a mix: one cycle of it is laid out in memory.
const MAX_WEIGHT: i64 = 4096;
/// Size of a typical process event with all its fields.
const DEFAULT_PAYLOAD: &str = r#""200B""#;

/// What a publisher may wait for.
const CONFIRMATIONS: [(&str, Confirmation); 3] = [
    ("fire", Confirmation::Fire),
    ("accepted", Confirmation::Accepted),
    ("delivered", Confirmation::Delivered),
];

/// The names a file may refer to.
pub(super) struct Roster {
    publishers: Names,
    subscribers: Names,
    /// By publisher: the largest payload of its mix, bytes.
    payloads: Vec<usize>,
    /// By publisher: how many events it replays, and for how many milliseconds, if it does.
    replays: Vec<Option<(u64, u64)>>,
    /// By subscriber: whether its role may have its patterns, if it asks by any.
    may: Vec<Option<bool>>,
}

/// Names of one side, each with the indices it stands for.
struct Names {
    what: &'static str,
    known: Vec<(String, Range<usize>)>,
}

pub(super) fn read(root: &Table<'_>, kind: TrialKind, recordings: &Recordings) -> Said {
    let mut said = Said::default();
    let Some(table) = root.table("topology", "topology") else {
        root.reader().problem(root.span(), "missing table `[topology]`", "a scenario needs it");
        return said;
    };
    said.topology.bus = bus_settings(&table);
    for table in table.tables("publisher", "topology.publisher") {
        read_publishers(table, &mut said, kind, recordings);
    }
    for table in table.tables("subscriber", "topology.subscriber") {
        subscribers::read(table, &mut said, kind);
    }
    let most = i64::try_from(MAX_ROLES).expect("the limit is small");
    said.topology.subscribers_per_process =
        table.optional("subscribers-per-process", |at| at.integer(1..most + 1));
    measured_only(&table, "subscribers-per-process", kind);
    idle::check(&table, &said.topology);
    said.control = control::read_roles(&table);
    said.chaos = chaos::read(&table);
    untold::check(&table, &said.topology);
    table.finish();
    said
}

fn bus_settings(table: &Table<'_>) -> BusSettings {
    BusSettings {
        subscriber_limit: table.optional("subscriber-limit", subscriptions),
        connection_limit: table.optional("connection-limit", |at| at.integer(1..10_001)),
        connection_subscriber_limit: table.optional("connection-subscriber-limit", subscriptions),
        retained_events: table.optional("retained-events", |at| at.integer(1..10_001)),
        publish_limit_ms: table
            .optional("publish-limit", |at| at.duration_ms_up_to(MAX_WAIT_MS, "a publish waits")),
        central_capacity: table.optional("central-capacity", |at| at.integer(1..(1 << 20) + 1)),
        payload_limit_bytes: table
            .optional("payload-limit", |at| at.size_up_to(MAX_PAYLOAD_BYTES, "a payload has")),
        fault: None,
    }
}

fn subscriptions(at: &At<'_>) -> Option<usize> {
    at.integer(1..i64::try_from(MAX_SUBSCRIPTIONS).expect("the limit is small") + 1)
}

fn read_publishers(table: Table<'_>, said: &mut Said, kind: TrialKind, recordings: &Recordings) {
    let members = said.topology.publishers.iter().map(|spec| spec.name.as_str());
    let (name, names) = read_names(&table, "publishers", &said.publisher_groups, members);
    if kind.has_agent() {
        collectors::check(&table, &name);
    }
    let role = table.or("role", r#""agent""#, role);
    let confirm = table.or("confirm", r#""fire""#, |at| at.one_of(&CONFIRMATIONS));
    let correlate = table.or("correlate", r#""fresh""#, |at| {
        at.one_of(&[("fresh", Correlate::Fresh), ("numbered", Correlate::Numbered)])
    });
    let most_records = i64::try_from(MAX_TABLE_RECORDS).expect("the limit is small");
    let held: usize = table.or("table", "0", |at| at.integer(0..most_records + 1));
    let parts = table.tables("mix", "topology.publisher.mix");
    let mix: Vec<MixPart> = if parts.is_empty() {
        vec![read_part(&table, kind)]
    } else {
        parts
            .into_iter()
            .map(|part| {
                let read = read_part(&part, kind);
                part.finish();
                read
            })
            .collect()
    };
    let weight: i64 = mix.iter().map(|part| i64::from(part.weight)).sum();
    if weight > MAX_WEIGHT {
        let title = format!("weights of the mix add up to {weight}");
        table.reader().problem(table.span(), title, format!("at most {MAX_WEIGHT}"));
    }
    let replayed = replay::read(&table, &name, kind, recordings);
    let (mix, replay) = match replayed {
        Some((mix, replay)) => (mix, Some(replay)),
        None => (mix, None),
    };
    let others: usize = said.topology.publishers.iter().map(|spec| spec.table).sum();
    if held * names.len() + others > MAX_TABLE_RECORDS {
        let title = format!("tables of {} records in all", held * names.len() + others);
        let label = format!("the publishers of a case hold at most {MAX_TABLE_RECORDS}");
        table.reader().problem(table.span(), title, label);
    }
    let first = said.topology.publishers.len();
    said.topology.publishers.extend(names.into_iter().map(|name| PublisherSpec {
        name,
        role,
        mix: mix.clone(),
        confirm,
        correlate: correlate.clone(),
        table: held,
        replay: replay.clone(),
    }));
    said.publisher_groups.push((name, first..said.topology.publishers.len()));
    table.finish();
}

fn read_part(table: &Table<'_>, trial: TrialKind) -> MixPart {
    let most_topics = i64::from(MAX_TOPICS);
    let part = MixPart {
        kind: table.or("kind", r#""process""#, kind),
        topic: table.optional("topic", topic),
        topics: table.optional("topics", |at| at.integer(1..most_topics + 1)),
        weight: table.or("weight", "1", |at| at.integer(1..MAX_WEIGHT + 1)),
        payload_bytes: table
            .or("payload", DEFAULT_PAYLOAD, |at| at.size_up_to(MAX_PAYLOAD_BYTES, "a payload has")),
        priority: table.optional("priority", priority),
        pid: table.optional("pid", pid),
        metadata: table.or("metadata", "{}", At::pairs),
    };
    check_topics(table, &part, trial);
    // What is replayed has the topics it was recorded on.
    if ["topic", "recording"].iter().all(|key| table.key_span(key).is_none()) {
        table.tell_default("topic", format!("{:?}", own_topic(&part).as_str()));
    }
    part
}

/// Refuses topics that cannot be made, and those whose events a history would be judged by.
fn check_topics(table: &Table<'_>, part: &MixPart, trial: TrialKind) {
    let Some(span) = table.key_span("topics") else { return };
    measured_only(table, "topics", trial);
    let one = MixPart { topics: part.topics.map(|_| 1), ..part.clone() };
    if let Err(cause) = topics(&one) {
        table.reader().problem(&span, "topics with one level more", cause.to_string());
    }
}

fn topic(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    match Topic::new(text.clone()) {
        Ok(_) => Some(text),
        Err(cause) => {
            at.refuse(format!("topic {text:?}"), cause.to_string());
            None
        }
    }
}

impl Roster {
    pub(super) fn of(said: &Said) -> Self {
        let publishers = said.topology.publishers.iter().map(|spec| spec.name.clone());
        let subscribers = said.topology.subscribers.iter().map(|spec| spec.name.clone());
        Self {
            publishers: Names::of("publisher", publishers, &said.publisher_groups),
            subscribers: Names::of("subscriber", subscribers, &said.subscriber_groups),
            payloads: said.topology.publishers.iter().map(largest_payload).collect(),
            replays: said.topology.publishers.iter().map(replayed).collect(),
            may: (0..).zip(&said.topology.subscribers).map(|(at, own)| may_have(own, at)).collect(),
        }
    }

    /// The largest payload of some publishers, bytes.
    pub(super) fn largest_payload(&self, publishers: Range<usize>) -> usize {
        self.payloads[publishers].iter().copied().max().unwrap_or_default()
    }

    /// What a publisher is called.
    pub(super) fn publisher_name(&self, publisher: usize) -> &str {
        // Members come first in `known`, in the order of their indices.
        &self.publishers.known[publisher].0
    }

    /// How many events a publisher replays, and for how many milliseconds; `None` if it does not.
    pub(super) fn replay(&self, publisher: usize) -> Option<(u64, u64)> {
        self.replays[publisher]
    }

    /// Whether a subscriber's role may have all its patterns; `None` where it asks by none (A2, A3).
    pub(super) fn may(&self, subscriber: usize) -> Option<bool> {
        self.may[subscriber]
    }

    /// Publishers a name stands for: one, or a group.
    pub(super) fn publishers(&self, at: &At<'_>) -> Option<Range<usize>> {
        self.publishers.find_at(at)
    }

    /// Every publisher.
    pub(super) fn all_publishers(&self) -> Range<usize> {
        0..self.publishers.known.iter().map(|(_, range)| range.end).max().unwrap_or(0)
    }

    /// Every subscriber.
    pub(super) fn all_subscribers(&self) -> Range<usize> {
        0..self.subscribers.known.iter().map(|(_, range)| range.end).max().unwrap_or(0)
    }

    /// Exactly one publisher.
    pub(super) fn publisher(&self, at: &At<'_>) -> Option<usize> {
        self.publishers.find_one(at)
    }

    /// Subscribers a name stands for: one, or a group.
    pub(super) fn subscribers(&self, at: &At<'_>) -> Option<Range<usize>> {
        self.subscribers.find_at(at)
    }

    /// Exactly one subscriber.
    pub(super) fn subscriber(&self, at: &At<'_>) -> Option<usize> {
        self.subscribers.find_one(at)
    }

    /// Names of the single publishers a key stands for.
    pub(super) fn publisher_names(
        &self,
        reader: &Reader<'_>,
        key: &str,
        span: &Range<usize>,
    ) -> Vec<String> {
        self.publishers.members(reader, key, span)
    }

    /// Names of the single subscribers a key stands for.
    pub(super) fn subscriber_names(
        &self,
        reader: &Reader<'_>,
        key: &str,
        span: &Range<usize>,
    ) -> Vec<String> {
        self.subscribers.members(reader, key, span)
    }
}

fn largest_payload(publisher: &PublisherSpec) -> usize {
    publisher.mix.iter().map(|part| part.payload_bytes).max().unwrap_or_default()
}

fn replayed(publisher: &PublisherSpec) -> Option<(u64, u64)> {
    publisher.replay.as_ref().map(|replay| (replay.events(), replay.lasts_ms()))
}

impl Names {
    fn of(
        what: &'static str,
        members: impl Iterator<Item = String>,
        groups: &[(String, Range<usize>)],
    ) -> Self {
        let members = members.enumerate().map(|(index, name)| (name, index..index + 1));
        let known = members.chain(groups.iter().cloned()).collect();
        Self { what, known }
    }

    fn find(&self, name: &str) -> Option<Range<usize>> {
        self.known.iter().find(|(known, _)| known == name).map(|(_, range)| range.clone())
    }

    fn advice(&self, name: &str) -> String {
        match suggestion(name, self.known.iter().map(|(known, _)| known.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("no `[[topology.{}]]` has this name", self.what),
        }
    }

    fn find_at(&self, at: &At<'_>) -> Option<Range<usize>> {
        let name = at.scalar()?;
        let found = self.find(&name);
        if found.is_none() {
            at.refuse(format!("unknown {} `{name}`", self.what), self.advice(&name));
        }
        found
    }

    fn find_one(&self, at: &At<'_>) -> Option<usize> {
        let range = self.find_at(at)?;
        if range.len() > 1 {
            let title = format!("`{}` is a group of {}", at.scalar()?, range.len());
            let first = &self.known[range.start].0;
            at.refuse(title, format!("name one of them, such as `{first}`"));
            return None;
        }
        Some(range.start)
    }

    fn members(&self, reader: &Reader<'_>, key: &str, span: &Range<usize>) -> Vec<String> {
        let Some(range) = self.find(key) else {
            reader.problem(span, format!("unknown {} `{key}`", self.what), self.advice(key));
            return Vec::new();
        };
        // Members come first in `known`, in the order of their indices.
        self.known[range].iter().map(|(name, _)| name.clone()).collect()
    }
}
