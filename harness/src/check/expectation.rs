//! The case's own expectations: counts per publisher and subscriber, fences left out, and how the
//! last publish ended. Exact on every bus they are stated for.

use super::findings::{Findings, Witness};
use super::report::Check;
use super::trace::Trace;
use crate::record::{FENCE, History, Outcome};

/// Compares every count that is expected.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let expected = trace.case.expect.on(trace.bus);
    let history = trace.history;
    for (name, range) in &expected.accepted {
        count(findings, name, "publishes accepted", accepted(history, name), *range);
    }
    for (name, range) in &expected.received {
        count(findings, name, "events received", received(history, name), *range);
    }
    for (name, range) in &expected.lagged {
        let lagged = history.subscribers.iter().find(|log| log.name == *name).map(|log| log.lagged);
        count(findings, name, "events lost by its own account", lagged, *range);
    }
    for (name, code) in &expected.refused {
        findings.judged(Check::Expectation, 1);
        let found = last_outcome(history, name).map_or("nothing at all", code_of);
        if found != code {
            let sentence = format!("the last publish of {name} ended with {found:?}, not {code:?}");
            findings.violated(Check::Expectation, || plain(sentence));
        }
    }
}

fn count(
    findings: &mut Findings<'_, '_>,
    name: &str,
    what: &str,
    found: Option<u64>,
    (least, most): (u64, u64),
) {
    findings.judged(Check::Expectation, 1);
    let sentence = match found {
        Some(found) if (least..=most).contains(&found) => return,
        Some(found) if least == most => format!("{name}: {found} {what}, expected {least}"),
        Some(found) => format!("{name}: {found} {what}, expected {least} to {most}"),
        None => format!("{name}: something is expected of it, but nobody has that name"),
    };
    findings.violated(Check::Expectation, || plain(sentence));
}

fn plain(sentence: String) -> Witness {
    Witness { sentence, publisher: None, subscriber: None, messages: Vec::new() }
}

fn accepted(history: &History, name: &str) -> Option<u64> {
    let log = history.publishers.iter().find(|log| log.name == name)?;
    let events = log.published.iter().filter(|published| published.sequence & FENCE == 0);
    Some(events.filter(|published| published.outcome == Outcome::Ok).count() as u64)
}

fn received(history: &History, name: &str) -> Option<u64> {
    let log = history.subscribers.iter().find(|log| log.name == name)?;
    Some(log.received.iter().filter(|received| received.sequence & FENCE == 0).count() as u64)
}

fn last_outcome(history: &History, name: &str) -> Option<Outcome> {
    let log = history.publishers.iter().find(|log| log.name == name)?;
    let mut events = log.published.iter().filter(|published| published.sequence & FENCE == 0);
    events.next_back().map(|published| published.outcome)
}

/// The code a scenario file names an outcome by.
pub(crate) fn code_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Closed => "closed",
        Outcome::TooLarge => "too-large",
        Outcome::Denied => "denied",
        Outcome::Timeout => "timeout",
        Outcome::Unknown => "disconnected",
    }
}
