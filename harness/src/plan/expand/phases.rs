//! `[[phase]]`: who publishes how much and how fast, and what else happens when.

use std::ops::Range;

use super::super::limits::{MAX_IDLE_MS, MAX_PHASE_MS, MAX_TRIAL_EVENTS, MAX_WAIT_MS, Total};
use super::super::{
    Action, Arrivals, Count, Deed, Fault, Operation, Phase, Publish, Rate, TrialKind, Trigger,
    Victim,
};
use super::faults::{self, Killed, Placed};
use super::roster::Roster;
use crate::scenario::{At, Table};

/// Codes an action or a last publish may end with: the variants of the bus's errors.
pub(super) const OUTCOMES: [&str; 14] = [
    "ok",
    "closed",
    "empty-id",
    "id-too-long",
    "duplicate-id",
    "no-pattern",
    "invalid-pattern",
    "too-many-patterns",
    "invalid-capacity",
    "limit-reached",
    "unknown",
    "timeout",
    "too-large",
    "disconnected",
];

pub(super) fn read(root: &Table<'_>, roster: &Roster, kind: TrialKind) -> Vec<Phase> {
    let tables = root.tables("phase", "phase");
    if tables.is_empty() {
        root.reader().problem(root.span(), "missing table `[[phase]]`", "a scenario needs one");
    }
    let (mut total, mut killed) = (Total::default(), Killed::default());
    let read = |table| read_phase(table, roster, kind, &mut total, &mut killed);
    tables.into_iter().map(read).collect()
}

fn read_phase(
    table: Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    total: &mut Total,
    killed: &mut Killed,
) -> Phase {
    let name = table.required("name", At::scalar).unwrap_or_default();
    let shares = table.tables("publish", "phase.publish").into_iter();
    let publish: Vec<Placed<Publish>> =
        shares.flat_map(|table| read_publish(table, roster, kind, total)).collect();
    let actions = table.tables("action", "phase.action").into_iter();
    let actions: Vec<Placed<Action>> =
        actions.flat_map(|table| read_actions(table, roster, kind, total)).collect();
    faults::check_phase(table.reader(), &publish, &actions, killed);
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
    let count = read_count(&table);
    let rate = read_rate(&table);
    let share = Publish { publisher: 0, count, rate };
    let within = total.add(&share, publishers.len(), roster.all_subscribers().len(), kind);
    if let Err(beyond) = within {
        table.reader().problem(table.span(), "more than a trial may have", beyond.to_string());
        return Vec::new();
    }
    let span = table.span().clone();
    table.finish();
    publishers.map(|publisher| (Publish { publisher, count, rate }, span.clone())).collect()
}

