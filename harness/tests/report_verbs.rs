//! `rerun`, `report` and `compare` as a user meets them: after a run that failed.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

/// Small scenarios of the project, copied where a test may break them.
const SCENARIOS: [&str; 2] = ["delivery/steady-small", "topics/truth-table"];

fn equivalence(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(words);
    command
}

/// Both scenarios; the first expects what no bus does, if it is to fail.
fn scenarios(fails: bool) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (place, name) in SCENARIOS.into_iter().enumerate() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
        let mut text = fs::read_to_string(source.with_extension("toml")).expect("the scenario");
        if fails && place == 0 {
            text.truncate(text.find("[expect]").unwrap_or(text.len()));
            text.push_str("\n[expect]\naccepted = { procmond = [1, 2] }\n");
        }
        let path = folder.path().join(name).with_extension("toml");
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

/// A run of both scenarios on two buses, with its exit code.
fn reported(fails: bool) -> (TempDir, TempDir) {
    let (folder, out) = (scenarios(fails), tempfile::tempdir().expect("a folder"));
    let mut run = equivalence(&["run", "--profile", "smoke", "--candidate", "embedded"]);
    run.arg("--scenarios").arg(folder.path()).arg("--out").arg(out.path());
    run.args(["--inconclusive", "warn"]).assert().code(i32::from(fails));
    (folder, out)
}

fn cases(report: &Path) -> Vec<String> {
    let text = fs::read_to_string(report.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = report["behaviour"].as_array().expect("rows").iter();
    rows.map(|row| row["case"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn what_failed_is_run_again_and_nothing_else() {
    let (folder, first) = reported(true);
    let again = tempfile::tempdir().expect("a folder");
    let mut rerun = equivalence(&["rerun", "--only", "fail", "--report"]);
    rerun.arg(first.path()).arg("--scenarios").arg(folder.path()).arg("--out").arg(again.path());
    rerun.assert().code(1).stdout(predicate::str::contains("FAIL delivery/steady-small"));
    let cases = cases(again.path());
    assert!(!cases.is_empty());
    assert!(cases.iter().all(|case| case.starts_with("delivery/steady-small")), "{cases:?}");
}

#[test]
fn without_anything_to_run_again_that_is_said() {
    let (_folder, first) = reported(false);
    let mut rerun = equivalence(&["rerun", "--report"]);
    let nothing = predicate::str::contains("has nothing failed or open");
    rerun.arg(first.path()).assert().code(2).stderr(nothing);
    let mut rerun = equivalence(&["rerun", "--report", "no/such"]);
    rerun.assert().code(2).stderr(predicate::str::contains("cannot read no/such"));
}

#[test]
fn a_report_is_shown_once_more_and_its_pages_written_again() {
    let (_folder, first) = reported(true);
    let pages = tempfile::tempdir().expect("a folder");
    let mut report = equivalence(&["report"]);
    report.arg(first.path()).arg("--write").arg(pages.path());
    let table = predicate::str::contains("behaviour on embedded");
    report.assert().code(0).stdout(table);
    let page =
        |folder: &TempDir| fs::read_to_string(folder.path().join("report.html")).expect("a page");
    assert_eq!(page(&first), page(&pages));
}

#[test]
fn a_promise_that_is_broken_now_is_worse_and_one_that_is_mended_is_not() {
    let ((_good, held), (_bad, broken)) = (reported(false), reported(true));
    let compared = |a: &TempDir, b: &TempDir| {
        let mut compare = equivalence(&["compare"]);
        compare.arg(a.path()).arg(b.path());
        compare.assert()
    };
    let told = predicate::str::starts_with("worse: delivery/steady-small");
    compared(&held, &broken).code(1).stdout(told);
    let told = predicate::str::contains("nothing is worse for certain");
    compared(&broken, &held).code(0).stdout(told);
}

#[test]
fn a_run_that_was_kept_is_compared_with_and_drawn() {
    let (folder, kept) = (scenarios(false), tempfile::tempdir().expect("a folder"));
    let run = |scenarios: &TempDir, option: &str| {
        let out = tempfile::tempdir().expect("a folder");
        let mut run = equivalence(&["run", "--profile", "smoke", "--candidate", "embedded"]);
        run.arg("--scenarios").arg(scenarios.path()).arg("--out").arg(out.path());
        run.args(["--inconclusive", "warn", option]).arg(kept.path()).assert()
    };
    run(&folder, "--against").code(0).stdout(predicate::str::contains("no run of "));
    run(&folder, "--save-baseline").code(0).stdout(predicate::str::contains("kept: "));
    let same = predicate::str::contains("nothing to compare");
    run(&folder, "--against").code(0).stdout(same);
    let told = predicate::str::contains("worse: delivery/steady-small");
    run(&scenarios(true), "--against").code(1).stdout(told);

    let page = kept.path().join("trend.html");
    let mut trend = equivalence(&["trend"]);
    trend.arg(kept.path()).arg("--out").arg(&page).assert().code(0);
    let page = fs::read_to_string(page).expect("a page");
    assert!(page.contains("1 run, the last of"), "{page}");
}

#[test]
fn without_a_run_that_was_kept_there_is_no_trend() {
    let empty = tempfile::tempdir().expect("a folder");
    for folder in [empty.path(), Path::new("no/such")] {
        let told = predicate::str::contains("--save-baseline");
        equivalence(&["trend"]).arg(folder).assert().code(2).stderr(told);
    }
}

#[test]
fn another_revision_has_to_be_built_first() {
    let told = predicate::str::contains("cargo xtask equivalence --baseline process@HEAD~1");
    equivalence(&["run", "--baseline", "process@HEAD~1"]).assert().code(2).stderr(told);
}

/// An executable that is no harness of ours ends the run as infrastructure, and is no verdict.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_harness_of_another_revision_judges_nothing() {
    let out = tempfile::tempdir().expect("a folder");
    let mut run = equivalence(&["run", "--profile", "smoke", "--baseline", "process@abc"]);
    run.args(["--baseline-executable", "/bin/true", "--scenario", "perf/saturation[subs=1]"]);
    let told = predicate::str::contains("not yet known");
    run.arg("--out").arg(out.path()).assert().code(4).stdout(told);
}
