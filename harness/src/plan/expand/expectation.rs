//! `[expect]`: exact counts, on every bus or on one, and the last error of a publisher.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::{Bus, Expectation, Expected, TrialKind};
use super::actions::OUTCOMES;
use super::roster::Roster;
use crate::scenario::{At, Reader, Table, Value, listed, suggestion};

/// Names of the members a key stands for.
type Members<'r> = dyn Fn(&Reader<'_>, &str, &Range<usize>) -> Vec<String> + 'r;

pub(super) fn read(root: &Table<'_>, roster: &Roster, kind: TrialKind) -> Expectation {
    let Some(table) = root.table("expect", "expect") else { return Expectation::default() };
    let always = read_expected(&table, roster, kind);
    let mut per_bus = BTreeMap::new();
    if let Some(buses) = table.table("on", "expect.on") {
        for (name, span, table) in buses.named_tables("expect.on.BUS") {
            if let Some(bus) = Bus::ALL.into_iter().find(|bus| bus.as_str() == name) {
                per_bus.insert(bus, read_expected(&table, roster, kind));
                table.finish();
            } else {
                let label = match suggestion(name, Bus::ALL.map(Bus::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there is {}", listed(Bus::ALL.map(Bus::as_str))),
                };
                root.reader().problem(&span, format!("unknown bus `{name}`"), label);
            }
        }
    }
    table.finish();
    Expectation { always, per_bus }
}

/// What only the other end knows of a real collector and a real recorder.
const UNKNOWN_OF_A_HOST: [&str; 3] = ["accepted", "lagged", "refused"];

fn read_expected(table: &Table<'_>, roster: &Roster, kind: TrialKind) -> Expected {
    if kind.has_agent() {
        refuse_unknown(table, kind);
    }
    let publishers =
        |reader: &Reader<'_>, key: &str, span: &_| roster.publisher_names(reader, key, span);
    let subscribers =
        |reader: &Reader<'_>, key: &str, span: &_| roster.subscriber_names(reader, key, span);
    Expected {
        accepted: per_name(
            table.table("accepted", "expect.accepted").as_ref(),
            &publishers,
            counts,
        ),
        received: per_name(
            table.table("received", "expect.received").as_ref(),
            &subscribers,
            counts,
        ),
        lagged: per_name(table.table("lagged", "expect.lagged").as_ref(), &subscribers, counts),
        refused: per_name(table.table("refused", "expect.refused").as_ref(), &publishers, code),
    }
}

/// An expectation that nothing can judge would always hold.
fn refuse_unknown(table: &Table<'_>, kind: TrialKind) {
    let kind = kind.as_str();
    for key in UNKNOWN_OF_A_HOST {
        if let Some(span) = table.key_span(key) {
            let title = format!("`{key}` cannot be judged with `kind = \"{kind}\"`");
            table.reader().problem(&span, title, "a recorder tells what it `received` alone");
        }
    }
}

fn per_name<T: Clone>(
    table: Option<&Table<'_>>,
    members: &Members<'_>,
    read: fn(&At<'_>) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (key, span, at) in table.into_iter().flat_map(Table::named_values) {
        let value = read(&at);
        for name in members(at.reader(), key, &span) {
            all.extend(value.clone().map(|value| (name, value)));
        }
    }
    all
}

/// `100`, or `[at least, at most]`.
fn counts(at: &At<'_>) -> Option<(u64, u64)> {
    if !matches!(at.value(), Value::Array(_)) {
        return at.count().map(|count| (count, count));
    }
    let ends = at.list(At::count)?;
    match ends[..] {
        [least, most] if least <= most => Some((least, most)),
        _ => {
            at.refuse("a range has two ends", "expected `[at least, at most]`");
            None
        }
    }
}

fn code(at: &At<'_>) -> Option<String> {
    at.one_of(&OUTCOMES.map(|code| (code, code))).map(str::to_owned)
}
