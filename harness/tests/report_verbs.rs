//! `rerun`, `report` and `compare` as a user meets them: after a run that failed.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use equivalence::report;
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
fn what_failed_is_run_again_as_it_was_asked_for_and_nothing_else() {
    let (_folder, first) = reported(true);
    let again = tempfile::tempdir().expect("a folder");
    let mut rerun = equivalence(&["rerun", "--only", "fail", "--report"]);
    rerun.arg(first.path()).arg("--out").arg(again.path());
    rerun.assert().code(1).stdout(predicate::str::contains("FAIL delivery/steady-small"));
    let cases = cases(again.path());
    assert!(!cases.is_empty());
    assert!(cases.iter().all(|case| case.starts_with("delivery/steady-small")), "{cases:?}");
}

#[test]
fn the_report_that_is_read_is_not_replaced() {
    let (_folder, first) = reported(true);
    let before = fs::read(first.path().join("report.json")).expect("a report");
    let mut rerun = equivalence(&["rerun", "--report"]);
    rerun.arg(first.path().join("report.json")).arg("--out").arg(first.path());
    rerun.assert().code(2).stderr(predicate::str::contains("would replace the report"));
    assert_eq!(fs::read(first.path().join("report.json")).expect("still there"), before);
}

#[test]
fn what_a_run_did_not_come_to_is_run_again() {
    let (_folder, first) = reported(false);
    let mut run = report::read(first.path()).expect("a report");
    run.interrupted = Some("interrupted".to_owned());
    run.behaviour.retain(|row| row.case.starts_with("delivery/"));
    report::write(first.path(), &run).expect("it can be written");
    let again = tempfile::tempdir().expect("a folder");
    let mut rerun = equivalence(&["rerun", "--report"]);
    rerun.arg(first.path()).arg("--out").arg(again.path()).assert().code(0);
    let cases = cases(again.path());
    assert!(!cases.is_empty());
    assert!(cases.iter().all(|case| case.starts_with("topics/truth-table")), "{cases:?}");
}

#[test]
fn without_anything_to_run_again_that_is_said() {
    let (_folder, first) = reported(false);
    let mut rerun = equivalence(&["rerun", "--report"]);
    let nothing = predicate::str::contains("has nothing failed or open");
    rerun.arg(first.path()).assert().code(0).stdout(nothing);
}

#[test]
fn a_report_that_is_not_there_is_told_with_the_command_that_makes_one() {
    let told = "error: there is no report in no/such; `cargo xtask equivalence --out ";
    for words in [
        &["rerun", "--report", "no/such"][..],
        &["report", "no/such"],
        &["compare", "no/such"],
        &["review", "no/such"],
        &["list", "--verdict", "fail", "--report", "no/such"],
    ] {
        let told = predicate::str::contains(told).and(predicate::str::contains("os error").not());
        equivalence(words).assert().code(2).stderr(told);
    }
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
    let told = predicate::str::is_match("^nothing of .* is worse for certain").expect("a pattern");
    compared(&broken, &held).code(0).stdout(told);
    let mut partial = report::read(held.path()).expect("a report");
    partial.interrupted = Some("interrupted".to_owned());
    report::write(broken.path(), &partial).expect("it can be written");
    let told = predicate::str::contains("open: the later run is partial");
    compared(&held, &broken).code(3).stdout(told);
}

/// Nobody reads to the end, or nothing can be written: what is worse is worse all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_comparison_that_nobody_reads_keeps_its_verdict() {
    let ((_good, held), (_bad, broken)) = (reported(false), reported(true));
    let ended = |earlier: &TempDir, later: &TempDir, out: std::process::Stdio| {
        let mut compare = std::process::Command::new(env!("CARGO_BIN_EXE_equivalence"));
        compare.arg("compare").arg(earlier.path()).arg(later.path()).stdout(out);
        compare.output().expect("it runs").status.code()
    };
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        std::process::Stdio::from(writer)
    };
    let full = || {
        let device = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        std::process::Stdio::from(device)
    };
    assert_eq!(ended(&held, &broken, closed()), Some(1));
    assert_eq!(ended(&held, &broken, full()), Some(1));
    assert_eq!(ended(&broken, &held, closed()), Some(0));
    assert_eq!(ended(&broken, &held, full()), Some(4), "the answer is lost");
}

