//! `phase.action`: what else happens in a phase, and when.

use std::ops::Range;

use super::super::limits::{MAX_DELAY_MS, MAX_WAIT_MS, Total};
use super::super::{Action, Deed, Direction, Fault, Operation, TrialKind, Trigger, Victim};
use super::faults::Placed;
use super::roster::Roster;
use crate::scenario::{At, Table, listed};

/// Codes an action or a last publish may end with: the variants of the bus's errors.
pub(super) const OUTCOMES: [&str; 18] = [
    "ok",
    "closed",
    "empty-id",
    "id-too-long",
    "duplicate-id",
    "no-pattern",
    "invalid-pattern",
    "too-many-patterns",
    "invalid-capacity",
    "invalid-breaker",
    "replay-too-long",
    "limit-reached",
    "unknown",
    "timeout",
    "deadline",
    "too-large",
    "denied",
    "disconnected",
];
/// Instead of a code: `ok` where the subscriber's role may have what it asks for, else `denied`.
const BY_ROLE: &str = "by-role";

/// One action, or one for each member of a group.
pub(super) fn read(
    table: Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    total: &mut Total,
) -> Vec<Placed<Action>> {
    let trigger = read_trigger(&table, roster);
    let operations = read_operations(&table, roster);
    let expect = table.or("expect", r#""ok""#, |at| read_expect(at, &operations, roster));
    if let Err(beyond) = total.add_steps(operations.len()) {
        table.reader().problem(table.span(), "more than a trial may have", beyond.to_string());
        return Vec::new();
    }
    if kind != TrialKind::Behaviour && operations.iter().any(|one| one.fault().is_some()) {
        let label = "histories are judged with `kind = \"behaviour\"` alone";
        table.reader().problem(table.span(), "a fault in a scenario that is measured", label);
    }
    if let (true, Some(span)) = (
        !expect.is_ok() && operations.iter().any(|one| one.fault().is_some()),
        table.key_span("expect"),
    ) {
        let label = "leave `expect` out; a fault that misses makes the case inconclusive";
        table.reader().problem(&span, "a fault has no outcome", label);
    }
    let span = table.span().clone();
    table.finish();
    let action = |operation| {
        let expect = expect.of(&operation, roster).to_owned();
        Action { trigger, operation, expect }
    };
    operations.into_iter().map(|operation| (action(operation), span.clone())).collect()
}

/// How an action must end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// With this code.
    Code(&'static str),
    /// As the roles of subscribers have it.
    ByRole,
}

impl Expect {
    fn is_ok(self) -> bool {
        self == Self::Code("ok")
    }

    fn of(self, operation: &Operation, roster: &Roster) -> &'static str {
        match (self, operation) {
            (Self::Code(code), _) => code,
            (Self::ByRole, Operation::Subscribe(subscriber))
                if roster.may(*subscriber) == Some(false) =>
            {
                "denied"
            }
            (Self::ByRole, _) => "ok",
        }
    }
}

fn read_expect(at: &At<'_>, operations: &[Operation], roster: &Roster) -> Option<Expect> {
    let codes = OUTCOMES.map(|code| (code, Expect::Code(code)));
    let known: Vec<_> = codes.into_iter().chain([(BY_ROLE, Expect::ByRole)]).collect();
    let expect = at.one_of(&known)?;
    let has_role = |one: &Operation| match one {
        Operation::Subscribe(subscriber) => roster.may(*subscriber).is_some(),
        _ => false,
    };
    if expect == Expect::ByRole && !operations.iter().all(has_role) {
        at.refuse(
            "no role says how this ends",
            "it does of `subscribe` alone, by the `patterns` of the subscriber",
        );
        return None;
    }
    Some(expect)
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
    /// To the process of anybody.
    Process(Deed),
    /// To the broker's process, with another one after it.
    Restart,
    /// To the broker's folder.
    Folder(Deed),
    /// To the connection of a publisher or a subscriber.
    Connection(ToConnection),
}

