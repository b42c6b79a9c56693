//! Who takes part in a case.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{
    CorrelationFilter, EventFilter, EventSubscription, OverflowPolicy, Priority, TopicFilter,
};

use super::names::{alike, named};
use super::page::Page;
use crate::plan::control::Control;
use crate::plan::{Case, Correlate, MixPart, PublisherSpec, Reading, SubscriberSpec};
use crate::scenario::{shown_bytes, shown_ms};

/// Parts of a mix that are told; of more it is told how many.
const PARTS_TOLD: usize = 4;

/// One item for each group of equals.
pub(super) fn write(page: &mut Page, case: &Case) {
    page.heading("Who takes part");
    let publishers = alike(&case.topology.publishers, publishes_alike).into_iter().map(|group| {
        let group = &case.topology.publishers[group];
        let names: Vec<&str> = group.iter().map(|one| one.name.as_str()).collect();
        format!("{}: {}", named(&names), publisher(&group[0]))
    });
    page.items(&publishers.collect::<Vec<_>>());
    let subscribers =
        alike(&case.topology.subscribers, subscribes_alike).into_iter().map(|group| {
            let group = &case.topology.subscribers[group];
            let names: Vec<&str> = group.iter().map(|one| one.name.as_str()).collect();
            format!("{}: {}", named(&names), subscriber(&group[0]))
        });
    page.items(&subscribers.collect::<Vec<_>>());
    if !case.control.members.is_empty() {
        write_control(page, &case.control);
    }
    if !case.chaos.sources.is_empty() {
        let sources: Vec<&str> = case.chaos.sources.iter().map(|one| one.name.as_str()).collect();
        page.item("- ", &format!("a collector with sources of its own: {}", named(&sources)));
    }
}

fn publishes_alike(one: &PublisherSpec, other: &PublisherSpec) -> bool {
    let unnamed = |spec: &PublisherSpec| PublisherSpec { name: String::new(), ..spec.clone() };
    unnamed(one) == unnamed(other)
}

fn subscribes_alike(one: &SubscriberSpec, other: &SubscriberSpec) -> bool {
    let unnamed = |spec: &SubscriberSpec| {
        let mut spec = spec.clone();
        // An id of its own is told, the default one is the name.
        if spec.subscription.subscriber_id == spec.name {
            spec.subscription.subscriber_id.clear();
        }
        spec.name.clear();
        spec
    };
    unnamed(one) == unnamed(other)
}

fn publisher(spec: &PublisherSpec) -> String {
    let mut told = vec![match (&spec.replay, spec.mix.as_slice()) {
        (Some(replay), mix) => {
            format!("replays the events recorded in {}: {}", replay.file, parts(mix))
        }
        (None, [one]) => format!("publishes {}", part(one)),
        (None, mix) => format!("publishes a mix, in each cycle {}", parts(mix)),
    }];
    told.extend(role(spec.role));
    told.extend(match spec.confirm {
        Confirmation::Fire => None,
        Confirmation::Accepted => {
            Some("waits until the broker has a place for each event".to_owned())
        }
        Confirmation::Delivered => {
            Some("waits until every subscriber that loses nothing has each event".to_owned())
        }
    });
    if spec.correlate == Correlate::Numbered {
        told.push("gives each event a full correlation made from its number".to_owned());
    }
    if spec.table > 0 {
        told.push(format!("holds {} process records, as a collector does", spec.table));
    }
    told.join("; ")
}

/// How many of which, the first parts by themselves.
fn parts(mix: &[MixPart]) -> String {
    let told = mix.iter().take(PARTS_TOLD);
    let mut told: Vec<String> =
        told.map(|one| format!("{} of {}", one.weight, part(one))).collect();
    if mix.len() > PARTS_TOLD {
        told.push(format!("and {} sorts more", mix.len() - PARTS_TOLD));
    }
    told.join("; ")
}

/// `process events of 200B on their default topic`.
fn part(part: &MixPart) -> String {
    let priority = part.priority.map(level);
    let priority = priority.map_or_else(String::new, |level| format!(" with {level} priority"));
    let kind = part.kind.as_str();
    let topic = match (&part.topic, part.topics) {
        (Some(topic), None) => topic.clone(),
        (None, None) => "their default topic".to_owned(),
        (_, Some(topics)) => format!("{topics} topics in turn"),
    };
    let metadata = if part.metadata.is_empty() {
        String::new()
    } else {
        format!(", carrying {}", pairs(&part.metadata))
    };
    let size = shown_bytes(part.payload_bytes);
    format!("{kind} events of {size}{priority} on {topic}{metadata}")
}

fn level(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Critical => "critical",
    }
}

fn role(role: Role) -> Option<String> {
    (role != Role::Agent).then(|| format!("is `{role}` to the broker"))
}