fn read_count(table: &Table<'_>) -> Count {
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
    if said.count() != 1 {
        let title = "how much is published must be said once";
        let label = "write `count`, `for` or `until-refused = true`";
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

/// One action, or one for each member of a group.
fn read_actions(
    table: Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    total: &mut Total,
) -> Vec<Placed<Action>> {
    let trigger = read_trigger(&table, roster);
    let operations = read_operations(&table, roster);
    let expect = table
        .or("expect", r#""ok""#, |at| at.one_of(&OUTCOMES.map(|code| (code, code))))
        .to_owned();
    if let Err(beyond) = total.add_steps(operations.len()) {
        table.reader().problem(table.span(), "more than a trial may have", beyond.to_string());
        return Vec::new();
    }
    if kind != TrialKind::Behaviour && operations.iter().any(|one| one.fault().is_some()) {
        let label = "histories are judged with `kind = \"behaviour\"` alone";
        table.reader().problem(table.span(), "a fault in a scenario that is measured", label);
    }
    let span = table.span().clone();
    table.finish();
    let action = |operation| Action { trigger, operation, expect: expect.clone() };
    operations.into_iter().map(|operation| (action(operation), span.clone())).collect()
}

fn read_trigger(table: &Table<'_>, roster: &Roster) -> Trigger {
    let at =
        table.optional("at", |at| at.one_of(&[("start", Trigger::Start), ("end", Trigger::End)]));
    let after = table.table("after", "after").map(|table| {
        let events = table.required("events", At::count).unwrap_or_default();
        let publisher = table.optional("publisher", |at| roster.publisher(at));
        let subscriber = table.optional("subscriber", |at| roster.subscriber(at));
        let one = table.key_span("publisher").is_some() != table.key_span("subscriber").is_some();
        if !one {
            let label = "write `publisher` or `subscriber`";
            table.reader().problem(table.span(), "whose events are counted must be said", label);
        }
        table.finish();
        match subscriber {
            Some(subscriber) => Trigger::AfterReceived(subscriber, events),
            None => Trigger::AfterPublished(publisher.unwrap_or_default(), events),
        }
    });
    if table.key_span("at").is_some() == table.key_span("after").is_some() {
        let label = "write `at = \"start\"`, `at = \"end\"` or `after = { … }`";
        table.reader().problem(table.span(), "when an action happens must be said once", label);
    }
    after.or(at).unwrap_or(Trigger::Start)
}

/// What `do` may say, and whom it needs.
#[derive(Clone, Copy)]
enum Doing {
    Subscriber(fn(usize) -> Operation),
    Publisher(fn(usize) -> Operation),
    UnsubscribeUnknown,
    Shutdown,
    Fault(Deed),
}

const DOINGS: [(&str, Doing); 11] = [
    ("subscribe", Doing::Subscriber(Operation::Subscribe)),
    ("unsubscribe", Doing::Subscriber(Operation::Unsubscribe)),
    ("unsubscribe-unknown", Doing::UnsubscribeUnknown),
    ("drop-receiver", Doing::Subscriber(Operation::DropReceiver)),
    ("stop-reading", Doing::Subscriber(Operation::StopReading)),
    ("resume-reading", Doing::Subscriber(Operation::ResumeReading)),
    ("shutdown", Doing::Shutdown),
    ("publish-one", Doing::Publisher(Operation::PublishOne)),
    ("kill", Doing::Fault(Deed::Kill)),
    ("freeze", Doing::Fault(Deed::Freeze)),
    ("thaw", Doing::Fault(Deed::Thaw)),
];

fn read_operations(table: &Table<'_>, roster: &Roster) -> Vec<Operation> {
    let doing = table.required("do", |at| at.one_of(&DOINGS));
    let subscribers = table.optional("subscriber", |at| roster.subscribers(at));
    let publishers = table.optional("publisher", |at| roster.publishers(at));
    let deadline_ms =
        table.optional("deadline", |at| at.duration_ms_up_to(MAX_WAIT_MS, "a deadline is"));
    let broker = table.optional("broker", At::boolean) == Some(true);
    let needed: &[&str] = match doing {
        Some(Doing::Subscriber(_)) => &["subscriber"],
        Some(Doing::Publisher(_)) => &["publisher"],
        Some(Doing::Shutdown) => &["deadline"],
        Some(Doing::Fault(_)) => &["subscriber", "publisher", "broker"],
        Some(Doing::UnsubscribeUnknown) | None => &[],
    };
    if doing.is_some() {
        check_needed(table, needed);
    }
    let each = |range: Option<Range<usize>>, make: fn(usize) -> Operation| {
        range.unwrap_or_default().map(make).collect()
    };
    match doing {
        Some(Doing::Subscriber(make)) => each(subscribers, make),
        Some(Doing::Publisher(make)) => each(publishers, make),
        Some(Doing::Shutdown) => vec![Operation::Shutdown(deadline_ms.unwrap_or_default())],
        Some(Doing::UnsubscribeUnknown) => vec![Operation::UnsubscribeUnknown],
        Some(Doing::Fault(deed)) => {
            let subscribers = subscribers.unwrap_or_default().map(Victim::Subscriber);
            let publishers = publishers.unwrap_or_default().map(Victim::Publisher);
            let victims = subscribers.chain(publishers).chain(broker.then_some(Victim::Broker));
            victims.map(|victim| Operation::Fault(Fault { deed, victim })).collect()
        }
        None => Vec::new(),
    }
}

/// One of the keys an operation needs is there, and none it does not need.
fn check_needed(table: &Table<'_>, needed: &[&str]) {
    let keys = ["subscriber", "publisher", "deadline", "broker"];
    for key in keys.into_iter().filter(|key| !needed.contains(key)) {
        if let Some(span) = table.key_span(key) {
            table.reader().problem(&span, format!("this action takes no `{key}`"), "");
        }
    }
    let said = needed.iter().filter(|key| table.key_span(key).is_some()).count();
    match needed {
        [key] if said == 0 => {
            let title = format!("missing key `{key}`");
            table.reader().problem(table.span(), title, "this action needs it");
        }
        [] | [_] => {}
        _ if said == 1 => {}
        _ => {
            let label = "write `subscriber`, `publisher` or `broker = true`";
            table.reader().problem(table.span(), "whose process it is must be said once", label);
        }
    }
}
