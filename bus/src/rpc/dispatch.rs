//! Tasks over a bus: to members that can, to others when one is lost, and the result back (R3).
//!
//! One task owns the [`Distributor`]; callers send it commands. A lost member is who misses its
//! heartbeats (R2): what it had not finished goes to another at once, and whoever answers first
//! counts.

mod work;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::distribution::{DistributionConfig, JoinError, SubmitError};
use super::health::BoardFull;
use super::monitor::HealthMonitor;
use super::task::{Task, TaskResult};
use super::{CallError, DEFAULT_DEADLINE, MAX_DEADLINE, RpcClient, nanoseconds};
use crate::acl::CollectorKind;
use crate::clock::monotonic_ns;
use crate::contract::CorrelationMetadata;
use work::{Command, Work};

/// Commands that wait for the dispatcher's task; callers beyond it wait with them.
const COMMAND_LIMIT: usize = 256;
/// How often tasks that wait are looked through for those that are too late.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// Has tasks done by members. Dropping it forgets all that are not finished.
pub struct Dispatcher {
    commands: mpsc::Sender<Command>,
    monitor: Arc<HealthMonitor>,
    working: JoinHandle<()>,
}

/// Why a task has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecuteError {
    /// It was not taken.
    #[error(transparent)]
    NotTaken(#[from] SubmitError),
    /// It had to make room for a task of a higher priority.
    #[error("displaced by a task of a higher priority")]
    Displaced,
    /// Its deadline passed before there was a result.
    #[error("its deadline passed before there was a result")]
    Expired,
    /// Too many members were lost over it.
    #[error("too many members were lost over it")]
    GivenUp,
    /// The member that had it did not do it.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The member answered something else than the result of this task.
    #[error("the member's reply is no result of a task")]
    NoResult,
    /// The dispatcher has ended.
    #[error("the dispatcher has ended")]
    Ended,
}

/// Why a member was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AdmitError {
    /// Nobody would watch over it.
    #[error(transparent)]
    NotWatched(#[from] BoardFull),
    /// It would get no tasks.
    #[error(transparent)]
    NoTasks(#[from] JoinError),
    /// The dispatcher has ended.
    #[error("the dispatcher has ended")]
    Ended,
}

impl Dispatcher {
    /// Asks with this client, and knows by this monitor who is lost. Must be called inside a tokio
    /// runtime, on which its task then runs.
    ///
    /// The client's limit of pending requests should be no less than all its members do at once: a
    /// task beyond it fails.
    pub fn start(
        client: Arc<RpcClient>,
        monitor: Arc<HealthMonitor>,
        config: DistributionConfig,
    ) -> Self {
        let (commands, received) = mpsc::channel(COMMAND_LIMIT);
        let work = Work::new(client, config);
        let working = tokio::spawn(work.run(received, monitor.changes()));
        Self { commands, monitor, working }
    }

    /// Lets a member in that does so many tasks of a kind at once; from now on it has to show
    /// life.
    pub async fn join(
        &self,
        member: &str,
        kind: CollectorKind,
        task_limit: u32,
    ) -> Result<(), AdmitError> {
        let (answer, answered) = oneshot::channel();
        let member = member.to_owned();
        self.monitor.admit(&member)?;
        let sent = self.commands.send(Command::Join { member, kind, task_limit, answer }).await;
        sent.map_err(|_| AdmitError::Ended)?;
        Ok(answered.await.map_err(|_| AdmitError::Ended)??)
    }

    /// Forgets a member; what it had not finished goes to others.
    pub async fn leave(&self, member: &str) {
        self.monitor.remove(member);
        // Without a task to tell there are no members either.
        let _ = self.commands.send(Command::Leave { member: member.to_owned() }).await;
    }

    /// Has a task done, and waits for its result until its deadline, which is [`DEFAULT_DEADLINE`]
    /// for one without and [`MAX_DEADLINE`] for one with a longer.
    ///
    /// Cancelling it forgets who asked; the task may still be done.
    pub async fn execute(&self, task: Task) -> Result<TaskResult, ExecuteError> {
        self.execute_as(task, None).await
    }

    /// The same as a part of a workflow: whoever does the task is asked for it under this
    /// correlation, and so is whoever gets it after a member was lost (R6).
    pub async fn execute_correlated(
        &self,
        task: Task,
        correlation: CorrelationMetadata,
    ) -> Result<TaskResult, ExecuteError> {
        self.execute_as(task, Some(Box::new(correlation))).await
    }

    async fn execute_as(
        &self,
        mut task: Task,
        correlation: Option<Box<CorrelationMetadata>>,
    ) -> Result<TaskResult, ExecuteError> {
        let now_ns = monotonic_ns();
        let usual_ns = now_ns.saturating_add(nanoseconds(DEFAULT_DEADLINE));
        let deadline_ns = *task.deadline_monotonic_ns.get_or_insert(usual_ns);
        let within = Duration::from_nanos(deadline_ns.saturating_sub(now_ns)).min(MAX_DEADLINE);
        let (answer, answered) = oneshot::channel();
        let done = async {
            let command = Command::Execute { task, correlation, answer };
            let sent = self.commands.send(command).await;
            sent.map_err(|_| ExecuteError::Ended)?;
            answered.await.unwrap_or(Err(ExecuteError::Ended))
        };
        // Later than whoever knows why it was not done.
        let limit = within + EXPIRY_INTERVAL * 2;
        tokio::time::timeout(limit, done).await.unwrap_or(Err(ExecuteError::Expired))
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.working.abort();
    }
}
