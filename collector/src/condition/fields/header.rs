//! What every event has in its header.

use super::Field;
use crate::condition::number::Number;

/// Lowest first, as their levels are numbered.
const PRIORITIES: &[&str] = &["low", "normal", "high", "critical"];

pub(super) const FIELDS: &[Field] = &[
    Field::text("source", |event| Some(&*event.header().source)),
    // An event that names none counts as normal, so that there always is one (M3).
    Field::rank("priority", PRIORITIES, |event| Some(Number::whole(event.priority().level()))),
    Field::number("observed_unix_ns", |event| Some(Number::whole(event.header().observed_unix_ns))),
];

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::Priority;

    use super::PRIORITIES;

    #[test]
    fn each_priority_is_at_its_level() {
        for (level, word) in (1..).zip(PRIORITIES) {
            let priority = Priority::from_level(level).unwrap();
            assert_eq!(serde_json::to_value(priority).unwrap(), *word);
        }
        let above = u32::try_from(PRIORITIES.len()).unwrap() + 1;
        assert_eq!(Priority::from_level(above), None);
    }
}
