//! [`AnalysisChainCoordinator`]: runs workflows for whoever asks, each in a task of its own.
//!
//! - `catalog`: workflows by name; `order`: what an analysis is asked for with;
//! - `desk`: what all analyses share, and their number's limit;
//! - `chain`: one analysis, from its first stage to its result; `run`: the asker's end of it;
//! - `announcement`: what is told on the bus.
//!
//! What comes when is decided by `progress`; here it is done.

mod announcement;
mod catalog;
mod chain;
mod desk;
mod error;
mod order;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{BusEvent, ByteString, CorrelationMetadata, EventBus};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::carrier::StageCarrier;
use super::definition::AnalysisWorkflowDefinition;
use super::outcome::AnalysisId;
use super::pauses::RetryPauses;
use super::request::MAX_PATH_BYTES;
use super::stage::AnalysisStage;
use announcement::announce_refusal;
use catalog::Catalog;
use chain::Chain;
use desk::Desk;
use order::triggered;

pub use error::{EndAnalysesError, RegisterWorkflowError, StartError};
pub use order::AnalysisOrder;
pub use run::AnalysisRun;

/// Analyses that run at once, by default: what a burst of triggers of a busy host starts.
const DEFAULT_CHAIN_LIMIT: u32 = 64;
/// Stages of one analysis that run at once, by default: there are four kinds of collectors.
const DEFAULT_STAGES_AT_ONCE: usize = 4;

/// How much a coordinator takes on, and how patient it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoordinatorConfig {
    /// Analyses that run at once, 1 to 65 536; one more is refused. Default 64.
    pub chain_limit: u32,
    /// Stages of one analysis that run at once, at least 1. Default 4.
    pub stages_at_once: usize,
    /// Pauses between attempts of a stage.
    pub pauses: RetryPauses,
}

/// Runs analyses that consist of stages, each done by a collector.
///
/// Lives in the agent. Every message of an analysis has the root of what asked for it, its requests
/// and its result have the analysis as parent. The result is told to whoever started it and, as an
/// audit record on `events.audit.record`, to everybody who reads events.
///
/// Dropping it cancels all analyses; [`end`](Self::end) also waits until that is told.
pub struct AnalysisChainCoordinator {
    catalog: Catalog,
    desk: Arc<Desk>,
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        Self {
            chain_limit: DEFAULT_CHAIN_LIMIT,
            stages_at_once: DEFAULT_STAGES_AT_ONCE,
            pauses: RetryPauses::default(),
        }
    }
}

impl AnalysisChainCoordinator {
    /// A coordinator without workflows. Its name is that of who acts in its audit records; they go
    /// to this bus, stages by this carrier.
    pub fn new(
        name: impl Into<ByteString>,
        bus: Arc<dyn EventBus>,
        carrier: Arc<dyn StageCarrier>,
        config: CoordinatorConfig,
    ) -> Self {
        let desk = Desk::new(name.into(), bus, carrier, config);
        Self { catalog: Catalog::default(), desk: Arc::new(desk) }
    }

    /// Adds a workflow under a name of its own.
    pub fn register(
        &mut self,
        name: &str,
        definition: AnalysisWorkflowDefinition,
    ) -> Result<(), RegisterWorkflowError> {
        self.catalog.add(name, definition)
    }

    /// Adds a single stage as a workflow, named by what it does. A trigger may say which collector
    /// shall do it: where several do, each in its own way, a stage is added for each, and names it.
    pub fn register_stage(&mut self, stage: AnalysisStage) -> Result<(), RegisterWorkflowError> {
        self.catalog.add_single(stage)
    }

    /// Starts a workflow; it is cancelled when the handle is dropped. Must be called inside a tokio
    /// runtime, on which it then runs.
    pub fn start(&self, workflow: &str, order: AnalysisOrder) -> Result<AnalysisRun, StartError> {
        self.start_at(workflow, None, order)
    }

    /// Starts what a trigger request asks for: its `analysis_type` is the name of a workflow or of
    /// a single stage, and what follows has the root of its correlation. Otherwise as
    /// [`start`](Self::start), but that a refusal is also told in an audit record.
    ///
    /// Cancel safe: what was started is returned at once; of a refusal perhaps nobody is told.
    pub async fn answer(&self, trigger: &BusEvent) -> Result<AnalysisRun, StartError> {
        let asked = triggered(trigger).ok_or(StartError::NoTrigger)?;
        let (collector, order) = (asked.collector.as_deref(), asked.order.clone());
        let started = self.start_at(&asked.workflow, collector, order);
        if let Err(error) = &started {
            announce_refusal(&self.desk, trigger, &asked, error.to_string()).await;
        }
        started
    }

    /// Audit records that the bus did not take, since the beginning.
    pub fn records_lost(&self) -> u64 {
        self.desk.records_lost()
    }

    /// Starts nothing more, cancels all that runs, and waits until everybody has been told of it.
    ///
    /// Cancelling it cancels nothing of that.
    pub async fn end(&self, limit: Duration) -> Result<(), EndAnalysesError> {
        self.desk.close();
        let ended = timeout(limit, self.desk.emptied()).await;
        ended.map_err(|_| EndAnalysesError { running: self.desk.running(), waited: limit })
    }

    fn start_at(
        &self,
        workflow: &str,
        collector: Option<&str>,
        order: AnalysisOrder,
    ) -> Result<AnalysisRun, StartError> {
        let bytes = order.subject.path.as_ref().map_or(0, String::len);
        if bytes > MAX_PATH_BYTES {
            return Err(StartError::PathTooLong { bytes });
        }
        let plan = self.catalog.plan(workflow, collector)?;
        let place = self.desk.place()?;
        let analysis = AnalysisId::fresh();
        let correlation = match &order.correlation {
            Some(cause) => cause.child(analysis.as_str()),
            None => CorrelationMetadata::root(analysis.as_str()),
        };
        let (tell, result) = oneshot::channel();
        let (cancel, cancelled) = watch::channel(false);
        let run = AnalysisRun::new(analysis.clone(), cancel, result);
        let (desk, workflow) = (Arc::clone(&self.desk), workflow.to_owned());
        let chain = Chain { desk, analysis, workflow, plan, order, correlation };
        tokio::spawn(chain.run(place, cancelled, tell));
        Ok(run)
    }
}

impl Drop for AnalysisChainCoordinator {
    fn drop(&mut self) {
        self.desk.close();
    }
}
