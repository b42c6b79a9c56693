//! Requests that were asked and not yet told done.

use std::collections::VecDeque;
use std::time::Duration;

use daemoneye_eventbus::ByteString;

/// The requests of one trigger.
#[derive(Debug)]
pub(super) struct Pending {
    limit: usize,
    timeout_ns: u64,
    /// With when they were asked, the oldest first.
    requests: VecDeque<(u64, ByteString)>,
}

impl Pending {
    pub(super) fn new(limit: u32, timeout: Duration) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            timeout_ns: u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX),
            requests: VecDeque::new(),
        }
    }

    /// Gives up what nobody told done in time; how many that were.
    pub(super) fn expire(&mut self, now_ns: u64) -> u64 {
        let timeout_ns = self.timeout_ns;
        let is_late = |asked_ns: u64| now_ns.saturating_sub(asked_ns) >= timeout_ns;
        let mut expired = 0;
        while self.requests.front().is_some_and(|(asked_ns, _)| is_late(*asked_ns)) {
            self.requests.pop_front();
            expired += 1;
        }
        expired
    }

    pub(super) fn is_full(&self) -> bool {
        self.requests.len() >= self.limit
    }

    pub(super) fn add(&mut self, trigger_id: ByteString, now_ns: u64) {
        self.requests.push_back((now_ns, trigger_id));
    }

    /// Whether there was such a request; now there is none.
    pub(super) fn done(&mut self, trigger_id: &str) -> bool {
        let place = self.requests.iter().position(|(_, id)| **id == *trigger_id);
        place.and_then(|place| self.requests.remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_tells_done_is_given_up_at_its_timeout() {
        let mut pending = Pending::new(2, Duration::from_nanos(10));
        pending.add("a".into(), 100);
        pending.add("b".into(), 105);
        assert_eq!(pending.expire(109), 0);
        assert_eq!(pending.expire(110), 1);
        assert!(!pending.done("a"));
        assert_eq!(pending.expire(1000), 1);
        assert_eq!(pending.expire(1000), 0);
    }
}
