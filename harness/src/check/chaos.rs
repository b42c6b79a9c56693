//! Judges cases of chaos: what arrived of what scripted sources sent, and what their collector told.
//!
//! The script says what every source sent, to the last event; the collector's own counts are held
//! against it and against what arrived, never against each other alone.
//!
//! C1 (every event a source declared arrives, whatever other sources do), C2 (nothing else does), C3,
//! C4 and C6 (once, in order, as it was sent), C12 (each count of the collector, losses included),
//! R1 (who failed, and how, is told), C11 (sources are held back and let go once, where they have to
//! be), C14 (a batch goes at its timeout, neither before nor never), C13 (the collector ends, and
//! says whom it had to abandon).

mod arrivals;
mod counts;
mod faults;

use std::time::Duration;

use super::found::Found;
use super::report::{Check, Report};
use crate::plan::chaos::Then;
use crate::plan::{Bus, Case, Reading, SubscriberSpec};
use crate::record::{AgentEnd, ChaosHistory, CollectorReport, SourceEnd};

const NS_PER_MS: u64 = 1_000_000;

/// Judges what a case of chaos saw on a bus.
pub fn check_chaos(case: &Case, bus: Bus, history: &ChaosHistory) -> Report {
    if let Some(told) = history.report.as_ref().and_then(|report| stranger(case, report)) {
        return Report::Broken(vec![told]);
    }
    let mut found = Found::new(case, bus, Check::rule);
    ended(history, &mut found);
    // Of a collector that did not come to tell, what arrived until then was not read either.
    if let Some(report) = &history.report {
        abandoned(case, report, &mut found);
        let missing = arrivals::check(case, history, &mut found);
        counts::check(case, report, missing, &mut found);
        faults::check(case, history, report, &mut found);
        held_back(case, history, report, &mut found);
        batch(case, history, &mut found);
    }
    Report::Judged(found.into_judgement())
}

/// A report of other sources than those of the case cannot be judged.
fn stranger(case: &Case, report: &CollectorReport) -> Option<String> {
    let known = case.chaos.sources.iter().map(|source| source.name.as_str());
    let told = report.sources.iter().map(|source| source.name.as_str());
    known.ne(told).then(|| "the collector told of other sources than it was given".to_owned())
}

/// C13: the collector ends by itself, well, and within the time it was given.
fn ended(history: &ChaosHistory, found: &mut Found<'_>) {
    found.judged(Check::Shutdown, 1);
    match &history.end {
        AgentEnd::InOrder => {}
        AgentEnd::Failed { how, last_words } => found.violated(Check::Shutdown, || {
            let words = if last_words.is_empty() { "nothing" } else { last_words };
            format!("the collector {how}; its last words: {words}")
        }),
        AgentEnd::Killed { waited } => found.violated(Check::Shutdown, || {
            format!("the collector was silent for {waited:?} and was killed")
        }),
    }
    if let Some(error) = history.report.as_ref().and_then(|report| report.error.as_ref()) {
        found.violated(Check::Shutdown, || {
            format!("the collector, asked to end, did not end well: {error}")
        });
    }
}

/// C13: a source that hangs at the stop is abandoned, and told so.
fn abandoned(case: &Case, report: &CollectorReport, found: &mut Found<'_>) {
    for (spec, told) in case.chaos.sources.iter().zip(&report.sources) {
        if spec.then == Then::Hangs {
            found.holds(Check::Shutdown, told.end == SourceEnd::Aborted, || {
                let (name, end) = (&spec.name, told.end.as_str());
                format!("source {name} did not end when it was asked, and was told as {end}")
            });
        }
    }
}

/// C11: behind a subscriber that does not read, sources are held back, once; then they are let go.
fn held_back(case: &Case, history: &ChaosHistory, report: &CollectorReport, found: &mut Found<'_>) {
    let stops = |subscriber: &SubscriberSpec| subscriber.reading == Reading::Stopped;
    if !case.topology.subscribers.iter().any(stops) {
        return;
    }
    let episodes = report.backpressure_episodes;
    found.holds(Check::Losses, episodes == 1, || {
        format!("the collector counted that it held its sources back {episodes} times, not once")
    });
    let told = history.held_back.iter().map(|held| if *held { "held back" } else { "let go" });
    let told: Vec<&str> = told.collect();
    found.holds(Check::Losses, history.held_back == [true, false], || {
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        format!("of its sources the collector told: {told}; it was to be: held back, let go")
    });
}

/// C14: a batch that does not fill goes at its timeout. Judged where nothing fills one.
fn batch(case: &Case, history: &ChaosHistory, found: &mut Found<'_>) {
    let (all, limits) = (case.chaos.delivers(), &case.chaos.collector);
    let is_filled = |events: usize| all >= events as u64;
    if all == 0 || is_filled(limits.batch_events) || is_filled(limits.threshold_events) {
        return;
    }
    let timeout_ms = limits.batch_timeout_ms;
    found.holds(Check::Waits, history.before_stop >= all, || {
        let came = history.before_stop;
        format!(
            "of {all} events, which fill no batch, {came} had come before the collector was asked \
             to end; a batch waits {timeout_ms} ms at most"
        )
    });
    let Some(first) = history.received.first() else { return };
    let sent_ns = first.event.header().observed_monotonic_ns;
    let waited_ns = first.published_monotonic_ns.saturating_sub(sent_ns);
    found.holds(Check::Waits, waited_ns >= timeout_ms * NS_PER_MS, || {
        let waited = Duration::from_nanos(waited_ns);
        format!("the first event of a batch waited {waited:?}, and was to wait {timeout_ms} ms")
    });
}

#[cfg(test)]
mod tests;
