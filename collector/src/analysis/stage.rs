//! One stage of a workflow as said: what is asked, of whom, how often, and whether it must be.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::acl::CollectorKind;

/// How long one attempt of a stage may take when it says nothing else.
pub const DEFAULT_STAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// One step of an analysis, done by a collector.
///
/// ```
/// use std::time::Duration;
///
/// use collector_core::AnalysisStage;
/// use daemoneye_eventbus::acl::CollectorKind;
///
/// let stage = AnalysisStage::new("digest", "binary_hash", CollectorKind::Process)
///     .with_retries(2)
///     .with_timeout(Duration::from_secs(10));
/// assert!(stage.required);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisStage {
    /// Its name, unique in its workflow: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
    pub id: String,
    /// What shall be done, for example `binary_hash`; written like an id.
    pub analysis_type: String,
    /// Who shall do it.
    pub target: StageTarget,
    /// With what, beside the subject of the analysis and the findings of earlier stages.
    pub parameters: BTreeMap<String, String>,
    /// How often it is tried again after an attempt that failed.
    pub retries: u32,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Whether those that depend on it cannot go on without it, and the analysis fails with it.
    pub required: bool,
}

/// Who shall do a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageTarget {
    /// A collector of this kind.
    pub kind: CollectorKind,
    /// This one alone; without a name any of its kind.
    pub collector: Option<String>,
}

impl AnalysisStage {
    /// A required stage without retries, for any collector of a kind.
    pub fn new(
        id: impl Into<String>,
        analysis_type: impl Into<String>,
        kind: CollectorKind,
    ) -> Self {
        Self {
            id: id.into(),
            analysis_type: analysis_type.into(),
            target: StageTarget { kind, collector: None },
            parameters: BTreeMap::new(),
            retries: 0,
            timeout: DEFAULT_STAGE_TIMEOUT,
            required: true,
        }
    }

    /// Asks this collector alone.
    #[must_use]
    pub fn with_collector(mut self, collector: impl Into<String>) -> Self {
        self.target.collector = Some(collector.into());
        self
    }

    /// Adds a parameter; a second one of a name takes the place of the first.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Sets how often it is tried again.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets how long one attempt may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Lets the analysis go on without it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}
