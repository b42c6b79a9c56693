//! `[expect]`: exact counts, on every bus or on one, and the last error of a publisher.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::{Bus, Expectation, Expected, TrialKind};
use super::actions::OUTCOMES;
use super::most::Most;
use super::roster::Roster;
use crate::scenario::{At, Reader, Table, Value, listed, suggestion};

/// Names of the members a key stands for.
type Members<'r> = dyn Fn(&Reader<'_>, &str, &Range<usize>) -> Vec<String> + 'r;

/// Why a name cannot come up to what is expected of it, and what it could; `None` where it may.
type Surplus<'m, T> = dyn Fn(&str, &T) -> Option<(String, String)> + 'm;

pub(super) fn read(
    root: &Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    most: &Most<'_>,
) -> Expectation {
    let Some(table) = root.table("expect", "expect") else { return Expectation::default() };
    // Of real collectors nobody knows how many events they make of what happens; and what was refused so
    // far may be what is missing.
    let is_known = !kind.has_agent() && root.reader().problems_so_far() == 0;
    let most = Some(most).filter(|_| is_known);
    let always = read_expected(&table, roster, kind, most);
    let mut per_bus = BTreeMap::new();
    if let Some(buses) = table.table("on", "expect.on") {
        for (name, span, table) in buses.named_tables("expect.on.BUS") {
            if let Some(bus) = Bus::ALL.into_iter().find(|bus| bus.as_str() == name) {
                per_bus.insert(bus, read_expected(&table, roster, kind, most));
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

fn read_expected(
    table: &Table<'_>,
    roster: &Roster,
    kind: TrialKind,
    most: Option<&Most<'_>>,
) -> Expected {
    if kind.has_agent() {
        refuse_unknown(table, kind);
    }
    let publishers =
        |reader: &Reader<'_>, key: &str, span: &_| roster.publisher_names(reader, key, span);
    let subscribers =
        |reader: &Reader<'_>, key: &str, span: &_| roster.subscriber_names(reader, key, span);
    let accepts = |name: &str, (least, _): &(u64, u64)| {
        let most = most?.accepted(name).filter(|most| least > most)?;
        let title = format!("{name} cannot have as many as {least} accepted");
        Some((title, format!("by the plan it publishes {most}")))
    };
    let receives = |name: &str, (least, _): &(u64, u64)| {
        let most = most?.received(name).filter(|most| least > most)?;
        let title = format!("{name} cannot receive as many as {least}");
        Some((title, format!("by the plan {most} are published in all")))
    };
    let accepted = table.table("accepted", "expect.accepted");
    let received = table.table("received", "expect.received");
    let lagged = table.table("lagged", "expect.lagged");
    let refused = table.table("refused", "expect.refused");
    Expected {
        accepted: per_name(accepted.as_ref(), &publishers, counts, &accepts),
        received: per_name(received.as_ref(), &subscribers, counts, &receives),
        lagged: per_name(lagged.as_ref(), &subscribers, counts, &|_, _| None),
        refused: per_name(refused.as_ref(), &publishers, code, &|_, _| None),
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
    surplus: &Surplus<'_, T>,
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (key, span, at) in table.into_iter().flat_map(Table::named_values) {
        let value = read(&at);
        let names = members(at.reader(), key, &span);
        let Some(value) = value else { continue };
        // Members of a group have one place: one of them stands for all.
        if let Some((title, label)) = names.iter().find_map(|name| surplus(name, &value)) {
            at.refuse(title, label);
        }
        all.extend(names.into_iter().map(|name| (name, value.clone())));
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
