//! Comparing scans: from what was known and what is seen to what changed. No clock, no system.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use daemoneye_eventbus::event::ProcessChange;

use super::observation::{Identity, Observation, Scan};

/// From which size on a change of figures is reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Thresholds {
    /// Percentage points of one core.
    pub(super) cpu_percent: f64,
    /// Percent of the memory last reported.
    pub(super) memory_percent: f64,
    /// Bytes of memory.
    pub(super) memory_bytes: u64,
}

/// One thing that happened to one process.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) what: ProcessChange,
    /// The process as seen now; for an exit, as seen last.
    pub(super) process: Observation,
    /// CPU use since the scan before, percent of one core; `None` without one.
    pub(super) cpu_percent: Option<f64>,
}

/// The processes known to run.
#[derive(Debug, Default)]
pub(super) struct Census {
    known: BTreeMap<Identity, Known>,
    /// When the scan before began, monotonic nanoseconds; `None` before the first.
    scanned_monotonic_ns: Option<u64>,
}

#[derive(Debug)]
struct Known {
    last: Observation,
    /// CPU use since the scan before, percent of one core; `None` without one.
    cpu_percent: Option<f64>,
    /// What subscribers were last told, to which changes are compared: a slow drift adds up.
    reported_cpu_percent: f64,
    reported_memory_bytes: u64,
}

impl Census {
    /// Takes a scan in and returns what changed: exits first, then starts, parents before
    /// children, then the rest. The first scan enumerates instead.
    pub(super) fn advance(&mut self, scan: Scan, thresholds: Thresholds) -> Vec<Change> {
        let appeared = if self.scanned_monotonic_ns.is_some() {
            ProcessChange::Started
        } else {
            ProcessChange::Enumerated
        };
        let elapsed_ns = self
            .scanned_monotonic_ns
            .replace(scan.observed_monotonic_ns)
            .map_or(0, |before| scan.observed_monotonic_ns.saturating_sub(before));
        let mut changes = self.remove_missing(&scan);
        let mut altered = Vec::new();
        let mut processes = scan.processes;
        processes.sort_by_key(|process| process.identity);
        for process in processes {
            match self.known.entry(process.identity) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Known::new(process.clone()));
                    changes.push(Change { what: appeared, process, cpu_percent: None });
                }
                Entry::Occupied(known) => {
                    known.into_mut().compare(process, elapsed_ns, thresholds, &mut altered);
                }
            }
        }
        changes.append(&mut altered);
        changes
    }

    /// The processes known to run, as seen last, with their CPU use since the scan before, percent
    /// of one core; parents before children.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&Observation, Option<f64>)> {
        self.known.values().map(|known| (&known.last, known.cpu_percent))
    }

    /// One of them; `None` when it is not known to run.
    pub(super) fn process(&self, identity: Identity) -> Option<&Observation> {
        self.known.get(&identity).map(|known| &known.last)
    }

    fn remove_missing(&mut self, scan: &Scan) -> Vec<Change> {
        let seen: HashSet<Identity> =
            scan.processes.iter().map(|process| process.identity).collect();
        let unreadable: HashSet<u32> = scan.unreadable.iter().copied().collect();
        self.known
            .extract_if(.., |identity, _| {
                !seen.contains(identity) && !unreadable.contains(&identity.pid)
            })
            .map(|(_, known)| Change {
                what: ProcessChange::Exited,
                process: known.last,
                cpu_percent: None,
            })
            .collect()
    }
}

impl Known {
    fn new(process: Observation) -> Self {
        Self {
            reported_cpu_percent: 0.0,
            reported_memory_bytes: process.memory_bytes,
            cpu_percent: None,
            last: process,
        }
    }

    fn compare(
        &mut self,
        now: Observation,
        elapsed_ns: u64,
        thresholds: Thresholds,
        changes: &mut Vec<Change>,
    ) {
        let used_ns = now.cpu_time_ns.saturating_sub(self.last.cpu_time_ns);
        let cpu_percent = (elapsed_ns > 0).then(|| used_ns as f64 * 100.0 / elapsed_ns as f64);
        let mut report = |what| {
            changes.push(Change { what, process: now.clone(), cpu_percent });
        };
        if self.has_executed(&now) {
            report(ProcessChange::Executed);
        }
        if now.ppid != self.last.ppid {
            report(ProcessChange::Tree);
        }
        let user_changed = now.user_id != self.last.user_id;
        if user_changed || self.figures_changed(&now, cpu_percent, thresholds) {
            report(ProcessChange::Metadata);
            self.reported_cpu_percent = cpu_percent.unwrap_or(self.reported_cpu_percent);
            self.reported_memory_bytes = now.memory_bytes;
        }
        self.last = now;
        self.cpu_percent = cpu_percent;
    }

    /// Another executable, or the same anew; or the arguments of one that was first seen before it
    /// had any.
    fn has_executed(&self, now: &Observation) -> bool {
        let other_path = now.executable_path != self.last.executable_path;
        let images = self.last.image.zip(now.image);
        let other_image = images.is_some_and(|(last, now)| last != now);
        let first_arguments = self.last.arguments.is_empty() && !now.arguments.is_empty();
        now.executable_path.is_some() && (other_path || other_image || first_arguments)
    }

    fn figures_changed(
        &self,
        now: &Observation,
        cpu_percent: Option<f64>,
        thresholds: Thresholds,
    ) -> bool {
        let cpu_changed = cpu_percent.is_some_and(|percent| {
            let change = (percent - self.reported_cpu_percent).abs();
            change > 0.0 && change >= thresholds.cpu_percent
        });
        let memory_change = now.memory_bytes.abs_diff(self.reported_memory_bytes);
        let relative = self.reported_memory_bytes as f64 * thresholds.memory_percent / 100.0;
        let memory_changed = memory_change > 0
            && memory_change >= thresholds.memory_bytes
            && memory_change as f64 >= relative;
        cpu_changed || memory_changed
    }
}

#[cfg(test)]
mod tests;
