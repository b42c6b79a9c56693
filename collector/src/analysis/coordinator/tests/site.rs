//! A bus that keeps what is published, and a carrier that does what its script says.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::{
    AuditEvent, CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::super::super::carrier::{StageCall, StageCarrier, StageRecall};
use super::super::super::definition::AnalysisWorkflowDefinition;
use super::super::super::findings::Findings;
use super::super::super::outcome::StageFailure;
use super::super::super::pauses::RetryPauses;
use super::super::super::stage::AnalysisStage;
use super::super::{AnalysisChainCoordinator, CoordinatorConfig};

/// The workflow there is: a digest, then a lineage.
pub(super) const WORKFLOW: &str = "deep";
/// How long an attempt may take.
pub(super) const ATTEMPT: Duration = Duration::from_secs(10);
/// How long all of it may take.
const ALL: Duration = Duration::from_secs(100);

/// What an attempt comes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Script {
    Fails,
    Hangs,
}

/// Everything around a coordinator.
pub(super) struct Site {
    pub(super) bus: Arc<KeepingBus>,
    pub(super) carrier: Arc<ScriptedCarrier>,
    pub(super) coordinator: AnalysisChainCoordinator,
}

/// Finds the stage's own name, unless the script says otherwise for its next attempts.
pub(super) struct ScriptedCarrier {
    scripts: Mutex<HashMap<String, VecDeque<Script>>>,
    calls: watch::Sender<Vec<StageCall>>,
    recalls: Mutex<Vec<StageRecall>>,
}

/// Keeps audit records.
pub(super) struct KeepingBus {
    records: watch::Sender<Vec<(AuditEvent, CorrelationMetadata)>>,
    /// Most entries of metadata an event may have.
    metadata_limit: usize,
}

impl Site {
    pub(super) fn new(scripts: &[(&str, &[Script])]) -> Self {
        Self::with(scripts, 64, usize::MAX)
    }

    pub(super) fn with(
        scripts: &[(&str, &[Script])],
        chain_limit: u32,
        metadata_limit: usize,
    ) -> Self {
        let scripts = scripts.iter().map(|(stage, script)| {
            let script: VecDeque<Script> = script.iter().copied().collect();
            ((*stage).to_owned(), script)
        });
        let carrier = Arc::new(ScriptedCarrier {
            scripts: Mutex::new(scripts.collect()),
            calls: watch::Sender::default(),
            recalls: Mutex::default(),
        });
        let bus = Arc::new(KeepingBus { records: watch::Sender::default(), metadata_limit });
        let pauses = RetryPauses::default();
        let config = CoordinatorConfig { chain_limit, stages_at_once: 4, pauses };
        let (on, by) = (Arc::clone(&bus), Arc::clone(&carrier));
        let mut coordinator = AnalysisChainCoordinator::new("agent", on, by, config);
        coordinator.register(WORKFLOW, workflow()).unwrap();
        let scan = AnalysisStage::new("scan", "pattern_scan", CollectorKind::Filesystem);
        coordinator.register_stage(scan).unwrap();
        Self { bus, carrier, coordinator }
    }
}

/// A required digest with two retries, and a lineage behind it.
fn workflow() -> AnalysisWorkflowDefinition {
    let digest = AnalysisStage::new("digest", "binary_hash", CollectorKind::Process);
    let lineage = AnalysisStage::new("lineage", "process_lineage", CollectorKind::Process);
    AnalysisWorkflowDefinition::new(ALL)
        .with_stage(digest.with_timeout(ATTEMPT).with_retries(2))
        .with_stage(lineage.with_timeout(ATTEMPT))
        .with_dependency("lineage", "digest")
}

impl ScriptedCarrier {
    /// Every call so far.
    pub(super) fn calls(&self) -> Vec<StageCall> {
        self.calls.borrow().clone()
    }

    /// Waits until there were so many calls.
    pub(super) async fn until_calls(&self, count: usize) {
        let mut calls = self.calls.subscribe();
        calls.wait_for(|calls| calls.len() >= count).await.unwrap();
    }

    /// Ids of the calls that were recalled.
    pub(super) fn recalled(&self) -> Vec<String> {
        self.recalls.lock().iter().map(|recall| recall.id.clone()).collect()
    }
}

#[async_trait]
impl StageCarrier for ScriptedCarrier {
    async fn carry(&self, call: StageCall) -> Result<Findings, StageFailure> {
        let stage = call.request.stage.clone();
        let script = self.scripts.lock().get_mut(&stage).and_then(VecDeque::pop_front);
        self.calls.send_modify(|calls| calls.push(call));
        match script {
            None => Ok(Findings::new([("stage", stage)]).unwrap()),
            Some(Script::Fails) => Err(StageFailure::failed("it is busy")),
            Some(Script::Hangs) => pending().await,
        }
    }

    async fn recall(&self, recall: StageRecall) {
        self.recalls.lock().push(recall);
    }
}

impl KeepingBus {
    /// Every record so far.
    pub(super) fn records(&self) -> Vec<(AuditEvent, CorrelationMetadata)> {
        self.records.borrow().clone()
    }

    /// Waits until there are so many records.
    pub(super) async fn until_records(&self, count: usize) {
        let mut records = self.records.subscribe();
        records.wait_for(|records| records.len() >= count).await.unwrap();
    }
}

#[async_trait]
impl EventBus for KeepingBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let CollectionEvent::Audit(record) = event else { panic!("{event:?} is no record") };
        assert_eq!(topic.as_str(), "events.audit.record");
        let entries = record.header.metadata.len();
        if entries > self.metadata_limit {
            let limit_bytes = self.metadata_limit;
            return Err(PublishError::TooLarge { bytes: entries, limit_bytes });
        }
        let correlation = correlation.expect("records belong to what they are about");
        self.records.send_modify(|records| records.push((record, correlation)));
        Ok(())
    }

    async fn subscribe(&self, _: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        Err(SubscribeError::Closed)
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        Ok(EventBusStatistics::default())
    }

    async fn shutdown(&self, _deadline: Duration) -> Result<(), ShutdownError> {
        Ok(())
    }
}