/// What is done to a connection, before its own keys are read.
#[derive(Clone, Copy)]
enum ToConnection {
    Delay,
    Split,
    HalfClose,
    Plainly(Deed),
}

const DOINGS: [(&str, Doing); 20] = [
    ("subscribe", Doing::Subscriber(Operation::Subscribe)),
    ("unsubscribe", Doing::Subscriber(Operation::Unsubscribe)),
    ("unsubscribe-unknown", Doing::UnsubscribeUnknown),
    ("drop-receiver", Doing::Subscriber(Operation::DropReceiver)),
    ("stop-reading", Doing::Subscriber(Operation::StopReading)),
    ("resume-reading", Doing::Subscriber(Operation::ResumeReading)),
    ("shutdown", Doing::Shutdown),
    ("publish-one", Doing::Publisher(Operation::PublishOne)),
    ("kill", Doing::Process(Deed::Kill)),
    ("freeze", Doing::Process(Deed::Freeze)),
    ("thaw", Doing::Process(Deed::Thaw)),
    ("restart", Doing::Restart),
    ("vanish", Doing::Folder(Deed::Vanish)),
    ("delay", Doing::Connection(ToConnection::Delay)),
    ("split", Doing::Connection(ToConnection::Split)),
    ("stall", Doing::Connection(ToConnection::Plainly(Deed::Stall))),
    ("heal", Doing::Connection(ToConnection::Plainly(Deed::Heal))),
    ("half-close", Doing::Connection(ToConnection::HalfClose)),
    ("reset", Doing::Connection(ToConnection::Plainly(Deed::Reset))),
    ("break", Doing::Connection(ToConnection::Plainly(Deed::Break))),
];

const DIRECTIONS: [(&str, Direction); 2] =
    [("to-broker", Direction::ToBroker), ("from-broker", Direction::FromBroker)];

impl Doing {
    /// Keys of which exactly one says to whom it is done.
    fn whom(self) -> &'static [&'static str] {
        match self {
            Self::Subscriber(_) => &["subscriber"],
            Self::Publisher(_) => &["publisher"],
            Self::Process(_) => &["subscriber", "publisher", "broker"],
            Self::Connection(_) => &["subscriber", "publisher"],
            Self::Folder(_) | Self::Restart => &["broker"],
            Self::Shutdown | Self::UnsubscribeUnknown => &[],
        }
    }

    /// The key that says how it is done.
    fn how(self) -> Option<&'static str> {
        match self {
            Self::Shutdown => Some("deadline"),
            Self::Restart => Some("for"),
            Self::Connection(ToConnection::Delay) => Some("by"),
            Self::Connection(ToConnection::Split) => Some("bytes"),
            Self::Connection(ToConnection::HalfClose) => Some("direction"),
            _ => None,
        }
    }
}

fn read_operations(table: &Table<'_>, roster: &Roster) -> Vec<Operation> {
    let doing = table.required("do", |at| at.one_of(&DOINGS));
    let subscribers = table.optional("subscriber", |at| roster.subscribers(at)).unwrap_or_default();
    let publishers = table.optional("publisher", |at| roster.publishers(at)).unwrap_or_default();
    let broker = table.optional("broker", |at| broker(at, doing)) == Some(true);
    let deadline_ms =
        table.optional("deadline", |at| at.duration_ms_up_to(MAX_WAIT_MS, "a deadline is"));
    let deed = read_deed(table, doing);
    let Some(doing) = doing else { return Vec::new() };
    check_keys(table, doing);
    let each =
        |range: Range<usize>, make: fn(usize) -> Operation| range.map(make).collect::<Vec<_>>();
    match doing {
        Doing::Subscriber(make) => each(subscribers, make),
        Doing::Publisher(make) => each(publishers, make),
        Doing::Shutdown => vec![Operation::Shutdown(deadline_ms.unwrap_or_default())],
        Doing::UnsubscribeUnknown => vec![Operation::UnsubscribeUnknown],
        Doing::Process(_) | Doing::Connection(_) | Doing::Folder(_) | Doing::Restart => {
            let Some(deed) = deed else { return Vec::new() };
            let subscribers = subscribers.map(Victim::Subscriber);
            let publishers = publishers.map(Victim::Publisher);
            let victims = subscribers.chain(publishers).chain(broker.then_some(Victim::Broker));
            victims.map(|victim| Operation::Fault(Fault { deed, victim })).collect()
        }
    }
}

