//! A workflow as said: stages, who needs whom, and how long all of it may take.
//!
//! Whether it can be is for the plan to say, which is the same as resolved.

use std::collections::HashMap;
use std::time::Duration;

use super::pauses::LONGEST_PAUSE;
use super::stage::AnalysisStage;

/// The longest a workflow may take.
pub const MAX_WORKFLOW_TIMEOUT: Duration = Duration::from_hours(24);

/// A set of stages and their order.
///
/// ```
/// use std::time::Duration;
///
/// use collector_core::{AnalysisStage, AnalysisWorkflowDefinition};
/// use daemoneye_eventbus::acl::CollectorKind;
///
/// let digest = AnalysisStage::new("digest", "binary_hash", CollectorKind::Process);
/// let lineage = AnalysisStage::new("lineage", "process_lineage", CollectorKind::Process);
/// let workflow = AnalysisWorkflowDefinition::new(Duration::from_mins(1))
///     .with_stage(digest)
///     .with_stage(lineage.optional())
///     .with_dependency("lineage", "digest");
/// assert_eq!(workflow.dependencies["lineage"], ["digest"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisWorkflowDefinition {
    /// What is to be done. Stages that do not wait for each other start in this order.
    pub stages: Vec<AnalysisStage>,
    /// Which stages a stage needs: it starts when they have ended, and is given their findings.
    pub dependencies: HashMap<String, Vec<String>>,
    /// How long all of it may take, up to a day.
    pub timeout: Duration,
}

impl AnalysisWorkflowDefinition {
    /// A workflow without stages yet.
    pub fn new(timeout: Duration) -> Self {
        Self { stages: Vec::new(), dependencies: HashMap::new(), timeout }
    }

    /// A workflow of one stage, with time for all of its attempts.
    pub fn of_one(stage: AnalysisStage) -> Self {
        let attempts = stage.retries.saturating_add(1);
        let timeout = stage.timeout.saturating_add(LONGEST_PAUSE).saturating_mul(attempts);
        Self::new(timeout.min(MAX_WORKFLOW_TIMEOUT)).with_stage(stage)
    }

    /// Adds a stage.
    #[must_use]
    pub fn with_stage(mut self, stage: AnalysisStage) -> Self {
        self.stages.push(stage);
        self
    }

    /// Lets a stage wait for another.
    #[must_use]
    pub fn with_dependency(mut self, stage: impl Into<String>, needs: impl Into<String>) -> Self {
        self.dependencies.entry(stage.into()).or_default().push(needs.into());
        self
    }
}
