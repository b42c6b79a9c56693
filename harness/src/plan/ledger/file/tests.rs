//! What a ledger may say, and every mistake at its place.

use super::*;
use crate::plan::gates::{Against, GateCell};

fn known(scenario: &str, claims: &[&str], is_measured: bool, cases: &[&str]) -> Known {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Known { scenario: scenario.to_owned(), claims: texts(claims), is_measured, cases: texts(cases) }
}

fn read(text: &str) -> Result<Vec<Criterion>, Problems> {
    let known = [
        known("delivery/one", &["C1", "C4"], false, &["delivery/one"]),
        known("delivery/two", &["C4", "M3"], false, &["delivery/two[n=1]", "delivery/two[n=2]"]),
        known("perf/paced", &["C4"], true, &["perf/paced[subs=1]"]),
        known("perf/later", &["C4"], false, &[]),
    ];
    let cell = GateCell {
        metric: Metric::Cpu,
        case: "perf/*".to_owned(),
        bus: Bus::Process,
        against: Against::Bus,
        limit: 1.2,
        enforced: false,
    };
    let source = Source { path: "ledger.toml".into(), text: format!("format = 1\n{text}") };
    parse(source, &known, &GateTable { cells: vec![cell] })
}

/// A criterion that is right but for what is put in.
fn criterion_with(text: &str) -> String {
    format!(
        "[[criterion]]\nid = \"order\"\nsource = \"migration/functional\"\nasks = \"Order.\"\n{text}"
    )
}

fn proofs_of(text: &str) -> Vec<Proof> {
    let mut read = read(&criterion_with(text)).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(read.len(), 1);
    read.remove(0).proofs
}

fn told(text: &str) -> Vec<String> {
    let problems = read(text).expect_err("there are mistakes");
    problems.list().iter().map(|problem| problem.title.clone()).collect()
}

#[test]
fn a_criterion_is_read_with_its_source_its_buses_and_its_system() {
    let text = criterion_with(
        "buses = [\"process\"]\nsystem = \"windows\"\nuntested = \"nobody has one\"\n",
    );
    let read = read(&text).expect("valid");
    let criterion = Criterion {
        id: "order".to_owned(),
        asks: "Order.".to_owned(),
        source: "migration document, functional requirements".to_owned(),
        buses: vec![Bus::Process],
        system: Some("windows".to_owned()),
        proofs: vec![Proof::Untested { why: "nobody has one".to_owned() }],
    };
    assert_eq!(read, [criterion]);
}

#[test]
fn patterns_become_cases_and_a_case_named_twice_is_one() {
    let proof = Proof::Cases {
        said: "delivery/*, delivery/one, perf/later".to_owned(),
        cases: ["delivery/one", "delivery/two[n=1]", "delivery/two[n=2]"].map(str::to_owned).into(),
        absent: vec!["perf/later".to_owned()],
    };
    let text = "scenarios = [\"delivery/*\", \"delivery/one\", \"perf/later\"]\n";
    assert_eq!(proofs_of(text), [proof]);
}

#[test]
fn a_number_becomes_the_cases_of_behaviour_that_claim_it() {
    let of = |number: &str, is_reported, cases: &[&str]| Proof::Claim {
        number: number.to_owned(),
        is_reported,
        cases: cases.iter().map(|case| (*case).to_owned()).collect(),
    };
    let all = ["delivery/one", "delivery/two[n=1]", "delivery/two[n=2]"];
    let proofs = [of("C4", true, &all), of("M3", false, &all[1..])];
    assert_eq!(proofs_of("claims = [\"C4\", \"M3\"]\n"), proofs);
}

#[test]
fn figures_have_limits_in_their_units_and_the_cases_that_have_them() {
    let text = "[[criterion.gate]]\nmetric = \"cpu\"\nlimit = 1.2\nscenarios = \"perf/*\"\n\
                [[criterion.gate]]\nmetric = \"memory\"\nlimit = 1.5\nscenarios = \"perf/*\"\n\
                [[criterion.budget]]\nmetric = \"latency-p99\"\nlimit = \"1ms\"\n\
                scenarios = \"perf/paced\"\n";
    let case = || vec!["perf/paced[subs=1]".to_owned()];
    let proofs = [
        Proof::Gate { metric: Metric::Cpu, limit: 1.2, cases: case() },
        Proof::Gate { metric: Metric::Memory, limit: 1.5, cases: Vec::new() },
        Proof::Budget { metric: Metric::LatencyP99, limit: 1e6, cases: case() },
    ];
    assert_eq!(proofs_of(text), proofs, "memory is gated nowhere");
}

#[test]
fn tests_and_benches_are_kept_as_they_are_typed() {
    let text = "tests = [\"cargo test -p a\"]\nbenches = [\"cargo bench -p b\"]\n";
    let proofs = [
        Proof::Test { command: "cargo test -p a".to_owned() },
        Proof::Bench { command: "cargo bench -p b".to_owned() },
    ];
    assert_eq!(proofs_of(text), proofs);
}

#[test]
fn every_mistake_of_a_criterion_is_told_at_once() {
    let text = "[[criterion]]\nid = \"Order\"\nsource = \"migration/functions\"\nask = \"Order.\"\n\
                buses = [\"proces\"]\nscenarios = [\"delivry/*\", \"perf/paced\"]\n\
                claims = [\"NUMBER\", \"R2\"]\ntests = [\"make test\"]\n";
    let text = text.replace("NUMBER", concat!("C", "77"));
    let expected = [
        "missing key `asks`".to_owned(),
        "id \"Order\"".to_owned(),
        "`criterion[0].source` is \"migration/functions\"".to_owned(),
        "unknown key `ask` in `criterion`".to_owned(),
        "`criterion[0].buses[0]` is \"proces\"".to_owned(),
        "\"delivry/*\" matches no scenario".to_owned(),
        "\"perf/paced\" matches \"perf/paced\", which is measured".to_owned(),
        format!("no scenario can claim {:?}", concat!("C", "77")),
        "no scenario claims R2".to_owned(),
        "\"make test\" is no command".to_owned(),
    ];
    assert_eq!(told(&text), expected);
}

#[test]
fn a_gate_and_a_budget_are_of_a_known_metric_of_scenarios_that_are_measured() {
    let text = "[[criterion.gate]]\nmetric = \"cpus\"\nlimit = 0\nscenarios = \"delivery/one\"\n\
                [[criterion.budget]]\nmetric = \"cpu\"\nlimit = 1\nscenarios = \"perf/*\"\n";
    let expected = [
        "`criterion[0].gate[0].metric` is \"cpus\"",
        "limit is no ratio",
        "\"delivery/one\" matches \"delivery/one\", which is not measured",
        "a budget of `cpu`",
    ];
    assert_eq!(told(&criterion_with(text)), expected);
}

#[test]
fn a_criterion_without_evidence_says_why_or_is_a_mistake() {
    assert_eq!(told(&criterion_with("")), ["nothing is evidence for this criterion"]);
    let none = criterion_with("scenarios = []\nclaims = []\n");
    assert_eq!(told(&none), ["nothing is evidence for this criterion"]);
}

#[test]
fn an_id_is_there_once_and_a_mistake_has_its_caret() {
    let text = criterion_with("claims = [\"C4\"]\n");
    assert_eq!(told(&format!("{text}{text}")), ["id \"order\" twice"]);
    let problems = read(&format!("{text}{text}")).expect_err("twice").to_string();
    assert!(problems.contains("ledger.toml:8") && problems.contains('^'), "{problems}");
}
