//! What is asked: a request, complete but for its way.

use std::sync::Arc;

use daemoneye_eventbus::event::Metadata;
use daemoneye_eventbus::{
    BusEvent, ByteString, CollectionEvent, CorrelationId, CorrelationMetadata, EventHeader,
    TriggerRequest,
};

use super::definition::Trigger;
use super::moment::Moment;
use super::subject::Subject;
use crate::config::TriggerPriority;

/// A trigger that fired: the request to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// The trigger's name.
    pub trigger: ByteString,
    /// What the event was about.
    pub subject: Arc<Subject>,
    /// What is asked.
    pub request: TriggerRequest,
    /// Continues that of the event: the same root, the event as parent.
    pub correlation: CorrelationMetadata,
}

/// What a trigger asks, whatever it fires about.
#[derive(Debug)]
pub(super) struct Purpose {
    pub(super) trigger: ByteString,
    pub(super) priority: TriggerPriority,
    target_collector: ByteString,
    analysis_type: ByteString,
}

/// Who asks, and when.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) source: ByteString,
    /// Running number of the source's requests, from 1.
    pub(super) sequence: u64,
    pub(super) now: Moment,
}

impl Purpose {
    pub(super) fn of(trigger: &Trigger) -> Self {
        Self {
            trigger: ByteString::from(trigger.name.as_str()),
            priority: trigger.condition.priority,
            target_collector: ByteString::from(trigger.target_collector.as_str()),
            analysis_type: ByteString::from(trigger.analysis_type.as_str()),
        }
    }

    /// The id of the request about an event: the same whenever it is asked, and of no other.
    pub(super) fn trigger_id(&self, event: &BusEvent) -> ByteString {
        let id = CorrelationId::derived(event.id.incarnation, event.id.sequence);
        ByteString::from(format!("{}/{id}", self.trigger))
    }

    /// The request about an event.
    pub(super) fn ask(
        &self,
        event: &BusEvent,
        subject: Arc<Subject>,
        trigger_id: ByteString,
        signature: Signature,
    ) -> Fired {
        let correlation = event.correlation.child(trigger_id.clone());
        let request = TriggerRequest {
            header: self.header(&event.event, signature),
            trigger_id,
            target_collector: self.target_collector.clone(),
            analysis_type: self.analysis_type.clone(),
            target_pid: event.event.pid(),
            target_path: path(&event.event),
        };
        Fired { trigger: self.trigger.clone(), subject, request, correlation }
    }

    fn header(&self, event: &CollectionEvent, signature: Signature) -> EventHeader {
        let mut metadata = vec![(ByteString::from_static("trigger"), self.trigger.clone())];
        metadata.extend(named(event));
        EventHeader {
            source: signature.source,
            source_sequence: signature.sequence,
            observed_unix_ns: signature.now.unix_ns,
            observed_monotonic_ns: signature.now.monotonic_ns,
            priority: Some(self.priority.into()),
            metadata,
            ..EventHeader::default()
        }
    }
}

/// The file to look at.
fn path(event: &CollectionEvent) -> Option<ByteString> {
    match event {
        CollectionEvent::Process(event) => event.executable_path.clone(),
        CollectionEvent::Filesystem(event) => Some(event.path.clone()),
        _ => None,
    }
}

/// What the event names that a request has no field for.
fn named(event: &CollectionEvent) -> Metadata {
    match event {
        CollectionEvent::Network(event) if !event.connection_id.is_empty() => {
            vec![(ByteString::from_static("connection_id"), event.connection_id.clone())]
        }
        CollectionEvent::Performance(event) => {
            let metric = (ByteString::from_static("metric_name"), event.metric_name.clone());
            let component = event.component.clone();
            let component = component.map(|name| (ByteString::from_static("component"), name));
            [metric].into_iter().chain(component).collect()
        }
        _ => Metadata::new(),
    }
}