/// Whether it is done to the broker; `false` would leave a fault with nobody to befall.
fn broker(at: &At<'_>, doing: Option<Doing>) -> Option<bool> {
    let is_said = at.boolean()?;
    if !is_said && doing.is_some_and(|doing| doing.whom().contains(&"broker")) {
        at.refuse("this befalls nobody", "write `broker = true`, or name whom it befalls instead");
        return None;
    }
    Some(is_said)
}

/// The deed with what its own keys say; `None` for what is none, or where a key is missing.
fn read_deed(table: &Table<'_>, doing: Option<Doing>) -> Option<Deed> {
    let by_ms = table.optional("by", delay_ms);
    let bytes = table.optional("bytes", |at| at.integer(1..(64 << 10) + 1));
    let pause_ms = table.optional("for", |at| at.duration_ms_up_to(MAX_WAIT_MS, "a pause is"));
    let direction = table.optional("direction", |at| at.one_of(&DIRECTIONS));
    match doing? {
        Doing::Process(deed)
        | Doing::Folder(deed)
        | Doing::Connection(ToConnection::Plainly(deed)) => Some(deed),
        Doing::Restart => pause_ms.map(Deed::Restart),
        Doing::Connection(ToConnection::Delay) => by_ms.map(Deed::Delay),
        Doing::Connection(ToConnection::Split) => bytes.map(Deed::Split),
        Doing::Connection(ToConnection::HalfClose) => direction.map(Deed::HalfClose),
        _ => None,
    }
}

fn delay_ms(at: &At<'_>) -> Option<u64> {
    let by_ms = at.duration_ms_up_to(MAX_DELAY_MS, "a delay is")?;
    if by_ms == 0 {
        at.refuse("this delays nothing", "write a time above zero, such as \"5ms\"");
        // Kept, so that what heals it is no mistake of its own.
    }
    Some(by_ms)
}

/// An action says once to whom it is done, how if it needs to, and nothing it does not take.
fn check_keys(table: &Table<'_>, doing: Doing) {
    const KEYS: [&str; 8] =
        ["subscriber", "publisher", "broker", "deadline", "for", "by", "bytes", "direction"];
    let (whom, how) = (doing.whom(), doing.how());
    for key in KEYS.into_iter().filter(|key| !whom.contains(key) && how != Some(key)) {
        if let Some(span) = table.key_span(key) {
            let takes = whom.iter().copied().chain(how);
            let label = format!("leave it out; it takes {}", listed(takes));
            table.reader().problem(&span, format!("this action takes no `{key}`"), label);
        }
    }
    let is_said = |key: &&str| table.key_span(key).is_some();
    let missing = |key: &str| {
        let title = format!("missing key `{key}`");
        table.reader().problem(table.span(), title, "this action needs it");
    };
    how.filter(|key| !is_said(key)).into_iter().for_each(missing);
    match (whom, whom.iter().filter(|key| is_said(key)).count()) {
        ([], _) | (_, 1) => {}
        ([key], _) => missing(key),
        (several, _) => {
            let wanted: Vec<String> = several.iter().map(|key| format!("`{key}`")).collect();
            let label = format!("write one of {}", wanted.join(", "));
            table.reader().problem(table.span(), "to whom it is done must be said once", label);
        }
    }
}
