//! What waits to be told of one path, for more of the same or for an end. No clock, no system.

use std::path::Path;

use super::notice::Stamp;
use super::operation::{Operation, Settled};

/// How long a written file may stay open before it is told of: a log is never closed.
pub(super) const OPEN_LIMIT_NS: u64 = 30_000_000_000;

/// What waits of one path.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pending {
    /// It was written; waits for its closing.
    written: Option<Wait>,
    /// Whether it was written by one who has it open.
    open: bool,
    /// Its attributes changed.
    attributes: Option<Wait>,
    /// It was opened, perhaps to be written.
    opened: Option<Wait>,
    /// Something happened; waits for quiet.
    changed: Option<Wait>,
    /// Whether its content is said to be part of that.
    content: bool,
}

/// A wait, and its end.
#[derive(Debug, Clone, Copy)]
struct Wait {
    /// When the first came that it waits for, monotonic nanoseconds.
    first_ns: u64,
    /// When the last came.
    last: Stamp,
    /// When it has waited long enough, monotonic nanoseconds.
    due_ns: u64,
}

impl Wait {
    /// So long since the first, however many follow.
    fn since_first(before: Option<Self>, at: Stamp, limit_ns: u64) -> Self {
        let first_ns = before.map_or(at.monotonic_ns, |wait| wait.first_ns);
        Self { first_ns, last: at, due_ns: first_ns.saturating_add(limit_ns) }
    }

    /// So long since the last, but no longer than a written file may stay open.
    fn since_last(before: Option<Self>, at: Stamp, quiet_ns: u64) -> Self {
        let mut wait = Self::since_first(before, at, OPEN_LIMIT_NS);
        wait.due_ns = wait.due_ns.min(at.monotonic_ns.saturating_add(quiet_ns));
        wait
    }
}

impl Pending {
    /// It was written by one who will close it.
    pub(super) fn write(&mut self, at: Stamp) {
        self.written = Some(Wait::since_first(self.written, at, OPEN_LIMIT_NS));
        self.open = true;
        self.opened = None;
    }

    /// It was written before anybody watched; its closing may come yet.
    pub(super) fn find_written(&mut self, at: Stamp, settle_ns: u64) {
        if self.written.is_none() {
            self.written = Some(Wait::since_first(None, at, settle_ns));
            self.open = false;
        }
    }

    /// It was closed by one who could write; whether that ends a wait.
    pub(super) fn close(&mut self) -> bool {
        self.open = false;
        self.opened = None;
        self.written.take().is_some()
    }

    /// Its attributes changed.
    pub(super) fn change_attributes(&mut self, at: Stamp, settle_ns: u64) {
        self.attributes = Some(Wait::since_first(self.attributes, at, settle_ns));
    }

    /// It was opened.
    pub(super) fn open(&mut self, at: Stamp, settle_ns: u64) {
        if self.written.is_none() {
            self.opened = Some(Wait::since_first(self.opened, at, settle_ns));
        }
    }

    /// Something happened to it, perhaps to its content.
    pub(super) fn change(&mut self, content: bool, at: Stamp, settle_ns: u64) {
        self.changed = Some(Wait::since_last(self.changed, at, settle_ns));
        self.content |= content;
    }

    /// When the first wait ends, monotonic nanoseconds.
    pub(super) fn due_ns(&self) -> Option<u64> {
        let waits = [self.written, self.attributes, self.opened, self.changed];
        waits.into_iter().flatten().map(|wait| wait.due_ns).min()
    }

    /// Whether a look is due by then.
    pub(super) fn is_look_due(&self, now_ns: u64) -> bool {
        self.changed.is_some_and(|wait| wait.due_ns <= now_ns)
    }

    /// Ends the waits that are due: looks by `looks_ns`, all others by `now_ns`.
    pub(super) fn take_due(&mut self, path: &Path, now_ns: u64, looks_ns: u64) -> Vec<Operation> {
        let mut settled = Vec::new();
        let mut push = |what, at| settled.push(Operation { path: path.to_owned(), what, at });
        if let Some(wait) = end(&mut self.written, now_ns) {
            push(Settled::Modified { still_open: self.open }, wait.last);
            self.open = false;
        }
        if let Some(wait) = end(&mut self.attributes, now_ns) {
            push(Settled::Attributes, wait.last);
        }
        if let Some(wait) = end(&mut self.opened, now_ns) {
            push(Settled::Accessed, wait.last);
        }
        if let Some(wait) = end(&mut self.changed, looks_ns) {
            push(Settled::Changed { content: self.content }, wait.last);
            self.content = false;
        }
        settled
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.due_ns().is_none()
    }
}

fn end(wait: &mut Option<Wait>, by_ns: u64) -> Option<Wait> {
    wait.take_if(|wait| wait.due_ns <= by_ns)
}
