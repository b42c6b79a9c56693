//! What an analyzer is asked: of which analysis, about what, with which findings to go on from.

use std::collections::BTreeMap;

use super::findings::Findings;

/// Length of a path, bytes: no system has longer ones.
pub const MAX_PATH_BYTES: usize = 32 << 10;

/// What an analysis is about: a process, a file, both, or the host as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalysisSubject {
    /// The process to look at.
    pub pid: Option<u32>,
    /// The file to look at; at most [`MAX_PATH_BYTES`].
    pub path: Option<String>,
}

/// One attempt of one stage, as its analyzer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisRequest {
    /// The analysis it belongs to.
    pub analysis: String,
    /// The stage of its workflow.
    pub stage: String,
    /// What shall be done.
    pub analysis_type: String,
    /// What the analysis is about.
    pub subject: AnalysisSubject,
    /// With what, as the stage has it.
    pub parameters: BTreeMap<String, String>,
    /// What the stages it depends on found, by their ids; none of those that failed.
    pub inputs: BTreeMap<String, Findings>,
}

impl AnalysisSubject {
    /// A process.
    pub fn process(pid: u32) -> Self {
        Self { pid: Some(pid), path: None }
    }

    /// A file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { pid: None, path: Some(path.into()) }
    }
}

#[cfg(test)]
impl AnalysisRequest {
    /// Of a stage alone, with nothing to go on from.
    pub(super) fn about(analysis_type: &str, subject: AnalysisSubject) -> Self {
        Self {
            analysis: "1".to_owned(),
            stage: "only".to_owned(),
            analysis_type: analysis_type.to_owned(),
            subject,
            parameters: BTreeMap::new(),
            inputs: BTreeMap::new(),
        }
    }
}
