//! The document by its exact text, and what each outcome becomes, read back from it.

use super::*;
use crate::gate::Reason;
use crate::report::NotRun;
use crate::report::sample::{differing, failing, flat_curve, leftover, passing, run};

/// What was written, read back.
fn read(run: &Run) -> Report {
    let text = junit(run).expect("it can be written");
    Report::deserialize_from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A case: its name, its kind, its type and its message.
type Told = (String, &'static str, String, String);

/// Every case of a suite.
fn told(run: &Run, suite: &str) -> Vec<Told> {
    let report = read(run);
    let found = report.test_suites.into_iter().find(|one| one.name.as_str() == suite);
    let cases = found.map(|suite| suite.test_cases).unwrap_or_default();
    let text = |text: Option<quick_junit::XmlString>| text.map(String::from).unwrap_or_default();
    let told = cases.into_iter().map(|case| {
        let name = case.name.into_string();
        match case.status {
            TestCaseStatus::Success { .. } => (name, "success", String::new(), String::new()),
            TestCaseStatus::NonSuccess { kind, ty, message, .. } => {
                let kind = if kind == NonSuccessKind::Failure { "failure" } else { "error" };
                (name, kind, text(ty), text(message))
            }
            TestCaseStatus::Skipped { ty, message, .. } => {
                (name, "skipped", text(ty), text(message))
            }
        }
    });
    told.collect()
}

fn one(name: &str, kind: &'static str, ty: &str, message: &str) -> Told {
    (name.to_owned(), kind, ty.to_owned(), message.to_owned())
}

#[test]
fn a_failure_has_its_sentence_and_the_command_that_shows_it_again() {
    let mut run = run();
    run.behaviour = vec![failing(Bus::Process)];
    run.performance.clear();
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="equivalence" tests="1" skipped="0" failures="1" errors="0" time="60.000">
    <testsuite name="behaviour on process" tests="1" skipped="0" errors="0" failures="1">
        <properties>
            <property name="revision" value="abc123"/>
            <property name="seed" value="7"/>
            <property name="profile" value="pr"/>
            <property name="command" value="cargo xtask equivalence --profile pr --seed 7"/>
        </properties>
        <testcase name="ordering/one" classname="ordering.one">
            <failure message="C4: s0 received p0#18 before p0#17" type="C4">C4: s0 received p0#18 before p0#17
again: equivalence --scenario ordering/one --candidate process</failure>
        </testcase>
    </testsuite>
</testsuites>
"#;
    assert_eq!(junit(&run).expect("it can be written"), expected);
}

#[test]
fn each_outcome_of_behaviour_has_its_kind() {
    let mut run = run();
    let ended = |case: &str, outcome| BehaviourRow {
        case: case.to_owned(),
        outcome,
        ..passing(Bus::Process)
    };
    run.behaviour = vec![
        ended("a", Behaviour::Pass),
        ended("b", Behaviour::Diverges),
        ended("c", Behaviour::NotApplicable("no sockets".to_owned())),
        ended("d", Behaviour::NotExercised("the kill".to_owned())),
        ended("e", Behaviour::Broken("time ran <back> & \"on\"".to_owned())),
        BehaviourRow { case: "a".to_owned(), ..failing(Bus::Process) },
        BehaviourRow { case: "f".to_owned(), ..differing(Bus::Process) },
    ];
    let expected = [
        one("a", "success", "", ""),
        one("b", "skipped", "as-declared", "departs as declared: "),
        one("c", "skipped", "not-applicable", "no sockets"),
        one("d", "skipped", "not-exercised", "the kill"),
        one("e", "error", "not-judged", "time ran <back> & \"on\""),
        one("a, once more", "failure", "C4", "C4: s0 received p0#18 before p0#17"),
        one("f", "skipped", "inconclusive", "the buses differ: one did more"),
    ];
    assert_eq!(told(&run, "behaviour on process"), expected);
}

#[test]
fn each_verdict_on_performance_has_its_kind_whether_enforced_or_not() {
    let mut run = run();
    let names = ["perf/saturation[subs=1] throughput", "perf/paced[rate=10k] latency-p99"];
    let suite = "performance of process against crossbeam";
    assert_eq!(told(&run, suite), names.map(|name| one(name, "success", "", "")));
    run.performance[1].judgement.verdict = Verdict::Fail;
    let message = "latency-p99: ratio 1.50* [1.25, 1.75], limit ≤ 2.00";
    assert_eq!(told(&run, suite)[1], one(names[1], "failure", "gate", message));
    let text = junit(&run).expect("it can be written");
    assert!(text.contains("again: equivalence --scenario perf --candidate process"), "{text}");
    run.performance[1].judgement.verdict = Verdict::Inconclusive(Reason::Noise);
    let message = "INCONCLUSIVE(noise): 41.2 µs and 51.5 µs, ratio 1.50* [1.25, 1.75], \
                   limit ≤ 2.00, blocks 6";
    assert_eq!(told(&run, suite)[1], one(names[1], "skipped", "inconclusive", message));
    run.performance[1].gated = false;
    assert_eq!(told(&run, suite)[1].2, "for-information");
    run.performance[1].judgement.verdict = Verdict::NotApplicable("no smaps".to_owned());
    assert_eq!(told(&run, suite)[1], one(names[1], "skipped", "not-applicable", "no smaps"));
}

#[test]
fn what_kept_the_run_from_its_work_is_an_error_and_what_it_left_a_failure() {
    let mut run = run();
    assert!(told(&run, "the run itself").is_empty(), "nothing to tell");
    run.interrupted = Some("interrupted in ordering/one".to_owned());
    run.infrastructure.push("no room".to_owned());
    run.left_behind.push(leftover(Bus::Process));
    let left = "LEFT BEHIND ordering/one on process: sockets bus.sock";
    let expected = [
        one("interrupted", "error", "interrupted", "interrupted in ordering/one"),
        one("infrastructure", "error", "infrastructure", "no room"),
        one("ordering/one on process leaves nothing behind", "failure", "left-behind", left),
    ];
    assert_eq!(told(&run, "the run itself"), expected);
    let report = read(&run);
    assert_eq!((report.errors, report.failures), (2, 1));
}

#[test]
fn what_a_partial_run_did_not_come_to_is_skipped_case_by_case() {
    let mut run = run();
    assert!(told(&run, "not run").is_empty(), "it is whole");
    run.interrupted = Some("interrupted in ordering/one".to_owned());
    let on = |case: &str| OnBus { case: case.to_owned(), bus: Bus::Process };
    let cases = vec![on("ordering/one"), on("ordering/two")];
    run.not_run = Some(NotRun { planned: 4, cases });
    let expected = ["ordering/one on process", "ordering/two on process"]
        .map(|name| one(name, "skipped", "not-run", "interrupted in ordering/one"));
    assert_eq!(told(&run, "not run"), expected);
}

#[test]
fn a_curve_is_judged_on_the_candidate_alone() {
    let mut run = run();
    run.curves.push(flat_curve());
    let found = told(&run, "curves of process");
    assert_eq!(found, [one("perf/curves/topics", "success", "", "")]);
    run.curves[0].lines[1].verdict = Some(Verdict::Fail);
    assert_eq!(told(&run, "curves of process")[0].1, "failure");
    assert!(read(&run).test_suites.iter().all(|one| one.name.as_str() != "curves of crossbeam"));
}

#[test]
fn every_row_is_there_once() {
    let mut run = run();
    run.behaviour.push(failing(Bus::CrossbeamFaithful));
    let report = read(&run);
    let cases: usize = report.test_suites.iter().map(|one| one.test_cases.len()).sum();
    assert_eq!(cases, run.behaviour.len() + run.performance.len());
    assert_eq!(report.tests, cases);
}
