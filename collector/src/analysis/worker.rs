//! The collector's side: analyses that are asked for as tasks, within limits.
//!
//! So many run at once, so many more wait for their turn, and one more is refused as busy. Each has
//! the deadline of its task, at which the service that hands it in cuts it off. It runs in a task
//! of its own, so that a panic is a failure of one analysis alone; whoever asked may recall it, and
//! dropping its future ends it.

mod jobs;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::ByteString;
use daemoneye_eventbus::rpc::{Asked, Refusal, Request, Response, RpcHandler, Task, TaskResult};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::analyzer::{AnalysisError, Analyzer};
use super::findings::Findings;
use super::message::{RECALL, decode_request, encode_findings};
use super::request::AnalysisRequest;
use jobs::{Jobs, OpenError};

/// Analyses that run at once, by default: a collector is a guest on its host.
const DEFAULT_AT_ONCE: usize = 2;
/// Analyses that wait for their turn, by default: what a burst of triggers asks for.
const DEFAULT_WAITING: usize = 32;

/// How much a worker takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerLimits {
    /// Analyses that run at once, at least 1. Default 2.
    pub at_once: usize,
    /// Analyses that wait for their turn; one more is refused. Default 32.
    pub waiting: usize,
}

/// Does the analyses a collector offers.
///
/// It is the handler of an [`RpcService`](daemoneye_eventbus::rpc::RpcService), or stands behind
/// one that has more to do: see [`execute`](Self::execute).
pub struct AnalysisWorker {
    analyzers: BTreeMap<&'static str, Arc<dyn Analyzer>>,
    limits: WorkerLimits,
    places: Semaphore,
    jobs: Jobs,
}

/// There is an analyzer of this type already.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there are two analyzers for {analysis_type:?}")]
pub struct DuplicateAnalyzer {
    /// The type.
    pub analysis_type: &'static str,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self { at_once: DEFAULT_AT_ONCE, waiting: DEFAULT_WAITING }
    }
}

