//! `[[phase]]`: who publishes how much and how fast.

use std::ops::Range;

use super::super::limits::{MAX_IDLE_MS, MAX_PHASE_MS, MAX_TRIAL_EVENTS, Total};
use super::super::{Action, Arrivals, Count, Phase, Publish, Rate, TrialKind};
use super::faults::{self, CutOff, Placed};
use super::roster::Roster;
use super::rounds::Rounds;
use super::{actions, triggers};
use crate::scenario::{At, Reader, Table};

/// Every phase; `wild` where only safety is judged.
pub(super) fn read(root: &Table<'_>, roster: &Roster, kind: TrialKind, wild: bool) -> Vec<Phase> {
    let tables = root.tables("phase", "phase");
    if tables.is_empty() && !matches!(kind, TrialKind::Control | TrialKind::Chaos) {
        root.reader().problem(root.span(), "missing table `[[phase]]`", "a scenario needs one");
    }
    let (mut total, mut cut_off) = (Total::default(), CutOff::new(wild));
    let mut rounds = Rounds::new(roster);
    let read = |table| read_phase(table, (roster, kind), &mut total, &mut cut_off, &mut rounds);
    tables.into_iter().map(read).collect()
}

fn read_phase(
    table: Table<'_>,
    (roster, kind): (&Roster, TrialKind),
    total: &mut Total,
    cut_off: &mut CutOff,
    rounds: &mut Rounds<'_>,
) -> Phase {
    let told_before = table.reader().problems_so_far();
    let name = table.required("name", At::scalar).unwrap_or_default();
    let shares = table.tables("publish", "phase.publish").into_iter();
    let publish: Vec<Placed<Publish>> =
        shares.flat_map(|table| read_publish(table, roster, kind, total)).collect();
    check_shares(table.reader(), &publish);
    let actions = table.tables("action", "phase.action").into_iter();
    let actions: Vec<Placed<Action>> =
        actions.flat_map(|table| actions::read(table, roster, kind, total)).collect();
    if table.reader().problems_so_far() == told_before {
        triggers::check_phase(table.reader(), &publish, &actions, cut_off);
    }
    faults::check_phase(table.reader(), &publish, &actions, cut_off);
    rounds.check_phase(table.reader(), &publish, &actions);
    let phase = Phase {
        name,
        publish: publish.into_iter().map(|(share, _)| share).collect(),
        actions: actions.into_iter().map(|(action, _)| action).collect(),
        idle_ms: table
            .or("idle", r#""0ms""#, |at| at.duration_ms_up_to(MAX_IDLE_MS, "a phase is quiet for")),
        fence: table.or("fence", "true", At::boolean),
        measured: table.or("measured", "false", At::boolean),
    };
    table.finish();
    phase
}

/// Refuses a second share of a publisher, which does one thing at a time.
fn check_shares(reader: &Reader<'_>, publish: &[Placed<Publish>]) {
    for (place, (share, span)) in publish.iter().enumerate() {
        if publish[..place].iter().any(|(other, _)| other.publisher == share.publisher) {
            let label = "publish it in a phase of its own, or as a part of a `mix`";
            reader.problem(span, "a publisher of this share has one in this phase already", label);
            return;
        }
    }
}

fn read_publish(
    table: Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    total: &mut Total,
) -> Vec<Placed<Publish>> {
    let publishers = match table.get("publisher") {
        Some(at) => roster.publishers(&at).unwrap_or_default(),
        None => roster.all_publishers(),
    };
    let as_recorded = table.optional("as-recorded", At::boolean).unwrap_or_default();
    let count = read_count(&table, as_recorded);
    let rate = read_rate(&table);
    let rate = match table.optional("window-bytes", At::size) {
        Some(bytes) => bounded(&table, rate, (bytes, publishers.clone()), roster),
        None => rate,
    };
    let shares: Vec<Publish> = if as_recorded {
        replayed(&table, publishers, roster)
    } else {
        publishers.map(|publisher| Publish { publisher, count, rate }).collect()
    };
    let subscribers = roster.all_subscribers().len();
    let mut sum = *total;
    if let Err(beyond) = shares.iter().try_for_each(|share| sum.add(share, subscribers, kind)) {
        table.reader().problem(table.span(), "more than a trial may have", beyond.to_string());
        return Vec::new();
    }
    *total = sum;
    let span = table.span().clone();
    table.finish();
    shares.into_iter().map(|share| (share, span.clone())).collect()
}

/// Shares as long as what each publisher replays, which says when, too.
fn replayed(table: &Table<'_>, publishers: Range<usize>, roster: &Roster) -> Vec<Publish> {
    let span = table.key_span("as-recorded").unwrap_or_default();
    for key in ["rate", "window", "window-bytes", "arrivals", "burst"] {
        if let Some(span) = table.key_span(key) {
            let label = "a recording says when; leave out one of them";
            table.reader().problem(&span, format!("`{key}` beside `as-recorded`"), label);
        }
    }
    let mut shares = Vec::new();
    for publisher in publishers {
        let Some((events, ms)) = roster.replay(publisher) else {
            let title = "`as-recorded` of a publisher without a `recording`";
            let label = "name publishers that replay one";
            table.reader().problem(&span, title, label);
            break;
        };
        let (count, rate) = (Count::Events(events), Rate::AsRecorded(ms));
        shares.push(Publish { publisher, count, rate });
    }
    shares
}

/// A closed loop whose window is cut to what all its events take up in flight: at least one event.
fn bounded(
    table: &Table<'_>,
    rate: Rate,
    (bytes, publishers): (usize, Range<usize>),
    roster: &Roster,
) -> Rate {
    let Rate::Window(events) = rate else {
        let span = table.key_span("window-bytes").unwrap_or_default();
        let label = "it cuts a `window` down";
        table.reader().problem(&span, "`window-bytes` without a window", label);
        return rate;
    };
    let readers = roster.all_subscribers().len().max(1);
    let largest = roster.largest_payload(publishers.clone()).max(1);
    let each = largest.saturating_mul(readers).saturating_mul(publishers.len().max(1));
    Rate::Window(events.min((bytes / each) as u64).max(1))
}

fn read_count(table: &Table<'_>, as_recorded: bool) -> Count {
    let choices = [
        table
            .optional("count", |at| at.count_up_to(MAX_TRIAL_EVENTS, "a trial plans"))
            .map(Count::Events),
        table
            .optional("for", |at| at.duration_ms_up_to(MAX_PHASE_MS, "a phase publishes for"))
            .map(Count::ForMs),
        table
            .optional("until-refused", At::boolean)
            .and_then(|until| until.then_some(Count::UntilRefused)),
    ];
    let said = ["count", "for", "until-refused"].iter().filter(|key| table.key_span(key).is_some());
    if said.count() + usize::from(as_recorded) != 1 {
        let title = "how much is published must be said once";
        let label = "write `count`, `for`, `until-refused = true` or `as-recorded = true`";
        table.reader().problem(table.span(), title, label);
    }
    choices.into_iter().flatten().next().unwrap_or(Count::Events(0))
}

fn read_rate(table: &Table<'_>) -> Rate {
    let window = table.optional("window", |at| at.integer(1..(1 << 20) + 1));
    let per_second = table.or("rate", r#""max""#, |at| match at.text().as_deref() {
        Some("max") => Some(None),
        _ => at.rate().map(Some),
    });
    let arrivals = table.or("arrivals", r#""constant""#, |at| {
        at.one_of(&[("constant", Arrivals::Constant), ("poisson", Arrivals::Poisson)])
    });
    let burst: Option<u32> = table.optional("burst", |at| at.integer(1..1_000_001));
    let arrivals = burst.map_or(arrivals, Arrivals::Burst);
    let refuse = |key: &str, title: &str, label: &str| {
        if let Some(span) = table.key_span(key) {
            table.reader().problem(&span, title, label);
        }
    };
    if per_second.is_none() {
        let label = "it needs a `rate` such as \"1000/s\"";
        refuse("arrivals", "`arrivals` without a rate", label);
        refuse("burst", "`burst` without a rate", label);
    }
    if burst.is_some() {
        refuse("arrivals", "`arrivals` beside `burst`", "leave out one of them");
    }
    match (window, per_second) {
        (Some(_), Some(_)) => {
            refuse("window", "`window` beside a rate", "a loop is closed or open, not both");
            Rate::Max
        }
        (Some(events), None) => Rate::Window(events),
        (None, Some(per_second)) => Rate::PerSecond(per_second, arrivals),
        (None, None) => Rate::Max,
    }
}
