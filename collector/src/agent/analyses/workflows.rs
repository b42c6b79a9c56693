//! What can be asked for: the workflows of the configuration, and each analysis of the project's
//! collectors alone.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;

use crate::analysis::{
    AnalysisChainCoordinator, AnalysisStage, CoordinatorConfig, RegisterWorkflowError, TaskCarrier,
    analyses_of,
};
use crate::config::{CollectorName, WorkflowConfig};
use crate::control::AGENT_NAME;

/// How often an analysis alone is tried again: a collector may be between two lives.
const RETRIES: u32 = 1;

/// A coordinator that knows them all.
pub(super) fn coordinator(
    bus: Arc<dyn EventBus>,
    carrier: TaskCarrier,
    workflows: &[WorkflowConfig],
) -> Result<AnalysisChainCoordinator, RegisterWorkflowError> {
    let (carrier, config) = (Arc::new(carrier), CoordinatorConfig::default());
    let mut coordinator = AnalysisChainCoordinator::new(AGENT_NAME, bus, carrier, config);
    for stage in CollectorName::ALL.into_iter().flat_map(stages_of) {
        coordinator.register_stage(stage)?;
    }
    for workflow in workflows {
        coordinator.register(&workflow.name, workflow.definition())?;
    }
    Ok(coordinator)
}

/// What a collector does, each alone: a trigger names whom it asks.
fn stages_of(collector: CollectorName) -> Vec<AnalysisStage> {
    let kind = collector.kind();
    let stage = |analysis: &&'static str| {
        AnalysisStage::new(*analysis, *analysis, kind)
            .with_collector(collector.as_str())
            .with_retries(RETRIES)
    };
    analyses_of(kind).iter().map(stage).collect()
}