impl AnalysisWorker {
    /// Offers nothing yet.
    pub fn new(limits: WorkerLimits) -> Self {
        let at_once = limits.at_once.max(1);
        Self {
            analyzers: BTreeMap::new(),
            limits: WorkerLimits { at_once, ..limits },
            places: Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)),
            jobs: Jobs::new(at_once.saturating_add(limits.waiting)),
        }
    }

    /// Offers one more kind of analysis.
    pub fn offer(&mut self, analyzer: Box<dyn Analyzer>) -> Result<(), DuplicateAnalyzer> {
        let analysis_type = analyzer.analysis_type();
        if self.analyzers.contains_key(analysis_type) {
            return Err(DuplicateAnalyzer { analysis_type });
        }
        self.analyzers.insert(analysis_type, analyzer.into());
        Ok(())
    }

    /// What it offers.
    pub fn analysis_types(&self) -> impl Iterator<Item = &'static str> {
        self.analyzers.keys().copied()
    }

    /// Tasks it is to be given at once: as many as run at once, none where it offers nothing. What
    /// would have to wait is better kept where it can still go to another, and where what is more
    /// urgent comes first; waiting here is for those who ask it by name.
    pub fn task_limit(&self) -> u32 {
        let at_once = if self.analyzers.is_empty() { 0 } else { self.limits.at_once };
        u32::try_from(at_once).unwrap_or(u32::MAX)
    }

    /// Analyses that run or wait now.
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// Does a task that is an analysis, or takes one back. Dropping the future ends the analysis.
    ///
    /// What can never be done is refused; what did not work this time is the task's result.
    pub async fn execute(&self, task: Task, asked: &Asked) -> Result<Response, Refusal> {
        self.perform(task, &asked.by).await
    }

    /// Does one analysis for somebody who asks for it otherwise than by a task; `id` names it among
    /// those of whoever asks. Dropping the future ends it.
    ///
    /// What is refused was not begun; otherwise it says what came of it.
    pub async fn analyze(
        &self,
        by: &ByteString,
        id: &str,
        request: AnalysisRequest,
    ) -> Result<Result<Findings, AnalysisError>, Refusal> {
        let analyzer = self.analyzer(&request.analysis_type)?;
        self.in_place(by, id, analyzer, request).await
    }

    async fn perform(&self, task: Task, by: &ByteString) -> Result<Response, Refusal> {
        if task.action == RECALL {
            return self.recall(task, by);
        }
        let analyzer = self.analyzer(&task.action)?;
        let request = decode_request(&task.action, &task.arguments).map_err(invalid)?;
        let outcome = self.in_place(by, &task.id, analyzer, request).await?;
        answer(task.id, outcome)
    }

    fn analyzer(&self, analysis_type: &str) -> Result<Arc<dyn Analyzer>, Refusal> {
        self.analyzers.get(analysis_type).cloned().ok_or_else(|| {
            let reason = format!("no analysis {analysis_type:?} is done here");
            Refusal::UnknownOperation { reason }
        })
    }

    /// Has it done if there is a place for it.
    async fn in_place(
        &self,
        by: &ByteString,
        id: &str,
        analyzer: Arc<dyn Analyzer>,
        request: AnalysisRequest,
    ) -> Result<Result<Findings, AnalysisError>, Refusal> {
        let job = self.jobs.open(by, id).map_err(|error| self.busy(error))?;
        Ok(tokio::select! {
            // First, so that one that is recalled in its turn does not begin.
            biased;
            () = job.recalled() => Err(AnalysisError::failed("recalled by whoever asked for it")),
            outcome = self.in_turn(analyzer, request) => outcome,
        })
    }

    fn recall(&self, task: Task, by: &ByteString) -> Result<Response, Refusal> {
        let id = std::str::from_utf8(&task.arguments).map_err(invalid)?;
        self.jobs.recall(by, id);
        // Whether it was here or not: it is not any more.
        let findings = encode_findings(Findings::default()).map_err(invalid)?;
        Ok(Response::Task(TaskResult { task: task.id, outcome: Ok(findings.into()) }))
    }

    async fn in_turn(
        &self,
        analyzer: Arc<dyn Analyzer>,
        request: AnalysisRequest,
    ) -> Result<Findings, AnalysisError> {
        let _place = self.places.acquire().await.expect("nobody closes it");
        alone(analyzer, request).await
    }

    fn busy(&self, error: OpenError) -> Refusal {
        let WorkerLimits { at_once, waiting } = self.limits;
        let reason = match error {
            OpenError::Full => format!("{at_once} analyses run and {waiting} wait, the limit"),
            OpenError::Known => "this analysis is being done".to_owned(),
        };
        Refusal::Busy { reason }
    }
}

#[async_trait]
impl RpcHandler for AnalysisWorker {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::ExecuteTask(task) => self.execute(task, asked).await,
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

/// In a task of its own, which ends with whoever waits for it.
async fn alone(
    analyzer: Arc<dyn Analyzer>,
    request: AnalysisRequest,
) -> Result<Findings, AnalysisError> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { analyzer.analyze(request).await });
    let joined = tasks.join_next().await.expect("one was spawned");
    joined.unwrap_or_else(|error| {
        Err(AnalysisError::failed(match error.try_into_panic() {
            Ok(panic) => format!("the analyzer panicked: {}", words(&*panic)),
            Err(error) => error.to_string(),
        }))
    })
}

/// What a panic said, if it was text.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

fn answer(task: String, outcome: Result<Findings, AnalysisError>) -> Result<Response, Refusal> {
    let outcome = match outcome {
        Ok(findings) => Ok(encode_findings(findings).map_err(invalid)?.into()),
        Err(error @ (AnalysisError::Impossible { .. } | AnalysisError::Findings(_))) => {
            return Err(invalid(error));
        }
        Err(error @ AnalysisError::Failed { .. }) => Err(error.to_string()),
    };
    Ok(Response::Task(TaskResult { task, outcome }))
}

fn invalid(reason: impl std::fmt::Display) -> Refusal {
    Refusal::InvalidBody { reason: reason.to_string() }
}