fn subscriber(spec: &SubscriberSpec) -> String {
    let asked = &spec.subscription;
    let mut told = vec![wants(asked)];
    if asked.subscriber_id != spec.name {
        told.push(format!("under the id {:?}", asked.subscriber_id));
    }
    told.extend(asked.event_filter.as_ref().map(event_filter));
    told.extend(asked.topic_filter.as_ref().map(topic_filter));
    told.extend(asked.correlation_filter.as_ref().map(correlation_filter));
    told.push(format!("has room for {} events, and then {}", asked.capacity, policy(asked.policy)));
    if asked.replay_last > 0 {
        told.push(format!("begins with the last {} events the bus has kept", asked.replay_last));
    }
    if !spec.from_start {
        told.push("is not there at first".to_owned());
    }
    if spec.reading == Reading::Stopped {
        told.push("does not read at first".to_owned());
    }
    told.extend(spec.pace_per_s.map(|pace| format!("takes at most {pace} events a second")));
    told.extend(role(spec.role));
    if spec.idle_subscriptions > 0 {
        told.push(format!("has {} subscriptions that match nothing", spec.idle_subscriptions));
    }
    told.join("; ")
}

fn wants(asked: &EventSubscription) -> String {
    let wildcards = if asked.enable_wildcards { "" } else { ", without wildcards" };
    if !asked.topic_patterns.is_empty() {
        return format!("subscribes to {}{wildcards}", asked.topic_patterns.join(", "));
    }
    let names = asked.capabilities.iter_names().map(|(name, _)| name.to_ascii_lowercase());
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return "subscribes to nothing at all".to_owned();
    }
    format!("subscribes by its capabilities ({}){wildcards}", names.join(", "))
}

fn policy(policy: OverflowPolicy) -> String {
    match policy {
        OverflowPolicy::Block => "its publishers wait".to_owned(),
        OverflowPolicy::DropNewest => "the newest is lost to it".to_owned(),
        OverflowPolicy::DropOldest => "the oldest is lost to it".to_owned(),
        OverflowPolicy::CircuitBreak(breaker) => {
            let ms = |time: std::time::Duration| {
                shown_ms(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
            };
            let (window, cool_down) = (ms(breaker.window), ms(breaker.cool_down));
            format!(
                "the newest is lost to it; {} losses within {window} open its circuit for {cool_down}",
                breaker.losses
            )
        }
    }
}

fn event_filter(filter: &EventFilter) -> String {
    let mut parts = Vec::new();
    if !filter.event_types.is_empty() {
        let kinds: Vec<&str> = filter.event_types.iter().map(|kind| kind.as_str()).collect();
        parts.push(format!("of the kind {}", kinds.join(" or ")));
    }
    if !filter.pids.is_empty() {
        parts.push(format!("about process {}", numbers(&filter.pids)));
    }
    parts.extend(filter.min_priority.map(|least| format!("of {} priority or above", level(least))));
    if !filter.source_collectors.is_empty() {
        let sources: Vec<&str> = filter.source_collectors.iter().map(|one| &**one).collect();
        parts.push(format!("from {}", sources.join(" or ")));
    }
    if !filter.metadata.is_empty() {
        parts.push(format!("carrying {}", pairs(&filter.metadata)));
    }
    format!("takes only events {}", parts.join(", "))
}

fn topic_filter(filter: &TopicFilter) -> String {
    let mut parts = Vec::new();
    if !filter.exclude.is_empty() {
        parts.push(format!("never takes {}", filter.exclude.join(", ")));
    }
    if !filter.include.is_empty() {
        parts.push(format!("takes of the rest only {}", filter.include.join(", ")));
    }
    parts.join("; ")
}

fn correlation_filter(filter: &CorrelationFilter) -> String {
    let fields = [
        ("id", &filter.correlation_id),
        ("parent", &filter.parent_id),
        ("root", &filter.root_id),
        ("stage", &filter.stage),
    ];
    let said = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let mut parts: Vec<String> = said.map(|(name, value)| format!("{name} {value}")).collect();
    if !filter.all_tags.is_empty() {
        parts.push(format!("the tags {}", pairs(&filter.all_tags)));
    }
    if !filter.any_tags.is_empty() {
        parts.push(format!("one of the tags {}", pairs(&filter.any_tags)));
    }
    let range = filter.sequence.as_ref();
    parts.extend(range.map(|range| format!("a number from {} to {}", range.start(), range.end())));
    if !filter.process_ids.is_empty() {
        parts.push(format!("process {}", numbers(&filter.process_ids)));
    }
    format!("takes only events whose correlation has {}", parts.join(", "))
}

fn pairs<T: AsRef<str>>(pairs: &[(T, T)]) -> String {
    let told = pairs.iter().map(|(key, value)| format!("{}={}", key.as_ref(), value.as_ref()));
    told.collect::<Vec<_>>().join(", ")
}

fn numbers(numbers: &[u32]) -> String {
    let told: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    told.join(" or ")
}

fn write_control(page: &mut Page, control: &Control) {
    let names: Vec<&str> = control.members.iter().map(|member| &*member.name).collect();
    let heartbeat = shown_ms(control.heartbeat_ms);
    let told =
        format!("{}: members that are asked, and show life every {heartbeat}", named(&names));
    page.item("- ", &told);
    for group in &control.callers {
        let names: Vec<String> = group.names().collect();
        page.item("- ", &format!("{}: asks, beside all others that do", named(&names)));
    }
    page.item(
        "- ",
        "the desk, the agent's end: lets members in, watches over them, gives out tasks",
    );
}
