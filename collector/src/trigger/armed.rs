//! One trigger at work: its condition, and what decides whether it asks where that holds.

use std::sync::Arc;

use daemoneye_eventbus::BusEvent;
use tracing::warn;

use super::bucket::Bucket;
use super::definition::Trigger;
use super::moment::Moment;
use super::pending::Pending;
use super::recent::Recent;
use super::request::{Fired, Purpose, Signature};
use super::statistics::TriggerStatistics;
use super::subject::Subject;
use crate::condition::{Condition, Truth};

/// A registered trigger.
#[derive(Debug)]
pub(super) struct Armed {
    pub(super) purpose: Purpose,
    pub(super) condition: Condition,
    pub(super) statistics: TriggerStatistics,
    recent: Recent,
    pending: Pending,
    bucket: Bucket,
    /// Whether it was told that requests are held back.
    is_holding_back: bool,
}

impl Armed {
    pub(super) fn new(trigger: &Trigger, condition: Condition) -> Self {
        let limits = trigger.condition.resource_limits;
        Self {
            purpose: Purpose::of(trigger),
            condition,
            statistics: TriggerStatistics::default(),
            recent: Recent::new(trigger.dedup_window),
            pending: Pending::new(limits.max_pending, limits.pending_timeout),
            bucket: Bucket::per_minute(limits.max_requests_per_minute),
            is_holding_back: false,
        }
    }

    /// What an event is about, if the trigger asks about it now.
    pub(super) fn decide(&mut self, event: &BusEvent, now: Moment) -> Option<Arc<Subject>> {
        if !self.matches(event) {
            return None;
        }
        let now_ns = now.monotonic_ns;
        let subject = Subject::of(&event.event);
        if self.recent.has(&subject, now_ns) {
            self.statistics.deduplicated += 1;
            return None;
        }
        self.statistics.pending_expired += self.pending.expire(now_ns);
        if self.pending.is_full() {
            self.statistics.pending_refused += 1;
            self.tell_once("too many of them are pending");
            return None;
        }
        if !self.bucket.take(now_ns) {
            self.statistics.rate_limited += 1;
            self.tell_once("there are too many at once");
            return None;
        }
        Some(Arc::new(subject))
    }

    /// Asks about an event that was decided on.
    pub(super) fn fire(
        &mut self,
        event: &BusEvent,
        subject: Arc<Subject>,
        signature: Signature,
    ) -> Fired {
        let now_ns = signature.now.monotonic_ns;
        let trigger_id = self.purpose.trigger_id(event);
        self.statistics.fired += 1;
        self.is_holding_back = false;
        self.pending.add(trigger_id.clone(), now_ns);
        if self.recent.begin(Arc::clone(&subject), now_ns) {
            self.statistics.subjects_forgotten += 1;
        }
        self.purpose.ask(event, subject, trigger_id, signature)
    }

    /// Whether the request was pending.
    pub(super) fn done(&mut self, trigger_id: &str) -> bool {
        let was_pending = self.pending.done(trigger_id);
        self.statistics.done += u64::from(was_pending);
        was_pending
    }

    /// As if it had not fired, but for what is counted and for its token.
    pub(super) fn withdraw(&mut self, fired: &Fired) {
        self.pending.done(&fired.request.trigger_id);
        self.recent.end(&fired.subject);
        self.statistics.withdrawn += 1;
    }

    fn matches(&mut self, event: &BusEvent) -> bool {
        let Some(truth) = self.condition.truth(&event.event) else { return false };
        self.statistics.evaluated += 1;
        match truth {
            Truth::True => self.statistics.matched += 1,
            Truth::Unknown => self.statistics.unknown += 1,
            Truth::False => {}
        }
        truth == Truth::True
    }

    /// Once until it fires again.
    fn tell_once(&mut self, why: &'static str) {
        if !std::mem::replace(&mut self.is_holding_back, true) {
            warn!(trigger = %self.purpose.trigger, why, "requests are held back");
        }
    }
}
