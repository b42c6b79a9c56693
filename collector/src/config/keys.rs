//! Every key that a section of a file may have, by its dotted name.

use serde_json::Value;

use super::{EventBusConfig, Settings};

/// Every key of every section, in the order of the alphabet.
pub(super) fn all() -> Vec<String> {
    let event_bus = EventBusConfig::with_every_section();
    let settings = Settings { event_bus, ..Settings::default() };
    let settings = serde_json::to_value(settings).expect("settings are plain data");
    let mut keys = Vec::new();
    gather("", &settings, &mut keys);
    keys.sort();
    keys
}

/// Whether there is such a key.
pub(super) fn is_key(dotted: &str) -> bool {
    all().iter().any(|key| key == dotted)
}

/// The keys of this name in whatever section, as a suggestion has them: their names, joined;
/// `None` when no section has one.
pub(super) fn of_sections(name: &str) -> Option<String> {
    let is_named = |key: &String| key.rsplit_once('.').is_some_and(|(_, own)| own == name);
    let found: Vec<_> = all().into_iter().filter(is_named).collect();
    (!found.is_empty()).then(|| found.join("` or `"))
}

fn gather(section: &str, value: &Value, keys: &mut Vec<String>) {
    let Value::Object(values) = value else {
        return keys.push(section.to_owned());
    };
    for (key, value) in values {
        match section {
            "" if value.is_object() => gather(key, value, keys),
            // Lists of tables: what they hold has no name of its own.
            "" => {}
            section => gather(&format!("{section}.{key}"), value, keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sections_and_of_sections_in_them_are_known_and_sections_are_none() {
        for key in ["fsmond.paths", "event_bus.bus_type", "event_bus.daemoneye.publish_limit"] {
            assert!(is_key(key), "{key}");
        }
        for other in ["fsmond", "paths", "event_bus.daemoneye", "trigger", "workflow", "fsmond.x"] {
            assert!(!is_key(other), "{other}");
        }
        let is_here = cfg!(feature = "legacy");
        for (section, key) in
            [("crossbeam", "faithful"), ("broadcast", "capacity"), ("sharing", "ring_capacity")]
        {
            assert_eq!(is_key(&format!("event_bus.{section}.{key}")), is_here, "{section}");
            assert!(!is_key(&format!("event_bus.{section}")), "{section}");
        }
    }

    #[test]
    fn a_name_is_found_in_every_section_that_has_it() {
        assert_eq!(of_sections("bus_type").as_deref(), Some("event_bus.bus_type"));
        assert_eq!(of_sections("enabled").as_deref(), Some("ipc.enabled` or `spool.enabled"));
        for other in ["event_bus.bus_type", "event_bus", "colour", ""] {
            assert_eq!(of_sections(other), None, "{other}");
        }
    }
}
