//! R6: the desk's timeline of each request has the request and its reply, in order, and it keeps as
//! many workflows as it may; of a single caller those of its latest requests.
//!
//! Where several ask at once and room has ended, which of their unanswered requests are kept is
//! nowhere promised.

use std::collections::BTreeMap;

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Step, call_id};
use crate::record::{Fact, Happened, Noter, StepTimes};

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (index, step, times) in seen.steps() {
        if *step != Step::TellWorkflows {
            continue;
        }
        found.judged(Check::Workflows, 1);
        let Some(told) = Told::of(seen, times) else {
            found.violated(Check::Workflows, || "the desk told of no workflow".to_owned());
            continue;
        };
        told.bounded(found);
        let requests = requests(seen, index);
        let is_one_by_one = seen.callers().len() == 1;
        // The desk's own fence takes a place.
        let latest = if is_one_by_one { told.limit.saturating_sub(1) } else { 0 };
        let first = requests.len().saturating_sub(latest);
        for (number, request) in requests.iter().enumerate() {
            told.holds(request, number >= first, found);
        }
    }
}

/// One request of a caller.
struct Request {
    id: String,
    caller: String,
    member: String,
}

/// Every request of the steps before this one, those that reckon included; of one caller, in order.
fn requests(seen: &Seen<'_>, before: usize) -> Vec<Request> {
    let mut requests = Vec::new();
    for (index, step, _) in seen.steps().take(before) {
        let Step::Call { member, rounds, .. } = *step else { continue };
        for (_, caller) in seen.callers() {
            for round in 0..=rounds {
                let (id, member) = (call_id(&caller, index, round), seen.name(member).to_owned());
                requests.push(Request { id, caller: caller.clone(), member });
            }
        }
    }
    requests
}

/// What the desk told in one step.
struct Told<'a> {
    limit: usize,
    workflows: BTreeMap<&'a str, &'a [Happened]>,
    kept: usize,
    forgotten: u64,
}

impl<'a> Told<'a> {
    /// `None` where it did not come to its end.
    fn of(seen: &Seen<'a>, times: StepTimes) -> Option<Self> {
        let mut workflows = BTreeMap::new();
        let mut end = None;
        for noted in seen.during(times, Noter::Desk) {
            match &noted.fact {
                Fact::Workflow { root, timeline } => {
                    workflows.insert(root.as_str(), timeline.as_slice());
                }
                Fact::Kept { workflows, forgotten, .. } => end = Some((*workflows, *forgotten)),
                _ => {}
            }
        }
        let (kept, forgotten) = end?;
        Some(Self { limit: seen.case.control.workflow_limit, workflows, kept, forgotten })
    }

    /// It keeps no more than it may, and forgets only when it must.
    fn bounded(&self, found: &mut Found<'_>) {
        let (kept, limit, forgotten) = (self.kept, self.limit, self.forgotten);
        found.holds(Check::Workflows, kept <= limit && kept == self.workflows.len(), || {
            format!("the desk keeps {kept} workflows, and may keep {limit}")
        });
        found.holds(Check::Workflows, forgotten == 0 || kept == limit, || {
            format!("the desk forgot {forgotten} steps, and keeps {kept} of {limit} workflows")
        });
    }

    /// A request that is known is known whole, or by its end alone where room has ended; one that
    /// must be known is.
    fn holds(&self, request: &Request, is_latest: bool, found: &mut Found<'_>) {
        let Request { id, caller, member } = request;
        let may_lack = self.forgotten > 0 && !is_latest;
        let Some(timeline) = self.workflows.get(id.as_str()) else {
            found.holds(Check::Workflows, may_lack, || {
                format!("the desk does not know of {id}, which nothing made it forget")
            });
            return;
        };
        let is_end = || matches!(timeline, [end] if is_reply(end, request));
        let is_right = is_whole(timeline, request) || (may_lack && is_end());
        found.holds(Check::Workflows, is_right, || {
            format!(
                "the desk saw {timeline:?} under {id}, not {caller}'s request and {member}'s reply"
            )
        });
    }
}

fn is_whole(timeline: &[Happened], request: &Request) -> bool {
    let [asked, replied] = timeline else { return false };
    asked.publisher == request.caller
        && asked.topic == "control.collector.task.process"
        && asked.parent.is_none()
        && is_reply(replied, request)
        && replied.sequence == asked.sequence + 1
}

fn is_reply(replied: &Happened, request: &Request) -> bool {
    replied.publisher == request.member
        && replied.topic == format!("control.rpc.reply.{}", request.caller)
        && replied.parent.as_deref() == Some(&*request.id)
}
