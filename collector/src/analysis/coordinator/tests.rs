//! Analyses by a carrier that does as it is told, on a paused clock.

mod site;

use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::event::AuditOutcome;
use daemoneye_eventbus::rpc::TaskPriority;
use daemoneye_eventbus::{BusEvent, CollectionEvent, EventId, Priority, TriggerRequest};

use super::super::outcome::{AnalysisOutcome, AnalysisResult, Interruption, StageOutcome};
use super::super::request::AnalysisSubject;
use super::*;
use site::{ATTEMPT, Script, Site, WORKFLOW};

const LIMIT: Duration = Duration::from_mins(10);

fn order() -> AnalysisOrder {
    AnalysisOrder::of(AnalysisSubject::process(7)).correlated("scan-7")
}

async fn analyse(site: &Site) -> AnalysisResult {
    site.coordinator.start(WORKFLOW, order()).unwrap().result().await.unwrap()
}

fn unfinished(by: Interruption) -> (AnalysisOutcome, StageOutcome) {
    (AnalysisOutcome::Unfinished(by), StageOutcome::Unfinished(by))
}

fn trigger(analysis_type: &str, collector: &str) -> BusEvent {
    BusEvent {
        id: EventId { publisher: "procmond".into(), incarnation: 1, sequence: 1 },
        topic: "control.trigger.request".parse().unwrap(),
        published_monotonic_ns: 0,
        correlation: CorrelationMetadata::root("scan-7").child("trigger-1"),
        event: CollectionEvent::TriggerRequest(TriggerRequest {
            trigger_id: "t-1".into(),
            analysis_type: analysis_type.into(),
            target_collector: collector.into(),
            target_pid: Some(7),
            ..TriggerRequest::default()
        }),
    }
}

#[tokio::test(start_paused = true)]
async fn stages_are_asked_in_order_and_given_what_was_found_before() {
    let site = Site::new(&[]);
    let urgent = order().with_priority(Priority::Critical);
    let run = site.coordinator.start(WORKFLOW, urgent).unwrap();
    let id = run.id().clone();
    let result = run.result().await.unwrap();
    assert_eq!(result.outcome, AnalysisOutcome::Succeeded);
    assert_eq!(result.findings("lineage").unwrap().get("stage"), Some("lineage"));

    let calls = site.carrier.calls();
    let ids: Vec<_> = calls.iter().map(|call| call.id.clone()).collect();
    assert_eq!(ids, [format!("{id}/digest/1"), format!("{id}/lineage/1")]);
    assert!(calls[0].request.inputs.is_empty());
    assert_eq!(calls[1].request.inputs["digest"].get("stage"), Some("digest"));
    assert_eq!(calls[1].request.analysis_type, "process_lineage");
    assert_eq!(calls[1].request.subject, AnalysisSubject::process(7));
    assert_eq!((calls[0].within, calls[0].priority), (ATTEMPT, TaskPriority::Urgent));
}

#[tokio::test(start_paused = true)]
async fn everything_has_the_root_of_what_asked_for_it_and_the_analysis_as_parent() {
    let site = Site::new(&[("digest", &[Script::Hangs])]);
    let result = analyse(&site).await;
    let id = result.analysis.as_str();
    assert_eq!(result.correlation, CorrelationMetadata::root("scan-7").child(id));
    for call in site.carrier.calls() {
        assert_eq!(call.correlation.root, "scan-7".into());
        assert_eq!(call.correlation.parent, Some(id.into()));
        assert_eq!(call.correlation.id, call.id.as_str().into());
        assert_eq!(call.correlation.stage.as_deref(), Some(call.request.stage.as_str()));
    }
    let (_, record) = site.bus.records().remove(0);
    assert_eq!((record.root, record.parent), ("scan-7".into(), Some(id.into())));
}

