//! R1: a collector tells which of its sources failed, and how: while it runs, to whoever asks it over
//! the bus, and at its end.

use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::Case;
use crate::plan::chaos::{SourceSpec, Then};
use crate::plan::control::Health;
use crate::record::{ChaosHistory, CollectorReport, SourceEnd, SourceReport};

pub(super) fn check(
    case: &Case,
    history: &ChaosHistory,
    report: &CollectorReport,
    found: &mut Found<'_>,
) {
    for (spec, told) in case.chaos.sources.iter().zip(&report.sources) {
        while_it_ran(spec, history, found);
        at_the_end(spec, told, found);
    }
}

fn while_it_ran(spec: &SourceSpec, history: &ChaosHistory, found: &mut Found<'_>) {
    let (name, wanted) = (&spec.name, spec.health());
    found.judged(Check::WorstOf, 1);
    let Some(part) = history.health.iter().find(|part| part.name == *name) else {
        found.violated(Check::WorstOf, || {
            format!("the collector, asked how it is, did not tell of source {name}")
        });
        return;
    };
    if part.health != wanted {
        found.violated(Check::WorstOf, || {
            let (told, wanted) = (part.health.as_str(), wanted.as_str());
            let then = spec.then.as_str();
            format!("source {name} {then}, and was told to be {told}, not {wanted}")
        });
    } else if !explains(part.reason.as_deref(), spec) {
        found.violated(Check::WorstOf, || {
            let wanted = wanted.as_str();
            format!("why source {name} is {wanted} was told as {:?}", part.reason)
        });
    }
}

fn at_the_end(spec: &SourceSpec, told: &SourceReport, found: &mut Found<'_>) {
    let wanted = match spec.then {
        Then::Waits | Then::Ends => SourceEnd::Ended,
        Then::Fails => SourceEnd::Failed,
        Then::Panics => SourceEnd::Panicked,
        // That it was abandoned is a matter of the end.
        Then::Hangs => return,
    };
    let (name, is_bad) = (&spec.name, wanted != SourceEnd::Ended);
    found.judged(Check::WorstOf, 1);
    if told.end != wanted {
        found.violated(Check::WorstOf, || {
            let (told, wanted) = (told.end.as_str(), wanted.as_str());
            format!("at the end source {name} was told as {told}, not as {wanted}")
        });
    } else if is_bad && !tells(told.reason.as_deref(), spec) {
        found.violated(Check::WorstOf, || {
            let (wanted, reason) = (wanted.as_str(), &told.reason);
            format!("at the end, why source {name} {wanted} was told as {reason:?}")
        });
    }
}

/// Whether a source that is not well has a reason for it; one that failed, its own.
fn explains(reason: Option<&str>, spec: &SourceSpec) -> bool {
    match spec.health() {
        Health::Healthy => true,
        Health::Degraded => reason.is_some(),
        Health::Unhealthy => tells(reason, spec),
    }
}

/// Whether a reason has what the source itself said.
fn tells(reason: Option<&str>, spec: &SourceSpec) -> bool {
    reason.is_some_and(|reason| reason.contains(&spec.last_words()))
}
