//! What the dispatcher's task does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::super::distribution::{Assignment, DistributionConfig, Distributor, JoinError, Moved};
use super::super::health::{HealthChange, HealthStatus};
use super::super::monitor::HealthChanges;
use super::super::task::{Task, TaskResult};
use super::super::{Answer, Call, CallError, Request, Response, RpcClient};
use super::{EXPIRY_INTERVAL, ExecuteError};
use crate::acl::CollectorKind;
use crate::clock::monotonic_ns;
use crate::contract::CorrelationMetadata;

type Executed = Result<TaskResult, ExecuteError>;

/// What callers want.
pub(super) enum Command {
    Join {
        member: String,
        kind: CollectorKind,
        task_limit: u32,
        answer: oneshot::Sender<Result<(), JoinError>>,
    },
    Leave {
        member: String,
    },
    Execute {
        task: Task,
        correlation: Option<Box<CorrelationMetadata>>,
        answer: oneshot::Sender<Executed>,
    },
}

/// Everything the task owns.
pub(super) struct Work {
    client: Arc<RpcClient>,
    distributor: Distributor,
    /// Who asked for a task, by its id.
    askers: HashMap<String, Asker>,
    calls: JoinSet<Called>,
}

/// Who asked for a task, and how it belongs to other events.
struct Asker {
    answer: oneshot::Sender<Executed>,
    correlation: Option<Box<CorrelationMetadata>>,
}

/// How a call ended: of whom, for which task.
struct Called {
    member: String,
    task: String,
    outcome: Result<Answer, CallError>,
}

impl Work {
    pub(super) fn new(client: Arc<RpcClient>, config: DistributionConfig) -> Self {
        let distributor = Distributor::new(config);
        Self { client, distributor, askers: HashMap::new(), calls: JoinSet::new() }
    }

    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut changes: HealthChanges,
    ) {
        let mut expiry = tokio::time::interval(EXPIRY_INTERVAL);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                changed = changes.next() => changed.iter().for_each(|change| self.heed(change)),
                Some(Ok(called)) = self.calls.join_next() => self.account(called),
                _ = expiry.tick() => self.expire(),
            }
            self.send_assigned();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Join { member, kind, task_limit, answer } => {
                // Whoever does not wait for the answer has no use for it.
                let _ = answer.send(self.distributor.join(&member, kind, task_limit));
            }
            Command::Leave { member } => {
                let moved = self.distributor.leave(&member);
                self.tell_given_up(moved);
            }
            Command::Execute { task, correlation, answer } => {
                self.take(task, Asker { answer, correlation });
            }
        }
    }

    fn take(&mut self, task: Task, asker: Asker) {
        let id = task.id.clone();
        match self.distributor.submit(task) {
            Ok(displaced) => {
                self.askers.insert(id, asker);
                if let Some(displaced) = displaced {
                    self.tell(&displaced.id, Err(ExecuteError::Displaced));
                }
            }
            Err(refused) => drop(asker.answer.send(Err(refused.into()))),
        }
    }

    /// A member is lost or has returned.
    fn heed(&mut self, change: &HealthChange) {
        match change.now {
            Some(HealthStatus::Unhealthy) => {
                let moved = self.distributor.exclude(&change.member);
                self.tell_given_up(moved);
            }
            Some(_) => self.distributor.include(&change.member),
            None => {}
        }
    }

    /// The first result counts, whoever sends it; of failures, only that of who has the task now.
    fn account(&mut self, called: Called) {
        let Called { member, task, outcome } = called;
        let is_holder = self.distributor.holder(&task) == Some(&*member);
        let executed = match outcome {
            Ok(Answer { response: Response::Task(result), .. }) if result.task == task => {
                Ok(result)
            }
            Ok(_) if is_holder => Err(ExecuteError::NoResult),
            Err(error) if is_holder => Err(error.into()),
            _ => return,
        };
        if self.distributor.finish(&task).is_some() {
            self.tell(&task, executed);
        }
    }

    fn expire(&mut self) {
        for late in self.distributor.expire(monotonic_ns()) {
            self.tell(&late.id, Err(ExecuteError::Expired));
        }
    }

    fn send_assigned(&mut self) {
        let now_ns = monotonic_ns();
        let assigned = self.distributor.assign(now_ns);
        for late in assigned.expired {
            self.tell(&late.id, Err(ExecuteError::Expired));
        }
        for assignment in assigned.assignments {
            self.send(assignment, now_ns);
        }
    }

    fn send(&mut self, assignment: Assignment, now_ns: u64) {
        let Assignment { member, task } = assignment;
        let (client, id) = (Arc::clone(&self.client), task.id.clone());
        let deadline_ns = task.deadline_monotonic_ns.unwrap_or(now_ns);
        let within = Duration::from_nanos(deadline_ns.saturating_sub(now_ns));
        let mut call = Call::new(Request::ExecuteTask(task)).to(member.clone()).within(within);
        let asker = self.askers.get(&id);
        if let Some(correlation) = asker.and_then(|asker| asker.correlation.as_deref()) {
            call = call.correlated(correlation.clone());
        }
        self.calls.spawn(async move {
            let outcome = client.call(call).await;
            Called { member, task: id, outcome }
        });
    }

    fn tell_given_up(&mut self, moved: Moved) {
        for task in moved.given_up {
            self.tell(&task.id, Err(ExecuteError::GivenUp));
        }
    }

    fn tell(&mut self, task: &str, executed: Executed) {
        if let Some(asker) = self.askers.remove(task) {
            // Whoever does not wait any more has no use for it.
            let _ = asker.answer.send(executed);
        }
    }
}
