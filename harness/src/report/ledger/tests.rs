//! Each state by an example, and what must never count as shown.

use super::*;
use crate::check::{Colour, Difference, Subject};
use crate::gate::{Reason, Verdict};
use crate::plan::gates::Metric;
use crate::report::sample::{failing, leftover, passing, run};
use crate::report::{Behaviour, BehaviourRow};

const CASE: &str = "ordering/one";
const PACED: &str = "perf/paced[rate=10k]";
const SATURATION: &str = "perf/saturation[subs=1]";

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn criterion(proofs: Vec<Proof>) -> Criterion {
    Criterion {
        id: "one".to_owned(),
        asks: "What is asked.".to_owned(),
        source: "a document".to_owned(),
        buses: Vec::new(),
        system: None,
        proofs,
    }
}

fn cases(cases: &[&str]) -> Proof {
    Proof::Cases { said: "ordering/*".to_owned(), cases: texts(cases), absent: Vec::new() }
}

fn claim(number: &str, is_reported: bool) -> Proof {
    Proof::Claim { number: number.to_owned(), is_reported, cases: texts(&[CASE]) }
}

fn throughput(limit: f64) -> Proof {
    Proof::Gate { metric: Metric::Throughput, limit, cases: texts(&[SATURATION]) }
}

fn latency_budget(limit: f64) -> Proof {
    Proof::Budget { metric: Metric::LatencyP99, limit, cases: texts(&[PACED]) }
}

/// How the only criterion of a run stands for the candidate, and what is told.
fn stands(run: &Run, proofs: Vec<Proof>) -> (State, String) {
    let run = Run { criteria: vec![criterion(proofs)], ..run.clone() };
    let mut rows = ledger(&run, Bus::Process);
    assert_eq!(rows.len(), 1);
    let row = rows.remove(0);
    (row.state, row.evidence)
}

fn met(told: &str) -> (State, String) {
    (State::Met, told.to_owned())
}

fn missed(told: &str) -> (State, String) {
    (State::Missed, told.to_owned())
}

fn open(told: &str) -> (State, String) {
    (State::Open, told.to_owned())
}

/// A run in which the candidate's only case of behaviour ended so.
fn ended(outcome: Behaviour) -> Run {
    let mut run = run();
    run.behaviour[1] = BehaviourRow { outcome, ..passing(Bus::Process) };
    run
}

#[test]
fn cases_that_all_hold_meet_a_criterion() {
    assert_eq!(stands(&run(), vec![cases(&[CASE])]), met("ordering/*: 1 case holds"));
    assert_eq!(stands(&run(), vec![claim("C4", true)]), met("C4: 1 case holds"));
}

#[test]
fn one_failure_or_leftover_misses_it() {
    let mut broken = run();
    broken.behaviour[1] = failing(Bus::Process);
    let told = "ordering/*: ordering/one fails (C4)";
    assert_eq!(stands(&broken, vec![cases(&[CASE])]), missed(told));
    let mut left = run();
    left.left_behind.push(leftover(Bus::Process));
    let told = "ordering/*: ordering/one leaves something behind";
    assert_eq!(stands(&left, vec![cases(&[CASE])]), missed(told));
    let told = "C13: ordering/one leaves something behind";
    assert_eq!(stands(&left, vec![claim("C13", true)]), missed(told));
    assert_eq!(stands(&left, vec![claim("C4", true)]), met("C4: 1 case holds"));
}

#[test]
fn a_failure_of_the_baseline_is_not_the_candidates() {
    let mut run = run();
    run.behaviour[0] = failing(Bus::Crossbeam);
    assert_eq!(stands(&run, vec![cases(&[CASE])]).0, State::Met);
}

#[test]
fn a_number_is_missed_by_whatever_case_breaks_it_and_open_where_another_is_broken() {
    let mut run = run();
    run.behaviour.push(BehaviourRow { case: "other/two".to_owned(), ..failing(Bus::Process) });
    assert_eq!(stands(&run, vec![claim("C4", true)]), missed("C4: other/two fails (C4)"));
    run.behaviour[1] = failing(Bus::Process);
    let told = "C1: ordering/one fails by another number (C4)";
    assert_eq!(stands(&run, vec![claim("C1", true)]), open(told));
    let told = "M3: ordering/one fails (C4)";
    assert_eq!(stands(&run, vec![claim("M3", false)]), missed(told));
}

