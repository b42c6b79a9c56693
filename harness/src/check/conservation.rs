//! C12: the bus's counters add up, agree with what was published and matched, and never decrease.
//!
//! They are taken at the end of the last phase that was to end with fences. What was published after
//! the last fence that was sent may or may not be in them, and counts are held to a range. Nothing
//! may be queued then, but for subscribers that have stopped reading.
//!
//! A broker that follows another counts from 0. One whose connections broke counts what came again
//! once more, so that its sums hold, and nothing is known of their size.

use daemoneye_eventbus::{EventBusStatistics, SubscriptionStatistics};

use super::findings::{Findings, Witness, subscriber_name};
use super::life::{self, EndedBy, Life, Order};
use super::losses::{is_only_life, matched};
use super::oracle::Match;
use super::report::Check;
use super::trace::Trace;
use crate::plan::Operation;
use crate::record::Outcome;

/// Compares final counters with the history, and samples with one another.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    if trace.case.restarts() {
        return;
    }
    for pair in trace.history.statistics_samples.windows(2) {
        check_growth(trace, &pair[0], &pair[1], findings);
    }
    let Some(statistics) = &trace.history.statistics else { return };
    check_sums(trace, statistics, findings);
    if trace.case.returns() {
        return;
    }
    check_published(trace, statistics, findings);
    check_rows(trace, statistics, findings);
    for life in trace.lives.iter().filter(|life| is_only_life(trace, life)) {
        if life.end.is_none_or(|end| end.by == EndedBy::Shutdown) {
            check_life(trace, life, statistics, findings);
        }
    }
}

/// The last phase whose every publish the counters include, if there is one.
pub(crate) fn counted_phase(trace: &Trace<'_>) -> Option<u32> {
    let fenced = trace.last_fenced_phase()?;
    let shut_down = trace.history.operations.iter().any(|operated| {
        matches!(operated.operation, Operation::Shutdown(_)) && operated.phase <= fenced
    });
    (!shut_down).then_some(fenced)
}

/// The phase at whose end the counters were taken, if there is one: the last that was to end with
/// fences while the bus was up; in a wild case, before the first fault. Where nobody was left to
/// receive one, its publishes may be missing from them, but whoever came and went is accounted for.
fn taken_in(trace: &Trace<'_>) -> Option<u32> {
    let mut done = trace.history.operations.iter();
    let closes = |operation: &Operation| match operation {
        Operation::Shutdown(_) => true,
        Operation::Fault(_) => trace.case.wild,
        _ => false,
    };
    let closing = done.find(|operated| closes(&operated.operation));
    let closed_in = closing.map_or(u32::MAX, |operated| operated.phase);
    let phases = (0_u32..).zip(&trace.case.phases).take_while(|(phase, _)| *phase < closed_in);
    phases.filter(|(_, plan)| plan.fence).last().map(|(phase, _)| phase)
}

/// Whether the counters surely include a publish; what a publisher had not handed over when it was
/// cut off they do not.
pub(crate) fn is_counted(trace: &Trace<'_>, number: usize, phase: Option<u32>) -> bool {
    let item = &trace.items[number];
    !trace.may_be_cut_off(item) && phase.is_some_and(|phase| item.published.phase <= phase)
}

fn check_published(
    trace: &Trace<'_>,
    statistics: &EventBusStatistics,
    findings: &mut Findings<'_, '_>,
) {
    let phase = counted_phase(trace);
    let (mut least, mut most) = (0_u64, 0_u64);
    for (number, item) in trace.items.iter().enumerate() {
        let ok = item.published.outcome == Outcome::Ok;
        least += u64::from(ok && is_counted(trace, number, phase));
        most += u64::from(ok || item.published.outcome == Outcome::Unknown);
    }
    findings.judged(Check::Conservation, 1);
    let counted = statistics.events_published;
    if !(least..=most).contains(&counted) {
        let expected = range(least, most);
        bus(findings, format!("the bus counts {counted} events published, but {expected} were"));
    }
}

