//! From a process to its parent, and on. Sees through what it is given; knows no system.

use std::fmt;

use super::reader::{Look, Seen};

/// A process and its ancestors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lineage {
    pub(super) process: Seen,
    /// Nearest first.
    pub(super) ancestors: Vec<Seen>,
    /// Why it goes no further.
    pub(super) end: End,
}

/// Why a lineage goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The last one has no parent.
    First,
    /// The parent of the last one is gone, or is not shown.
    Lost { pid: u32 },
    /// The id of the last one's parent is another process's by now: that one began later.
    Reused { pid: u32 },
    /// There are more than are followed.
    Limit,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("the first process"),
            Self::Lost { pid } => write!(f, "process {pid} is not shown"),
            Self::Reused { pid } => write!(f, "process {pid} is younger than its child"),
            Self::Limit => f.write_str("there are more"),
        }
    }
}

/// The lineage of a process; `None` when it is not there.
pub(super) fn climb(pid: u32, generations: usize, look: &mut dyn Look) -> Option<Lineage> {
    let process = look.at(pid)?;
    let mut ancestors: Vec<Seen> = Vec::new();
    let end = loop {
        let child = ancestors.last().unwrap_or(&process);
        let Some(pid) = child.ppid else { break End::First };
        if ancestors.len() >= generations {
            break End::Limit;
        }
        let Some(parent) = look.at(pid) else { break End::Lost { pid } };
        // Nobody is begun by who came later. It also ends what would go in a circle.
        let is_known = process.pid == pid || ancestors.iter().any(|known| known.pid == pid);
        if parent.start > child.start || is_known {
            break End::Reused { pid };
        }
        ancestors.push(parent);
    };
    Some(Lineage { process, ancestors, end })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Processes by their ids.
    struct Host(HashMap<u32, Seen>);

    impl Look for Host {
        fn at(&mut self, pid: u32) -> Option<Seen> {
            self.0.get(&pid).cloned()
        }
    }

    /// Process, parent, and when it began.
    fn host(processes: &[(u32, Option<u32>, u64)]) -> Host {
        let seen = |(pid, ppid, start): &(u32, Option<u32>, u64)| {
            (*pid, Seen { pid: *pid, ppid: *ppid, name: format!("p{pid}"), start: *start })
        };
        Host(processes.iter().map(seen).collect())
    }

    /// The ids of the ancestors, and the end.
    fn climbed(processes: &[(u32, Option<u32>, u64)], pid: u32) -> Option<(Vec<u32>, End)> {
        let lineage = climb(pid, 3, &mut host(processes))?;
        let ids = lineage.ancestors.iter().map(|ancestor| ancestor.pid).collect();
        Some((ids, lineage.end))
    }

    #[test]
    fn a_lineage_ends_at_the_first_process() {
        let processes = [(1, None, 0), (20, Some(1), 5), (30, Some(20), 5), (40, Some(1), 6)];
        assert_eq!(climbed(&processes, 30), Some((vec![20, 1], End::First)));
        assert_eq!(climbed(&processes, 1), Some((vec![], End::First)));
        assert_eq!(climbed(&processes, 7), None);
    }

    #[test]
    fn a_parent_that_is_not_shown_ends_it() {
        let processes = [(20, Some(1), 5), (30, Some(20), 6)];
        assert_eq!(climbed(&processes, 30), Some((vec![20], End::Lost { pid: 1 })));
    }

    #[test]
    fn who_came_later_is_no_parent() {
        let processes = [(1, None, 0), (20, Some(1), 9), (30, Some(20), 6)];
        assert_eq!(climbed(&processes, 30), Some((vec![], End::Reused { pid: 20 })));
    }

    #[test]
    fn a_circle_of_equals_ends() {
        let processes = [(20, Some(30), 5), (30, Some(20), 5)];
        assert_eq!(climbed(&processes, 30), Some((vec![20], End::Reused { pid: 30 })));
        let own = [(20, Some(20), 5)];
        assert_eq!(climbed(&own, 20), Some((vec![], End::Reused { pid: 20 })));
    }

    #[test]
    fn generations_have_a_limit() {
        let processes: Vec<_> = (1..10_u32).map(|pid| (pid, pid.checked_sub(1), 5)).collect();
        assert_eq!(climbed(&processes, 9), Some((vec![8, 7, 6], End::Limit)));
        let ends_there = [(1, None, 0), (2, Some(1), 1), (3, Some(2), 1), (4, Some(3), 1)];
        assert_eq!(climbed(&ends_there, 4), Some((vec![3, 2, 1], End::First)));
    }
}
