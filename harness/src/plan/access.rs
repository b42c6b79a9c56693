//! Who may publish and subscribe what, once more, as naively as the contract reads (A1–A3).
//!
//! Like the oracle of matches it shares nothing with the bus but names: were the table wrong there, the
//! same mistake here would hide it.

use daemoneye_eventbus::acl::{CollectorKind, Role};

use super::{SubscriberSpec, bus_name};

/// A2, of publishing.
pub(crate) fn may_publish(role: Role, topic: &str) -> bool {
    let kind = match role {
        Role::Agent => return true,
        Role::Observer => return false,
        Role::Collector(kind) => kind_name(kind),
    };
    let allowed = [
        format!("events.{kind}.#"),
        "control.health.#".to_owned(),
        "control.trigger.request".to_owned(),
        "control.collector.registration".to_owned(),
        format!("control.collector.result.{kind}"),
    ];
    is_within(&allowed, topic)
}

/// A2 and A3, of subscribing: all that a pattern can match must be allowed.
pub(crate) fn may_subscribe(role: Role, id: &str, pattern: &str) -> bool {
    let allowed = match role {
        Role::Agent => vec!["#".to_owned()],
        Role::Observer => vec!["events.#".to_owned()],
        Role::Collector(kind) => vec![
            "control.collector.lifecycle".to_owned(),
            "control.collector.config".to_owned(),
            format!("control.collector.task.{}", kind_name(kind)),
            "control.health.#".to_owned(),
            format!("control.rpc.reply.{id}"),
        ],
    };
    is_within(&allowed, pattern)
}

/// Whether a subscriber may have all its patterns; `None` where it asks by none.
pub(crate) fn may_have(subscriber: &SubscriberSpec, index: usize) -> Option<bool> {
    let patterns = &subscriber.subscription.topic_patterns;
    let id = bus_name::subscriber(index);
    let may = |pattern: &String| may_subscribe(subscriber.role, &id, pattern);
    (!patterns.is_empty()).then(|| patterns.iter().all(may))
}

/// Whether one of the rows covers all that a pattern can match; a topic is a pattern without wildcards.
fn is_within(rows: &[String], pattern: &str) -> bool {
    let levels = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    rows.iter().any(|row| covers(&levels(row), &levels(pattern)))
}

/// Whether every topic of a pattern is one of a row's, level by level.
fn covers(row: &[String], pattern: &[String]) -> bool {
    match (row.split_first(), pattern.split_first()) {
        (Some((first, [])), _) if first == "#" => true,
        (None, None) => true,
        (_, Some((level, _))) if level == "#" => false,
        (Some((wanted, row)), Some((level, pattern))) => {
            (wanted == "+" || wanted == level) && covers(row, pattern)
        }
        _ => false,
    }
}

fn kind_name(kind: CollectorKind) -> &'static str {
    match kind {
        CollectorKind::Process => "process",
        CollectorKind::Network => "network",
        CollectorKind::Filesystem => "filesystem",
        CollectorKind::Performance => "performance",
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::acl::{AccessControl, Action, Principal};

    use super::*;

    const TOPICS: [&str; 14] = [
        "events",
        "events.process",
        "events.process.tree.deep",
        "events.network.dns",
        "control",
        "control.health",
        "control.health.status",
        "control.trigger.request",
        "control.collector.registration",
        "control.collector.result.process",
        "control.collector.task.network",
        "control.collector.config",
        "control.rpc.reply.s0",
        "admin.audit",
    ];

    #[test]
    fn both_tables_say_the_same_of_every_role_and_topic() {
        for role in Role::ALL {
            let somebody = Principal::new("s0", role).expect("an id");
            let access = AccessControl::standard().access_of(&somebody);
            for topic in TOPICS {
                let bus = access.may(Action::Publish, &topic.parse().expect("a topic"));
                assert_eq!(may_publish(role, topic), bus.is_allowed(), "{role} {topic}");
            }
            let patterns = ["#", "+", "+.#", "events.+", "control.#", "control.health.+"];
            for text in TOPICS.into_iter().chain(patterns) {
                let pattern = text.parse().expect("a pattern");
                let bus = access.may_subscribe(&pattern);
                assert_eq!(may_subscribe(role, "s0", text), bus.is_allowed(), "{role} {text}");
            }
        }
    }
}
