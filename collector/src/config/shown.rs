//! A configuration as it holds: a file of its own, and where each value came from.

use std::fmt::Write;

use serde_json::Value;

use super::Resolved;

/// Where the notes on origins begin, columns, unless a value is longer.
const NOTE_COLUMN: usize = 44;

impl Resolved {
    /// The configuration as TOML, which can be read again; each value with where it came from.
    pub fn shown(&self) -> String {
        let settings = serde_json::to_value(&self.settings).expect("settings are plain data");
        let mut text = String::new();
        self.show_table("", &settings, &mut text);
        text
    }

    /// A section, its own values before the sections in it.
    fn show_table(&self, path: &str, section: &Value, text: &mut String) {
        let Value::Object(values) = section else { return };
        if !path.is_empty() {
            let separator = if text.is_empty() { "" } else { "\n" };
            writeln!(text, "{separator}[{path}]").expect("a text takes all");
        }
        for (key, value) in values.iter().filter(|(_, value)| !value.is_object()) {
            self.show_value(path, key, value, text);
        }
        for (key, value) in values.iter().filter(|(_, value)| value.is_object()) {
            self.show_table(&below(path, key), value, text);
        }
    }

    fn show_value(&self, path: &str, key: &str, value: &Value, text: &mut String) {
        // JSON's null is a value that was not set; everything else TOML has, too.
        let Some(value) = toml::Value::try_from(value).ok() else {
            return writeln!(text, "# {key} is not set").expect("a text takes all");
        };
        let line = format!("{key} = {value}");
        let origin = self.origin(&below(path, key));
        writeln!(text, "{line:<NOTE_COLUMN$} # {origin}").expect("a text takes all");
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Layers, Resolved, Settings};

    fn resolved() -> Resolved {
        let mut layers = Layers::new();
        let file =
            "[event_bus]\nbus_type = \"local\"\n[event_bus.daemoneye]\nsubscriber_limit = 7\n";
        layers.text(Path::new("agent.toml"), file.to_owned()).unwrap();
        layers.flag("--interval", "procmond.scan_interval", "5s").unwrap();
        layers.resolve().unwrap()
    }

    #[test]
    fn each_value_stands_there_with_where_it_came_from() {
        let text = resolved().shown();
        let line = |start: &str| {
            let found = text.lines().find(|line| line.starts_with(start));
            found.unwrap_or_else(|| panic!("{start} in {text}")).to_owned()
        };
        assert!(line("bus_type = \"local\"").ends_with(" # agent.toml"));
        assert!(line("scan_interval = \"5s\"").ends_with(" # flag --interval"));
        assert!(line("max_batch_size = 100").ends_with(" # built-in default"));
        assert_eq!(line("# policy_file"), "# policy_file is not set");
        assert!(line("[event_bus.daemoneye]").ends_with(']'));
    }

    #[test]
    fn what_is_shown_can_be_read_again_and_is_the_same() {
        let resolved = resolved();
        let again: Settings = toml::from_str(&resolved.shown()).unwrap();
        assert_eq!(again, resolved.settings);
    }
}
