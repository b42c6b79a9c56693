//! Who may write where, and what is removed.

use super::*;
use crate::report::case_dir;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What a run that ended leaves, as far as this room looks at it.
fn reported(folder: &Path) {
    let report = r#"{ "command": "cargo xtask equivalence", "format": 0 }"#;
    fs::write(folder.join("report.json"), report).expect("written");
    fs::write(folder.join("summary.md"), "read me").expect("written");
}

fn put(path: &Path) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, "words").expect("written");
}

#[test]
fn a_folder_belongs_to_one_run_at_a_time() {
    let folder = folder();
    let first = claim(folder.path(), "the first").expect("it is empty");
    let said = claim(folder.path(), "the second").expect_err("it is held").to_string();
    let holder = format!("process {}, the first; wait", std::process::id());
    assert!(said.contains(&holder), "{said}");
    drop(first);
    claim(folder.path(), "the third").expect("the first has ended");
}

#[test]
fn the_refused_run_touches_nothing_of_the_first() {
    let folder = folder();
    let _first = claim(folder.path(), "the first").expect("it is empty");
    let trial = folder.path().join(TRIALS).join(case_dir("a/b")).join("latency.hlog");
    put(&trial);
    claim(folder.path(), "the second").expect_err("it is held");
    assert!(trial.exists());
}

#[test]
fn trials_of_an_earlier_run_are_cleared_and_foreign_files_stay() {
    let folder = folder();
    reported(folder.path());
    let trials = folder.path().join(TRIALS);
    let (case, calibration) =
        (trials.join(case_dir("a/b")).join("events.json"), trials.join("calibration-0-1/x.hlog"));
    let own = [folder.path().join("notes.txt"), trials.join("notes.txt")];
    for path in [&case, &calibration, &own[0], &own[1]] {
        put(path);
    }
    claim(folder.path(), "again").and_then(|claim| claim.clear_trials()).expect("ours");
    assert!(!case.exists() && !calibration.exists());
    assert!(own.iter().all(|path| path.exists()));
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_left_alone() {
    let folder = folder();
    let case = folder.path().join(TRIALS).join(case_dir("a/b")).join("events.json");
    put(&case);
    let error = claim(folder.path(), "new").expect_err("no report is there");
    assert!(matches!(error, ClaimError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("--out"), "{error}");
    assert!(case.exists() && !folder.path().join(LOCK).exists());
}

#[test]
fn json_of_somebody_else_is_no_report() {
    let folder = folder();
    fs::write(folder.path().join("report.json"), r#"{ "format": 1 }"#).expect("written");
    assert!(matches!(claim(folder.path(), "new"), Err(ClaimError::Foreign { .. })));
}

#[test]
fn what_a_run_was_killed_over_is_no_obstacle() {
    let folder = folder();
    for name in [LOCK, HOLDER, "report.json.partial"] {
        fs::write(folder.path().join(name), "torn").expect("written");
    }
    claim(folder.path(), "new").expect("nobody holds the lock");
}

#[test]
fn the_matrix_of_mutants_is_no_obstacle() {
    let folder = folder();
    for name in FILES {
        fs::write(folder.path().join(name), "a matrix").expect("written");
    }
    claim(folder.path(), "new").expect("`ci` runs the mutants first");
    assert!(FILES.iter().all(|name| folder.path().join(name).exists()));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    let file = folder.path().join("occupied");
    fs::write(&file, "").expect("written");
    let said = claim(&file.join("below"), "new").expect_err("a file is no folder").to_string();
    assert!(said.starts_with(&format!("cannot write {}", file.join("below").display())), "{said}");
}
