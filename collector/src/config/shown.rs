//! A configuration as it holds: a file of its own, and where each value came from.

use std::fmt::Write;

use serde_json::Value;

use super::Resolved;

/// Where the notes on origins begin, columns, unless a value is longer.
const NOTE_COLUMN: usize = 44;
/// What holds where a value is not set.
const WITHOUT: [(&str, &str); 10] = [
    ("agent.program_folder", "the folder of the agent's own program"),
    ("event_bus.broadcast", "its defaults"),
    ("event_bus.crossbeam", "its defaults"),
    ("event_bus.daemoneye", "its defaults"),
    ("event_bus.daemoneye.policy_file", "the standard rules alone"),
    ("event_bus.sharing", "its defaults"),
    ("event_bus.socket_path", "this user has no runtime folder; a path must be named"),
    ("fsmond.paths", "the folders of this system that an intruder would change"),
    ("ipc.socket_path", "{name}.sock beside the broker's socket"),
    ("spool.folder", "this user has no state folder; one must be named for a spool"),
];

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
            let dotted = below(path, key);
            let without = WITHOUT.iter().find(|(unset, _)| *unset == dotted);
            let without = without.map(|(_, what)| format!(": {what}")).unwrap_or_default();
            return writeln!(text, "# {key} is not set{without}").expect("a text takes all");
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
            "[event_bus]\nbus_type = \"daemoneye\"\n[event_bus.daemoneye]\nsubscriber_limit = 7\n";
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
        assert!(line("bus_type = \"daemoneye\"").ends_with(" # agent.toml"));
        assert!(line("scan_interval = \"5s\"").ends_with(" # flag --interval"));
        assert!(line("max_batch_size = 100").ends_with(" # built-in default"));
        assert_eq!(
            line("# paths"),
            "# paths is not set: the folders of this system that an intruder would change"
        );
        assert!(line("[event_bus.daemoneye]").ends_with(']'));
    }

    #[test]
    fn whatever_is_not_set_says_what_holds_instead() {
        let mut layers = Layers::new();
        let file = "[event_bus.daemoneye]\nsubscriber_limit = 7\n";
        layers.text(Path::new("agent.toml"), file.to_owned()).unwrap();
        for shown in [Layers::new().resolve().unwrap().shown(), layers.resolve().unwrap().shown()] {
            for line in shown.lines().filter(|line| line.contains(" is not set")) {
                assert!(line.contains(" is not set: "), "{line}");
            }
        }
    }

    #[test]
    fn what_is_shown_can_be_read_again_and_is_the_same() {
        let resolved = resolved();
        let again: Settings = toml::from_str(&resolved.shown()).unwrap();
        assert_eq!(again, resolved.settings);
    }
}
