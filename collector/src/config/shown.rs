//! A configuration as it holds: a file of its own, and where each value came from.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use super::{EventBusConfig, Origin, Resolved};

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
        self.show_section("", &settings, &mut text);
        text
    }

    /// A section, its own values before what has a heading in it.
    fn show_section(&self, path: &str, section: &Value, text: &mut String) {
        let Value::Object(values) = section else { return };
        if !path.is_empty() {
            let separator = if text.is_empty() { "" } else { "\n" };
            put(text, format_args!("{separator}[{path}]"));
        }
        for (key, value) in values.iter().filter(|(_, value)| !has_heading(value)) {
            let dotted = below(path, key);
            if value.is_null() && dotted == self.section_of_bus() {
                continue;
            }
            match line(key, value) {
                Some(line) => noted(text, &line, self.origin(&dotted)),
                None => put(text, format_args!("# {key} is not set{}", instead_of(&dotted))),
            }
        }
        if path == "event_bus" {
            self.show_bus(values, text);
        }
        for (key, value) in values.iter().filter(|(_, value)| has_heading(value)) {
            match value {
                Value::Array(entries) => self.show_list(&below(path, key), entries, text),
                section => self.show_section(&below(path, key), section, text),
            }
        }
    }

    /// The limits of the bus in use, where none of them is set: in comments, as a section that is
    /// there is set.
    fn show_bus(&self, event_bus: &Map<String, Value>, text: &mut String) {
        let name = self.settings.event_bus.bus_type.section();
        if event_bus.get(name).is_some_and(Value::is_object) {
            return;
        }
        let path = self.section_of_bus();
        put(text, format_args!("\n# [{path}]"));
        let defaults = EventBusConfig::with_every_section();
        let defaults = serde_json::to_value(defaults).expect("settings are plain data");
        for (key, value) in defaults.get(name).and_then(Value::as_object).into_iter().flatten() {
            if let Some(line) = line(key, value) {
                noted(text, &format!("# {line}"), &Origin::Default);
            } else {
                let instead = instead_of(&below(&path, key));
                put(text, format_args!("# {key} is not set{instead}"));
            }
        }
    }

    fn section_of_bus(&self) -> String {
        below("event_bus", self.settings.event_bus.bus_type.section())
    }

    /// A list of tables, a heading for each: it came from one place as a whole.
    fn show_list(&self, key: &str, entries: &[Value], text: &mut String) {
        for entry in entries {
            text.push('\n');
            noted(text, &format!("[[{key}]]"), self.origin(key));
            show_entry(key, entry, text);
        }
    }
}

/// What a table of a list has, its own values first.
fn show_entry(path: &str, entry: &Value, text: &mut String) {
    let Value::Object(values) = entry else { return };
    for (key, value) in values.iter().filter(|(_, value)| !has_heading(value)) {
        if let Some(line) = line(key, value) {
            put(text, format_args!("{line}"));
        }
    }
    for (key, value) in values.iter().filter(|(_, value)| has_heading(value)) {
        let path = below(path, key);
        match value {
            Value::Array(entries) => {
                for entry in entries {
                    put(text, format_args!("\n[[{path}]]"));
                    show_entry(&path, entry, text);
                }
            }
            section => {
                put(text, format_args!("\n[{path}]"));
                show_entry(&path, section, text);
            }
        }
    }
}

/// Whether it is a section or a list of tables, and so stands below a heading.
fn has_heading(value: &Value) -> bool {
    let first = value.as_array().and_then(|list| list.first());
    value.is_object() || first.is_some_and(Value::is_object)
}

/// A value in its line; `None` for JSON's null, which is a value that was not set. Everything else
/// TOML has, too.
fn line(key: &str, value: &Value) -> Option<String> {
    let value = toml::Value::try_from(value).ok()?;
    Some(format!("{key} = {value}"))
}

/// What holds instead of a value that is not set, as the rest of a sentence.
fn instead_of(dotted: &str) -> String {
    let without = WITHOUT.iter().find(|(unset, _)| *unset == dotted);
    without.map(|(_, what)| format!(": {what}")).unwrap_or_default()
}

fn noted(text: &mut String, line: &str, origin: &Origin) {
    put(text, format_args!("{line:<NOTE_COLUMN$} # {origin}"));
}

fn put(text: &mut String, line: fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a text takes all");
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
    fn the_limits_of_the_bus_in_use_are_shown_though_none_is_set() {
        let resolved = Layers::new().resolve().unwrap();
        let text = resolved.shown();
        let section = text.split_once("\n# [event_bus.daemoneye]\n").expect("its heading").1;
        let section = section.split("\n\n").next().unwrap();
        let limit = section.lines().find(|line| line.starts_with("# subscriber_limit = 1000 "));
        assert!(limit.unwrap().ends_with(" # built-in default"), "{section}");
        assert!(section.lines().all(|line| line.starts_with("# ")), "{section}");
        let again: Settings = toml::from_str(&text).unwrap();
        assert_eq!(again, resolved.settings);
    }

    #[test]
    fn triggers_and_workflows_stand_below_headings_of_their_own() {
        let file = "[[trigger]]\nname = \"a\"\nwhen = \"pid = 1\"\ntarget = \"procmond\"\n\
                    analysis = \"w\"\n\n[trigger.limits]\nmax_pending = 7\n\n\
                    [[trigger]]\nname = \"b\"\nwhen = \"pid = 2\"\ntarget = \"procmond\"\n\
                    analysis = \"binary_hash\"\n\n\
                    [[workflow]]\nname = \"w\"\n\n\
                    [[workflow.stage]]\nid = \"one\"\nanalysis = \"binary_hash\"\n\
                    target = \"procmond\"\n";
        let mut layers = Layers::new();
        layers.text(Path::new("agent.toml"), file.to_owned()).unwrap();
        let resolved = layers.resolve().unwrap();
        let text = resolved.shown();
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with("[[")).collect();
        let (stages, lists): (Vec<_>, Vec<_>) =
            headings.into_iter().partition(|line| *line == "[[workflow.stage]]");
        assert_eq!((stages.len(), lists.len()), (1, 3), "{text}");
        assert!(lists.iter().all(|line| line.ends_with(" # agent.toml")), "{text}");
        assert!(text.contains("\n[trigger.limits]\n") && text.contains("\nmax_pending = 7\n"));
        let again: Settings = toml::from_str(&text).unwrap();
        assert_eq!(again, resolved.settings);
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
