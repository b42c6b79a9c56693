//! Which triggers fire for which event, in which order, and what they ask.

use daemoneye_eventbus::event::Metadata;
use daemoneye_eventbus::{
    CorrelationId, EventHeader, EventKind, FilesystemEvent, NetworkEvent, PerformanceEvent,
    Priority, TriggerRequest,
};

use super::*;
use crate::config::{MAX_TRIGGERS, TriggerConfig, TriggerPriority, TriggerResourceLimits};
use crate::trigger::{RegisterError, Subject};

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Metadata {
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

/// The one request about one event.
fn asked(sql: &str, event: CollectionEvent) -> TriggerRequest {
    let mut fired = manager([trigger("t", sql)]).observe(&published(1, event), at(0));
    assert_eq!(fired.len(), 1, "{sql}");
    fired.remove(0).request
}

#[test]
fn a_request_says_who_shall_do_what_about_which_process() {
    let condition =
        TriggerCondition::new("pid = 7 AND name = 'nginx'").with_priority(TriggerPriority::High);
    let mut manager = manager([Trigger::new("busy", condition, "procmond", "binary_hash")]);
    let fired = manager.observe(&published(3, process(7)), at(100));
    let expected = TriggerRequest {
        header: EventHeader {
            source: "agent".into(),
            source_sequence: 1,
            observed_unix_ns: 105,
            observed_monotonic_ns: 100,
            priority: Some(Priority::High),
            metadata: vec![("trigger".into(), "busy".into())],
            ..EventHeader::default()
        },
        trigger_id: "busy/00000000000000ab0000000000000003".into(),
        target_collector: "procmond".into(),
        analysis_type: "binary_hash".into(),
        target_pid: Some(7),
        target_path: Some("/usr/sbin/nginx".into()),
    };
    assert_eq!(names(&fired), ["busy"]);
    assert_eq!(fired[0].request, expected);
    let subject = Subject::Process { pid: 7, start_time_unix_ns: None };
    assert_eq!(*fired[0].subject, subject);
}

#[test]
fn a_request_names_what_the_event_is_about() {
    let file = FilesystemEvent { path: "/etc/passwd".into(), pid: Some(9), ..Default::default() };
    let request = asked("SELECT * FROM filesystem WHERE TRUE", CollectionEvent::Filesystem(file));
    assert_eq!((request.target_pid, request.target_path), (Some(9), Some("/etc/passwd".into())));

    let network = NetworkEvent { connection_id: "c1".into(), ..Default::default() };
    let request = asked("SELECT * FROM network WHERE TRUE", CollectionEvent::Network(network));
    assert_eq!((request.target_pid, request.target_path), (None, None));
    assert_eq!(request.header.metadata, pairs([("trigger", "t"), ("connection_id", "c1")]));

    let (metric_name, component) = ("cpu.busy".into(), Some("cpu0".into()));
    let figure = PerformanceEvent { metric_name, component, ..Default::default() };
    let figure = CollectionEvent::Performance(figure);
    let request = asked("SELECT * FROM performance WHERE TRUE", figure);
    let expected = [("trigger", "t"), ("metric_name", "cpu.busy"), ("component", "cpu0")];
    assert_eq!(request.header.metadata, pairs(expected));
}

#[test]
fn a_request_continues_the_workflow_of_the_event() {
    let mut event = published(1, process(7));
    let root = CorrelationMetadata {
        trace: Some("trace".into()),
        stage: Some("scan".into()),
        tags: vec![("team".into(), "red".into())],
        ..CorrelationMetadata::root("scan-7")
    };
    event.correlation = root.child("scan-7/1");
    let fired = manager([trigger("t", ALWAYS)]).observe(&event, at(0));
    let trigger_id = fired[0].request.trigger_id.clone();
    assert_eq!(fired[0].correlation, event.correlation.child(trigger_id));
    assert_eq!(fired[0].correlation.root, CorrelationId::from("scan-7"));
    assert_eq!(fired[0].correlation.parent, Some("scan-7/1".into()));
}

#[test]
fn an_event_may_come_with_the_last_number_there_is() {
    let mut event = published(1, process(7));
    event.correlation.sequence = u64::MAX;
    let fired = manager([trigger("t", ALWAYS)]).observe(&event, at(0));
    assert_eq!(fired[0].correlation.sequence, u64::MAX);
}

#[test]
fn only_what_is_true_fires() {
    let mut manager = manager([trigger("t", "ppid = 1")]);
    let parented =
        |ppid| CollectionEvent::Process(ProcessEvent { pid: 7, ppid, ..ProcessEvent::default() });
    assert!(manager.observe(&published(1, parented(Some(2))), at(0)).is_empty());
    assert!(manager.observe(&published(2, parented(None)), at(0)).is_empty());
    assert_eq!(manager.observe(&published(3, parented(Some(1))), at(0)).len(), 1);
    // Not about networks, so that it is not even asked.
    let network = CollectionEvent::Network(NetworkEvent::default());
    assert!(manager.observe(&published(4, network), at(0)).is_empty());
    let counted = manager.statistics();
    assert_eq!((counted.evaluated, counted.unknown, counted.matched), (3, 1, 1));
}

#[test]
fn the_most_urgent_fires_first_and_of_equals_the_first_registered() {
    let prioritised = |name: &str, priority| {
        let condition = TriggerCondition::new(ALWAYS).with_priority(priority);
        Trigger::new(name, condition, "procmond", "binary_hash")
    };
    let mut manager = manager([
        prioritised("low", TriggerPriority::Low),
        prioritised("high 1", TriggerPriority::High),
        prioritised("critical", TriggerPriority::Critical),
        prioritised("normal", TriggerPriority::Normal),
        prioritised("high 2", TriggerPriority::High),
    ]);
    let fired = manager.observe(&published(1, process(7)), at(0));
    assert_eq!(names(&fired), ["critical", "high 1", "high 2", "normal", "low"]);
    let numbers = fired.iter().map(|fired| fired.request.header.source_sequence);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let ids: std::collections::HashSet<_> =
        fired.iter().map(|fired| fired.request.trigger_id.clone()).collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn a_name_is_taken_once() {
    let mut manager = manager([trigger("t", ALWAYS)]);
    let again = manager.register(trigger("t", "TRUE"));
    assert_eq!(again, Err(RegisterError::DuplicateName { name: "t".to_owned() }));
    assert_eq!(manager.observe(&published(1, process(7)), at(0)).len(), 1);
}

#[test]
fn a_condition_that_cannot_be_read_is_shown_with_the_name_of_its_trigger() {
    let refused = manager([]).register(trigger("t", "nmae = 'x'")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "\
the condition of trigger \"t\" cannot be read
error: no kind of event has a field `nmae`
 --> condition:1:1
  |
1 | nmae = 'x'
  | ^^^^
  |
  = help: did you mean `name`?"
    );
}

#[test]
fn there_are_so_many_triggers_and_no_more() {
    let numbered = |number: usize| trigger(&format!("t{number}"), ALWAYS);
    let mut manager = manager((0..MAX_TRIGGERS).map(numbered));
    assert_eq!(manager.register(numbered(MAX_TRIGGERS)), Err(RegisterError::LimitReached));
    assert_eq!(manager.observe(&published(1, process(7)), at(0)).len(), MAX_TRIGGERS);
}

#[test]
fn what_is_subscribed_to_follows_from_the_conditions() {
    let manager = manager([
        trigger("a", "SELECT * FROM process WHERE TRUE"),
        trigger("b", "change = 'opened'"),
        trigger("c", "name = 'x'"),
    ]);
    let kinds: Vec<_> = manager.kinds().into_iter().collect();
    assert_eq!(kinds, [EventKind::Process, EventKind::Network]);
    assert_eq!(manager.patterns(), ["events.process.#", "events.network.#"]);
}

#[test]
fn a_configuration_is_registered_as_it_says() {
    let config = TriggerConfig {
        name: "busy".to_owned(),
        when: ALWAYS.to_owned(),
        target: "fsmond".to_owned(),
        analysis: "content_hash".to_owned(),
        priority: TriggerPriority::Critical,
        limits: TriggerResourceLimits { max_pending: 1, ..TriggerResourceLimits::default() },
        dedup_window: std::time::Duration::ZERO,
    };
    let mut manager = TriggerManager::from_config("agent", &[config]).unwrap();
    let fired = manager.observe(&published(1, process(7)), at(0));
    assert_eq!(&*fired[0].request.target_collector, "fsmond");
    assert_eq!(&*fired[0].request.analysis_type, "content_hash");
    assert_eq!(fired[0].request.header.priority, Some(Priority::Critical));
    assert!(manager.observe(&published(2, process(8)), at(0)).is_empty());
    assert_eq!(manager.statistics().pending_refused, 1);
}