#[tokio::test(start_paused = true)]
async fn an_analysis_nobody_asked_for_is_its_own_root() {
    let site = Site::new(&[]);
    let order = AnalysisOrder::of(AnalysisSubject::process(7));
    let run = site.coordinator.start(WORKFLOW, order).unwrap();
    let result = run.result().await.unwrap();
    assert_eq!(result.correlation, CorrelationMetadata::root(result.analysis.as_str()));
    assert_eq!(result.outcome, AnalysisOutcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_fails_twice_succeeds_at_its_third_attempt() {
    let site = Site::new(&[("digest", &[Script::Fails, Script::Fails])]);
    let result = analyse(&site).await;
    assert_eq!(result.outcome, AnalysisOutcome::Succeeded);
    assert_eq!(result.stage("digest").unwrap().attempts, 3);
    assert!(!result.took.is_zero(), "there were pauses");
    assert!(site.carrier.recalled().is_empty(), "who answered is not recalled");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_recalled_and_made_again() {
    let site = Site::new(&[("digest", &[Script::Hangs])]);
    let result = analyse(&site).await;
    assert_eq!(result.outcome, AnalysisOutcome::Succeeded);
    assert!(result.took >= ATTEMPT);
    assert_eq!(result.stages[0].attempts, 2);
    assert_eq!(site.carrier.recalled(), [format!("{}/digest/1", result.analysis)]);
}

#[tokio::test(start_paused = true)]
async fn the_whole_ends_with_its_time() {
    let Site { carrier, mut coordinator, .. } = Site::new(&[("digest", &[Script::Hangs])]);
    let digest = AnalysisStage::new("digest", "binary_hash", CollectorKind::Process);
    let short = AnalysisWorkflowDefinition::new(ATTEMPT / 2)
        .with_stage(digest.with_timeout(ATTEMPT).with_retries(5));
    coordinator.register("short", short).unwrap();
    let result = coordinator.start("short", order()).unwrap().result().await.unwrap();
    let (whole, stage) = unfinished(Interruption::TimedOut);
    assert_eq!((result.outcome, &result.stages[0].outcome), (whole, &stage));
    assert!(result.took >= ATTEMPT / 2);
    assert_eq!(carrier.calls()[0].within, ATTEMPT / 2);
    coordinator.end(LIMIT).await.unwrap();
    assert_eq!(carrier.recalled(), [format!("{}/digest/1", result.analysis)]);
}

#[tokio::test(start_paused = true)]
async fn whoever_cancels_gets_a_result_that_says_so_and_what_runs_is_recalled() {
    let site = Site::new(&[("digest", &[Script::Hangs])]);
    let run = site.coordinator.start(WORKFLOW, order()).unwrap();
    let id = run.id().clone();
    site.carrier.until_calls(1).await;
    run.cancel();
    let result = run.result().await.unwrap();
    let (whole, stage) = unfinished(Interruption::Cancelled);
    assert_eq!(result.outcome, whole);
    assert_eq!(result.stages[0].outcome, stage);
    assert_eq!(result.stages[1].outcome, stage);
    site.coordinator.end(LIMIT).await.unwrap();
    assert_eq!(site.carrier.recalled(), [format!("{id}/digest/1")]);
    assert_eq!(site.carrier.calls().len(), 1, "nothing was begun after that");
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_dropped_cancels_and_one_that_is_detached_does_not() {
    let site = Site::new(&[("digest", &[Script::Hangs])]);
    let run = site.coordinator.start(WORKFLOW, order()).unwrap();
    site.carrier.until_calls(1).await;
    drop(run);
    site.bus.until_records(1).await;
    let (record, _) = site.bus.records().remove(0);
    assert_eq!(record.reason.as_deref(), Some("unfinished: it was cancelled"));

    site.coordinator.start(WORKFLOW, order()).unwrap().detach();
    site.bus.until_records(2).await;
    let (record, _) = site.bus.records().remove(1);
    assert_eq!(record.reason.as_deref(), Some("succeeded"));
}

#[tokio::test(start_paused = true)]
async fn the_analysis_too_many_is_refused_and_a_place_is_free_again_after_an_end() {
    let site = Site::with(&[("digest", &[Script::Hangs])], 1, usize::MAX);
    let first = site.coordinator.start(WORKFLOW, order()).unwrap();
    let refused = site.coordinator.start(WORKFLOW, order()).unwrap_err();
    assert_eq!(refused, StartError::TooMany { limit: 1 });
    assert_eq!(site.coordinator.desk.running(), 1);
    site.carrier.until_calls(1).await;
    first.cancel();
    first.result().await.unwrap();
    while site.coordinator.desk.running() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(analyse(&site).await.outcome, AnalysisOutcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn an_end_cancels_all_and_starts_nothing_more() {
    let site = Site::new(&[("digest", &[Script::Hangs; 2])]);
    let runs = [(); 2].map(|()| site.coordinator.start(WORKFLOW, order()).unwrap());
    site.carrier.until_calls(2).await;
    site.coordinator.end(LIMIT).await.unwrap();
    assert_eq!(site.coordinator.desk.running(), 0);
    assert_eq!(site.bus.records().len(), 2, "everybody has been told");
    for run in runs {
        let (whole, _) = unfinished(Interruption::Cancelled);
        assert_eq!(run.result().await.unwrap().outcome, whole);
    }
    assert_eq!(site.coordinator.start(WORKFLOW, order()).unwrap_err(), StartError::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_none_is_refused() {
    let site = Site::new(&[]);
    let bytes = MAX_PATH_BYTES + 1;
    let long = AnalysisOrder::of(AnalysisSubject::file("x".repeat(bytes)));
    let refused = site.coordinator.start(WORKFLOW, long).unwrap_err();
    assert_eq!(refused, StartError::PathTooLong { bytes });
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_too_large_is_told_without_findings() {
    let site = Site::with(&[], 1, 6);
    analyse(&site).await;
    let (record, _) = site.bus.records().remove(0);
    assert_eq!(record.outcome, AuditOutcome::Allowed);
    assert_eq!((&*record.actor, &*record.action, &*record.resource), ("agent", "analysis", "deep"));
    assert!(record.header.metadata_value("findings").is_some());
    assert_eq!(record.header.metadata_value("stage.digest").unwrap(), "succeeded");
    assert_eq!(record.header.source_sequence, 1, "the whole one was none");
}

#[tokio::test(start_paused = true)]
async fn a_record_the_bus_does_not_take_is_counted_and_the_asker_is_told_all_the_same() {
    let site = Site::with(&[], 1, 0);
    assert_eq!(analyse(&site).await.outcome, AnalysisOutcome::Succeeded);
    assert!(site.bus.records().is_empty());
    assert_eq!(site.coordinator.records_lost(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_that_starts_nothing_is_told_with_what_it_asked_for() {
    let site = Site::new(&[]);
    let refused = site.coordinator.answer(&trigger("unheard_of", "procmond")).await.unwrap_err();
    assert_eq!(refused, StartError::UnknownWorkflow { name: "unheard_of".to_owned() });
    let (record, correlation) = site.bus.records().remove(0);
    assert_eq!((record.outcome, &*record.resource), (AuditOutcome::Refused, "unheard_of"));
    assert_eq!(record.reason.as_deref(), Some("there is no workflow \"unheard_of\""));
    assert_eq!(record.header.metadata_value("trigger").unwrap(), "t-1");
    assert_eq!(record.header.metadata_value("target_pid").unwrap(), "7");
    assert_eq!(correlation.root, "scan-7".into());
}

#[tokio::test(start_paused = true)]
async fn a_trigger_starts_the_workflow_it_names_under_its_root() {
    let site = Site::new(&[]);
    let run = site.coordinator.answer(&trigger(WORKFLOW, "elsewhere")).await.unwrap();
    let result = run.result().await.unwrap();
    assert_eq!(result.outcome, AnalysisOutcome::Succeeded);
    assert_eq!(result.subject, AnalysisSubject::process(7));
    assert_eq!(result.correlation.parent, Some("trigger-1".into()));
    let calls = site.carrier.calls();
    assert!(calls.iter().all(|call| call.correlation.root.is("scan-7")));
    assert!(calls.iter().all(|call| call.target.collector.is_none()), "it is no single stage");
    let (record, correlation) = site.bus.records().remove(0);
    assert_eq!(record.header.metadata_value("trigger").unwrap(), "t-1");
    assert_eq!(correlation.root, "scan-7".into());
}

#[tokio::test(start_paused = true)]
async fn a_trigger_may_give_a_single_stage_to_a_collector_of_its_choice() {
    let site = Site::new(&[]);
    let run = site.coordinator.answer(&trigger("pattern_scan", "fsmond-2")).await.unwrap();
    assert_eq!(run.result().await.unwrap().outcome, AnalysisOutcome::Succeeded);
    let target = site.carrier.calls().remove(0).target;
    assert_eq!(target.collector.as_deref(), Some("fsmond-2"));
    let unnamed = trigger("pattern_scan", "no level");
    let refused = site.coordinator.answer(&unnamed).await.unwrap_err();
    assert!(matches!(refused, StartError::Collector(_)), "{refused:?}");
}