fn check_sums(trace: &Trace<'_>, statistics: &EventBusStatistics, findings: &mut Findings<'_, '_>) {
    let rows = &statistics.subscriptions;
    for row in rows {
        findings.judged(Check::Conservation, 1);
        let SubscriptionStatistics { subscriber_id, matched, delivered, dropped, queued, .. } = row;
        if *matched != delivered + dropped + queued {
            bus(
                findings,
                format!(
                    "{subscriber_id} has {matched} matches, but {delivered} delivered, {dropped} \
                     dropped and {queued} queued"
                ),
            );
        }
    }
    check_queued(trace, rows, findings);
    let none_ended =
        trace.lives.iter().all(|life| life.end.is_none_or(|end| end.by == EndedBy::Shutdown));
    let delivered: u64 = rows.iter().map(|row| row.delivered).sum();
    let dropped: u64 = rows.iter().map(|row| row.dropped).sum();
    for (what, total, sum) in [
        ("delivered", statistics.events_delivered, delivered),
        ("dropped", statistics.events_dropped, dropped),
    ] {
        findings.judged(Check::Conservation, 1);
        if total < sum || (none_ended && total > sum) {
            bus(findings, format!("the bus counts {total} {what}, its subscriptions {sum}"));
        }
    }
}

/// At quiescence nothing is held back for anybody who reads.
fn check_queued(
    trace: &Trace<'_>,
    rows: &[SubscriptionStatistics],
    findings: &mut Findings<'_, '_>,
) {
    let (Some(counted), Some(taken)) = (counted_phase(trace), taken_in(trace)) else { return };
    let [before, after] =
        [counted, taken].map(|phase| life::reading(trace.case, trace.history, phase));
    let subscribers = trace.case.topology.subscribers.iter().enumerate();
    let stalled: Vec<&str> = subscribers
        .filter(|(index, _)| !before[*index] || !after[*index])
        .map(|(_, spec)| spec.subscription.subscriber_id.as_str())
        .collect();
    for row in rows.iter().filter(|row| !stalled.contains(&row.subscriber_id.as_str())) {
        findings.judged(Check::Conservation, 1);
        if row.queued > 0 {
            let SubscriptionStatistics { subscriber_id, queued, .. } = row;
            bus(findings, format!("{subscriber_id} reads, but has {queued} still queued"));
        }
    }
}

/// Live subscriptions have a row of counters, unsubscribed ones have none. Of who left without a
/// word nothing is asked here: it may have one until its next match (C10).
fn check_rows(trace: &Trace<'_>, statistics: &EventBusStatistics, findings: &mut Findings<'_, '_>) {
    let Some(phase) = taken_in(trace) else { return };
    for life in last_lives(trace, phase) {
        let id = id_of(trace, life);
        let is_listed = statistics.subscriptions.iter().any(|row| row.subscriber_id == id);
        let end = life.end.filter(|end| end.phase <= phase);
        let is_live = end.is_none();
        if end.is_some_and(|end| end.by != EndedBy::Unsubscribe) {
            continue;
        }
        findings.judged(Check::Conservation, 1);
        if is_live && !is_listed {
            bus(findings, format!("the bus has no counters for {id}, which is subscribed"));
        } else if !is_live && is_listed {
            bus(findings, format!("the bus still counts for {id}, which has unsubscribed"));
        }
    }
}

/// Of each id the last life that began until a phase was over.
fn last_lives<'t>(trace: &'t Trace<'_>, phase: u32) -> impl Iterator<Item = &'t Life> {
    let begun = move || trace.lives.iter().filter(move |life| life.phase <= phase);
    begun()
        .enumerate()
        .filter(move |(number, life)| {
            !begun().skip(number + 1).any(|later| id_of(trace, later) == id_of(trace, life))
        })
        .map(|(_, life)| life)
}

fn id_of<'a>(trace: &Trace<'a>, life: &Life) -> &'a str {
    &trace.case.topology.subscribers[life.subscriber].subscription.subscriber_id
}

