//! A child of the harness, and which events are about it. An id alone is used again after a process
//! has ended, so it never decides alone.

use daemoneye_eventbus::ProcessEvent;

/// How far a start time as seen may be from the moment of the start, nanoseconds: the kernel tells
/// the host's own start in whole seconds, and clocks are corrected.
const START_TOLERANCE_NS: u64 = 2_000_000_000;

/// A child of the harness, as the harness knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedChild {
    /// Its process id.
    pub pid: u32,
    /// Its short name, as the kernel tells it.
    pub name: String,
    /// Path of its executable.
    pub executable_path: String,
    /// Its arguments; the last one is its mark, which no other process has.
    pub arguments: Vec<String>,
    /// Wall clock right before and right after its start, nanoseconds since the epoch.
    pub started_unix_ns: (u64, u64),
    /// When its `exec` was over, `CLOCK_MONOTONIC`, nanoseconds.
    pub executed_monotonic_ns: u64,
    /// SHA-256 of its executable, 64 hexadecimal digits, where that is to be told.
    pub executable_sha256: Option<String>,
}

impl WatchedChild {
    /// The child an event is about, by its number: the one whose mark is among the arguments; of an event with
    /// no mark, the one with its id that was started when the event says.
    pub(super) fn find<'a>(
        children: impl Iterator<Item = (usize, &'a Self)> + Clone,
        seen: &ProcessEvent,
    ) -> Option<usize> {
        let found = children.clone().find(|(_, child)| child.is_marked(seen));
        found.map(|(index, _)| index).or_else(|| {
            let own = children.filter(|(_, child)| child.pid == seen.pid);
            let near = own.filter_map(|(index, child)| Some((child.distance_ns(seen)?, index)));
            near.min().map(|(_, index)| index)
        })
    }

    /// Whether the child's own mark is among the arguments that were seen: not before its `exec`.
    pub(super) fn is_marked(&self, seen: &ProcessEvent) -> bool {
        let mark = self.arguments.last();
        mark.is_some_and(|mark| seen.arguments.iter().any(|argument| argument == mark.as_str()))
    }

    /// Whether the start time of an event is this child's.
    pub fn was_started_then(&self, seen: &ProcessEvent) -> bool {
        self.distance_ns(seen).is_some()
    }

    /// Between its start and the start an event tells; `None` when that is no tolerance.
    fn distance_ns(&self, seen: &ProcessEvent) -> Option<u64> {
        let (before, after) = self.started_unix_ns;
        let told = seen.start_time_unix_ns?;
        let distance = before.saturating_sub(told).max(told.saturating_sub(after));
        (distance <= START_TOLERANCE_NS).then_some(distance)
    }
}