#[test]
fn a_run_that_was_kept_is_compared_with_and_drawn() {
    let (folder, kept) = (scenarios(false), tempfile::tempdir().expect("a folder"));
    let run = |scenarios: &TempDir, options: &[&str]| {
        let out = tempfile::tempdir().expect("a folder");
        let mut run = equivalence(&["run", "--profile", "smoke", "--candidate", "embedded"]);
        run.arg("--scenarios").arg(scenarios.path()).arg("--out").arg(out.path());
        run.args(options).arg(kept.path()).assert()
    };
    // Nothing is measured here, so the run itself is open where that is not let pass.
    let warned = ["--inconclusive", "warn", "--against"];
    run(&folder, &warned).code(0).stdout(predicate::str::contains("nothing to compare with"));
    let told = predicate::str::contains("not kept: no ratio of it has an interval");
    run(&folder, &["--inconclusive", "warn", "--save-baseline"]).code(0).stdout(told);

    let (_folder, held) = reported(false);
    let earlier = report::read(held.path()).expect("a report");
    report::keep(kept.path(), &earlier).expect("it can be written");
    let same = predicate::str::contains("is worse for certain");
    run(&folder, &warned).code(0).stdout(same);
    let told = predicate::str::contains("worse: delivery/steady-small");
    run(&scenarios(true), &warned).code(1).stdout(told);

    let page = kept.path().join("trend.html");
    let trend = |page: &Path| {
        let mut trend = equivalence(&["trend"]);
        trend.arg(kept.path()).arg("--out").arg(page);
        trend.assert()
    };
    trend(&page).code(0);
    trend(&page).code(0);
    let drawn = fs::read_to_string(&page).expect("a page");
    assert!(drawn.contains("1 run, the last of"), "{drawn}");
    let precious = kept.path().join("precious.txt");
    fs::write(&precious, "mine").expect("written");
    trend(&precious).code(2).stderr(predicate::str::contains("no page of this kind"));
    assert_eq!(fs::read_to_string(&precious).expect("still there"), "mine");
}

#[test]
fn pages_are_not_written_among_the_files_of_others() {
    let (_folder, first) = reported(false);
    let foreign = tempfile::tempdir().expect("a folder");
    fs::write(foreign.path().join("summary.md"), "mine").expect("written");
    let mut report = equivalence(&["report"]);
    report.arg(first.path()).arg("--write").arg(foreign.path());
    report.assert().code(2).stderr(predicate::str::contains("holds no report"));
    let kept = fs::read_to_string(foreign.path().join("summary.md")).expect("still there");
    assert_eq!(kept, "mine");
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

#[test]
fn what_failed_is_listed_for_review_and_what_was_refused_is_not_asked_again() {
    let (folder, first) = reported(true);
    let review = || {
        let mut review = equivalence(&["review"]);
        review.arg(first.path()).arg("--scenarios").arg(folder.path());
        review
    };
    let told = predicate::str::contains("embedded breaks expect in delivery/steady-small")
        .and(predicate::str::contains("are undecided"));
    review().assert().code(3).stdout(told);
    let entries = ["crossbeam", "embedded"].map(|bus| {
        format!(
            "[[refused]]\nscenario = \"delivery/steady-small\"\nbus = \"{bus}\"\nrule = \"expect\"\n\
             reason = \"a defect\"\nowner = \"bus\"\nday = \"2026-11-30\"\n"
        )
    });
    let refused = folder.path().join("refused.toml");
    fs::write(&refused, format!("format = 1\n{}", entries.concat())).expect("written");
    let told = predicate::str::contains("2 differences were refused before")
        .and(predicate::str::contains("nothing is left to decide"));
    review().assert().code(0).stdout(told);
    review().arg("--again").assert().code(3);
    fs::write(&refused, "format = 1\n[[refuse]]\n").expect("written");
    let told = predicate::str::contains("refused.toml:2");
    review().assert().code(2).stderr(told.clone());
    let mut check = equivalence(&["check", "--scenarios"]);
    check.arg(folder.path()).assert().code(2).stderr(told);
}

#[test]
fn a_scenario_that_is_wrong_is_told_to_a_reviewer_and_no_refusal_is_blamed() {
    let (folder, first) = reported(true);
    let refused = "format = 1\n[[refused]]\nscenario = \"delivery/steady-small\"\nbus = \"embedded\"\n\
                   rule = \"expect\"\nreason = \"a defect\"\nowner = \"bus\"\nday = \"2026-11-30\"\n";
    fs::write(folder.path().join("refused.toml"), refused).expect("written");
    fs::write(folder.path().join("delivery/steady-small.toml"), "format =").expect("written");
    let mut review = equivalence(&["review"]);
    review.arg(first.path()).arg("--scenarios").arg(folder.path());
    let told = predicate::str::contains("steady-small.toml:1")
        .and(predicate::str::contains("there is no scenario").not());
    review.assert().code(2).stderr(told);
}
