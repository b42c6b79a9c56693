//! What an analysis is asked for with, by a caller or by an event.

use daemoneye_eventbus::{BusEvent, ByteString, CollectionEvent, CorrelationMetadata, Priority};

use super::super::request::AnalysisSubject;

/// Length of a trigger's id that is told, bytes; what is longer is cut.
const MAX_TRIGGER_ID_BYTES: usize = 128;

/// What an analysis is about, and why it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalysisOrder {
    /// What it is about.
    pub subject: AnalysisSubject,
    /// How urgent it is: which of its stages and others' comes first.
    pub priority: Priority,
    /// The trigger that asks for it.
    pub trigger_id: Option<String>,
    /// What it is a consequence of; without it, it is a root.
    pub correlation: Option<CorrelationMetadata>,
}

/// What a trigger request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Triggered {
    /// The workflow, or the single stage.
    pub(super) workflow: String,
    /// Who shall do it, where one stage alone is asked for.
    pub(super) collector: Option<String>,
    pub(super) order: AnalysisOrder,
}

impl AnalysisOrder {
    /// An analysis of normal priority that nothing else asked for.
    pub fn of(subject: AnalysisSubject) -> Self {
        Self { subject, ..Self::default() }
    }

    /// Sets how urgent it is.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Makes it a consequence of something else, under the same root.
    #[must_use]
    pub fn correlated(mut self, correlation: impl Into<CorrelationMetadata>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }
}

/// What an event asks for; `None` when it is no trigger request.
pub(super) fn triggered(event: &BusEvent) -> Option<Triggered> {
    let CollectionEvent::TriggerRequest(request) = &event.event else { return None };
    let path = request.target_path.as_ref().map(ToString::to_string);
    let order = AnalysisOrder {
        subject: AnalysisSubject { pid: request.target_pid, path },
        priority: event.event.priority(),
        trigger_id: said(&request.trigger_id).map(|id| cut(&id, MAX_TRIGGER_ID_BYTES)),
        correlation: Some(event.correlation.clone()),
    };
    Some(Triggered {
        workflow: request.analysis_type.to_string(),
        collector: said(&request.target_collector),
        order,
    })
}

fn said(text: &ByteString) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

/// The beginning of a text.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventHeader, EventId, ProcessEvent, TriggerRequest};

    use super::*;

    fn event(event: CollectionEvent) -> BusEvent {
        BusEvent {
            id: EventId { publisher: "procmond".into(), incarnation: 1, sequence: 1 },
            topic: "control.trigger.request".parse().unwrap(),
            published_monotonic_ns: 0,
            correlation: CorrelationMetadata::root("scan-7"),
            event,
        }
    }

    #[test]
    fn a_trigger_request_says_what_to_analyse_and_why() {
        let header = EventHeader { priority: Some(Priority::High), ..EventHeader::default() };
        let request = TriggerRequest {
            header,
            trigger_id: "t-1".into(),
            target_collector: "procmond".into(),
            analysis_type: "binary_hash".into(),
            target_pid: Some(7),
            target_path: Some("/bin/sh".into()),
        };
        let expected = Triggered {
            workflow: "binary_hash".to_owned(),
            collector: Some("procmond".to_owned()),
            order: AnalysisOrder {
                subject: AnalysisSubject { pid: Some(7), path: Some("/bin/sh".to_owned()) },
                priority: Priority::High,
                trigger_id: Some("t-1".to_owned()),
                correlation: Some(CorrelationMetadata::root("scan-7")),
            },
        };
        assert_eq!(triggered(&event(CollectionEvent::TriggerRequest(request))), Some(expected));
    }

    #[test]
    fn what_a_trigger_request_leaves_out_is_left_out() {
        let request = TriggerRequest { analysis_type: "deep".into(), ..TriggerRequest::default() };
        let asked = triggered(&event(CollectionEvent::TriggerRequest(request))).unwrap();
        assert_eq!((asked.collector, asked.order.trigger_id), (None, None));
        assert_eq!(asked.order.subject, AnalysisSubject::default());
        assert_eq!(asked.order.priority, Priority::Normal);
        let other = CollectionEvent::Process(ProcessEvent::default());
        assert_eq!(triggered(&event(other)), None);
    }
}
