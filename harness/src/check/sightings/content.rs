//! C6 for what the harness knows of its own children: id, parent, start, name, path, arguments.
//!
//! A scan between a child's fork and the end of its `exec` sees the harness's own image, or one
//! without arguments. That is so only of a scan that began before the `exec` was over, and only
//! there is it accepted.

use daemoneye_eventbus::event::ProcessEvent;

use crate::check::found::Found;
use crate::check::report::{Check, Message};
use crate::record::{Parent, Sightings, WatchedChild, tells_exit, tells_start};

pub(super) fn check(sightings: &Sightings, found: &mut Found<'_>) {
    // By child: whether it was last seen before its exec.
    let mut early = vec![false; sightings.children.len()];
    for (seen, index) in sightings.processes() {
        let Some(index) = index else { continue };
        let child = &sightings.children[index];
        let is_early = is_before_exec(seen, &sightings.parent)
            && if tells_exit(seen) { early[index] } else { scanned_before_exec(seen, child) };
        early[index] = is_early && (tells_start(seen) || early[index]);
        found.judged(Check::Content, if is_early { IDENTITY } else { IDENTITY + IMAGE });
        let mut wrong = identity(seen, child, &sightings.parent);
        if !is_early {
            wrong.extend(image(seen, child));
        }
        for difference in wrong {
            let header = &seen.header;
            let message =
                Message { publisher: header.source.to_string(), sequence: header.source_sequence };
            found.violated_by(Check::Content, &[message], || {
                format!("child {index} (process {}) was seen with {difference}", child.pid)
            });
        }
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
    wrong
}

fn same(seen: &[daemoneye_eventbus::ByteString], known: &[String]) -> bool {
    seen.len() == known.len() && seen.iter().zip(known).all(|(seen, known)| *seen == known.as_str())
}
