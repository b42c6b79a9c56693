//! Which member does which task (R3). Told the time; waits for nothing, sends nothing.
//!
//! Tasks go to members of their kind that have room, the highest priority first, and within one in
//! the order they came. What a lost member had not finished goes to another; hence a task may be
//! done twice, and the first result counts.

mod members;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use thiserror::Error;

use super::task::Task;
use crate::acl::CollectorKind;
use members::{Member, Members};
use queue::{Queue, Waiting};

/// Tasks that may wait, by default: minutes of work, and a few megabytes.
const DEFAULT_QUEUE_TASKS: usize = 10_000;
/// Members that may be lost over one task before it is given up, by default: it may be to blame.
const DEFAULT_ATTEMPT_LIMIT: u32 = 3;
/// Members there may be, by default: as many as a broker has subscribers.
const DEFAULT_MEMBER_LIMIT: usize = 1000;

/// How a member is chosen among those of the kind that have room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Each in turn, in the order they joined.
    RoundRobin,
    /// The one that does the fewest tasks now; of equals, the first that joined.
    #[default]
    LeastLoaded,
    /// The first that joined.
    FirstAvailable,
}

/// Settings of a [`Distributor`].
#[derive(Debug, Clone, Copy)]
pub struct DistributionConfig {
    /// How members are chosen.
    pub strategy: Strategy,
    /// How many tasks may wait. At the limit a task displaces the newest of the lowest priority
    /// below its own; without such a one it is refused. Tasks taken back from lost members always
    /// have room.
    pub queue_tasks: usize,
    /// How often a task is begun, at most.
    pub attempt_limit: u32,
    /// How many members there may be; one more is refused.
    pub member_limit: usize,
}

impl Default for DistributionConfig {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            queue_tasks: DEFAULT_QUEUE_TASKS,
            attempt_limit: DEFAULT_ATTEMPT_LIMIT,
            member_limit: DEFAULT_MEMBER_LIMIT,
        }
    }
}

/// All tasks that are not finished, and who does them.
#[derive(Debug, Default)]
pub struct Distributor {
    config: DistributionConfig,
    members: Members,
    queue: Queue,
    /// By the task's id.
    begun: BTreeMap<String, Begun>,
}

#[derive(Debug)]
struct Begun {
    member: String,
    waiting: Waiting,
}

/// A task and who shall do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub member: String,
    /// What.
    pub task: Task,
}

/// What [`assign`](Distributor::assign) decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assigned {
    /// To be sent, in this order.
    pub assignments: Vec<Assignment>,
    /// Never to be done: their deadline passed while they waited.
    pub expired: Vec<Task>,
}

/// What became of the unfinished tasks of a member that takes no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// Waiting again, before others of their priority: their ids, the oldest first.
    pub again: Vec<String>,
    /// Begun as often as a task may be, and given up.
    pub given_up: Vec<Task>,
}

/// Why a member cannot join.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JoinError {
    /// It has joined already.
    #[error("member {member:?} has joined already")]
    Duplicate {
        /// Who.
        member: String,
    },
    /// There are too many.
    #[error("there are {limit} members, the limit")]
    Full {
        /// The limit.
        limit: usize,
    },
}

/// Why a task cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// A task of this id is not finished.
    #[error("task {task:?} is not finished")]
    Duplicate {
        /// Its id.
        task: String,
    },
    /// As many wait as may, and none of a lower priority.
    #[error("{limit} tasks are waiting, the limit")]
    QueueFull {
        /// The limit.
        limit: usize,
    },
}

