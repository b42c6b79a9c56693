//! Analysis chains from the agent to a collector and back, on both buses: the in-process one, and a
//! broker to which the collector connects over its socket.

mod site;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use collector_core::analysis::{
    AnalysisOrder, AnalysisOutcome, AnalysisRun, AnalysisSubject, Analyzer, BinaryHash,
    Interruption, MAX_RETRIES, StageOutcome,
};
use collector_core::{AnalysisStage, AnalysisWorkflowDefinition, EventBusFactory, EventBusType};
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::event::AuditOutcome;
use daemoneye_eventbus::{
    AuditEvent, BusEvent, CollectionEvent, CorrelationMetadata, EventKind, EventReceiver,
    EventSubscription, TriggerRequest,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use site::{AGENT, BUSES, Flaky, LIMIT, MEMBER, Repeats, Site, Stuck, reaches};

/// What the analyses of these tests are consequences of.
const ROOT: &str = "scan-7";
/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn stage(id: &str, analysis_type: &str) -> AnalysisStage {
    AnalysisStage::new(id, analysis_type, CollectorKind::Process)
}

fn one(stage: AnalysisStage) -> AnalysisWorkflowDefinition {
    AnalysisWorkflowDefinition::new(LIMIT).with_stage(stage)
}

/// A digest, and a second stage behind it.
fn chain(second: &str) -> AnalysisWorkflowDefinition {
    one(stage("digest", "binary_hash"))
        .with_stage(stage("second", second))
        .with_dependency("second", "digest")
}

fn of_process(pid: u32) -> AnalysisOrder {
    AnalysisOrder::of(AnalysisSubject::process(pid)).correlated(ROOT)
}

/// The records of analyses among events.
fn records(events: &[Arc<BusEvent>]) -> Vec<&AuditEvent> {
    let records = events.iter().filter_map(|event| match &event.event {
        CollectionEvent::Audit(record) => Some(record),
        _ => None,
    });
    records.collect()
}

fn value<'a>(record: &'a AuditEvent, name: &str) -> Option<&'a str> {
    record.header.metadata_value(name).map(|value| &**value)
}

/// Waits for the next record of an analysis.
async fn next_record(events: &mut EventReceiver) -> Arc<BusEvent> {
    let next = async {
        loop {
            let event = events.recv().await.expect("the bus lives");
            if event.event.kind() == EventKind::Audit {
                return event;
            }
        }
    };
    timeout(LIMIT, next).await.expect("there is one")
}

#[tokio::test]
async fn a_file_is_hashed_and_its_digest_handed_on_all_under_one_root() {
    for &bus_type in BUSES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        let analyzers: Vec<Box<dyn Analyzer>> =
            vec![Box::new(BinaryHash::default()), Box::new(Repeats)];
        let site = Site::start(bus_type, analyzers, vec![("deep", chain("repeat"))]).await;
        let subject = AnalysisSubject::file(path.to_str().unwrap());
        let order = AnalysisOrder::of(subject).correlated(ROOT);
        let run = site.coordinator.start("deep", order).unwrap();
        let result = run.result().await.unwrap();
        assert_eq!(result.outcome, AnalysisOutcome::Succeeded, "{bus_type}: {result:?}");
        assert_eq!(result.findings("digest").unwrap().get("sha256"), Some(ABC));
        assert_eq!(result.findings("second").unwrap().get("repeated"), Some(ABC));

        let events = site.end().await;
        let control = events.iter().filter(|event| event.event.kind() == EventKind::Control);
        let topics: Vec<_> = control.map(|event| event.topic.to_string()).collect();
        let asked = "control.collector.task.process";
        let answered = "control.rpc.reply.daemoneye-agent";
        assert_eq!(topics, [asked, answered, asked, answered], "{bus_type}");
        for event in &events {
            assert!(event.correlation.root.is(ROOT), "{bus_type}: {event:?}");
        }
        let told = records(&events);
        assert_eq!(told.len(), 1);
        let record = told[0];
        assert_eq!((&*record.actor, record.outcome), (AGENT, AuditOutcome::Allowed));
        assert_eq!(value(record, "finding.digest.sha256"), Some(ABC));
    }
}