#[test]
fn what_was_not_run_not_exercised_not_judged_or_not_explained_stays_open() {
    let proofs = || vec![cases(&[CASE])];
    let ends = [
        (Behaviour::NotExercised("the kill".to_owned()), "was not exercised: the kill"),
        (Behaviour::Broken("time ran back".to_owned()), "could not be judged: time ran back"),
    ];
    for (outcome, told) in ends {
        assert_eq!(stands(&ended(outcome), proofs()), open(&format!("ordering/*: {CASE} {told}")));
    }
    let mut differs = run();
    differs.behaviour[1].differences = vec![Difference {
        colour: Colour::Undecided,
        subject: Subject::Operations,
        sentence: "one did more".to_owned(),
        unsteady: false,
    }];
    let told = "ordering/one: the buses differ in it, and neither is shown to be wrong";
    assert_eq!(stands(&differs, proofs()), open(&format!("ordering/*: {told}")));
    let told = "ordering/*: ordering/two was not run, and 1 more";
    assert_eq!(stands(&run(), vec![cases(&[CASE, "ordering/two", "ordering/three"])]), open(told));
    let absent = Proof::Cases {
        said: "ordering/*".to_owned(),
        cases: texts(&[CASE]),
        absent: texts(&["ordering/long"]),
    };
    let told = "ordering/*: ordering/long is not part of profile pr";
    assert_eq!(stands(&run(), vec![absent]), open(told));
}

#[test]
fn what_applies_nowhere_or_departs_as_declared_shows_nothing_alone() {
    let nowhere = ended(Behaviour::NotApplicable("no sockets".to_owned()));
    let told = "ordering/*: 0 cases hold, 1 not applicable";
    assert_eq!(stands(&nowhere, vec![cases(&[CASE])]), open(told));
    let mut declared = ended(Behaviour::Diverges);
    let told = "ordering/*: 0 cases hold, 1 as declared";
    assert_eq!(stands(&declared, vec![cases(&[CASE])]), open(told));
    declared
        .behaviour
        .push(BehaviourRow { case: "ordering/two".to_owned(), ..passing(Bus::Process) });
    let told = "ordering/*: 1 case holds, 1 as declared";
    assert_eq!(stands(&declared, vec![cases(&[CASE, "ordering/two"])]), met(told));
}

#[test]
fn a_gate_meets_or_misses_by_its_verdict_and_is_open_without_one() {
    let with = |verdict| {
        let mut run = run();
        run.performance[0].judgement.verdict = verdict;
        stands(&run, vec![throughput(0.8)])
    };
    let told = "throughput: PASS in 1 case, at worst 3.00 against at least 0.80";
    assert_eq!(with(Verdict::Pass), met(told));
    let told = "throughput: FAIL in perf/saturation[subs=1], 3.00 against at least 0.80";
    assert_eq!(with(Verdict::Fail), missed(told));
    let told = "throughput: INCONCLUSIVE(noise) in perf/saturation[subs=1]";
    assert_eq!(with(Verdict::Inconclusive(Reason::Noise)), open(told));
    let told = "throughput: n/a (no figure) in perf/saturation[subs=1]";
    assert_eq!(with(Verdict::NotApplicable("no figure".to_owned())), open(told));
}

#[test]
fn a_gate_that_was_not_measured_or_is_looser_than_asked_shows_nothing() {
    let mut ungated = run();
    ungated.performance[0].gated = false;
    let told = "throughput: no gate is set for process in perf/saturation[subs=1]";
    assert_eq!(stands(&ungated, vec![throughput(0.8)]), open(told));
    let told = "throughput: perf/saturation[subs=1] was judged against at least 0.80, \
                asked is at least 0.90";
    assert_eq!(stands(&run(), vec![throughput(0.9)]), open(told));
    let mut nothing = run();
    nothing.performance.clear();
    let told = "throughput: perf/saturation[subs=1] was not measured";
    assert_eq!(stands(&nothing, vec![throughput(0.8)]), open(told));
    nothing.host.system = "macos".to_owned();
    let told = "throughput: performance is judged on Linux alone";
    assert_eq!(stands(&nothing, vec![throughput(0.8)]), open(told));
    let nowhere = Proof::Gate { metric: Metric::Cpu, limit: 1.2, cases: Vec::new() };
    assert_eq!(stands(&run(), vec![nowhere]), open("cpu: no case of profile pr has it"));
}

#[test]
fn a_failure_of_a_tighter_gate_than_the_documents_is_no_miss_of_the_documents() {
    let mut run = run();
    run.performance[0].judgement.verdict = Verdict::Fail;
    let told = "throughput: perf/saturation[subs=1] was judged against at least 0.80, \
                asked is at least 0.70";
    assert_eq!(stands(&run, vec![throughput(0.7)]), open(told));
}

