//! What performance events have.

use daemoneye_eventbus::event::PerformanceScope;
use daemoneye_eventbus::{CollectionEvent, PerformanceEvent};

use super::Field;
use crate::condition::number::Number;

const SCOPES: &[&str] = &["utilization", "system", "anomaly"];

pub(super) const FIELDS: &[Field] = &[
    Field::word("scope", SCOPES, |event| Some(scope(of(event)?.scope))),
    Field::text("metric_name", |event| Some(&*of(event)?.metric_name)).known_as(&["metric"]),
    Field::number("value", |event| Number::fraction(of(event)?.value)),
    Field::text("unit", |event| Some(&*of(event)?.unit)),
    Field::text("component", |event| of(event)?.component.as_deref()),
    Field::number("pid", |event| of(event)?.pid.map(Number::whole)),
];

fn of(event: &CollectionEvent) -> Option<&PerformanceEvent> {
    match event {
        CollectionEvent::Performance(event) => Some(event),
        _ => None,
    }
}

fn scope(scope: PerformanceScope) -> &'static str {
    match scope {
        PerformanceScope::Utilization => "utilization",
        PerformanceScope::System => "system",
        PerformanceScope::Anomaly => "anomaly",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_called_as_in_the_event_model() {
        for word in SCOPES {
            let value: PerformanceScope = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(scope(value), *word);
        }
    }
}
