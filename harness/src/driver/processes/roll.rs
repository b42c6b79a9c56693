//! The roll call: five times a second every actor is asked how far its roles are.
//!
//! The thread that reads an actor's orders answers, whatever its roles are doing. So an actor that
//! does not answer has stopped, and is named instead of waited for; and the answers say over the
//! harness's own channel what the stamps must agree with (METHOD §2). It takes moments and answers
//! and judges nothing about a bus.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Time between two calls.
const CALL_INTERVAL: Duration = Duration::from_millis(200);
/// An actor that owes an answer for so many calls has stopped. Calls are counted, not time: a
/// harness that was itself kept from running blames nobody.
const SILENT_CALLS: u32 = 50;
/// After how long an actor that has stopped is named at the earliest.
pub(in crate::driver) const SILENCE: Duration = CALL_INTERVAL.saturating_mul(SILENT_CALLS);
/// Answers kept at most: some minutes of a trial with ten processes; later ones are not kept.
const ANSWERS: usize = 16 * 1024;

/// What one actor answered to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) struct Answer {
    /// Which call it belongs to.
    pub(in crate::driver) call: u64,
    /// Who.
    pub(in crate::driver) actor: usize,
    /// The harness's clock before it asked, ns.
    pub(in crate::driver) asked_ns: u64,
    /// The same after it heard, ns.
    pub(in crate::driver) heard_ns: u64,
    /// Measured events begun by the open loops of the process, all of them together.
    pub(in crate::driver) published: u64,
    /// Events received by its subscribers, all of them together: measured ones, or in behaviour
    /// trials all but fences.
    pub(in crate::driver) received: u64,
}

/// What to do about an actor in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Call {
    /// It is to be asked.
    Ask,
    /// It owes an answer to an earlier call, but not for long.
    Owes,
    /// It has owed one for [`SILENCE`].
    Silent,
}

/// Who is asked, who owes an answer, what was answered.
pub(in crate::driver) struct Roll {
    interval: Interval,
    call: u64,
    /// By actor that is up and has not left: the question it owes an answer to.
    present: BTreeMap<usize, Option<Question>>,
    /// By actor: what its subscribers had received when it last answered.
    received: BTreeMap<usize, u64>,
    keeping: bool,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Question {
    call: u64,
    asked_ns: u64,
    /// Calls since.
    calls: u32,
}

impl Roll {
    /// A roll with nobody on it. Call within a runtime.
    pub(in crate::driver) fn new() -> Self {
        let mut interval = interval(CALL_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            interval,
            call: 0,
            present: BTreeMap::new(),
            received: BTreeMap::new(),
            keeping: false,
            answers: Vec::new(),
        }
    }

    /// An actor is up.
    pub(in crate::driver) fn enter(&mut self, actor: usize) {
        self.present.insert(actor, None);
    }

    /// It has said goodbye.
    pub(in crate::driver) fn leave(&mut self, actor: usize) {
        self.present.remove(&actor);
    }

    /// From now on answers are kept, or no longer.
    pub(in crate::driver) fn keep(&mut self, keeping: bool) {
        self.keeping = keeping;
    }

    /// Waits until the next call is due. Cancel safe.
    pub(in crate::driver) async fn due(&mut self) {
        self.interval.tick().await;
    }

    /// A call begins; returns who is on the roll.
    pub(in crate::driver) fn begin(&mut self) -> Vec<usize> {
        self.call += 1;
        self.present.keys().copied().collect()
    }

    /// Whether an actor is to be asked now, at this moment of the harness's clock.
    pub(in crate::driver) fn call(&mut self, actor: usize, now_ns: u64) -> Call {
        let Some(owed) = self.present.get_mut(&actor) else { return Call::Owes };
        match owed {
            None => {
                *owed = Some(Question { call: self.call, asked_ns: now_ns, calls: 0 });
                Call::Ask
            }
            Some(question) => {
                question.calls += 1;
                if question.calls < SILENT_CALLS { Call::Owes } else { Call::Silent }
            }
        }
    }

    /// An actor has answered.
    pub(in crate::driver) fn answered(
        &mut self,
        actor: usize,
        published: u64,
        received: u64,
        now_ns: u64,
    ) {
        let Some(question) = self.present.get_mut(&actor).and_then(Option::take) else { return };
        self.received.insert(actor, received);
        if self.keeping && self.answers.len() < ANSWERS {
            let Question { call, asked_ns, .. } = question;
            let heard_ns = now_ns;
            self.answers.push(Answer { call, actor, asked_ns, heard_ns, published, received });
        }
    }

    /// Events received by all actors together, as last answered.
    pub(in crate::driver) fn received(&self) -> u64 {
        self.received.values().sum()
    }

    /// Who owes an answer to an earlier call than the last one.
    pub(in crate::driver) fn late(&self) -> Vec<usize> {
        let late = |owed: &Option<Question>| owed.is_some_and(|question| question.calls > 0);
        self.present.iter().filter(|(_, owed)| late(owed)).map(|(actor, _)| *actor).collect()
    }

    /// The answers that were kept, in the order they came.
    pub(in crate::driver) fn answers(&self) -> &[Answer] {
        &self.answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_actor_that_never_answers_is_silent_and_one_that_does_is_not() {
        let mut roll = Roll::new();
        roll.enter(0);
        roll.enter(1);
        for call in 0..=u64::from(SILENT_CALLS) {
            assert_eq!(roll.begin(), [0, 1]);
            assert_eq!(roll.call(0, call), Call::Ask);
            roll.answered(0, 1, 1, call);
            let stopped = roll.call(1, call);
            let expected = match call {
                0 => Call::Ask,
                call if call < u64::from(SILENT_CALLS) => Call::Owes,
                _ => Call::Silent,
            };
            assert_eq!(stopped, expected, "call {call}");
        }
        assert_eq!(roll.late(), [1]);
    }

    #[tokio::test]
    async fn only_answers_of_the_window_are_kept_with_the_moments_around_them() {
        let mut roll = Roll::new();
        roll.enter(4);
        for (call, keeping) in [(1, false), (2, true), (3, false)] {
            roll.keep(keeping);
            roll.begin();
            roll.call(4, call * 100);
            roll.answered(4, 20 + call, 10 + call, call * 100 + 7);
        }
        let kept =
            Answer { call: 2, actor: 4, asked_ns: 200, heard_ns: 207, published: 22, received: 12 };
        assert_eq!(roll.answers(), [kept]);
    }

    #[tokio::test]
    async fn an_actor_that_has_left_owes_nothing() {
        let mut roll = Roll::new();
        roll.enter(2);
        roll.begin();
        roll.call(2, 1);
        roll.leave(2);
        assert_eq!(roll.begin(), Vec::<usize>::new());
        assert_eq!(roll.late(), Vec::<usize>::new());
    }
}
