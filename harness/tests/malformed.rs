//! Scenario files with mistakes, and what a user reads of each: the whole text, kept in a file beside.
//!
//! After a message was changed on purpose, `RECORD_MALFORMED=1 cargo test -p equivalence --test malformed`
//! writes the new texts; read the difference before it is committed.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Folder of the files, as the package sees it and as their errors name it.
const FOLDER: &str = "tests/malformed";
/// Set, the texts are written instead of compared.
const RECORD: &str = "RECORD_MALFORMED";
/// Files there are at least: fewer would not be every sort of mistake.
const LEAST: usize = 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)
}

/// Names of the files with this extension, without it.
fn names(extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|own| own == extension));
    wanted.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

/// What `check` says of a file on standard error.
fn told(name: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let scenarios = Path::new("..").join("scenarios");
    command.arg("check").arg(format!("{FOLDER}/{name}.toml")).arg("--scenarios").arg(scenarios);
    let output = command.assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty(), "{name}: a mistake is told on standard error alone");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn every_mistake_is_told_as_it_was_agreed() {
    let names = names("toml");
    assert!(names.len() >= LEAST, "{names:?}");
    let mut differing = Vec::new();
    for name in &names {
        let (told, path) = (told(name), folder().join(name).with_extension("txt"));
        if env::var_os(RECORD).is_some() {
            fs::write(&path, told).expect("it can be written");
            continue;
        }
        let agreed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if told != agreed {
            differing.push(format!("{name}.toml, agreed:\n{agreed}\ntold:\n{told}"));
        }
    }
    let differing = differing.join("\n");
    assert!(
        differing.is_empty(),
        "{differing}\nif it is meant so, set {RECORD}=1 and run this again"
    );
}

#[test]
fn no_text_is_left_of_a_file_that_is_gone() {
    assert_eq!(names("txt"), names("toml"));
}

#[test]
fn every_mistake_has_its_place_and_a_word_about_what_to_write() {
    for name in names("toml") {
        let told = told(&name);
        let mistakes: Vec<&str> = told.split("error: ").skip(1).collect();
        assert!(!mistakes.is_empty(), "{name}: {told}");
        for mistake in mistakes {
            let place = format!("--> {FOLDER}/{name}.toml:");
            assert!(mistake.contains(&place), "{name}: no place: {mistake}");
            let carets = mistake.lines().filter_map(|line| line.split_once('^'));
            let said = carets.map(|(_, rest)| rest.trim_start_matches('^').trim());
            let said: Vec<&str> = said.filter(|said| !said.is_empty()).collect();
            assert!(!said.is_empty(), "{name}: nothing beside the caret: {mistake}");
        }
    }
}
