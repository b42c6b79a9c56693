//! Whether each call got the answer it should by who may publish and subscribe what (A1–A3).

use daemoneye_eventbus::acl::Role;

use super::Planned;
use super::findings::{Findings, Witness, message, publisher_name};
use super::oracle::pattern_matches;
use super::report::Check;
use super::trace::Trace;
use crate::plan::access::{may_have, may_publish};
use crate::plan::{Claim, Deployment, Operation};
use crate::record::{Operated, Outcome};

/// Replies: whether somebody owes one is not planned.
const REPLIES: &str = "control.rpc.reply.#";

/// Looks at every publish and subscribe that somebody was asked for.
pub(crate) fn check(trace: &Trace<'_>, planned: &dyn Planned, findings: &mut Findings<'_, '_>) {
    for number in 0..trace.items.len() {
        let Some(may) = may_publish_item(trace, planned, number) else { continue };
        findings.judged(Check::Refusals, 1);
        let outcome = trace.items[number].published.outcome;
        if (outcome == Outcome::Ok && !may) || (outcome == Outcome::Denied && may) {
            findings
                .violated_as(Check::Refusals, Claim::A1, || publish_witness(trace, number, may));
        }
    }
    for operated in &trace.history.operations {
        let Some(may) = may_subscribe_operation(trace, operated) else { continue };
        findings.judged(Check::Refusals, 1);
        if (operated.outcome == "ok" && !may) || (operated.outcome == "denied" && may) {
            findings.violated_as(Check::Refusals, Claim::A3, || subscribe_witness(trace, operated));
        }
    }
}

/// Whether a publish may be; `None` where nobody asks, where nothing was asked (an agent that was not
/// denied), or where it cannot be told.
fn may_publish_item(trace: &Trace<'_>, planned: &dyn Planned, number: usize) -> Option<bool> {
    let item = &trace.items[number];
    if item.is_fence() || !trace.bus.crosses_processes() {
        return None;
    }
    let publisher = usize::from(item.publisher);
    let role = trace.case.topology.publishers[publisher].role;
    if role == Role::Agent && item.published.outcome != Outcome::Denied {
        return None;
    }
    let topic = planned.attributes(publisher, item.published.sequence)?.topic;
    if role != Role::Agent && pattern_matches(REPLIES, &topic) {
        return None;
    }
    Some(may_publish(role, &topic))
}

/// The same for a subscribe.
fn may_subscribe_operation(trace: &Trace<'_>, operated: &Operated) -> Option<bool> {
    let Operation::Subscribe(index) = operated.operation else { return None };
    let own = &trace.case.topology.subscribers[index];
    let asked = own.role != Role::Agent || operated.outcome == "denied";
    if trace.bus.deployment() != Deployment::Process || !asked {
        return None;
    }
    may_have(own, index)
}

/// Whether a role that is none of the agent's was refused a publish rightly, and took another (A1).
pub(crate) fn exercises_publishing(trace: &Trace<'_>, planned: &dyn Planned) -> bool {
    let met = |outcome, may| {
        (0..trace.items.len()).any(|number| {
            let item = &trace.items[number];
            let role = trace.case.topology.publishers[usize::from(item.publisher)].role;
            role != Role::Agent
                && item.published.outcome == outcome
                && may_publish_item(trace, planned, number) == Some(may)
        })
    };
    met(Outcome::Ok, true) && met(Outcome::Denied, false)
}

/// The same of subscribing (A3).
pub(crate) fn exercises_subscribing(trace: &Trace<'_>) -> bool {
    let met = |outcome: &str, may| {
        trace.history.operations.iter().any(|operated| {
            let Operation::Subscribe(index) = operated.operation else { return false };
            trace.case.topology.subscribers[index].role != Role::Agent
                && operated.outcome == outcome
                && may_subscribe_operation(trace, operated) == Some(may)
        })
    };
    met("ok", true) && met("denied", false)
}

fn publish_witness(trace: &Trace<'_>, number: usize, may: bool) -> Witness {
    let publisher = usize::from(trace.items[number].publisher);
    let event = message(trace, u32::try_from(number).expect("items fit 32 bits"));
    let role = trace.case.topology.publishers[publisher].role;
    let what = if may { "was denied it, though it may" } else { "may not, and was not denied it" };
    Witness {
        sentence: format!(
            "{}, {role}, published {event} and {what}",
            publisher_name(trace, publisher)
        ),
        publisher: Some(publisher),
        subscriber: None,
        messages: vec![event],
    }
}

fn subscribe_witness(trace: &Trace<'_>, operated: &Operated) -> Witness {
    let Operation::Subscribe(index) = operated.operation else {
        unreachable!("only subscribes are judged here")
    };
    let own = &trace.case.topology.subscribers[index];
    let patterns = own.subscription.topic_patterns.join(", ");
    let (name, role, outcome) = (&own.name, own.role, &operated.outcome);
    Witness {
        sentence: format!("{name}, {role}, subscribed to {patterns} and was told {outcome}"),
        publisher: None,
        subscriber: Some(index),
        messages: Vec::new(),
    }
}