impl Distributor {
    /// Nobody, and nothing to do.
    pub fn new(config: DistributionConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Lets a member in that does so many tasks of a kind at once.
    pub fn join(
        &mut self,
        member: &str,
        kind: CollectorKind,
        task_limit: u32,
    ) -> Result<(), JoinError> {
        let limit = self.config.member_limit;
        if self.members.get(member).is_some() {
            return Err(JoinError::Duplicate { member: member.to_owned() });
        }
        if self.members.len() >= limit {
            return Err(JoinError::Full { limit });
        }
        self.members.add(Member::new(member, kind, task_limit));
        Ok(())
    }

    /// Gives a member no more tasks, and those it has not finished to others (failover).
    pub fn exclude(&mut self, member: &str) -> Moved {
        if let Some(excluded) = self.members.get_mut(member) {
            excluded.exclude();
        }
        let unfinished = self.begun.extract_if(.., |_, begun| begun.member == member);
        let mut unfinished: Vec<Waiting> = unfinished.map(|(_, begun)| begun.waiting).collect();
        // The oldest comes last to the front, and so first out of it.
        unfinished.sort_by_key(|waiting| std::cmp::Reverse(waiting.number));
        let mut moved = Moved::default();
        for waiting in unfinished {
            if waiting.attempts >= self.config.attempt_limit {
                moved.given_up.push(waiting.task);
            } else {
                moved.again.push(waiting.task.id.clone());
                self.queue.put_back(waiting);
            }
        }
        moved.again.reverse();
        moved
    }

    /// Gives an excluded member tasks again.
    pub fn include(&mut self, member: &str) {
        if let Some(included) = self.members.get_mut(member) {
            included.include();
        }
    }

    /// Forgets a member that left; its unfinished tasks go to others.
    pub fn leave(&mut self, member: &str) -> Moved {
        let moved = self.exclude(member);
        self.members.remove(member);
        moved
    }

    /// Takes a task; returns the one it displaced, if it did.
    pub fn submit(&mut self, task: Task) -> Result<Option<Task>, SubmitError> {
        if self.begun.contains_key(&task.id) || self.queue.contains(&task.id) {
            return Err(SubmitError::Duplicate { task: task.id });
        }
        let limit = self.config.queue_tasks;
        let mut displaced = None;
        if self.queue.len() >= limit {
            displaced = self.queue.take_newest_below(task.priority);
            if displaced.is_none() {
                return Err(SubmitError::QueueFull { limit });
            }
        }
        self.queue.add(task);
        Ok(displaced)
    }

    /// Decides who does what, as far as there is room.
    pub fn assign(&mut self, now_ns: u64) -> Assigned {
        let mut assigned = Assigned::default();
        for kind in CollectorKind::ALL {
            while let Some(member) = self.members.choose(kind, self.config.strategy) {
                let Some(waiting) = self.queue.take_highest(kind, now_ns, &mut assigned.expired)
                else {
                    break;
                };
                assigned.assignments.push(self.begin(&member, waiting));
            }
        }
        assigned
    }

    /// A result has come, from whomever; the first counts. `None` when the task is not, or no
    /// more, to be done.
    pub fn finish(&mut self, task: &str) -> Option<Task> {
        if let Some(begun) = self.begun.remove(task) {
            if let Some(member) = self.members.get_mut(&begun.member) {
                member.running = member.running.saturating_sub(1);
            }
            return Some(begun.waiting.task);
        }
        self.queue.remove(task)
    }

    /// Takes out what waits and is too late.
    pub fn expire(&mut self, now_ns: u64) -> Vec<Task> {
        self.queue.take_expired(now_ns)
    }

    /// Who does a task now; `None` when nobody does.
    pub fn holder(&self, task: &str) -> Option<&str> {
        self.begun.get(task).map(|begun| begun.member.as_str())
    }

    /// Tasks that wait for a member.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Tasks that are being done.
    pub fn running(&self) -> usize {
        self.begun.len()
    }

    fn begin(&mut self, member: &str, mut waiting: Waiting) -> Assignment {
        waiting.attempts += 1;
        self.members.begun(member);
        let assignment = Assignment { member: member.to_owned(), task: waiting.task.clone() };
        let begun = Begun { member: member.to_owned(), waiting };
        self.begun.insert(assignment.task.id.clone(), begun);
        assignment
    }
}
