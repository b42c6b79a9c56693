//! `[[workflow]]`: analyses of several stages, for triggers to ask for.
//!
//! Whether a workflow can be is for the room of analyses to say; here it is said where in the file.

use std::time::Duration;

use daemoneye_eventbus::rpc::MAX_DEADLINE;
use serde::{Deserialize, Serialize};

use super::violation::Violation;
use super::{CollectorName, duration, format_duration, name};
use crate::analysis::{
    AnalysisStage, AnalysisWorkflowDefinition, DEFAULT_STAGE_TIMEOUT, DefinitionError, MAX_RETRIES,
    analyses_of,
};
use crate::spelling::nearest;

/// Workflows there are at most: people write them.
pub const MAX_WORKFLOWS: usize = 64;
/// How long a workflow may take unless it says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(5);
/// How often a stage may be begun.
const MAX_ATTEMPTS: u32 = MAX_RETRIES + 1;

/// One workflow: stages, and who needs whom. `TRIGGERS.md` describes it.
///
/// ```
/// use collector_core::config::{CollectorName, Settings};
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [[workflow]]
///     name = "look-closer"
///
///     [[workflow.stage]]
///     id = "digest"
///     analysis = "binary_hash"
///     target = "procmond"
///
///     [[workflow.stage]]
///     id = "lineage"
///     analysis = "process_lineage"
///     target = "procmond"
///     needs = ["digest"]
///     "#,
/// )?;
/// assert_eq!(settings.workflows[0].stages[1].target, CollectorName::Procmond);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowConfig {
    /// What a trigger asks for it by: 1 to 64 of `a` to `z`, `0` to `9`, `_` and `-`, unique, and
    /// not the name of an analysis.
    pub name: String,
    /// How long all of it may take, up to 24 h. Default 5 min.
    #[serde(default = "default_timeout", with = "duration")]
    pub timeout: Duration,
    /// What is to be done, 1 to 32; `[[workflow.stage]]` in a file. Stages that do not wait for
    /// each other start in this order.
    #[serde(rename = "stage", default)]
    pub stages: Vec<WorkflowStageConfig>,
}

/// One step of a workflow, done by a collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowStageConfig {
    /// Its name, unique in its workflow: written like that of the workflow.
    pub id: String,
    /// What is done; one of the target's analyses.
    pub analysis: String,
    /// The collector that does it, or another member of its kind.
    pub target: CollectorName,
    /// Stages of the same workflow it waits for, and whose findings it is given. Default none.
    #[serde(default)]
    pub needs: Vec<String>,
    /// How often it is begun at most, 1 to 17. Default 1.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// How long one attempt may take, up to 1 h. Default 30 s.
    #[serde(default = "default_stage_timeout", with = "duration")]
    pub timeout: Duration,
    /// Whether those that need it cannot go on without it, and the workflow fails with it. Default
    /// true.
    #[serde(default = "default_required")]
    pub required: bool,
}

impl WorkflowConfig {
    /// As it is run.
    pub fn definition(&self) -> AnalysisWorkflowDefinition {
        let empty = AnalysisWorkflowDefinition::new(self.timeout);
        self.stages.iter().fold(empty, |workflow, stage| {
            let with_stage = workflow.with_stage(stage.as_run());
            stage.needs.iter().fold(with_stage, |workflow, needs| {
                workflow.with_dependency(stage.id.as_str(), needs.as_str())
            })
        })
    }

    fn violations(&self, key: &str, before: &[Self]) -> Vec<Violation> {
        let mut violations = Vec::new();
        if let Some(message) = self.name_problem(before) {
            violations.push(Violation::new(format!("{key}.name"), message));
        }
        let named = violations.len();
        for (number, stage) in self.stages.iter().enumerate() {
            violations.extend(stage.violations(&format!("{key}.stage.{number}")));
        }
        // What is wrong with a stage by itself is wrong with the whole as well: once is enough.
        if violations.len() == named {
            violations.extend(self.impossible(key));
        }
        violations
    }

    fn name_problem(&self, before: &[Self]) -> Option<String> {
        if let Some(message) = name::problem(&self.name) {
            return Some(message);
        }
        if before.iter().any(|other| other.name == self.name) {
            return Some(format!("another workflow is called {:?}", self.name));
        }
        let mut analyses = CollectorName::ALL.into_iter().flat_map(|name| analyses_of(name.kind()));
        let is_taken = analyses.any(|analysis| *analysis == self.name);
        is_taken.then(|| format!("{:?} is an analysis of a collector already", self.name))
    }

