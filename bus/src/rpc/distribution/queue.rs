//! Tasks that wait, the highest priority first and the oldest first within one.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::super::task::{Task, TaskPriority};
use crate::acl::CollectorKind;

/// A task and what has become of it so far.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) task: Task,
    /// In the order tasks came.
    pub(super) number: u64,
    /// How often it was begun.
    pub(super) attempts: u32,
}

impl Waiting {
    fn is_late(&self, now_ns: u64) -> bool {
        self.task.deadline_monotonic_ns.is_some_and(|deadline_ns| now_ns >= deadline_ns)
    }
}

/// One row for each priority and kind; few of either, so that a look at all is cheap.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rows: BTreeMap<(TaskPriority, CollectorKind), VecDeque<Waiting>>,
    /// The ids of all that wait.
    ids: HashSet<String>,
    came: u64,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    pub(super) fn add(&mut self, task: Task) {
        self.came += 1;
        self.ids.insert(task.id.clone());
        let row = self.rows.entry((task.priority, task.kind)).or_default();
        row.push_back(Waiting { task, number: self.came, attempts: 0 });
    }

    /// Before all others of its row.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.ids.insert(waiting.task.id.clone());
        let row = self.rows.entry((waiting.task.priority, waiting.task.kind)).or_default();
        row.push_front(waiting);
    }

    /// The next task of a kind; those too late are put aside.
    pub(super) fn take_highest(
        &mut self,
        kind: CollectorKind,
        now_ns: u64,
        expired: &mut Vec<Task>,
    ) -> Option<Waiting> {
        for priority in TaskPriority::ALL.into_iter().rev() {
            let Some(row) = self.rows.get_mut(&(priority, kind)) else { continue };
            while let Some(waiting) = row.pop_front() {
                self.ids.remove(&waiting.task.id);
                if !waiting.is_late(now_ns) {
                    return Some(waiting);
                }
                expired.push(waiting.task);
            }
        }
        None
    }

    /// All that are too late, of every kind.
    pub(super) fn take_expired(&mut self, now_ns: u64) -> Vec<Task> {
        let mut expired = Vec::new();
        for row in self.rows.values_mut() {
            let (late, kept) = row.drain(..).partition(|waiting| waiting.is_late(now_ns));
            *row = kept;
            let late: VecDeque<Waiting> = late;
            expired.extend(late.into_iter().map(|waiting| waiting.task));
        }
        for task in &expired {
            self.ids.remove(&task.id);
        }
        expired
    }

    /// Makes room: the newest task of the lowest priority, if that is below this one.
    pub(super) fn take_newest_below(&mut self, priority: TaskPriority) -> Option<Task> {
        let below = self.rows.iter().filter(|((own, _), row)| *own < priority && !row.is_empty());
        let lowest = below.map(|((own, _), _)| *own).min()?;
        let rows = self.rows.iter_mut().filter(|((own, _), _)| *own == lowest);
        let newest = rows.map(|(_, row)| row).max_by_key(|row| row.back().map(|w| w.number))?;
        let waiting = newest.pop_back()?;
        self.ids.remove(&waiting.task.id);
        Some(waiting.task)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Task> {
        if !self.ids.remove(id) {
            return None;
        }
        self.rows.values_mut().find_map(|row| {
            let place = row.iter().position(|waiting| waiting.task.id == id)?;
            row.remove(place).map(|waiting| waiting.task)
        })
    }
}
