//! Analyses that events ask for: a trigger request names the workflow, or the single stage.

use daemoneye_eventbus::{BusEvent, EventReceiver};
use tracing::{debug, warn};

use super::announcement::announce_refusal;
use super::order::{Triggered, triggered};
use super::{AnalysisChainCoordinator, AnalysisRun, StartError};

impl AnalysisChainCoordinator {
    /// Starts what a trigger request asks for: its `analysis_type` is the name of a workflow or of
    /// a single stage, and what follows has the root of its correlation. Otherwise as
    /// [`start`](Self::start).
    pub fn start_for(&self, trigger: &BusEvent) -> Result<AnalysisRun, StartError> {
        let asked = triggered(trigger).ok_or(StartError::NoTrigger)?;
        let Triggered { workflow, collector, order } = asked;
        self.start_at(&workflow, collector.as_deref(), order)
    }

    /// Starts what a trigger request asks for, as [`start_for`](Self::start_for); one that starts
    /// nothing is counted, and told in an audit record.
    ///
    /// Cancel safe: what was started is returned at once, and a refusal was counted, if perhaps not
    /// told of.
    pub async fn answer(&self, trigger: &BusEvent) -> Result<AnalysisRun, StartError> {
        let started = self.start_for(trigger);
        if let Err(error) = &started {
            self.refuse(trigger, error).await;
        }
        started
    }

    /// Starts what trigger requests ask for until the receiver ends, and waits for none of it. One
    /// that starts nothing is counted, and told in an audit record; with others of its kind it is
    /// logged once.
    ///
    /// The receiver is that of a subscription to `control.trigger.request`. Cancel safe: a trigger
    /// that was taken was started or refused, if perhaps not told of.
    pub async fn follow_triggers(&self, triggers: &mut EventReceiver) {
        let mut refused_in_a_row = 0_u64;
        while let Some(trigger) = triggers.recv().await {
            match self.answer(&trigger).await {
                Ok(run) => {
                    debug!(analysis = %run.id(), "a trigger started an analysis");
                    run.detach();
                    refused_in_a_row = 0;
                }
                Err(error) => {
                    if refused_in_a_row == 0 {
                        warn!(%error, "a trigger started nothing");
                    }
                    refused_in_a_row += 1;
                }
            }
        }
    }

    async fn refuse(&self, trigger: &BusEvent, error: &StartError) {
        self.desk.count_refused();
        let asked = triggered(trigger);
        let wanted = asked.as_ref().map_or("", |asked| asked.workflow.as_str());
        announce_refusal(&self.desk, trigger, wanted, error.to_string()).await;
    }
}
