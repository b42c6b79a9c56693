//! `junit.xml`: the run for tools that read test reports.
//!
//! A test case for each row of behaviour and of performance, for each verdict on a curve, and for what
//! kept the run from being whole. What was found decides and not how strict the exit code is: a FAIL is a
//! failure wherever it is, and only a PASS is a success. `reports/README.md` has the table.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite,
};

use super::sides::sides_of;
use super::table::{buses, cells, left_behind, rows_beside, rows_of};
use super::{Behaviour, BehaviourRow, CurveRow, OnBus, PerformanceRow, Run, said_of};
use crate::gate::Verdict;
use crate::plan::{Bus, scenario_of};

/// The whole document.
pub(super) fn junit(run: &Run) -> Result<String, SerializeError> {
    let mut report = Report::new("equivalence");
    report.set_time(Duration::from_secs(run.finished_unix_s.saturating_sub(run.started_unix_s)));
    for (name, cases) in suites(run).into_iter().filter(|(_, cases)| !cases.is_empty()) {
        let mut suite = TestSuite::new(name);
        suite.add_properties(properties(run)).add_test_cases(cases);
        report.add_test_suite(suite);
    }
    report.to_string()
}

/// What a reader needs to run it again.
fn properties(run: &Run) -> [Property; 4] {
    [
        Property::new("revision", &run.revision),
        Property::new("seed", run.seed.to_string()),
        Property::new("profile", &run.profile),
        Property::new("command", &run.command),
    ]
}

/// Suites by what they are about, in the order of the report.
fn suites(run: &Run) -> Vec<(String, Vec<TestCase>)> {
    let mut suites =
        vec![("the run itself".to_owned(), of_the_run(run)), ("not run".to_owned(), not_run(run))];
    for bus in buses(run) {
        suites.push((format!("behaviour on {}", bus.as_str()), behaviour(run, bus)));
    }
    for candidate in run.candidates.iter().copied() {
        let [a, b] = sides_of(run, candidate);
        let own = rows_of(run, candidate).map(performance).collect();
        suites.push((format!("performance of {b} against {a}"), own));
        let beside = rows_beside(run, candidate).map(performance).collect();
        suites.push((format!("performance of {b} beside other brokers"), beside));
        suites.push((format!("curves of {b}"), curves(run, candidate)));
    }
    suites
}

/// What is about no single case, or about what one left on the host.
fn of_the_run(run: &Run) -> Vec<TestCase> {
    let error = |name: &str, why: &String| {
        TestCase::new(name, ended(NonSuccessKind::Error, name, why, None))
    };
    let partial = run.interrupted.iter().map(|why| error("interrupted", why));
    let broken = run.infrastructure.iter().map(|why| error("infrastructure", why));
    let left = run.left_behind.iter().filter(|left| !left.tear_down.is_clean()).map(|left| {
        let bus = left.bus.map_or("the void floor", Bus::as_str);
        let status = ended(NonSuccessKind::Failure, "left-behind", &left_behind(left), None);
        named(format!("{} on {bus} leaves nothing behind", left.case), &left.case, status)
    });
    partial.chain(broken).chain(left).collect()
}

/// What a run that was cut short has no result of.
fn not_run(run: &Run) -> Vec<TestCase> {
    let why = run.interrupted.as_deref().unwrap_or("the harness could not do its work");
    let missing = run.not_run.iter().flat_map(|missing| &missing.cases);
    let case = |one: &OnBus| {
        let name = format!("{} on {}", one.case, one.bus.as_str());
        named(name, &one.case, skipped("not-run", why))
    };
    missing.map(case).collect()
}

fn behaviour(run: &Run, bus: Bus) -> Vec<TestCase> {
    let mut seen: Vec<&str> = Vec::new();
    let mut cases = Vec::new();
    for row in run.behaviour.iter().filter(|row| row.bus == bus) {
        let mut found = named(row.case.clone(), &row.case, behaved(row));
        // A baseline that is run twice may fail the second time.
        if seen.contains(&row.case.as_str()) {
            found.name = format!("{}, once more", row.case).into();
        }
        seen.push(&row.case);
        cases.push(found);
    }
    cases
}

