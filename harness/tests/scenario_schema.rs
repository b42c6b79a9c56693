//! The format is described three times: reader, JSON Schema, FORMAT.md. They agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use daemoneye_eventbus::EventKind;
use equivalence::plan::expand::{check, keys_of_every_table};
use equivalence::plan::{Claim, schema};
use equivalence::scenario::{find_files, load};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.replace("\r\n", "\n")
}

#[test]
fn the_committed_schema_is_current() {
    let committed = read("schema.json");
    assert!(committed == schema::text(), "write `equivalence schema` to scenarios/schema.json");
}

#[test]
fn every_scenario_is_valid_by_the_types_of_the_schema_too() {
    for file in find_files(&folder()).expect("the folder is there") {
        let text = fs::read_to_string(&file).expect("it was found");
        toml::from_str::<schema::ScenarioFile>(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

/// A file as data that a validator of JSON takes.
fn as_json(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).expect("it was found");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_scenario_is_valid_by_the_json_schema_itself() {
    let schema = serde_json::from_str(&read("schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let files = find_files(&folder()).expect("the folder is there");
    assert!(files.len() > 50, "{}", files.len());
    for file in files {
        let data = as_json(&file);
        let told: Vec<String> = validator
            .iter_errors(&data)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(told.is_empty(), "{}: {}", file.display(), told.join("\n"));
    }
    // A schema that lets everything through would have passed all that.
    let malformed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed");
    for name in ["unknown-key", "missing-key", "wrong-type", "unknown-choice"] {
        let data = as_json(&malformed.join(name).with_extension("toml"));
        assert!(!validator.is_valid(&data), "{name}");
    }
}

/// What the schema says of a measured scenario with one text in the place of another.
fn is_valid(old: &str, new: &str) -> bool {
    let text = r##"format = 1
name = "perf/saturation-x"
claims = ["C1"]
summary = "Why."
kind = "saturation"
[matrix]
much = [1]
[[topology.publisher]]
name = "source"
count = 2
kind = "process"
confirm = "fire"
payload = "200B"
[[topology.subscriber]]
name = "reader"
patterns = ["#"]
pace = "100/s"
[[phase]]
name = "window"
publish = [{ for = "1s", rate = "max" }]
idle = "10ms"
[gate.throughput]
limit = 0.9
"##;
    assert!(text.contains(old), "{old}");
    let data: serde_json::Value = toml::from_str(&text.replacen(old, new, 1)).expect("TOML");
    let schema = serde_json::from_str(&read("schema.json")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema").is_valid(&data)
}

#[test]
fn the_schema_tells_an_editor_what_check_would_refuse() {
    assert!(is_valid("", ""));
    for (old, new) in [
        ("format = 1", "format = 2"),
        ("gate.throughput", "gate.throughputs"),
        ("claims = [\"C1\"]", concat!("claims = [\"C", "15\"]")),
        ("claims = [\"C1\"]", "claims = [\"c1\"]"),
        ("count = 2", "count = \"many\""),
        ("kind = \"process\"", "kind = \"proces\""),
        ("confirm = \"fire\"", "confirm = \"maybe\""),
        ("\"200B\"", "\"200KB\""),
        ("\"100/s\"", "\"max\""),
        ("\"max\"", "\"fast\""),
        ("\"10ms\"", "\"10 ms\""),
    ] {
        assert!(!is_valid(old, new), "{new}");
    }
    // What stands for a value may stand anywhere.
    for old in ["2", "\"process\"", "\"fire\"", "\"200B\"", "\"100/s\"", "\"10ms\""] {
        assert!(is_valid(&format!("= {old}"), "= \"${much}\""), "{old}");
    }
}

#[test]
fn every_number_and_every_kind_of_event_passes_the_schema() {
    for claim in Claim::ALL {
        let number = format!("claims = [{:?}]", claim.as_str());
        assert!(is_valid("claims = [\"C1\"]", &number), "{number}");
    }
    for kind in EventKind::ALL {
        let kind = format!("kind = {:?}", kind.as_str());
        assert!(is_valid("kind = \"process\"", &kind), "{kind}");
    }
}

/// A table's keys on the way to it, from the top: `topology.subscriber.breaker`; any key of a table is `*`.
type Way = Vec<String>;

/// Every key of every table of the schema.
struct Keys<'s> {
    definitions: &'s serde_json::Value,
    found: BTreeSet<(Way, String)>,
}

impl Keys<'_> {
    /// Those of a table, and of all below it.
    fn gather(&mut self, table: &serde_json::Value, way: &[String]) {
        for (key, value) in table["properties"].as_object().expect("tables have keys") {
            self.found.insert((way.to_vec(), key.clone()));
            self.below(value, &[way, std::slice::from_ref(key)].concat());
        }
    }

    /// Those of the tables that a value may be.
    fn below(&mut self, value: &serde_json::Value, way: &[String]) {
        if let Some(name) = value["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            let definitions = self.definitions;
            let definition = &definitions[name];
            if definition["additionalProperties"] == false {
                self.gather(definition, way);
            }
        }
        for choice in value["anyOf"].as_array().into_iter().flatten() {
            self.below(choice, way);
        }
        self.below_some(&value["items"], way);
        self.below_some(&value["additionalProperties"], &[way, &["*".to_owned()]].concat());
    }

    fn below_some(&mut self, value: &serde_json::Value, way: &[String]) {
        if value.is_object() {
            self.below(value, way);
        }
    }
}

/// Whether a table of the reader, which is called by the end of its way, is this one.
fn is_called(table: &str, way: &[String]) -> bool {
    let words: Vec<&str> = table.split('.').filter(|word| !word.is_empty()).collect();
    let is_alike = |(word, key): (&&str, &String)| {
        *word == key || word.starts_with(|letter: char| letter.is_ascii_uppercase())
    };
    let is_end = words.len() <= way.len() && words.is_empty() == way.is_empty();
    is_end && words.iter().rev().zip(way.iter().rev()).all(is_alike)
}

/// What the reader calls the table of the schema at the end of a way.
fn called<'t>(tables: &BTreeSet<&'t str>, way: &[String]) -> &'t str {
    let own: Vec<&'t str> = tables.iter().copied().filter(|one| is_called(one, way)).collect();
    let [one] = own.as_slice() else { panic!("{way:?} is called {own:?}") };
    one
}

#[test]
fn the_schema_knows_exactly_the_keys_the_reader_knows_of_each_table() {
    let schema: serde_json::Value = serde_json::from_str(&schema::text()).expect("JSON");
    let mut keys = Keys { definitions: &schema["$defs"], found: BTreeSet::new() };
    keys.gather(&schema, &[]);
    let read = keys_of_every_table();
    let tables: BTreeSet<&str> = read.iter().map(|(table, _)| *table).collect();
    let known = keys.found.iter().map(|(way, key)| (called(&tables, way), key.as_str()));
    let known: BTreeSet<(&str, &str)> = known.collect();
    // Buses are keys of a free table in the schema.
    let read: BTreeSet<(&str, &str)> =
        read.iter().copied().filter(|(table, _)| *table != "not-applicable").collect();
    assert_eq!(known, read);
}

#[test]
fn a_key_that_one_table_lacks_and_another_has_is_seen() {
    let text = schema::text();
    let mut schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let keys = |schema: &serde_json::Value| {
        let mut keys = Keys { definitions: &schema["$defs"], found: BTreeSet::new() };
        keys.gather(schema, &[]);
        keys.found
    };
    let whole = keys(&schema);
    let member = schema["$defs"]["Member"]["properties"].as_object_mut().expect("keys");
    member.remove("count").expect("publishers have one, too");
    let way = ["topology", "member"].map(str::to_owned).to_vec();
    let missing: Vec<_> = whole.difference(&keys(&schema)).cloned().collect();
    assert_eq!(missing, [(way, "count".to_owned())]);
}

#[test]
fn every_key_is_documented_under_its_table() {
    let format = read("FORMAT.md");
    let mut missing = Vec::new();
    for (table, key) in keys_of_every_table() {
        let heading = if table.is_empty() { "## Top".to_owned() } else { format!("## `{table}`") };
        let section = format
            .split_once(&format!("{heading}\n"))
            .map(|(_, rest)| rest.split("\n## ").next().unwrap_or_default());
        if !section.is_some_and(|section| section.contains(&format!("| `{key}` |"))) {
            missing.push(format!("{table}.{key}"));
        }
    }
    assert!(missing.is_empty(), "not in FORMAT.md: {missing:?}");
}

#[test]
fn the_examples_of_the_format_are_valid() {
    let format = read("FORMAT.md");
    let examples: Vec<&str> = format
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("split yields one part"))
        .collect();
    assert!(examples.len() >= 2, "examples are gone");
    // One of them replays a recording, which lies beside it.
    let beside = tempfile::tempdir().expect("a folder");
    let recording = folder().join("recorded/agent.jsonl");
    fs::copy(recording, beside.path().join("agent.jsonl")).expect("copied");
    let file = beside.path().join("example.toml");
    for text in examples {
        fs::write(&file, text).expect("written");
        let scenario = load(&file).unwrap_or_else(|problems| panic!("{problems}"));
        check(&scenario).unwrap_or_else(|problems| panic!("{problems}"));
    }
}
