//! Tasks: pieces of work for collectors, and what came of them.

use bytes::Bytes;

use crate::acl::CollectorKind;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name, unique; a result repeats it.
    pub id: String,
    /// Which collectors can do it.
    pub kind: CollectorKind,
    /// What comes first.
    pub priority: TaskPriority,
    /// When its result is worth nothing any more: `CLOCK_MONOTONIC`, nanoseconds.
    pub deadline_monotonic_ns: Option<u64>,
    /// What to do, for example `scan`; between the asker and the collector.
    pub action: String,
    /// With what; as the action has it.
    pub arguments: Bytes,
}

/// What comes first among tasks, lowest first (R3). Events have priorities of their own (M3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaskPriority {
    /// When there is nothing else to do.
    Background,
    /// May wait.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before most.
    High,
    /// Before everything.
    Urgent,
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskResult {
    /// Which task.
    pub task: String,
    /// Its output as the action has it, or why it failed.
    pub outcome: Result<Bytes, String>,
}

impl TaskPriority {
    /// Every priority, lowest first.
    pub const ALL: [Self; 5] =
        [Self::Background, Self::Low, Self::Normal, Self::High, Self::Urgent];
}
