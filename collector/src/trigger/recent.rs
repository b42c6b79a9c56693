//! What a trigger asked about within its window, so that it asks once.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::subject::Subject;

/// Subjects one trigger remembers; at the next the oldest is forgotten, and may be asked about
/// once more before its window is over.
pub const MAX_SUBJECTS: usize = 1024;

/// The subjects of one trigger.
#[derive(Debug)]
pub(super) struct Recent {
    window_ns: u64,
    subjects: HashSet<Arc<Subject>>,
    /// The same with when they were asked about: the oldest first, and each once.
    order: VecDeque<(u64, Arc<Subject>)>,
}

impl Recent {
    pub(super) fn new(window: Duration) -> Self {
        let window_ns = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        Self { window_ns, subjects: HashSet::new(), order: VecDeque::new() }
    }

    /// Whether the window of a subject is not over.
    pub(super) fn has(&mut self, subject: &Subject, now_ns: u64) -> bool {
        self.expire(now_ns);
        self.subjects.contains(subject)
    }

    /// Begins the window of a subject that has none; whether another was forgotten for it.
    pub(super) fn begin(&mut self, subject: Arc<Subject>, now_ns: u64) -> bool {
        if self.window_ns == 0 {
            return false;
        }
        let is_full = self.order.len() >= MAX_SUBJECTS;
        if is_full && let Some((_, oldest)) = self.order.pop_front() {
            self.subjects.remove(&oldest);
        }
        self.subjects.insert(Arc::clone(&subject));
        self.order.push_back((now_ns, subject));
        is_full
    }

    /// Ends the window of a subject at once.
    pub(super) fn end(&mut self, subject: &Subject) {
        self.subjects.remove(subject);
        self.order.retain(|(_, other)| **other != *subject);
    }

    fn expire(&mut self, now_ns: u64) {
        let window_ns = self.window_ns;
        let is_over = |asked_ns: u64| now_ns.saturating_sub(asked_ns) >= window_ns;
        while self.order.front().is_some_and(|(asked_ns, _)| is_over(*asked_ns)) {
            if let Some((_, subject)) = self.order.pop_front() {
                self.subjects.remove(&subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_nanos(10);

    fn subject(pid: u32) -> Arc<Subject> {
        Arc::new(Subject::Process { pid, start_time_unix_ns: None })
    }

    #[test]
    fn a_clock_that_goes_back_ends_no_window() {
        let mut recent = Recent::new(WINDOW);
        recent.begin(subject(1), 100);
        assert!(recent.has(&subject(1), 0));
    }

    #[test]
    fn a_window_that_is_ended_can_begin_again() {
        let mut recent = Recent::new(WINDOW);
        recent.begin(subject(1), 100);
        recent.begin(subject(2), 101);
        recent.end(&subject(1));
        assert!(!recent.has(&subject(1), 102));
        assert!(recent.has(&subject(2), 102));
        recent.begin(subject(1), 103);
        assert!(recent.has(&subject(1), 111));
        assert!(!recent.has(&subject(2), 111));
    }
}
