//! Analyses in several steps, each done by a collector: one hashes an executable, another follows
//! its parents, and the agent puts together what they found.
//!
//! ```text
//! trigger ── coordinator ── tasks ──> worker ── analyzer     (a collector)
//! caller ──┘  (the agent)  <─ findings ──┘
//!                  └──> events.audit.record
//! ```
//!
//! - The agent has the [`AnalysisChainCoordinator`]: it knows workflows by name, starts them for
//!   callers and for trigger requests, asks for stages when what they need has ended, tries again
//!   what did not work, and ends everything in time.
//! - A stage goes to its collector as a task of the control plane; `carrier` says why. Nothing here
//!   speaks to a bus of its own accord but to tell results.
//! - A collector has the [`AnalysisWorker`], which does what its [`Analyzer`]s offer, within
//!   limits. It stands behind the collector's own service of requests. Which analyses the project's
//!   collectors do is in [`analyses_of`].
//! - What came of it is told to the caller and, as an audit record, on `events.audit.record`: the
//!   agent may publish there, and whoever reads events may read it, `eventbus sub` included.
//!   Results of single stages are answers to the agent alone.
//! - All messages have the root of what asked for the analysis; requests, recalls and the record
//!   are children of the analysis' own correlation, answers of their requests.
//!
//! An attempt nobody waits for any more, be it late or cancelled, is recalled: every collector that
//! may be at it is told, and ends it. A task that still waits in the agent's dispatcher at that
//! moment may be done in vain until its deadline, which is that of the attempt.
//!
//! In the order to read: `stage` and `definition` (as said), `plan` (as resolved), `progress` (what
//! comes next; pure), `carrier`, `coordinator`; then `request`, `findings`, `outcome` and `text`; then
//! `analyzer`, `worker`, `binary_hash`, `file_hash`, `process_lineage` and `offers`.
//!
//! This room knows no configuration: what a file says of workflows is checked by it.

mod analyzer;
mod binary_hash;
mod carrier;
mod coordinator;
mod definition;
mod file_hash;
mod findings;
mod message;
mod offers;
mod outcome;
mod pauses;
mod plan;
mod process_lineage;
mod progress;
mod request;
mod stage;
mod text;
mod worker;

pub use analyzer::{AnalysisError, Analyzer};
pub use binary_hash::{BinaryHash, DEFAULT_HASH_LIMIT_BYTES};
pub use carrier::{StageCall, StageCarrier, StageRecall, TaskCarrier};
pub use coordinator::{
    AnalysisChainCoordinator, AnalysisOrder, AnalysisRun, CoordinatorConfig, EndAnalysesError,
    RegisterWorkflowError, StartError,
};
pub use definition::{AnalysisWorkflowDefinition, MAX_WORKFLOW_TIMEOUT};
pub use file_hash::FileHash;
pub use findings::{Findings, FindingsError, MAX_FINDINGS, MAX_FINDINGS_BYTES};
pub use offers::analyses_of;
pub use outcome::{
    AnalysisId, AnalysisOutcome, AnalysisResult, Interruption, StageFailure, StageOutcome,
    StageReport,
};
pub use pauses::{LONGEST_PAUSE, RetryPauses};
pub use plan::{DefinitionError, MAX_NAME_BYTES, MAX_PARAMETERS_BYTES, MAX_RETRIES, MAX_STAGES};
pub use process_lineage::{MAX_GENERATIONS, ProcessLineage};
pub use request::{AnalysisRequest, AnalysisSubject, MAX_PATH_BYTES};
pub use stage::{AnalysisStage, DEFAULT_STAGE_TIMEOUT, StageTarget};
pub use text::MAX_REASON_BYTES;
pub(crate) use text::sentence;
pub use worker::{AnalysisWorker, DuplicateAnalyzer, WorkerLimits};