fn check_life(
    trace: &Trace<'_>,
    life: &Life,
    statistics: &EventBusStatistics,
    findings: &mut Findings<'_, '_>,
) {
    let phase = counted_phase(trace);
    let id = id_of(trace, life);
    let Some(row) = statistics.subscriptions.iter().find(|row| row.subscriber_id == id) else {
        return;
    };
    let name = subscriber_name(trace, life.subscriber);
    let (least, most) = matched(trace, life, |number| is_counted(trace, number, phase));
    findings.judged(Check::Conservation, 2);
    if !(least..=most).contains(&row.matched) {
        let expected = range(least, most);
        let sentence = format!(
            "the bus counts {} matches of {name}, but with the fences {expected} did",
            row.matched
        );
        bus(findings, sentence);
    }
    // What was queued then may have been received since.
    let received = received_until(trace, life, phase);
    let SubscriptionStatistics { delivered, queued, .. } = *row;
    if delivered + queued < received {
        let sentence = format!(
            "the bus counts {delivered} delivered to {name} and {queued} queued for it, but it \
             received {received}"
        );
        bus(findings, sentence);
    }
    check_drops(trace, life, row, findings);
}

/// Where nothing was published after the counters were taken, both sides count the same losses.
fn check_drops(
    trace: &Trace<'_>,
    life: &Life,
    row: &SubscriptionStatistics,
    findings: &mut Findings<'_, '_>,
) {
    let phase = counted_phase(trace);
    let all_counted = (0..trace.items.len()).all(|number| is_counted(trace, number, phase));
    if !all_counted || !life.reads_all {
        return;
    }
    findings.judged(Check::Conservation, 1);
    let lagged = trace.history.subscribers[life.subscriber].lagged;
    if row.dropped != lagged {
        let name = subscriber_name(trace, life.subscriber);
        let dropped = row.dropped;
        bus(
            findings,
            format!("the bus counts {dropped} dropped for {name}, which counts {lagged}"),
        );
    }
}

/// Distinct events that the counters must include and that arrived; fences are left out, as a
/// companion subscription may have carried them.
fn received_until(trace: &Trace<'_>, life: &Life, phase: Option<u32>) -> u64 {
    let counts = |item: u32| {
        let number = item as usize;
        !trace.items[number].is_fence()
            && trace.matches(life.subscriber, number) == Match::Yes
            && is_counted(trace, number, phase)
    };
    let distinct = life.arrivals.iter().filter(|arrival| arrival.order != Order::Repeated);
    distinct.filter(|arrival| counts(arrival.item)).count() as u64
}

fn check_growth(
    trace: &Trace<'_>,
    before: &EventBusStatistics,
    after: &EventBusStatistics,
    findings: &mut Findings<'_, '_>,
) {
    let mut pairs = vec![
        ("published events".to_owned(), before.events_published, after.events_published),
        ("delivered events".to_owned(), before.events_delivered, after.events_delivered),
        ("dropped events".to_owned(), before.events_dropped, after.events_dropped),
    ];
    for row in &after.subscriptions {
        let id = &row.subscriber_id;
        let earlier = before.subscriptions.iter().find(|earlier| earlier.subscriber_id == *id);
        if let (Some(earlier), true) = (earlier, began_once(trace, id)) {
            pairs.push((format!("matches of {id}"), earlier.matched, row.matched));
            pairs.push((format!("drops of {id}"), earlier.dropped, row.dropped));
        }
    }
    for (what, before, after) in pairs {
        findings.judged(Check::Monotone, 1);
        if after < before {
            let sentence = format!("the bus's count of {what} fell from {before} to {after}");
            findings.violated(Check::Monotone, || plain(sentence));
        }
    }
}

fn began_once(trace: &Trace<'_>, id: &str) -> bool {
    trace.lives.iter().filter(|life| id_of(trace, life) == id).count() <= 1
}

fn range(least: u64, most: u64) -> String {
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

fn bus(findings: &mut Findings<'_, '_>, sentence: String) {
    findings.violated(Check::Conservation, || plain(sentence));
}

fn plain(sentence: String) -> Witness {
    Witness { sentence, publisher: None, subscriber: None, messages: Vec::new() }
}
