//! What came of an analysis, as a whole and stage by stage.

use std::fmt;
use std::time::Duration;

use daemoneye_eventbus::CorrelationMetadata;
use thiserror::Error;
use uuid::Uuid;

use super::findings::Findings;
use super::request::AnalysisSubject;
use super::text::sentence;

/// Names one analysis, unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisId(String);

/// What came of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisResult {
    /// Which one.
    pub analysis: AnalysisId,
    /// Of which workflow.
    pub workflow: String,
    /// What it was about.
    pub subject: AnalysisSubject,
    /// What its messages descend from: they have its root, and its id as parent.
    pub correlation: CorrelationMetadata,
    /// The whole.
    pub outcome: AnalysisOutcome,
    /// Each stage, in the order of the definition.
    pub stages: Vec<StageReport>,
    /// From its start to its end.
    pub took: Duration,
}

/// What came of an analysis as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnalysisOutcome {
    /// Every required stage succeeded.
    Succeeded,
    /// A required stage failed; those that did not need it were done.
    Failed {
        /// The first of them in the order of the definition.
        stage: String,
    },
    /// It ended before all was done.
    Unfinished(Interruption),
}

/// Why something ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Its time was over.
    TimedOut,
    /// Nobody wants it any more.
    Cancelled,
}

/// One stage of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReport {
    /// Its id.
    pub stage: String,
    /// What came of it.
    pub outcome: StageOutcome,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was first begun, from the start of the analysis; `None` when it never was.
    pub began: Option<Duration>,
    /// From then to its end, pauses between attempts included.
    pub took: Duration,
}

/// What came of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageOutcome {
    /// It was done.
    Succeeded(Findings),
    /// Its last attempt failed.
    Failed(StageFailure),
    /// It was not begun: one it depends on failed.
    Skipped {
        /// Which.
        because: String,
    },
    /// The analysis ended before.
    Unfinished(Interruption),
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StageFailure {
    /// It cannot be done; trying again is of no use.
    #[error("{reason}")]
    Impossible {
        /// Why.
        reason: String,
    },
    /// It did not work this time.
    #[error("{reason}")]
    Failed {
        /// Why.
        reason: String,
    },
    /// There was no answer in time.
    #[error("no answer within {waited:?}")]
    TimedOut {
        /// How long it was waited for.
        waited: Duration,
    },
}

impl AnalysisId {
    /// One nobody else has.
    pub(super) fn fresh() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AnalysisId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AnalysisResult {
    /// What came of a stage.
    pub fn stage(&self, id: &str) -> Option<&StageReport> {
        self.stages.iter().find(|report| report.stage == id)
    }

    /// What a stage found, if it succeeded.
    pub fn findings(&self, stage: &str) -> Option<&Findings> {
        match &self.stage(stage)?.outcome {
            StageOutcome::Succeeded(findings) => Some(findings),
            _ => None,
        }
    }
}

impl fmt::Display for AnalysisOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed { stage } => write!(f, "failed: stage {stage} is required and failed"),
            Self::Unfinished(by) => write!(f, "unfinished: {by}"),
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "its time was over",
            Self::Cancelled => "it was cancelled",
        })
    }
}

impl fmt::Display for StageOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded(_) => f.write_str("succeeded"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Skipped { because } => write!(f, "skipped: {because} failed"),
            Self::Unfinished(by) => write!(f, "unfinished: {by}"),
        }
    }
}

impl StageFailure {
    /// What cannot be done, and why.
    pub fn impossible(reason: impl fmt::Display) -> Self {
        Self::Impossible { reason: sentence(reason) }
    }

    /// What did not work this time, and why.
    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed { reason: sentence(reason) }
    }

    /// Whether trying again is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Impossible { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::MAX_REASON_BYTES;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let told = StageFailure::failed("ä".repeat(MAX_REASON_BYTES)).to_string();
        assert_eq!(told, "ä".repeat(MAX_REASON_BYTES / 2));
        let told = StageFailure::failed(format!("x{}", "ä".repeat(MAX_REASON_BYTES))).to_string();
        assert_eq!(told.len(), MAX_REASON_BYTES - 1);
    }
}
