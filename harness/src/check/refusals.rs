//! Whether each publish that was refused had a cause (C7, C11, C13): a bus that refuses without one
//! loses nothing it had accepted, so no other rule would see it.
//!
//! Only what can be told is judged. `Timeout` has a cause while somebody whose policy is to wait may
//! have been behind. Where none was, but the publish waited its limit out, a starved host may be the
//! cause: then it is not judged if something older was still on its way, or over a socket, where the
//! buffers in between are unseen. How large a payload was is known where all of a publisher's are of
//! sizes the bus must take; fences, and publishers that send larger ones too, are not judged for it.

use super::findings::{Findings, Witness, message, publisher_name};
use super::life::Life;
use super::oracle::Match;
use super::report::Check;
use super::trace::{Item, Trace};
use crate::plan::{Claim, Deed, Deployment, Fault, Operation, Reading, Victim};
use crate::record::{Operated, Outcome, Published};

/// Looks at every publish that was refused.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for number in 0..trace.items.len() {
        let cause = cause(trace, number);
        findings.judged(Check::Refusals, u64::from(cause != Cause::Unclear));
        if let Cause::Lacking(rule, why) = cause {
            let publisher = usize::from(trace.items[number].publisher);
            let event = message(trace, u32::try_from(number).expect("items fit 32 bits"));
            findings.violated_as(Check::Refusals, rule, || Witness {
                sentence: format!(
                    "{} published {event} and was told {}, though {why}",
                    publisher_name(trace, publisher),
                    told(trace.items[number].published.outcome)
                ),
                publisher: Some(publisher),
                subscriber: None,
                messages: vec![event],
            });
        }
    }
}

/// What is known of why a publish was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// There was one.
    Found,
    /// There was none: the rule that says so, and what was missing.
    Lacking(Claim, &'static str),
    /// It cannot be told, or the publish was accepted.
    Unclear,
}

/// Found, or lacking by this rule.
fn found_or(found: bool, rule: Claim, why: &'static str) -> Cause {
    if found { Cause::Found } else { Cause::Lacking(rule, why) }
}

fn cause(trace: &Trace<'_>, number: usize) -> Cause {
    let item = &trace.items[number];
    let is_over = was_shut_down_by(trace, &item.published);
    match item.published.outcome {
        Outcome::Ok => Cause::Unclear,
        Outcome::Closed => found_or(is_over, Claim::C13, "nobody had shut the bus down"),
        Outcome::TooLarge => of_size(trace, item),
        // Whether rightly is for `access`; where nobody is asked, nobody may say so.
        Outcome::Denied if trace.bus.crosses_processes() => Cause::Unclear,
        Outcome::Denied => Cause::Lacking(Claim::C7, "here nobody is asked for a role"),
        Outcome::Unknown => {
            let is_cut_off = may_be_cut_off(trace, item) || (is_over && !trace.publishers_wait());
            found_or(is_cut_off || has_no_end(trace, item), Claim::C7, "nothing had cut it off")
        }
        // What a bus says once it is shut down is for `shutdown`.
        Outcome::Timeout if is_over => Cause::Unclear,
        Outcome::Timeout => of_wait(trace, number),
    }
}

fn told(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "Ok",
        Outcome::Closed => "Closed",
        Outcome::TooLarge => "TooLarge",
        Outcome::Denied => "Denied",
        Outcome::Timeout => "Timeout",
        Outcome::Unknown => "Disconnected",
    }
}

/// Whether a shutdown had been called when a publish returned.
fn was_shut_down_by(trace: &Trace<'_>, published: &Published) -> bool {
    let mut operations = trace.history.operations.iter();
    operations.any(|operated| {
        matches!(operated.operation, Operation::Shutdown(_))
            && operated.call_ns <= published.return_ns
    })
}

fn of_size(trace: &Trace<'_>, item: &Item) -> Cause {
    let topology = &trace.case.topology;
    let limit = topology.bus.takes_payload_bytes();
    let mix = &topology.publishers[usize::from(item.publisher)].mix;
    let too_large = |bytes: usize| bytes > limit;
    if item.is_fence() || mix.is_empty() {
        Cause::Unclear
    } else if mix.iter().all(|part| too_large(part.payload_bytes)) {
        Cause::Found
    } else if mix.iter().any(|part| too_large(part.payload_bytes)) {
        Cause::Unclear
    } else {
        Cause::Lacking(Claim::C7, "none of its payloads is larger than the bus must take")
    }
}

/// Whether something may have parted a publisher from the broker; nobody hears from who is held up.
fn may_be_cut_off(trace: &Trace<'_>, item: &Item) -> bool {
    faults_before(trace, &item.published).any(|(fault, _)| {
        let concerned = [Victim::Publisher(usize::from(item.publisher)), Victim::Broker];
        let parts =
            fault.deed.cuts_off() || fault.deed.holds_up() || matches!(fault.deed, Deed::Delay(_));
        trace.case.wild || (concerned.contains(&fault.victim) && parts)
    })
}

