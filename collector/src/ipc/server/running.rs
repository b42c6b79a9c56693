//! Requests of one connection that are being done.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

use super::super::{IpcRefusal, IpcResponse};

/// Each in a task of its own: a panic is the failure of one alone. Dropping it ends them all.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: JoinSet<IpcResponse>,
    /// Which request a task does.
    requests: HashMap<Id, u64>,
}

impl Running {
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.requests.values().any(|known| *known == id)
    }

    pub(super) fn begin(
        &mut self,
        id: u64,
        work: impl Future<Output = IpcResponse> + Send + 'static,
    ) {
        let task = self.tasks.spawn(work);
        self.requests.insert(task.id(), id);
    }

    /// The next that is done, and its answer; `None` when none is being done. Cancel safe.
    pub(super) async fn next_done(&mut self) -> Option<(u64, IpcResponse)> {
        let done = self.tasks.join_next_with_id().await?;
        let (task, response) = match done {
            Ok(done) => done,
            Err(error) => {
                let refusal = if error.is_cancelled() {
                    IpcRefusal::Ending
                } else {
                    IpcRefusal::Failed { reason: "the collector panicked over it".to_owned() }
                };
                (error.id(), IpcResponse::Refused(refusal))
            }
        };
        let id = self.requests.remove(&task).expect("every task does a request");
        Some((id, response))
    }

    /// Ends what is not done; each of them is then done as refused.
    pub(super) fn abort_all(&mut self) {
        self.tasks.abort_all();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use super::*;

    #[tokio::test]
    async fn each_is_answered_whatever_becomes_of_it() {
        let mut running = Running::default();
        running.begin(1, poll_fn(|_| panic!("boom")));
        let Some((1, IpcResponse::Refused(IpcRefusal::Failed { reason }))) =
            running.next_done().await
        else {
            panic!("it has failed")
        };
        assert_eq!(reason, "the collector panicked over it");

        running.begin(2, pending());
        running.begin(3, pending());
        assert!(running.has(2) && !running.has(1));
        running.abort_all();
        let mut ended = Vec::new();
        while let Some((id, response)) = running.next_done().await {
            assert_eq!(response, IpcResponse::Refused(IpcRefusal::Ending));
            ended.push(id);
        }
        ended.sort_unstable();
        assert_eq!(ended, [2, 3]);
        assert!(running.is_empty());
    }
}
