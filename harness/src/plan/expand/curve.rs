//! `[curve]`: a matrix of one axis whose points are judged together.

use super::super::limits::MIN_CURVE_POINTS;
use super::super::{Asks, Axis, Curve, TrialKind};
use crate::scenario::{At, Point, Scale, Scenario, Table, Value, suggestion};

/// Nanoseconds of a millisecond, the unit of durations in a file.
const NS_PER_MS: u64 = 1_000_000;
/// Longest limit of a latency, milliseconds: beyond it a queue is measured, and no knee.
const MAX_P99_MS: u64 = 1_000;

/// Where the case of this point stands, if its scenario is a curve.
pub(super) fn read(
    root: &Table<'_>,
    scenario: &Scenario,
    point: &Point,
    kind: TrialKind,
) -> Option<Curve> {
    let table = root.table("curve", "curve")?;
    let name = table.required("axis", |at| known_axis(at, scenario));
    let label = table.optional("label", At::text);
    let is_flat = table.or("flat", "false", At::boolean);
    let p99_ms = table
        .optional("p99-below", |at| at.duration_ms_up_to(MAX_P99_MS, "the limit of a knee is"));
    let asks = match p99_ms {
        Some(ms) => Asks::Knee(ms * NS_PER_MS),
        None if is_flat => Asks::Flat,
        None => Asks::Growth,
    };
    check_kind(&table, kind, asks);
    let scale = name.as_ref().and_then(|name| scale(&table, scenario, name));
    check_asked(&table, is_flat, asks, scale);
    table.finish();
    let (name, scale) = (name?, scale?);
    let (at, _) = point.names.get(&name).and_then(Scale::of)?;
    let label = label.unwrap_or_else(|| name.clone());
    Some(Curve { axis: Axis { name, label, scale, asks }, at })
}

/// The name of the matrix's only axis.
fn known_axis(at: &At<'_>, scenario: &Scenario) -> Option<String> {
    let name = at.text()?;
    let names = || scenario.axes.iter().map(|axis| axis.name.as_str());
    if !names().any(|own| own == name) {
        let label = match suggestion(&name, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a curve is drawn over an axis of `[matrix]`".to_owned(),
        };
        at.refuse(format!("unknown axis `{name}`"), label);
        return None;
    }
    if names().count() > 1 {
        let title = format!("a curve over one of {} axes", names().count());
        at.refuse(title, "the matrix of a curve has one");
        return None;
    }
    Some(name)
}

/// What the values of the axis are counted in; refused where they make no curve.
fn scale(table: &Table<'_>, scenario: &Scenario, name: &str) -> Option<Scale> {
    let axis = scenario.axes.iter().find(|axis| axis.name == name)?;
    if axis.values.contains(&Value::Broken) {
        return None;
    }
    let span = table.key_span("axis").unwrap_or_default();
    let Some((numbers, scale)) = Scale::ascending(&axis.values) else {
        let label = "expected numbers, sizes or rates above zero, in ascending order";
        table.reader().problem(&span, format!("no curve over the values of `{name}`"), label);
        return None;
    };
    if numbers.len() < MIN_CURVE_POINTS {
        let title = format!("a curve of {} points", numbers.len());
        table.reader().problem(&span, title, format!("it has at least {MIN_CURVE_POINTS}"));
        return None;
    }
    Some(scale)
}

fn check_kind(table: &Table<'_>, kind: TrialKind, asks: Asks) {
    let refuse = |key: &str, title: &str, label: &str| {
        let span = table.key_span(key).unwrap_or_else(|| table.span().clone());
        table.reader().problem(&span, title, label);
    };
    if !kind.is_performance() {
        let label = "it needs `kind = \"saturation\"` or `kind = \"paced\"`";
        refuse("axis", "a curve of what is not measured", label);
    } else if matches!(asks, Asks::Knee(_)) && kind != TrialKind::Paced {
        let label = "only `kind = \"paced\"` has latencies at a rate";
        refuse("p99-below", "a knee of what has no rate", label);
    }
}

fn check_asked(table: &Table<'_>, is_flat: bool, asks: Asks, scale: Option<Scale>) {
    let Some(span) = table.key_span("p99-below") else { return };
    if is_flat {
        let label = "a latency at a rising rate is not flat; leave out one of them";
        table.reader().problem(&span, "`p99-below` beside `flat`", label);
    }
    let is_knee = matches!(asks, Asks::Knee(_));
    if is_knee && scale.is_some_and(|scale| scale != Scale::PerSecond) {
        let label = "the axis of a knee has rates such as \"1000/s\"";
        table.reader().problem(&span, "a knee over what is no rate", label);
    }
}
