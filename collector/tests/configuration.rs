//! CONFIGURATION.md says what is: every key with its default, its bounds, and whether it can be
//! changed while a collector runs; and no key that is none.

use std::collections::BTreeMap;

use collector_core::config::{CollectorName, Layers, Settings, parse_duration};
use toml::{Table, Value};

const PAGE: &str = include_str!("../CONFIGURATION.md");
/// Not set.
const NOTHING: &str = "–";
/// A key whose default is not the same on every system; the page has that of Unix.
const OF_UNIX: &str = "procmond.untrusted_folders";
/// Sections that are not there unless a file has them.
const OPTIONAL: [&str; 4] =
    ["event_bus.daemoneye", "event_bus.broadcast", "event_bus.crossbeam", "event_bus.sharing"];

/// One key as the page has it.
struct Row {
    key: String,
    default: Option<Value>,
    bounds: &'static str,
    is_live: bool,
}

/// Every row of every section.
fn rows() -> Vec<Row> {
    let mut section = None;
    let mut rows = Vec::new();
    for line in PAGE.lines() {
        if line.starts_with('#') {
            section = section_of(line).filter(|section| is_here(section));
        } else if let (Some(section), Some(cells)) = (section, cells(line)) {
            rows.push(row(section, cells));
        }
    }
    rows
}

/// Whether this build has a section: the feature `legacy` brings those of buses inside a process.
fn is_here(section: &str) -> bool {
    let is_legacy = OPTIONAL.contains(&section) && section != "event_bus.daemoneye";
    cfg!(feature = "legacy") || !is_legacy
}

/// The section that a heading is about; lists of tables are keys of none.
fn section_of(heading: &'static str) -> Option<&'static str> {
    let name = spans(heading).next()?;
    if name.starts_with("[[") {
        return Some("");
    }
    name.strip_prefix('[')?.strip_suffix(']')
}

fn cells(line: &'static str) -> Option<Vec<&'static str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    inner.starts_with('`').then(|| inner.split(" | ").collect())
}

fn row(section: &str, cells: Vec<&'static str>) -> Row {
    let Ok([key, _, default, bounds, live, meaning]) = <[&str; 6]>::try_from(cells) else {
        panic!("a row of [{section}] has not six cells")
    };
    let key = below(section, key.trim_matches('`'));
    assert!(!meaning.is_empty(), "{key} means nothing");
    let default = (default != NOTHING).then(|| value_of(spans(default).next().expect("a value")));
    let is_live = match live {
        "yes" => true,
        "no" => false,
        other => panic!("{key}: {other}"),
    };
    Row { key, default, bounds, is_live }
}

fn below(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// What stands in backticks.
fn spans(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

fn value_of(text: &str) -> Value {
    let table: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    let mut table = table.unwrap_or_else(|error| panic!("{text}: {error}"));
    table.remove("value").expect("it was just written")
}

/// Every key there is, with its default.
fn defaults() -> BTreeMap<String, Option<Value>> {
    let sections = OPTIONAL.into_iter().filter(|section| is_here(section));
    let file: Vec<_> = sections.map(|section| format!("[{section}]")).collect();
    let file = file.join("\n");
    let settings: Settings = toml::from_str(&file).expect("a section may be empty");
    let settings = serde_json::to_value(settings).expect("settings are plain data");
    let mut keys = BTreeMap::new();
    gather("", &settings, &mut keys);
    keys
}

fn gather(path: &str, value: &serde_json::Value, keys: &mut BTreeMap<String, Option<Value>>) {
    let serde_json::Value::Object(values) = value else {
        // JSON's null is a value that was not set.
        keys.insert(path.to_owned(), Value::try_from(value).ok());
        return;
    };
    for (key, value) in values {
        gather(&below(path, key), value, keys);
    }
}

#[test]
fn every_key_is_on_the_page_with_its_default_and_no_other() {
    let rows = rows();
    let count = rows.len();
    let mut shown: BTreeMap<_, _> = rows.into_iter().map(|row| (row.key, row.default)).collect();
    assert_eq!(shown.len(), count, "each key stands there once");
    let mut expected = defaults();
    if cfg!(windows) {
        shown.remove(OF_UNIX);
        expected.remove(OF_UNIX);
    }
    let (on_page, known): (Vec<_>, Vec<_>) = (shown.keys().collect(), expected.keys().collect());
    assert_eq!(on_page, known);
    assert_eq!(shown, expected);
}

#[test]
fn what_can_be_changed_while_a_collector_runs_is_marked() {
    for row in rows() {
        let is_live = CollectorName::ALL
            .into_iter()
            .any(|collector| collector.live_keys().contains(&row.key.as_str()));
        assert_eq!(row.is_live, is_live, "{}", row.key);
    }
}

/// Whether a key may have a value, all others their defaults.
fn is_taken(key: &str, value: &str) -> bool {
    let mut layers = Layers::new();
    layers.assignment("--set", &format!("{key}={value}")).is_ok() && layers.resolve().is_ok()
}

/// The values next to one: a number or a duration.
fn neighbours(value: &str) -> (String, String) {
    if let Ok(number) = value.parse::<i64>() {
        return ((number - 1).to_string(), (number + 1).to_string());
    }
    let time = parse_duration(value).unwrap_or_else(|error| panic!("{error}"));
    let us = time.as_micros();
    (format!("{}us", us - 1), format!("{}us", us + 1))
}

fn check_least(key: &str, least: &str) {
    assert!(is_taken(key, least), "{key} = {least}");
    let (under, _) = neighbours(least);
    assert!(!is_taken(key, &under), "{key} = {under}");
}

fn check_most(key: &str, most: &str) {
    assert!(is_taken(key, most), "{key} = {most}");
    let (_, over) = neighbours(most);
    assert!(!is_taken(key, &over), "{key} = {over}");
}

#[test]
fn every_bound_in_numbers_is_the_one_that_holds() {
    let mut checked = 0;
    for Row { key, bounds, .. } in rows() {
        for bound in bounds.split(", ") {
            let values: Vec<_> = spans(bound).collect();
            match (bound.split('`').next(), values.as_slice()) {
                (Some(""), [least, most]) => {
                    check_least(&key, least);
                    check_most(&key, most);
                }
                (Some("at least "), [least]) => check_least(&key, least),
                (Some("at most "), [most]) => check_most(&key, most),
                (Some("longer than "), ["0s"]) => {
                    assert!(!is_taken(&key, "0s"), "{key}");
                    assert!(is_taken(&key, "1us"), "{key}");
                }
                // In words alone.
                _ => continue,
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn the_example_of_the_page_can_be_read_and_sets_something() {
    let mut examples = 0;
    for block in PAGE.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        let read: Settings = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(read, Settings::default());
        let mut layers = Layers::new();
        let file = std::path::Path::new("CONFIGURATION.md");
        layers.text(file, text.to_owned()).unwrap_or_else(|error| panic!("{error}"));
        // What Windows calls absolute is another thing.
        if cfg!(unix) {
            layers.resolve().unwrap_or_else(|error| panic!("{error}"));
        }
        examples += 1;
    }
    assert!(examples > 0);
}
