//! Which requests a service takes, and how many.

use bytestring::ByteString;

use super::super::request::task_subject;
use crate::acl::CollectorKind;
use crate::event::{CollectionEvent, ControlMessage, ControlSubject};
use crate::topic::default_topic;

/// Requests a service runs at once by default; a collector has few cores to spare.
const DEFAULT_RUNNING_LIMIT: usize = 64;
/// Requests that wait for a service to read them, by default; it reads and refuses at once.
const DEFAULT_QUEUE_EVENTS: usize = 256;

/// Settings of an [`RpcService`](super::RpcService).
#[derive(Debug, Clone)]
pub struct RpcServiceConfig {
    pub(super) member: ByteString,
    subjects: Vec<ControlSubject>,
    pub(super) running_limit: usize,
    pub(super) queue_events: usize,
}

impl RpcServiceConfig {
    /// A service of this member for requests of these subjects. Requests for others are not its.
    pub fn new(member: impl Into<ByteString>, subjects: Vec<ControlSubject>) -> Self {
        let member = member.into();
        let (running_limit, queue_events) = (DEFAULT_RUNNING_LIMIT, DEFAULT_QUEUE_EVENTS);
        Self { member, subjects, running_limit, queue_events }
    }

    /// What a collector of a kind is asked (A2): lifecycle, configuration, tasks, health.
    pub fn collector(member: impl Into<ByteString>, kind: CollectorKind) -> Self {
        let subjects = vec![
            ControlSubject::Lifecycle,
            ControlSubject::Config,
            ControlSubject::Diagnostics,
            task_subject(kind),
        ];
        Self::new(member, subjects)
    }

    /// What the agent is asked: to let members come and go, and how it is.
    pub fn agent(member: impl Into<ByteString>) -> Self {
        Self::new(member, vec![ControlSubject::Registration, ControlSubject::Diagnostics])
    }

    /// How many requests run at once; one more is refused as busy.
    #[must_use]
    pub fn with_running_limit(mut self, requests: usize) -> Self {
        self.running_limit = requests;
        self
    }

    /// The default topics of its subjects (T8).
    pub(super) fn topics(&self) -> Vec<String> {
        let topic = |subject: &ControlSubject| {
            let message = ControlMessage { subject: subject.clone(), ..ControlMessage::default() };
            default_topic(&CollectionEvent::Control(message)).to_string()
        };
        self.subjects.iter().map(topic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{AccessControl, Principal, Role};
    use crate::topic::TopicPattern;

    #[test]
    fn a_collector_may_subscribe_to_all_its_service_asks_for() {
        for kind in CollectorKind::ALL {
            let collector = Principal::new("c", Role::Collector(kind)).unwrap();
            let access = AccessControl::standard().access_of(&collector);
            for topic in RpcServiceConfig::collector("c", kind).topics() {
                let pattern = TopicPattern::new(&topic).unwrap();
                assert!(access.may_subscribe(&pattern).is_allowed(), "{topic}");
            }
        }
    }
}
