//! The table by its exact text.

use super::*;
use crate::gate::Reason;
use crate::report::sample::{differing, failing, failing_and_kept, leftover, run};

#[test]
fn a_good_run_reads_like_this() {
    let expected = "\
process against crossbeam: switch: every gate passes and no promise is broken

case                     metric       crossbeam   process  ratio [interval]    limit   verdict  blocks
perf/saturation[subs=1]  throughput     912 k/s  2.74 M/s  3.00 [2.90, 3.12]   ≥ 0.80  PASS          6
perf/paced[rate=10k]     latency-p99    41.2 µs   51.5 µs  1.50* [1.25, 1.75]  ≤ 2.00  PASS          6
ratio: process / crossbeam; * the worse of two, with and without the void floor

behaviour on crossbeam: 1 pass
behaviour on process: 1 pass
";
    assert_eq!(table(&run()), expected);
}

#[test]
fn a_violation_is_shown_with_its_witness_and_how_to_see_it_again() {
    let mut run = run();
    run.performance.clear();
    run.behaviour[1] = failing(Bus::Process);
    run.left_behind.push(leftover(Bus::Process));
    let expected = "\
process against crossbeam: do not switch: process fails 1 behaviour case, first ordering/one (C4)

behaviour on crossbeam: 1 pass
behaviour on process: 1 fail
FAIL ordering/one on process
  C4: s0 received p0#18 before p0#17
  again: equivalence --scenario ordering/one --candidate process
LEFT BEHIND ordering/one on process: sockets bus.sock
";
    assert_eq!(table(&run), expected);
}

#[test]
fn what_is_open_is_shown_with_how_to_see_it_again() {
    let mut run = run();
    run.performance.clear();
    run.behaviour[0].outcome = Behaviour::NotExercised("the kill".to_owned());
    run.behaviour[1] = differing(Bus::Process);
    let text = table(&run);
    let on = |bus: &str| format!("  again: equivalence --scenario ordering/one --candidate {bus}");
    let [exercised, differs] = ["crossbeam", "process"].map(on);
    let told = format!("NOT EXERCISED ordering/one on crossbeam: the kill\n{exercised}\nCOMPARED ");
    assert!(text.contains(&told), "{text}");
    assert!(text.trim_end().ends_with(&format!(": one did more\n{differs}")), "{text}");
}

#[test]
fn where_a_failure_is_kept_is_said_and_of_a_case_that_holds_it_is_not() {
    let mut run = run();
    let kept_in = Some("trials/cases/ordering/one/crossbeam".to_owned());
    run.behaviour[0] = BehaviourRow { kept_in, ..run.behaviour[0].clone() };
    run.behaviour[1] = failing_and_kept(Bus::Process);
    let told = table(&run);
    let expected = "  kept: trials/cases/ordering/one/process, beside report.json\n  \
                    again: equivalence --scenario ordering/one --candidate process\n";
    assert!(told.contains(expected), "{told}");
    assert_eq!(told.matches("kept: ").count(), 1, "{told}");
}

#[test]
fn an_undecided_gate_says_why_and_what_could_be_told_apart() {
    let mut run = run();
    run.performance.remove(0);
    run.behaviour.clear();
    let judgement = &mut run.performance[0].judgement;
    judgement.verdict = Verdict::Inconclusive(Reason::Noise);
    judgement.quantile = Some(crate::gate::Quantile::P90);
    judgement.notes.push("p90 instead of p99: few samples".to_owned());
    let expected = "\
process against crossbeam: not yet known, because 1 of 1 gate is undecided (noise 1)

case                  metric       crossbeam  process  ratio [interval]    limit   verdict              blocks
perf/paced[rate=10k]  latency-p90    41.2 µs  51.5 µs  1.50* [1.25, 1.75]  ≤ 2.00  INCONCLUSIVE(noise)       6
ratio: process / crossbeam; * the worse of two, with and without the void floor
again: equivalence --scenario perf --candidate process
note: perf/paced[rate=10k] latency-p99 on process: p90 instead of p99: few samples
note: perf/paced[rate=10k] latency-p99 on process: at this noise a ratio is told from its limit \
when a factor 1.25 apart
";
    assert_eq!(table(&run), expected);
}

