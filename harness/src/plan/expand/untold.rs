//! What of access control no check can tell from outside, so that no scenario may ask for it.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::topic::{AUDIT_TOPIC, REPLY_PREFIX};
use daemoneye_eventbus::{Topic, TopicPattern};

use super::super::{PublisherSpec, Topology};
use crate::scenario::Table;

/// What is said of a topic of replies.
pub(super) const REPLIES: (&str, &str) = (
    "a reply that nobody asked for",
    "whether it may be given the broker alone knows: who was asked may, once",
);

/// Whether a topic is one of replies.
pub(super) fn is_reply(topic: &str) -> bool {
    topic.starts_with(REPLY_PREFIX)
}

/// Refuses publishers that may give replies or not, and subscribers to what the broker says.
pub(super) fn check(table: &Table<'_>, topology: &Topology) {
    let is_agent = |role: Role| role == Role::Agent;
    let replies = |publisher: &&PublisherSpec| {
        let mut topics = publisher.mix.iter().filter_map(|part| part.topic.as_ref());
        !is_agent(publisher.role) && topics.any(|topic| is_reply(topic.as_str()))
    };
    if topology.publishers.iter().any(|publisher| replies(&publisher)) {
        table.reader().problem(table.span(), REPLIES.0, REPLIES.1);
    }
    let publishers = topology.publishers.iter().map(|spec| spec.role);
    let subscribers = topology.subscribers.iter().map(|spec| spec.role);
    if publishers.chain(subscribers).all(is_agent) {
        return;
    }
    let audits = Topic::new(AUDIT_TOPIC).expect("a topic");
    let hears =
        |pattern: &String| TopicPattern::new(pattern).is_ok_and(|pattern| pattern.matches(&audits));
    for spec in topology.subscribers.iter().filter(|spec| is_agent(spec.role)) {
        if spec.subscription.topic_patterns.iter().any(hears) {
            let title = format!("{} hears what the broker refuses", spec.name);
            let label = format!("nobody in the case publishes that; leave `{AUDIT_TOPIC}` out");
            table.reader().problem(table.span(), title, label);
        }
    }
}