#[test]
fn a_ratio_to_another_bus_than_the_reference_answers_another_question() {
    let mut run = run();
    run.baseline = Bus::Embedded;
    run.performance[0].baseline = Bus::Embedded;
    let told = "throughput: asked against crossbeam, measured against embedded";
    assert_eq!(stands(&run, vec![throughput(0.8)]), open(told));
}

#[test]
fn a_budget_is_kept_or_missed_by_the_figure_of_the_quantile_asked_for() {
    let told = "latency-p99 below 1.00 ms on this host: at worst 51.5 µs, 19.4x headroom";
    assert_eq!(stands(&run(), vec![latency_budget(1e6)]), met(told));
    let told = "latency-p99 below 51.5 µs on this host: 51.5 µs in perf/paced[rate=10k]";
    assert_eq!(stands(&run(), vec![latency_budget(51_500.0)]), missed(told));
    let unusable = "latency-p99 below 1.00 ms on this host: \
                    no figure of perf/paced[rate=10k] may be used";
    let mut lowered = run();
    lowered.performance[1].judgement.quantile = Some(crate::gate::Quantile::P90);
    assert_eq!(stands(&lowered, vec![latency_budget(1e6)]), open(unusable));
    let mut invalid = run();
    let verdict = Verdict::Inconclusive(Reason::InvalidTrial);
    invalid.performance[1].judgement.verdict = verdict;
    assert_eq!(stands(&invalid, vec![latency_budget(1e6)]), open(unusable));
    let of_throughput =
        |limit| Proof::Budget { metric: Metric::Throughput, limit, cases: texts(&[SATURATION]) };
    let told = "throughput at least 10.0 k/s on this host: at worst 2.74 M/s, 274.2x headroom";
    assert_eq!(stands(&run(), vec![of_throughput(1e4)]), met(told));
    assert_eq!(stands(&run(), vec![of_throughput(3e6)]).0, State::Missed);
}

#[test]
fn what_no_run_shows_is_open_with_the_command_that_does() {
    let command = || "cargo test -p a".to_owned();
    let told = "no run shows it, `cargo test -p a` does";
    assert_eq!(stands(&run(), vec![Proof::Test { command: command() }]), open(told));
    let told = "needs a bench: `cargo test -p a`";
    assert_eq!(stands(&run(), vec![Proof::Bench { command: command() }]), open(told));
    let told = "nobody tests it yet: too new";
    assert_eq!(stands(&run(), vec![Proof::Untested { why: "too new".to_owned() }]), open(told));
}

#[test]
fn all_evidence_together_decides_and_what_decides_is_told_first() {
    let untested = || Proof::Untested { why: "too new".to_owned() };
    let told = "nobody tests it yet: too new; C4: 1 case holds";
    assert_eq!(stands(&run(), vec![claim("C4", true), untested()]), open(told));
    let mut broken = run();
    broken.behaviour[1] = failing(Bus::Process);
    let told = "C4: ordering/one fails (C4); nobody tests it yet: too new";
    assert_eq!(stands(&broken, vec![untested(), claim("C4", true)]), missed(told));
    assert_eq!(stands(&run(), Vec::new()), open(""), "nothing shows nothing");
}

#[test]
fn a_criterion_of_other_buses_or_another_system_is_open_here() {
    let mut run = run();
    let proofs = || vec![claim("C4", true)];
    run.criteria = vec![
        Criterion { buses: vec![Bus::Agent, Bus::Embedded], ..criterion(proofs()) },
        Criterion { system: Some("windows".to_owned()), ..criterion(proofs()) },
        Criterion {
            buses: vec![Bus::Process],
            system: Some("linux".to_owned()),
            ..criterion(proofs())
        },
    ];
    let rows = ledger(&run, Bus::Process);
    let told: Vec<(State, &str)> =
        rows.iter().map(|row| (row.state, row.evidence.as_str())).collect();
    let expected = [
        (State::Open, "asked of agent, embedded alone"),
        (State::Open, "a run on windows shows it, this one was on linux"),
        (State::Met, "C4: 1 case holds"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn those_missed_come_first_and_those_met_last() {
    let mut run = run();
    run.behaviour.push(BehaviourRow { case: "other/two".to_owned(), ..failing(Bus::Process) });
    let named = |id: &str, proof: Proof| Criterion { id: id.to_owned(), ..criterion(vec![proof]) };
    run.criteria = vec![
        named("met", claim("C1", true)),
        named("open", Proof::Untested { why: "too new".to_owned() }),
        named("missed", claim("C4", true)),
        named("met-too", throughput(0.8)),
    ];
    let ids: Vec<String> = ledger(&run, Bus::Process).into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["missed", "open", "met", "met-too"]);
}
