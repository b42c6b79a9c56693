//! The scenario file of a sketch, in the order people write one. Defaults are left out.

mod operation;
mod roles;

use std::fmt::Write as _;

use toml::{Table, Value};

use super::sketch::Sketch;
use crate::plan::{Action, Arrivals, BusSettings, Count, Phase, Publish, Rate, Topology, Trigger};
use crate::scenario::shown_ms;

/// A sketch as a file.
pub(super) fn of(sketch: &Sketch) -> String {
    let mut out = String::from("format = 1\n");
    line(&mut out, "name", sketch.name.as_str());
    line(&mut out, "claims", texts(&sketch.claims));
    line(&mut out, "kind", "behaviour");
    if sketch.wild {
        line(&mut out, "faults", "wild");
    }
    line(&mut out, "summary", sketch.summary.as_str());
    settings(&mut out, &sketch.topology.bus);
    for publisher in &sketch.topology.publishers {
        roles::publisher(&mut out, publisher);
    }
    for subscriber in &sketch.topology.subscribers {
        roles::subscriber(&mut out, subscriber);
    }
    for each in &sketch.phases {
        phase(&mut out, each, &sketch.topology);
    }
    if !sketch.not_applicable.is_empty() {
        out.push_str("\n[not-applicable]\n");
        for (bus, reason) in &sketch.not_applicable {
            line(&mut out, bus.as_str(), reason.as_str());
        }
    }
    out.push_str("\n[budget]\n");
    line(&mut out, "time", shown_ms(sketch.budget_ms));
    out
}

/// `key = value`.
fn line(out: &mut String, key: &str, value: impl Into<Value>) {
    writeln!(out, "{key} = {}", value.into()).expect("text takes every line");
}

/// `key = [` with one item a line, nothing without items.
fn list(out: &mut String, key: &str, items: Vec<Table>) {
    if items.is_empty() {
        return;
    }
    writeln!(out, "{key} = [").expect("text takes every line");
    for item in items {
        writeln!(out, "  {},", Value::Table(item)).expect("text takes every line");
    }
    out.push_str("]\n");
}

fn texts<T: AsRef<str>>(items: &[T]) -> Value {
    Value::Array(items.iter().map(|item| Value::from(item.as_ref())).collect())
}

/// A count as TOML has them; none beyond what a scenario may ask for ever comes here.
fn number(count: u64) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

fn count(items: usize) -> Value {
    number(items as u64)
}

fn settings(out: &mut String, settings: &BusSettings) {
    let mut table = Table::new();
    let mut set = |key: &str, value: Option<Value>| {
        value.map(|value| table.insert(key.to_owned(), value));
    };
    set("subscriber-limit", settings.subscriber_limit.map(count));
    set("connection-limit", settings.connection_limit.map(count));
    set("retained-events", settings.retained_events.map(count));
    set("publish-limit", settings.publish_limit_ms.map(|limit| shown_ms(limit).into()));
    set("central-capacity", settings.central_capacity.map(count));
    set("payload-limit", settings.payload_limit_bytes.map(|bytes| format!("{bytes}B").into()));
    if !table.is_empty() {
        out.push_str("\n[topology]\n");
        table.into_iter().for_each(|(key, value)| line(out, &key, value));
    }
}

fn phase(out: &mut String, phase: &Phase, topology: &Topology) {
    out.push_str("\n[[phase]]\n");
    line(out, "name", phase.name.as_str());
    list(out, "publish", phase.publish.iter().map(|share| publish(share, topology)).collect());
    list(out, "action", phase.actions.iter().map(|done| action(done, topology)).collect());
    if phase.idle_ms > 0 {
        line(out, "idle", shown_ms(phase.idle_ms));
    }
    if !phase.fence {
        line(out, "fence", false);
    }
    if phase.measured {
        line(out, "measured", true);
    }
}

fn publish(share: &Publish, topology: &Topology) -> Table {
    let mut table = Table::new();
    table.insert("publisher".into(), topology.publishers[share.publisher].name.clone().into());
    let (key, value) = match (share.rate, share.count) {
        (Rate::AsRecorded(_), _) => ("as-recorded", true.into()),
        (_, Count::Events(events)) => ("count", number(events)),
        (_, Count::ForMs(time)) => ("for", shown_ms(time).into()),
        (_, Count::UntilRefused) => ("until-refused", true.into()),
    };
    table.insert(key.into(), value);
    match share.rate {
        Rate::Max | Rate::AsRecorded(_) => {}
        Rate::Window(events) => {
            table.insert("window".into(), number(events));
        }
        Rate::PerSecond(per_second, arrivals) => {
            table.insert("rate".into(), format!("{per_second}/s").into());
            match arrivals {
                Arrivals::Constant => None,
                Arrivals::Poisson => table.insert("arrivals".into(), "poisson".into()),
                Arrivals::Burst(events) => table.insert("burst".into(), i64::from(events).into()),
            };
        }
    }
    table
}

fn action(action: &Action, topology: &Topology) -> Table {
    let mut table = Table::new();
    let publisher = |index: usize| Value::from(topology.publishers[index].name.clone());
    let subscriber = |index: usize| Value::from(topology.subscribers[index].name.clone());
    let after = |whose: &str, name: Value, events: u64| {
        let pairs = [(whose.to_owned(), name), ("events".to_owned(), number(events))];
        Value::Table(pairs.into_iter().collect())
    };
    match action.trigger {
        Trigger::Start => table.insert("at".into(), "start".into()),
        Trigger::End => table.insert("at".into(), "end".into()),
        Trigger::AfterPublished(index, events) => {
            table.insert("after".into(), after("publisher", publisher(index), events))
        }
        Trigger::AfterReceived(index, events) => {
            table.insert("after".into(), after("subscriber", subscriber(index), events))
        }
    };
    table.extend(operation::said(&action.operation, topology));
    if action.expect != "ok" {
        table.insert("expect".into(), action.expect.clone().into());
    }
    table
}
