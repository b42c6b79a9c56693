//! The format is described three times: reader, JSON Schema, FORMAT.md. They agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use equivalence::plan::expand::{check, keys_of_every_table};
use equivalence::plan::schema;
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

#[test]
fn the_schema_knows_exactly_the_keys_the_reader_knows() {
    let schema: serde_json::Value = serde_json::from_str(&schema::text()).expect("JSON");
    let mut known = BTreeSet::new();
    let definitions = schema["$defs"].as_object().expect("the schema has definitions");
    for table in definitions.values().chain([&schema]) {
        if table["additionalProperties"] == serde_json::Value::Bool(false) {
            let properties = table["properties"].as_object().expect("tables have keys");
            known.extend(properties.keys().cloned());
        }
    }
    // Metrics and buses are keys of free tables in the schema.
    let free = |table: &str| matches!(table, "gate" | "not-applicable");
    let read: BTreeSet<String> = keys_of_every_table()
        .into_iter()
        .filter(|(table, _)| !free(table))
        .map(|(_, key)| key.to_owned())
        .collect();
    assert_eq!(known, read);
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
