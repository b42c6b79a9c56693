//! The asker's end of an analysis.

use tokio::sync::{oneshot, watch};

use super::super::outcome::{AnalysisId, AnalysisResult};

/// An analysis that was started. Dropping it cancels the analysis; [`detach`](Self::detach) lets it
/// go on.
#[derive(Debug)]
#[must_use = "dropping it cancels the analysis"]
pub struct AnalysisRun {
    analysis: AnalysisId,
    cancel: watch::Sender<bool>,
    result: oneshot::Receiver<AnalysisResult>,
    is_detached: bool,
}

impl AnalysisRun {
    pub(super) fn new(
        analysis: AnalysisId,
        cancel: watch::Sender<bool>,
        result: oneshot::Receiver<AnalysisResult>,
    ) -> Self {
        Self { analysis, cancel, result, is_detached: false }
    }

    /// Which one it is.
    pub fn id(&self) -> &AnalysisId {
        &self.analysis
    }

    /// Cancels it; the result will say so, as will its record.
    pub fn cancel(&self) {
        self.cancel.send_replace(true);
    }

    /// Waits for what comes of it; `None` when the runtime it ran on has ended.
    ///
    /// Every analysis has a timeout, hence so has this. Dropping the future cancels the analysis.
    pub async fn result(mut self) -> Option<AnalysisResult> {
        (&mut self.result).await.ok()
    }

    /// Lets it go on without anybody who waits for it; its record on the bus tells what came of it.
    pub fn detach(mut self) {
        self.is_detached = true;
    }
}

impl Drop for AnalysisRun {
    fn drop(&mut self) {
        if !self.is_detached {
            self.cancel();
        }
    }
}