#[tokio::test]
async fn what_fails_twice_succeeds_at_the_third_attempt_and_what_cannot_be_is_tried_once() {
    for &bus_type in BUSES {
        let analyzers: Vec<Box<dyn Analyzer>> =
            vec![Box::new(BinaryHash::default()), Box::new(Flaky(Mutex::new(2)))];
        let flaky = one(stage("flaky", "flaky").with_retries(2));
        let missing = one(stage("digest", "binary_hash").with_retries(2));
        let unknown = one(stage("other", "unheard_of").with_retries(2));
        let workflows = vec![("flaky", flaky), ("missing", missing), ("unknown", unknown)];
        let site = Site::start(bus_type, analyzers, workflows).await;
        let run = site.coordinator.start("flaky", of_process(1)).unwrap();
        let result = run.result().await.unwrap();
        assert_eq!(result.outcome, AnalysisOutcome::Succeeded, "{bus_type}: {result:?}");
        assert_eq!(result.stages[0].attempts, 3);

        for (workflow, subject) in [
            ("missing", AnalysisSubject::process(u32::MAX)),
            ("unknown", AnalysisSubject::default()),
        ] {
            let order = AnalysisOrder::of(subject);
            let run = site.coordinator.start(workflow, order).unwrap();
            let result = run.result().await.unwrap();
            let report = &result.stages[0];
            assert_eq!(report.attempts, 1, "{bus_type}: {report:?}");
            let is_final = matches!(&report.outcome, StageOutcome::Failed(why) if why.is_final());
            assert!(is_final, "{bus_type}: {report:?}");
        }
        site.end().await;
    }
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_ends_at_the_collector_as_well() {
    for &bus_type in BUSES {
        let (stuck, mut begun, mut ended) = Stuck::new();
        // One attempt may be so late that it never begins there; not all of them.
        let slow = stage("slow", "stuck").with_timeout(Duration::from_millis(100));
        let slow = one(slow.with_retries(MAX_RETRIES));
        let site = Site::start(bus_type, vec![Box::new(stuck)], vec![("slow", slow)]).await;
        let run = site.coordinator.start("slow", of_process(1)).unwrap();
        reaches(&mut begun, 1).await;
        // Nobody has cancelled it.
        reaches(&mut ended, 1).await;
        run.cancel();
        run.result().await.unwrap();
        site.end().await;
    }
}

#[tokio::test]
async fn what_is_cancelled_in_its_midst_ends_at_the_collector_and_everybody_is_told() {
    for &bus_type in BUSES {
        let (stuck, mut begun, mut ended) = Stuck::new();
        let analyzers: Vec<Box<dyn Analyzer>> =
            vec![Box::new(BinaryHash::default()), Box::new(stuck)];
        let site = Site::start(bus_type, analyzers, vec![("deep", chain("stuck"))]).await;
        let run = site.coordinator.start("deep", of_process(std::process::id())).unwrap();
        reaches(&mut begun, 1).await;
        run.cancel();
        let result = run.result().await.unwrap();
        let by = Interruption::Cancelled;
        assert_eq!(result.outcome, AnalysisOutcome::Unfinished(by), "{bus_type}");
        assert!(matches!(result.stages[0].outcome, StageOutcome::Succeeded(_)));
        assert_eq!(result.stages[1].outcome, StageOutcome::Unfinished(by));
        reaches(&mut ended, 1).await;

        let events = site.end().await;
        for event in &events {
            assert!(event.correlation.root.is(ROOT), "{bus_type}: {event:?}");
        }
        let record = records(&events)[0];
        assert_eq!(record.outcome, AuditOutcome::Failed);
        assert_eq!(value(record, "stage.second"), Some("unfinished: it was cancelled"));
    }
}

#[tokio::test]
async fn a_trigger_request_of_a_collector_starts_a_chain_under_its_root() {
    for &bus_type in BUSES {
        let analyzers: Vec<Box<dyn Analyzer>> =
            vec![Box::new(BinaryHash::default()), Box::new(Repeats)];
        let site = Site::start(bus_type, analyzers, vec![("deep", chain("repeat"))]).await;
        let wanted = EventSubscription::new("triggers").with_pattern("control.trigger.request");
        let mut triggers = site.agent_bus.subscribe(wanted).await.unwrap();
        let wanted = EventSubscription::new("records").with_pattern("events.audit.record");
        let mut told = site.agent_bus.subscribe(wanted).await.unwrap();
        let coordinator = Arc::clone(&site.coordinator);
        let following = tokio::spawn(async move {
            while let Some(trigger) = triggers.recv().await {
                let _ = coordinator.answer(&trigger).await.map(AnalysisRun::detach);
            }
        });
        for (number, analysis_type) in [(1, "unheard_of"), (2, "deep")] {
            let request = TriggerRequest {
                trigger_id: format!("t-{number}").into(),
                target_collector: MEMBER.into(),
                analysis_type: analysis_type.into(),
                target_pid: Some(std::process::id()),
                ..TriggerRequest::default()
            };
            let cause = CorrelationMetadata::root(ROOT).child(format!("trigger-{number}"));
            let event = CollectionEvent::TriggerRequest(request);
            site.member_bus.publish(event, Some(cause)).await.unwrap();
        }
        let refused = next_record(&mut told).await;
        let succeeded = next_record(&mut told).await;

        let events = site.end().await;
        timeout(LIMIT, following).await.expect("it ends with the bus").unwrap();
        for event in events.iter().chain([&refused, &succeeded]) {
            assert!(event.correlation.root.is(ROOT), "{bus_type}: {event:?}");
        }
        let told = records(&events);
        assert_eq!(told[0].outcome, AuditOutcome::Refused);
        let reason = "there is no workflow \"unheard_of\"";
        assert_eq!(told[0].reason.as_deref(), Some(reason));
        assert_eq!(value(told[1], "trigger"), Some("t-2"));
        assert_eq!(value(told[1], "stage.second"), Some("succeeded"));
    }
}

#[tokio::test]
async fn who_may_only_observe_reads_what_came_of_an_analysis() {
    let bus_type = EventBusType::DaemonEye;
    let digest = one(stage("digest", "binary_hash"));
    let analyzers: Vec<Box<dyn Analyzer>> = vec![Box::new(BinaryHash::default())];
    let site = Site::start(bus_type, analyzers, vec![("digest", digest)]).await;
    let watcher = EventBusFactory::create(&site.config, "watcher").await.unwrap();
    let wanted = EventSubscription::new("watcher").with_pattern("events.#");
    let mut seen = watcher.subscribe(wanted).await.unwrap();
    let run = site.coordinator.start("digest", of_process(std::process::id())).unwrap();
    assert_eq!(run.result().await.unwrap().outcome, AnalysisOutcome::Succeeded);
    let record = next_record(&mut seen).await;
    assert!(record.correlation.root.is(ROOT));
    let told = records(std::slice::from_ref(&record));
    assert_eq!(value(told[0], "finding.digest.sha256").map(str::len), Some(64));
    watcher.shutdown(LIMIT).await.unwrap();
    site.end().await;
}