#[test]
fn a_row_without_figures_says_so_in_every_column() {
    let mut run = run();
    let row = &mut run.performance[0];
    row.gated = false;
    row.judgement.baseline = None;
    row.judgement.raw = None;
    assert_eq!(
        cells(row)[2..],
        ["-", "2.74 M/s", "-", "-", "for information", "0"].map(str::to_owned)
    );
}

#[test]
fn each_candidate_has_an_answer_of_its_own() {
    let mut run = run();
    run.candidates.push(Bus::Agent);
    let text = table(&run);
    let mut lines = text.lines();
    let first = "process against crossbeam: switch: every gate passes and no promise is broken";
    assert_eq!(lines.next(), Some(first));
    let second = "agent against crossbeam: not yet known, because no performance gate was judged";
    assert_eq!(lines.next(), Some(second));
}

#[test]
fn a_note_of_many_rows_is_told_once() {
    let mut run = run();
    for row in &mut run.performance {
        row.judgement.notes.push("no void floor was measured".to_owned());
    }
    assert_eq!(notes(&run), ["2 rows: no void floor was measured"]);
}

/// The sample as a run of the reference against itself.
fn against_itself() -> Run {
    let mut run = run();
    run.candidates = vec![Bus::Crossbeam];
    run.behaviour.truncate(1);
    for row in &mut run.performance {
        row.candidate = Bus::Crossbeam;
    }
    run
}

#[test]
fn a_bus_against_itself_is_told_side_by_side_and_listed_once() {
    let mut run = against_itself();
    run.performance.truncate(1);
    run.performance[0].holds_one = Some(false);
    let expected = "\
crossbeam (B) against crossbeam (A): every gate passes and no promise is broken; 1.00 is in 0 of 1 interval

case                     metric      crossbeam (A)  crossbeam (B)  ratio [interval]   limit   verdict             blocks
perf/saturation[subs=1]  throughput        912 k/s       2.74 M/s  3.00 [2.90, 3.12]  ≥ 0.80  PASS, 1.00 outside       6
ratio: crossbeam (B) / crossbeam (A)

behaviour on crossbeam: 1 pass
";
    assert_eq!(table(&run), expected);
}

#[test]
fn behaviour_alone_of_one_bus_is_no_comparison() {
    let mut run = against_itself();
    run.performance.clear();
    let first = "crossbeam alone: performance was not measured; 1 behaviour case passes";
    assert_eq!(table(&run).lines().next(), Some(first));
    run.behaviour[0] = failing(Bus::Crossbeam);
    let first = "crossbeam alone: crossbeam fails 1 behaviour case, first ordering/one (C4)";
    assert_eq!(table(&run).lines().next(), Some(first));
}

/// A row beside a broker of others, and one that could not be measured.
fn beside() -> Vec<PerformanceRow> {
    let mut measured = run().performance.remove(0);
    measured.baseline = Bus::Nats;
    (measured.gated, measured.enforced) = (false, false);
    let mut missing = measured.clone();
    missing.baseline = Bus::Redis;
    let why = "redis: not built".to_owned();
    missing.judgement = Judgement::not_applicable(missing.judgement.limit, why);
    vec![measured, missing]
}

#[test]
fn brokers_of_others_stand_in_a_table_of_their_own_and_one_that_is_missing_says_why() {
    let mut run = run();
    run.performance = beside();
    run.behaviour.clear();
    let expected = "\
process beside nats, redis: for information, no gate is set

case                     metric      the other   process  other  process / other [interval]  verdict                 blocks
perf/saturation[subs=1]  throughput    912 k/s  2.74 M/s  nats   3.00 [2.90, 3.12]           for information              6
perf/saturation[subs=1]  throughput          -         -  redis  -                           n/a (redis: not built)       0
";
    assert_eq!(table(&run), expected);
}

#[test]
fn a_row_beside_another_broker_takes_no_part_in_the_answer() {
    let mut run = run();
    let before = headline(&run, Bus::Process);
    run.performance.extend(beside());
    assert_eq!(headline(&run, Bus::Process), before);
    run.performance = beside();
    run.behaviour.clear();
    run.interrupted = Some("interrupted in a/b".to_owned());
    assert!(headline(&run, Bus::Process).contains("the run is partial"), "said all the same");
}
