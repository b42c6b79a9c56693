//! The record as the rules ask for it: by step, by member, in time.

use crate::plan::Case;
use crate::plan::control::{Health, Step};
use crate::record::{ControlHistory, Fact, Noted, Noter, StepTimes};

/// Plan and record of one trial.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) case: &'a Case,
    pub(super) history: &'a ControlHistory,
}

/// A span of time, nanoseconds: from its first moment on, before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from_ns: u64,
    pub(super) until_ns: u64,
}

impl Span {
    /// Whether the two have a moment in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.from_ns < other.until_ns && other.from_ns < self.until_ns
    }

    /// Whether the other lies in this one.
    pub(super) fn holds(self, other: Self) -> bool {
        self.from_ns <= other.from_ns && other.until_ns <= self.until_ns
    }
}

impl<'a> Seen<'a> {
    /// The steps that were begun, with their index and times.
    pub(super) fn steps(self) -> impl Iterator<Item = (usize, &'a Step, StepTimes)> {
        let steps = self.case.control.steps.iter().zip(&self.history.steps);
        steps.enumerate().map(|(index, (step, times))| (index, step, *times))
    }

    /// What was noted by somebody.
    pub(super) fn by(self, by: Noter) -> impl Iterator<Item = &'a Noted> {
        self.history.facts.iter().filter(move |noted| noted.by == by)
    }

    /// What was noted by somebody during a step.
    pub(super) fn during(self, times: StepTimes, by: Noter) -> impl Iterator<Item = &'a Noted> {
        let end_ns = times.ended_ns.unwrap_or(u64::MAX);
        self.by(by).filter(move |noted| (times.began_ns..=end_ns).contains(&noted.at_ns))
    }

    /// A member's name.
    pub(super) fn name(self, member: usize) -> &'a str {
        &self.case.control.members[member].name
    }

    /// How often members show life, nanoseconds.
    pub(super) fn heartbeat_ns(self) -> u64 {
        self.case.control.heartbeat_ms * 1_000_000
    }

    /// Every caller: how it notes, and its name.
    pub(super) fn callers(self) -> Vec<(Noter, String)> {
        let groups = self.case.control.callers.iter().enumerate();
        let named = groups.flat_map(|(group, callers)| {
            let names = callers.names().enumerate();
            names.map(move |(index, name)| (Noter::Caller(group, index), name))
        });
        named.collect()
    }

    /// When a member was killed, if it was.
    pub(super) fn killed_ns(self, member: usize) -> Option<u64> {
        let mut facts = self.by(Noter::Harness);
        facts.find(|noted| noted.fact == Fact::Killed { member }).map(|noted| noted.at_ns)
    }

    /// When a member could answer nobody: killed, frozen, or held by the case.
    pub(super) fn silent(self, member: usize) -> Vec<Span> {
        let mut spans = self.frozen(member);
        if let Some(from_ns) = self.killed_ns(member) {
            spans.push(Span { from_ns, until_ns: u64::MAX });
        }
        spans.extend(self.held(member));
        spans
    }

    /// When a member's process did not run, though it was there.
    pub(super) fn frozen(self, member: usize) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for noted in self.by(Noter::Harness) {
            if noted.fact == (Fact::Frozen { member }) {
                spans.push(Span { from_ns: noted.at_ns, until_ns: u64::MAX });
            } else if noted.fact == (Fact::Thawing { member })
                && let Some(last) = spans.last_mut()
            {
                last.until_ns = noted.at_ns;
            }
        }
        spans
    }

    fn held(self, member: usize) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (_, step, times) in self.steps() {
            if *step == (Step::Hold { member }) {
                spans.push(Span { from_ns: times.began_ns, until_ns: u64::MAX });
            } else if *step == (Step::Release { member })
                && let Some(last) = spans.last_mut()
            {
                last.until_ns = times.ended_ns.unwrap_or(u64::MAX);
            }
        }
        spans
    }

    /// What the desk's monitor told of a member: when, and what.
    pub(super) fn changes(self, name: &'a str) -> Vec<(u64, Option<Health>)> {
        let told = self.by(Noter::Desk).filter_map(|noted| match &noted.fact {
            Fact::Changed { member, health } if member == name => Some((noted.at_ns, *health)),
            _ => None,
        });
        told.collect()
    }

    /// When the desk's monitor counted a member as unhealthy.
    pub(super) fn unhealthy(self, name: &'a str) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (at_ns, health) in self.changes(name) {
            if let Some(last) = spans.last_mut().filter(|last| last.until_ns == u64::MAX) {
                last.until_ns = at_ns;
            }
            if health == Some(Health::Unhealthy) {
                spans.push(Span { from_ns: at_ns, until_ns: u64::MAX });
            }
        }
        spans
    }
}

/// Milliseconds, for sentences.
pub(super) fn ms(ns: u64) -> u64 {
    ns / 1_000_000
}