fn behaved(row: &BehaviourRow) -> TestCaseStatus {
    match &row.outcome {
        Behaviour::Pass | Behaviour::Diverges if row.open_difference().is_some() => {
            let told = row.open_difference().map_or("", |open| open.sentence.as_str());
            skipped("inconclusive", &format!("the buses differ: {told}"))
        }
        Behaviour::Pass => TestCaseStatus::success(),
        Behaviour::Fail => {
            let told: Vec<String> =
                row.violations.iter().map(|one| format!("{}: {}", one.rule, one.told())).collect();
            let first = told.first().map_or("it fails", String::as_str);
            let rule = row.violations.first().map_or("expect", |one| one.rule.as_str());
            let all = format!("{}\n{}", told.join("\n"), again(row));
            ended(NonSuccessKind::Failure, rule, first, Some(all))
        }
        Behaviour::Diverges => {
            let ids: Vec<&str> =
                row.divergences.iter().map(|one| one.declared.id.as_str()).collect();
            skipped("as-declared", &format!("departs as declared: {}", ids.join(", ")))
        }
        Behaviour::NotApplicable(why) => skipped("not-applicable", why),
        Behaviour::NotExercised(what) => {
            let kept = row.kept().map_or_else(String::new, |told| format!("\n{told}"));
            skipped("not-exercised", &format!("{what}{kept}"))
        }
        Behaviour::Broken(why) => ended(NonSuccessKind::Error, "not-judged", why, Some(again(row))),
    }
}

/// How to see it again, and where it is kept.
fn again(row: &BehaviourRow) -> String {
    let kept = row.kept().map_or_else(String::new, |told| format!("\n{told}"));
    format!("again: {}{kept}", row.rerun)
}

fn performance(row: &PerformanceRow) -> TestCase {
    let [case, metric, baseline, candidate, ratio, limit, verdict, blocks] = cells(row);
    let mut told =
        vec![format!("{baseline} and {candidate}, ratio {ratio}, limit {limit}, blocks {blocks}")];
    told.extend(row.judgement.notes.iter().cloned());
    let status = match &row.judgement.verdict {
        Verdict::NotApplicable(why) => skipped("not-applicable", why),
        _ if !row.gated => {
            skipped("for-information", &format!("no gate is set: {}", told.join("\n")))
        }
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => {
            told.extend(row.rerun.iter().map(|again| format!("again: {again}")));
            let message = format!("{metric}: ratio {ratio}, limit {limit}");
            ended(NonSuccessKind::Failure, "gate", &message, Some(told.join("\n")))
        }
        Verdict::Inconclusive(_) => {
            skipped("inconclusive", &format!("{verdict}: {}", told.join("\n")))
        }
    };
    let mut found = named(format!("{case} {metric}"), &case, status);
    found.add_property(("enforced", if row.enforced { "true" } else { "false" }));
    found
}

/// The curves of which theory says that they are flat; of the baseline they are for information.
fn curves(run: &Run, candidate: Bus) -> Vec<TestCase> {
    let judged = run.curves.iter().filter(|_| candidate != run.baseline);
    let case = |row: &CurveRow| {
        let line = row.lines.iter().find(|line| line.bus == candidate)?;
        let told = said_of(line);
        let status = match line.verdict.as_ref()? {
            Verdict::Pass => TestCaseStatus::success(),
            Verdict::Fail => ended(NonSuccessKind::Failure, "curve", &told, None),
            Verdict::Inconclusive(_) => skipped("inconclusive", &told),
            Verdict::NotApplicable(why) => skipped("not-applicable", why),
        };
        Some(named(row.scenario.clone(), &row.scenario, status))
    };
    judged.filter_map(case).collect()
}

/// With the scenario as the class, for tools that group by it: `delivery.steady-small`.
fn named(name: String, case: &str, status: TestCaseStatus) -> TestCase {
    let mut found = TestCase::new(name, status);
    found.set_classname(scenario_of(case).replace('/', "."));
    found
}

fn ended(kind: NonSuccessKind, ty: &str, message: &str, all: Option<String>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(message);
    if let Some(all) = all {
        status.set_description(all);
    }
    status
}

fn skipped(ty: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_type(ty).set_message(message);
    status
}

#[cfg(test)]
mod tests;
