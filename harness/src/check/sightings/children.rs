//! C6 for what the harness knows of its own children: id, parent, start, name, path, arguments, and the
//! hash of the executable where that is told.
//!
//! A scan between a child's fork and the end of its `exec` sees the harness's own image, or one
//! without arguments. That is so only of a scan that began before the `exec` was over, and only
//! there is it accepted.

use std::collections::BTreeSet;

use daemoneye_eventbus::event::{ProcessChange, ProcessEvent};

use crate::record::{Parent, WatchedChild};

/// Which children were last seen before their exec, by the number of the thing.
#[derive(Debug, Default)]
pub(super) struct Early {
    children: BTreeSet<usize>,
}

impl Early {
    /// Whether an event shows a child before its exec was over; asked of every event of a record
    /// about a child, in the record's order.
    pub(super) fn shows(
        &mut self,
        seen: &ProcessEvent,
        (index, child): (usize, &WatchedChild),
        parent: &Parent,
    ) -> bool {
        let was_early = self.children.contains(&index);
        let is_early = is_before_exec(seen, parent)
            && match seen.change {
                // Told with what the scan before has seen.
                ProcessChange::Exited | ProcessChange::Integrity => was_early,
                _ => scanned_before_exec(seen, child),
            };
        if is_early && (seen.change == ProcessChange::Started || was_early) {
            self.children.insert(index);
        } else {
            self.children.remove(&index);
        }
        is_early
    }

    /// What is wrong with an event about a child, and how many of its fields were looked at.
    pub(super) fn judge(
        &mut self,
        seen: &ProcessEvent,
        (index, child): (usize, &WatchedChild),
        parent: &Parent,
    ) -> (u64, Vec<String>) {
        let is_early = self.shows(seen, (index, child), parent);
        let mut wrong = identity(seen, child, parent);
        if is_early {
            return (IDENTITY, wrong);
        }
        wrong.extend(image(seen, child));
        let hash = u64::from(seen.change == ProcessChange::Integrity);
        (IDENTITY + IMAGE + hash, wrong)
    }
}

/// Fields that hold from the fork on.
const IDENTITY: u64 = 3;
/// Fields that hold from the end of the exec on.
const IMAGE: u64 = 3;

fn is_before_exec(seen: &ProcessEvent, parent: &Parent) -> bool {
    seen.arguments.is_empty() || same(&seen.arguments, &parent.arguments)
}

fn scanned_before_exec(seen: &ProcessEvent, child: &WatchedChild) -> bool {
    seen.header.observed_monotonic_ns <= child.executed_monotonic_ns
}

fn identity(seen: &ProcessEvent, child: &WatchedChild, parent: &Parent) -> Vec<String> {
    let mut wrong = Vec::new();
    if seen.pid != child.pid {
        wrong.push(format!("process id {}, not {}", seen.pid, child.pid));
    }
    if seen.ppid != Some(parent.pid) {
        wrong.push(format!("parent {:?}, not {}", seen.ppid, parent.pid));
    }
    if !child.was_started_then(seen) {
        let (before, after) = child.started_unix_ns;
        let told = seen.start_time_unix_ns;
        wrong.push(format!("start time {told:?}, but was started from {before} to {after}"));
    }
    wrong
}

fn image(seen: &ProcessEvent, child: &WatchedChild) -> Vec<String> {
    let mut wrong = Vec::new();
    if seen.name != child.name.as_str() {
        wrong.push(format!("name {:?}, not {:?}", seen.name, child.name));
    }
    let path = seen.executable_path.as_deref();
    if path != Some(child.executable_path.as_str()) {
        wrong.push(format!("executable {path:?}, not {:?}", child.executable_path));
    }
    if !same(&seen.arguments, &child.arguments) {
        wrong.push(format!("arguments {:?}, not {:?}", seen.arguments, child.arguments));
    }
    if seen.change == ProcessChange::Integrity {
        let (told, known) = (seen.executable_sha256.as_deref(), child.executable_sha256.as_deref());
        if told != known {
            wrong.push(format!("SHA-256 {told:?}, not {known:?}"));
        }
    }
    wrong
}

fn same(seen: &[daemoneye_eventbus::ByteString], known: &[String]) -> bool {
    seen.len() == known.len() && seen.iter().zip(known).all(|(seen, known)| *seen == known.as_str())
}
