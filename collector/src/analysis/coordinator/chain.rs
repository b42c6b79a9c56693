//! One analysis: does what its progress says, and says to it what happens.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::rpc::TaskPriority;
use daemoneye_eventbus::{CorrelationMetadata, Priority};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::super::carrier::{StageCall, StageRecall};
use super::super::findings::Findings;
use super::super::outcome::{AnalysisId, AnalysisResult, StageFailure};
use super::super::plan::Plan;
use super::super::progress::{Progress, Step};
use super::super::request::AnalysisRequest;
use super::announcement::announce;
use super::desk::Desk;
use super::order::AnalysisOrder;

/// What one analysis consists of.
pub(super) struct Chain {
    pub(super) desk: Arc<Desk>,
    pub(super) analysis: AnalysisId,
    pub(super) workflow: String,
    pub(super) plan: Arc<Plan>,
    pub(super) order: AnalysisOrder,
    /// Its own; those of its messages are its children.
    pub(super) correlation: CorrelationMetadata,
}

/// What an analysis has others do.
#[derive(Default)]
struct UnderWay {
    calls: JoinSet<Answered>,
    /// By stage, the call that runs last.
    aborts: HashMap<usize, AbortHandle>,
    recalls: JoinSet<()>,
}

/// Which attempt of which stage came to what.
struct Answered {
    stage: usize,
    attempt: u32,
    answer: Result<Findings, StageFailure>,
}

impl Chain {
    /// Runs to its end, tells everybody on the bus and then its asker; leaves its place when those
    /// who were asked in vain have been told as well.
    pub(super) async fn run(
        self,
        place: OwnedSemaphorePermit,
        cancelled: watch::Receiver<bool>,
        tell: oneshot::Sender<AnalysisResult>,
    ) {
        debug!(analysis = %self.analysis, workflow = %self.workflow, "an analysis begins");
        let mut under_way = UnderWay::default();
        let (progress, took) = self.drive(&mut under_way, cancelled).await;
        let (outcome, stages) = progress.finish();
        debug!(analysis = %self.analysis, %outcome, ?took, "an analysis has ended");
        let result = AnalysisResult {
            analysis: self.analysis,
            workflow: self.workflow,
            subject: self.order.subject.clone(),
            correlation: self.correlation,
            outcome,
            stages,
            took,
        };
        announce(&self.desk, &self.order, &result).await;
        // Whoever does not wait any more has no use for it.
        let _ = tell.send(result);
        while under_way.recalls.join_next().await.is_some() {}
        drop(place);
    }

    async fn drive(
        &self,
        under_way: &mut UnderWay,
        mut cancelled: watch::Receiver<bool>,
    ) -> (Progress, Duration) {
        let began = Instant::now();
        let mut closing = self.desk.closing();
        let config = &self.desk.config;
        let mut progress =
            Progress::new(Arc::clone(&self.plan), config.stages_at_once, config.pauses);
        loop {
            let steps = progress.advance(began.elapsed(), rand::random());
            self.obey(steps, &progress, under_way);
            if progress.is_over() {
                return (progress, began.elapsed());
            }
            tokio::select! {
                () = either(&mut cancelled, &mut closing) => {
                    let steps = progress.cancel(began.elapsed());
                    self.obey(steps, &progress, under_way);
                }
                Some(joined) = under_way.calls.join_next() => {
                    // A call that was aborted says nothing, and one that panicked times out.
                    if let Ok(Answered { stage, attempt, answer }) = joined {
                        let chance = rand::random();
                        progress.answered(stage, attempt, answer, began.elapsed(), chance);
                    }
                }
                () = sleep_until(began + progress.wakes_at()) => {}
            }
        }
    }

    fn obey(&self, steps: Vec<Step>, progress: &Progress, under_way: &mut UnderWay) {
        for step in steps {
            match step {
                Step::Start { stage, attempt, within } => {
                    let call = self.call(stage, attempt, within, progress.inputs(stage));
                    let carrier = Arc::clone(&self.desk.carrier);
                    let abort = under_way.calls.spawn(async move {
                        Answered { stage, attempt, answer: carrier.carry(call).await }
                    });
                    under_way.aborts.insert(stage, abort);
                }
                Step::Abort { stage, attempt } => {
                    if let Some(abort) = under_way.aborts.remove(&stage) {
                        abort.abort();
                    }
                    let recall = self.recall(stage, attempt);
                    let carrier = Arc::clone(&self.desk.carrier);
                    under_way.recalls.spawn(async move { carrier.recall(recall).await });
                }
            }
        }
    }

    fn call(
        &self,
        stage: usize,
        attempt: u32,
        within: Duration,
        inputs: BTreeMap<String, Findings>,
    ) -> StageCall {
        let planned = self.plan.stage(stage);
        let id = self.attempt_id(stage, attempt);
        StageCall {
            target: planned.target.clone(),
            priority: task_priority(self.order.priority),
            within,
            correlation: self.correlation_of(stage, &id),
            request: AnalysisRequest {
                analysis: self.analysis.to_string(),
                stage: planned.id.clone(),
                analysis_type: planned.analysis_type.clone(),
                subject: self.order.subject.clone(),
                parameters: planned.parameters.clone(),
                inputs,
            },
            id,
        }
    }

    fn recall(&self, stage: usize, attempt: u32) -> StageRecall {
        let id = self.attempt_id(stage, attempt);
        let correlation = self.correlation_of(stage, &format!("{id}/recall"));
        StageRecall { id, target: self.plan.stage(stage).target.clone(), correlation }
    }

    fn attempt_id(&self, stage: usize, attempt: u32) -> String {
        format!("{}/{}/{attempt}", self.analysis, self.plan.stage(stage).id)
    }

    /// A message of the analysis, which names its stage.
    fn correlation_of(&self, stage: usize, id: &str) -> CorrelationMetadata {
        let name = self.plan.stage(stage).id.as_str();
        CorrelationMetadata { stage: Some(name.into()), ..self.correlation.child(id) }
    }
}

/// Completes when one of two flags is raised. Cancel safe.
async fn either(one: &mut watch::Receiver<bool>, other: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = raised(one) => {}
        () = raised(other) => {}
    }
}

async fn raised(flag: &mut watch::Receiver<bool>) {
    let is_raised = flag.wait_for(|is_raised| *is_raised).await.is_ok();
    if !is_raised {
        // Whoever could raise it has let the analysis go on.
        std::future::pending::<()>().await;
    }
}

fn task_priority(priority: Priority) -> TaskPriority {
    match priority {
        Priority::Low => TaskPriority::Low,
        Priority::Normal => TaskPriority::Normal,
        Priority::High => TaskPriority::High,
        Priority::Critical => TaskPriority::Urgent,
    }
}
