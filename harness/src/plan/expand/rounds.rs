//! Rounds of a recording: which of its events comes next is decided by how many its publisher has published
//! before. A share that replays the recording begins with the first event only at the end of a round.

use std::ops::Range;

use super::super::{Action, Count, Operation, Publish, Rate, Trigger};
use super::faults::Placed;
use super::roster::Roster;
use crate::scenario::Reader;

/// How far each publisher is, by the phases read so far.
pub(super) struct Rounds<'r> {
    roster: &'r Roster,
    /// By publisher: events planned so far; `None` where the plan does not say how many.
    planned: Vec<Option<u64>>,
}

impl<'r> Rounds<'r> {
    /// Nobody has published anything.
    pub(super) fn new(roster: &'r Roster) -> Self {
        Self { roster, planned: vec![Some(0); roster.all_publishers().len()] }
    }

    /// Refuses shares that replay a recording from its middle, or from nobody knows where; counts what the
    /// phase publishes.
    pub(super) fn check_phase(
        &mut self,
        reader: &Reader<'_>,
        publish: &[Placed<Publish>],
        actions: &[Placed<Action>],
    ) {
        self.add_actions(actions, |trigger| trigger == Trigger::Start);
        // One of a group stands for all: they have one place.
        let mut told: Option<&Range<usize>> = None;
        for (share, span) in publish {
            let is_replay = matches!(share.rate, Rate::AsRecorded(_));
            let why = if is_replay { self.why_not(share.publisher, actions) } else { None };
            if let Some(why) = why
                && told != Some(span)
            {
                reader.problem(span, "`as-recorded` where the recording does not begin anew", why);
                told = Some(span);
            }
            let events = match share.count {
                Count::Events(events) => Some(events),
                Count::ForMs(_) | Count::UntilRefused => None,
            };
            self.add(share.publisher, events);
        }
        self.add_actions(actions, |trigger| trigger != Trigger::Start);
    }

    fn why_not(&self, publisher: usize, actions: &[Placed<Action>]) -> Option<String> {
        let (round, _) = self.roster.replay(publisher)?;
        let name = self.roster.publisher_name(publisher);
        // What is done at the end comes after every share, what is done at the start was counted.
        let comes_between = |action: &Action| {
            action.operation == Operation::PublishOne(publisher)
                && !matches!(action.trigger, Trigger::Start | Trigger::End)
        };
        if actions.iter().any(|(action, _)| comes_between(action)) {
            return Some(format!(
                "{name} publishes one more in between, in this phase; let it do so at the `end`"
            ));
        }
        match self.planned[publisher] {
            Some(planned) if planned.is_multiple_of(round) => None,
            Some(planned) => Some(format!(
                "{name} has published {planned} before, and its recording has {round}; replay it \
                 first, or publish a multiple of {round} before"
            )),
            None => Some(format!(
                "how many {name} has published before is not planned; replay the recording first, or \
                 say a `count` there that is a multiple of {round}"
            )),
        }
    }

    fn add_actions(&mut self, actions: &[Placed<Action>], counts: impl Fn(Trigger) -> bool) {
        for (action, _) in actions.iter().filter(|(action, _)| counts(action.trigger)) {
            if let Operation::PublishOne(publisher) = action.operation {
                self.add(publisher, Some(1));
            }
        }
    }

    fn add(&mut self, publisher: usize, events: Option<u64>) {
        let planned = self.planned[publisher];
        self.planned[publisher] = planned.and_then(|planned| Some(planned.saturating_add(events?)));
    }
}