    /// Why the whole cannot be, and where that is said.
    fn impossible(&self, key: &str) -> Option<Violation> {
        let error = self.definition().check().err()?;
        let place = format!("{key}.{}", self.place_of(&error));
        let violation = Violation::new(place, error.to_string());
        let DefinitionError::UnknownDependency { needs, .. } = &error else {
            return Some(violation);
        };
        let ids = self.stages.iter().map(|stage| stage.id.as_str());
        Some(violation.suggesting(nearest(needs, ids)))
    }

    /// The key that an error is about.
    fn place_of(&self, error: &DefinitionError) -> String {
        // The last of that id: of two it is the one too many.
        let of_stage = |id: &str, key: &str| {
            let number = self.stages.iter().rposition(|stage| stage.id == id);
            number.map_or("stage".to_owned(), |number| format!("stage.{number}.{key}"))
        };
        match error {
            DefinitionError::NoStages | DefinitionError::TooManyStages { .. } => "stage".to_owned(),
            DefinitionError::InvalidName { found, .. } => of_stage(found, "id"),
            DefinitionError::DuplicateStage { stage }
            | DefinitionError::ParametersTooLong { stage, .. } => of_stage(stage, "id"),
            DefinitionError::UnknownStage { stage }
            | DefinitionError::UnknownDependency { stage, .. }
            | DefinitionError::DuplicateDependency { stage, .. } => of_stage(stage, "needs"),
            DefinitionError::Cycle { stages } => {
                let first = stages.first().map(String::as_str).unwrap_or_default();
                of_stage(first, "needs")
            }
            // Of the whole: those of stages were looked at before.
            DefinitionError::InvalidTimeout { .. } => "timeout".to_owned(),
            DefinitionError::TooManyRetries { stage, .. } => of_stage(stage, "attempts"),
        }
    }
}

impl WorkflowStageConfig {
    fn as_run(&self) -> AnalysisStage {
        let kind = self.target.kind();
        let stage = AnalysisStage::new(self.id.as_str(), self.analysis.as_str(), kind)
            .with_retries(self.attempts.saturating_sub(1))
            .with_timeout(self.timeout);
        if self.required { stage } else { stage.optional() }
    }

    fn violations(&self, key: &str) -> Vec<Violation> {
        let mut violations = Vec::new();
        let offered = analyses_of(self.target.kind());
        if !offered.contains(&self.analysis.as_str()) {
            let message = format!("{}, not {:?}", does(self.target), self.analysis);
            let suggestion = nearest(&self.analysis, offered.iter().copied());
            let violation = Violation::new(format!("{key}.analysis"), message);
            violations.push(violation.suggesting(suggestion));
        }
        if !(1..=MAX_ATTEMPTS).contains(&self.attempts) {
            let message = format!("{} is outside 1 to {MAX_ATTEMPTS}", self.attempts);
            violations.push(Violation::new(format!("{key}.attempts"), message));
        }
        if self.timeout.is_zero() || self.timeout > MAX_DEADLINE {
            let longest = format_duration(MAX_DEADLINE);
            let message = format!("it must be longer than zero, and {longest} at most");
            violations.push(Violation::new(format!("{key}.timeout"), message));
        }
        violations
    }
}

/// What is wrong with the workflows of a configuration.
pub(super) fn violations(workflows: &[WorkflowConfig]) -> Vec<Violation> {
    let mut violations = Vec::new();
    if workflows.len() > MAX_WORKFLOWS {
        let message = format!("{} workflows, the limit is {MAX_WORKFLOWS}", workflows.len());
        violations.push(Violation::new("workflow".to_owned(), message));
    }
    for (index, workflow) in workflows.iter().enumerate() {
        let key = format!("workflow.{index}");
        violations.extend(workflow.violations(&key, &workflows[..index]));
    }
    violations
}

/// What a collector does when it is asked, in a sentence.
pub(super) fn does(collector: CollectorName) -> String {
    match analyses_of(collector.kind()) {
        [] => format!("`{collector}` does no analysis"),
        analyses => format!("`{collector}` does `{}`", analyses.join("` and `")),
    }
}

fn default_timeout() -> Duration {
    DEFAULT_TIMEOUT
}

fn default_attempts() -> u32 {
    1
}

fn default_stage_timeout() -> Duration {
    DEFAULT_STAGE_TIMEOUT
}

fn default_required() -> bool {
    true
}

#[cfg(test)]
mod tests;
