//! What is told of analyses that failed, and until when.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::acl::CollectorKind;

use super::*;
use crate::analysis::{
    AnalysisChainCoordinator, AnalysisOrder, AnalysisStage, AnalysisSubject,
    AnalysisWorkflowDefinition, CoordinatorConfig, Findings, StageCall, StageCarrier, StageFailure,
    StageRecall,
};
use crate::test_utils::ScriptedBus;

const LIMIT: Duration = Duration::from_secs(30);

/// Fails for the reason that the stage's id is, unless that is `good`.
struct Scripted;

#[async_trait]
impl StageCarrier for Scripted {
    async fn carry(&self, call: StageCall) -> Result<Findings, StageFailure> {
        match call.request.stage.as_str() {
            "good" => Ok(Findings::default()),
            reason => Err(StageFailure::impossible(reason)),
        }
    }

    async fn recall(&self, _recall: StageRecall) {}
}

/// What comes of an analysis of this workflow whose stage has this id.
async fn result(workflow: &str, stage: &str) -> AnalysisResult {
    let bus = Arc::new(ScriptedBus::new([]));
    let (own, config) = (bus.clone(), CoordinatorConfig::default());
    let mut coordinator = AnalysisChainCoordinator::new("agent", own, Arc::new(Scripted), config);
    let stage = AnalysisStage::new(stage, "binary_hash", CollectorKind::Process);
    coordinator.register(workflow, AnalysisWorkflowDefinition::of_one(stage)).unwrap();
    let order = AnalysisOrder::of(AnalysisSubject::process(7));
    let result = coordinator.start(workflow, order).unwrap().result().await.unwrap();
    bus.shutdown(LIMIT).await.unwrap();
    result
}

fn degraded(reason: &str) -> HealthPart {
    HealthPart {
        name: "analyses".to_owned(),
        status: HealthStatus::Degraded,
        reason: Some(reason.to_owned()),
    }
}

fn healthy() -> HealthPart {
    HealthPart { name: "analyses".to_owned(), status: HealthStatus::Healthy, reason: None }
}

#[tokio::test]
async fn a_workflow_that_fails_degrades_until_it_succeeds() {
    let mut account = Account::default();
    assert_eq!(account.part(), healthy());
    let failed = result("deep", "gone").await;
    assert!(account.ended(&failed));
    assert!(!account.ended(&failed), "it failed before");
    assert_eq!(account.part(), degraded("deep: stage gone failed: gone"));
    // Another one does not make up for it.
    assert!(!account.ended(&result("other", "good").await));
    assert_eq!(account.part(), degraded("deep: stage gone failed: gone"));
    assert!(!account.ended(&result("deep", "good").await));
    assert_eq!(account.part(), healthy());
    assert_eq!((account.succeeded, account.failed, account.cancelled), (2, 2, 0));
}

#[tokio::test]
async fn an_analysis_that_ends_with_the_agent_has_not_failed_and_a_late_one_has() {
    let ended = result("deep", "good").await;
    let by = |by| AnalysisResult { outcome: AnalysisOutcome::Unfinished(by), ..ended.clone() };
    let mut account = Account::default();
    account.ended(&by(Interruption::Cancelled));
    assert_eq!((account.cancelled, account.part()), (1, healthy()));
    account.ended(&by(Interruption::TimedOut));
    assert_eq!(account.part(), degraded("deep: unfinished: its time was over"));
}

#[tokio::test]
async fn of_many_workflows_that_fail_some_are_named() {
    let failed = result("deep", "gone").await;
    let mut account = Account::default();
    for number in 0..NAMED_FAILURES + 2 {
        account.ended(&AnalysisResult { workflow: format!("w{number}"), ..failed.clone() });
    }
    let reason = account.part().reason.unwrap();
    assert!(reason.starts_with("w0: stage gone failed: gone; w1: "), "{reason}");
    assert!(reason.ends_with("; 2 more workflows fail"), "{reason}");
}

#[test]
fn a_refusal_is_told_until_a_request_starts_something_and_a_loss_for_good() {
    let mut account = Account::default();
    let unknown = StartError::UnknownWorkflow { name: "x".to_owned() };
    assert!(account.refused(&unknown));
    assert!(!account.refused(&unknown));
    assert_eq!(account.part(), degraded("refused: there is no workflow \"x\""));
    account.began();
    assert_eq!(account.part(), healthy());
    account.lost = 2;
    assert_eq!(account.part(), degraded("2 requests lost"));
}

#[test]
fn lost_observations_and_requests_degrade_triggers() {
    let statistics = TriggerServiceStatistics::default();
    assert_eq!(of_triggers(&statistics).status, HealthStatus::Healthy);
    let statistics = TriggerServiceStatistics { events_lost: 5, requests_lost: 1, ..statistics };
    let told = of_triggers(&statistics);
    assert_eq!((&*told.name, told.status), ("triggers", HealthStatus::Degraded));
    assert_eq!(told.reason.as_deref(), Some("5 observations lost; 1 requests lost"));
}

#[test]
fn what_is_written_is_read_and_without_triggers_nothing_is_told_of_them() {
    let account = AccountWriter::new();
    let reader = account.reader();
    account.update(|account| account.lost = 1);
    assert_eq!(reader.parts(), [degraded("1 requests lost")]);
    assert_eq!(account.current().lost, 1);
}
