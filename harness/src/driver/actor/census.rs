//! What this process holds: descriptors, threads, context switches. For the goodbye.

use crate::record::ContextSwitches;

/// Open descriptors now; `None` where the host cannot tell.
pub(super) fn descriptors() -> Option<i64> {
    entries("/proc/self/fd")
}

/// Threads now; `None` where the host cannot tell.
pub(super) fn threads() -> Option<i64> {
    entries("/proc/self/task")
}

#[cfg(target_os = "linux")]
fn entries(folder: &str) -> Option<i64> {
    let entries = std::fs::read_dir(folder).ok()?;
    i64::try_from(entries.count()).ok()
}

#[cfg(not(target_os = "linux"))]
fn entries(_folder: &str) -> Option<i64> {
    None
}

/// Whose context switches are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// This process's, finished threads included.
    Own,
    /// Those of children that were waited for.
    Children,
}

/// Context switches so far.
#[cfg(unix)]
pub(super) fn context_switches(whose: Whose) -> Option<ContextSwitches> {
    use nix::sys::resource::{UsageWho, getrusage};

    let who = match whose {
        Whose::Own => UsageWho::RUSAGE_SELF,
        Whose::Children => UsageWho::RUSAGE_CHILDREN,
    };
    let usage = getrusage(who).ok()?;
    let count = |number| u64::try_from(number).unwrap_or_default();
    Some(ContextSwitches {
        voluntary: count(usage.voluntary_context_switches()),
        involuntary: count(usage.involuntary_context_switches()),
    })
}

/// Context switches so far.
#[cfg(not(unix))]
pub(super) fn context_switches(_whose: Whose) -> Option<ContextSwitches> {
    None
}
