//! The tasks as typed: exit codes and messages.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

#[test]
fn tidy_passes_on_this_workspace() {
    xtask().arg("tidy").assert().code(0).stdout(contains("tidy: 0 findings"));
}

#[test]
fn tidy_fails_on_each_planted_defect_and_names_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    plant(folder.path());
    let found = xtask().arg("tidy").arg("--root").arg(folder.path()).assert().code(1);
    for expected in [
        "bus/src/event.rs:2: layer: event → topic",
        "bus/src/event.rs:2: cycle: event → topic → event",
        "bus/src/topic.rs:1: the first line",
        "bus/src/utils.rs:1: `utils` says nothing",
        "bus/src/utils.rs:1: dead file",
        "README.md:3: broken link `gone.md`",
        "README.md:4: `/home/` is a path of one machine",
        "bus/src/event.rs:3: a stub that pretends",
        "scratch:1: the root holds only",
    ] {
        let printed = String::from_utf8_lossy(&found.get_output().stdout);
        assert!(printed.contains(expected), "{expected} is missing in:\n{printed}");
    }
    found.stdout(contains("tidy: 9 findings"));
}

fn plant(root: &Path) {
    let files = [
        ("bus/Cargo.toml", "[package]\nname = \"daemoneye-eventbus\"\n"),
        ("bus/src/lib.rs", "//! Bus.\nmod event;\nmod topic;\n"),
        ("bus/src/event.rs", "//! Events.\nuse crate::topic::Topic;\nfn f() { todo!() }\n"),
        ("bus/src/topic.rs", "use crate::event::EventKind;\n"),
        ("bus/src/utils.rs", "//! Things.\n"),
        ("README.md", "# House\n\n[a](gone.md)\nIt is in /home/me.\n"),
        ("scratch/notes", ""),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

#[test]
fn tidy_on_a_folder_that_does_not_exist_is_an_infrastructure_error() {
    let gone = tempfile::tempdir().expect("a temporary folder").path().join("gone");
    let result = xtask().arg("tidy").arg("--root").arg(gone).assert();
    result.code(4).stderr(contains("cannot read"));
}

#[test]
fn an_unknown_task_is_a_usage_error_with_a_suggestion() {
    let result = xtask().arg("equivalense").assert();
    result.code(2).stderr(contains("equivalense").and(contains("'equivalence'")));
}

#[test]
fn help_explains_the_exit_codes() {
    let tasks =
        [&["--help"][..], &["equivalence", "--help"], &["mutants", "--help"], &["ci", "--help"]];
    for arguments in tasks {
        let result = xtask().args(arguments).assert();
        result.code(0).stdout(
            contains("Exit codes:")
                .and(contains("0  pass"))
                .and(contains("1  fail"))
                .and(contains("2  usage"))
                .and(contains("3  inconclusive"))
                .and(contains("4  infrastructure")),
        );
    }
}

/// A package whose code for other systems nobody has compiled.
fn plant_package(root: &Path, code: &str) {
    let manifest =
        "[package]\nname = \"a\"\nedition = \"2024\"\n[workspace]\n[lib]\npath = \"a.rs\"\n";
    fs::write(root.join("Cargo.toml"), manifest).expect("a file");
    fs::write(root.join("a.rs"), code).expect("a file");
}

/// The one target whose standard library is there for certain.
fn host() -> String {
    let told = std::process::Command::new("rustc").args(["--print", "host-tuple"]).output();
    String::from_utf8(told.expect("a compiler").stdout).expect("text").trim_end().to_owned()
}

#[test]
fn platforms_fails_on_what_does_not_compile_there_and_on_a_lint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let platforms =
        || xtask().arg("platforms").arg("--root").arg(folder.path()).arg(host()).assert();
    plant_package(folder.path(), "//! Sound.\n");
    platforms().code(0);
    plant_package(folder.path(), "#[cfg(any(unix, windows))]\npub fn f() -> u8 {\n    1_u32\n}\n");
    platforms().code(1).stderr(contains("mismatched types"));
    plant_package(folder.path(), "#[cfg(any(unix, windows))]\nfn unused() {}\n");
    platforms().code(1).stderr(contains("`unused` is never used"));
}

/// A package by the name of the collectors', and a crate named as those that are to be gone.
fn plant_collectors(root: &Path, need: &str, code: &str) {
    let manifest = format!(
        "[package]\nname = \"collector-core\"\nedition = \"2024\"\n[workspace]\n[lib]\n\
         path = \"a.rs\"\n[features]\ndefault = [\"legacy\"]\nlegacy = []\n{need}\n"
    );
    let sham = "[package]\nname = \"crossbeam-sham\"\nedition = \"2024\"\n[lib]\npath = \"a.rs\"\n";
    fs::create_dir_all(root.join("sham")).expect("a folder");
    for (file, text) in [
        ("Cargo.toml", manifest.as_str()),
        ("a.rs", code),
        ("sham/Cargo.toml", sham),
        ("sham/a.rs", "//! Sham.\n"),
    ] {
        fs::write(root.join(file), text).expect("a file");
    }
}

#[test]
fn lean_fails_on_a_crate_that_still_comes_in_and_on_what_does_not_compile_without_the_feature() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lean = || xtask().arg("lean").arg("--root").arg(folder.path()).assert();
    let optional = "legacy-sham = [\"dep:crossbeam-sham\"]\n[dependencies]\n\
                    crossbeam-sham = { path = \"sham\", optional = true }";
    plant_collectors(folder.path(), optional, "//! Sound.\n");
    lean().code(0);
    let of_tests = "[dev-dependencies]\ncrossbeam-sham = { path = \"sham\" }";
    plant_collectors(folder.path(), of_tests, "//! Sound.\n");
    lean().code(1).stderr(
        contains("crossbeam-sham still comes in")
            .and(contains("--no-default-features --invert crossbeam-sham")),
    );
    let unused = "//! Unsound.\n#[cfg(not(feature = \"legacy\"))]\nfn unused() {}\n";
    plant_collectors(folder.path(), optional, unused);
    lean().code(1).stderr(contains("`unused` is never used"));
}

#[test]
fn platforms_without_the_standard_library_of_a_system_is_an_infrastructure_error() {
    let told = xtask().args(["platforms", "wasm64-no-such-system"]).assert().code(4);
    told.stderr(contains("rustup target add wasm64-no-such-system"));
}