/// Whether a call was cut short by its publisher's own end. It was noted before it began and never
/// after, so that it may look like one that was over before the fault.
fn has_no_end(trace: &Trace<'_>, item: &Item) -> bool {
    let Published { call_ns, return_ns, .. } = item.published;
    call_ns == return_ns && trace.history.killed_in(usize::from(item.publisher)).is_some()
}

/// Faults that were begun when a publish returned.
fn faults_before<'a>(
    trace: &Trace<'a>,
    published: &Published,
) -> impl Iterator<Item = (Fault, &'a Operated)> {
    let return_ns = published.return_ns;
    let begun = trace.history.operations.iter().filter(move |one| one.call_ns <= return_ns);
    begun.filter_map(|operated| Some((operated.operation.fault()?, operated)))
}

fn of_wait(trace: &Trace<'_>, number: usize) -> Cause {
    let Item { published, publisher, .. } = trace.items[number];
    if is_under_fault(trace, usize::from(publisher), &published) {
        return Cause::Found;
    }
    let could_hold =
        |life: &&Life| overlaps(life, &published) && life.lossless && concerns(trace, life, number);
    if trace.lives.iter().filter(could_hold).any(|life| is_held(trace, life, &published)) {
        return Cause::Found;
    }
    let limit_ms = trace.case.topology.bus.publish_waits_ms();
    let waited_ns = published.return_ns.saturating_sub(published.call_ns);
    let waited_out = waited_ns >= limit_ms.saturating_mul(1_000_000);
    let is_behind = |life: &Life| was_behind(trace, life, &published);
    if waited_out && (trace.bus.crosses_processes() || trace.lives.iter().any(is_behind)) {
        return Cause::Unclear;
    }
    Cause::Lacking(Claim::C11, "no `block` subscriber that could hold it up was behind")
}

/// Whether a life may have been going on at some moment of a publish.
fn overlaps(life: &Life, published: &Published) -> bool {
    life.call_ns <= published.return_ns
        && life.end.is_none_or(|end| end.return_ns >= published.call_ns)
}

/// Whether a life can hold up a publish. Where events queue before they are routed, in a central
/// channel or a connection, it can even if another event is the one that matches it.
fn concerns(trace: &Trace<'_>, life: &Life, number: usize) -> bool {
    trace.bus.deployment() != Deployment::Embedded
        || trace.matches(life.subscriber, number) != Match::No
}

/// Whether a life did not read, or not as fast as it could, at some moment of a publish.
fn is_held(trace: &Trace<'_>, life: &Life, published: &Published) -> bool {
    let spec = &trace.case.topology.subscribers[life.subscriber];
    if spec.pace_per_s.is_some() {
        return true;
    }
    let mut stopped_ns = (spec.reading == Reading::Stopped).then_some(0);
    for operated in &trace.history.operations {
        match operated.operation {
            Operation::StopReading(index) if index == life.subscriber => {
                stopped_ns = stopped_ns.or(Some(operated.call_ns));
            }
            Operation::ResumeReading(index)
                if index == life.subscriber && operated.outcome == "ok" =>
            {
                let began = stopped_ns.take().is_some_and(|from| from <= published.return_ns);
                if began && operated.return_ns >= published.call_ns {
                    return true;
                }
            }
            _ => {}
        }
    }
    stopped_ns.is_some_and(|from| from <= published.return_ns)
}

/// Whether a fault held the publisher, the broker or a subscriber at some moment of a publish.
fn is_under_fault(trace: &Trace<'_>, publisher: usize, published: &Published) -> bool {
    let mut faults = faults_before(trace, published).filter(|(fault, _)| !fault.deed.undoes());
    faults.any(|(fault, begun)| {
        let concerned = !matches!(fault.victim, Victim::Publisher(other) if other != publisher);
        trace.case.wild || (concerned && lasted_until(trace, fault, begun) >= published.call_ns)
    })
}

/// When a fault was undone, ns; the end of time where it never was.
fn lasted_until(trace: &Trace<'_>, fault: Fault, begun: &Operated) -> u64 {
    let undo = fault.deed.undone_by().map(|deed| Operation::Fault(Fault { deed, ..fault }));
    let undone = trace
        .history
        .operations
        .iter()
        .find(|one| one.call_ns >= begun.call_ns && undo.as_ref() == Some(&one.operation));
    undone.map_or(u64::MAX, |one| one.return_ns)
}

/// Whether a life received something after a publish was called that had been called before it.
fn was_behind(trace: &Trace<'_>, life: &Life, published: &Published) -> bool {
    let later = life
        .arrivals
        .partition_point(|one| trace.received(life, one.at).receive_ns <= published.call_ns);
    let mut arrivals = life.arrivals[later..].iter();
    arrivals.any(|one| trace.items[one.item as usize].published.call_ns < published.call_ns)
}
