//! Each line of the rule, in its order.

use super::*;
use crate::check::{Colour, Difference, Subject};
use crate::plan::gates::Metric;
use crate::report::sample::{failing, leftover, passing, run};
use crate::report::{Demanded, NotRun, OnBus};

fn said(run: &Run) -> String {
    answer(run, Bus::Process).to_string()
}

fn undecided(run: &mut Run, index: usize, reason: Reason) {
    run.performance[index].judgement.verdict = Verdict::Inconclusive(reason);
}

#[test]
fn when_every_gate_passes_and_no_promise_is_broken_the_answer_is_switch() {
    assert_eq!(answer(&run(), Bus::Process), Answer::Switch);
}

#[test]
fn a_broken_promise_of_the_candidate_forbids_switching_and_is_named() {
    let mut run = run();
    run.behaviour[1] = failing(Bus::Process);
    let why = "process fails 1 behaviour case, first ordering/one (C4)";
    assert_eq!(said(&run), format!("do not switch: {why}"));
}

#[test]
fn a_fault_that_the_baseline_shares_is_not_the_candidates_alone() {
    let mut run = run();
    run.behaviour = vec![failing(Bus::Crossbeam), failing(Bus::Process)];
    let alike = "both buses alike fail 1 behaviour case, first ordering/one (C4)";
    assert_eq!(said(&run), format!("do not switch: {alike}"));
    run.behaviour.push(BehaviourRow { case: "ordering/two".to_owned(), ..failing(Bus::Process) });
    let alone = "process alone fails 1 behaviour case, first ordering/two (C4); \
                 both buses alike fail 1 more";
    assert_eq!(said(&run), format!("do not switch: {alone}"));
}

#[test]
fn another_fault_in_the_same_case_is_the_candidates_own() {
    let mut run = run();
    run.behaviour = vec![failing(Bus::Crossbeam), failing(Bus::Process)];
    run.behaviour[0].violations[0].rule = "C1".to_owned();
    let own = "do not switch: process fails 1 behaviour case, first ordering/one (C4)";
    assert_eq!(said(&run), own);
}

#[test]
fn what_both_buses_leave_behind_or_do_not_exercise_is_told_of_both() {
    let mut run = run();
    for (row, bus) in run.behaviour.iter_mut().zip([Bus::Crossbeam, Bus::Process]) {
        let outcome = Behaviour::NotExercised("the fault kill".to_owned());
        *row = BehaviourRow { outcome, ..passing(bus) };
    }
    let open = "ordering/one was not exercised on both buses alike: the fault kill";
    assert!(said(&run).contains(open), "{}", said(&run));
    run.left_behind = [Bus::Crossbeam, Bus::Process].map(leftover).to_vec();
    let left = "do not switch: both buses alike leave something behind in ordering/one";
    assert_eq!(said(&run), left);
}

#[test]
fn something_left_behind_forbids_switching() {
    let mut run = run();
    run.left_behind.push(leftover(Bus::Process));
    assert_eq!(said(&run), "do not switch: process leaves something behind in ordering/one");
}

#[test]
fn a_conclusive_fail_forbids_switching_even_of_a_partial_run() {
    let mut run = run();
    run.performance[1].judgement.verdict = Verdict::Fail;
    run.interrupted = Some("interrupted after 2 of 9 cases".to_owned());
    assert_eq!(
        said(&run),
        "do not switch: 1 gate fails, first latency-p99 in perf/paced[rate=10k] \
         with a ratio of 1.50 against 2.00"
    );
}

#[test]
fn a_row_for_information_decides_nothing() {
    let mut run = run();
    run.performance[1].judgement.verdict = Verdict::Fail;
    run.performance[1].gated = false;
    run.demanded.clear();
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
}

#[test]
fn a_broken_baseline_leaves_the_question_open() {
    let mut run = run();
    run.behaviour[0] = failing(Bus::Crossbeam);
    assert!(said(&run).starts_with("not yet known, because the baseline itself is broken"));
}

#[test]
fn undecided_gates_leave_the_question_open_with_their_reasons() {
    let mut run = run();
    undecided(&mut run, 0, Reason::Noise);
    assert_eq!(said(&run), "not yet known, because 1 of 2 gates are undecided (noise 1)");
    undecided(&mut run, 1, Reason::Budget);
    let why = "2 of 2 gates are undecided (budget 1, noise 1)";
    assert_eq!(said(&run), format!("not yet known, because {why}"));
}

#[test]
fn smoke_says_that_it_never_concludes() {
    let mut run = run();
    undecided(&mut run, 0, Reason::Smoke);
    undecided(&mut run, 1, Reason::Smoke);
    let why = "the smoke profile does not conclude on performance";
    assert_eq!(said(&run), format!("not yet known, because {why}"));
}

#[test]
fn what_was_not_looked_at_is_never_a_yes() {
    let mut nothing_gated = run();
    nothing_gated.performance.clear();
    let behaviour_alone =
        "not yet known, because performance was not measured; 1 behaviour case passes";
    assert_eq!(said(&nothing_gated), behaviour_alone);
    nothing_gated.performance = run().performance;
    nothing_gated.performance.iter_mut().for_each(|row| row.gated = false);
    let informed = "not yet known, because no gate is set for process; its figures are for \
                    information";
    assert_eq!(said(&nothing_gated), informed);
    nothing_gated.performance.clear();
    nothing_gated.behaviour.clear();
    assert_eq!(said(&nothing_gated), "not yet known, because no performance gate was judged");
    let mut partial = run();
    partial.interrupted = Some("interrupted after 2 of 9 cases".to_owned());
    let why = "the run is partial: interrupted after 2 of 9 cases";
    assert_eq!(said(&partial), format!("not yet known, because {why}"));
    let missing = OnBus { case: "ordering/two".to_owned(), bus: Bus::Process };
    partial.not_run = Some(NotRun { planned: 9, cases: vec![missing] });
    let told = format!("not yet known, because {why}; 1 of 9 not run to the end");
    assert_eq!(said(&partial), told);
    let mut broken = run();
    broken.infrastructure.push("no memory for the broker".to_owned());
    assert!(said(&broken).contains("could not do its work: no memory for the broker"));
    let mut untidy = run();
    untidy.left_behind.push(LeftBehind { bus: None, ..leftover(Bus::Process) });
    assert!(said(&untidy).contains("the harness itself leaves something behind in ordering/one"));
    let mut unexercised = run();
    let outcome = Behaviour::NotExercised("the fault kill".to_owned());
    unexercised.behaviour[1] = BehaviourRow { outcome, ..passing(Bus::Process) };
    assert!(
        said(&unexercised).contains("ordering/one was not exercised on process: the fault kill")
    );
}

#[test]
fn a_part_of_what_a_switch_rests_on_is_no_reason_to_switch() {
    let whole = run();
    let throughput_alone = Run {
        behaviour: Vec::new(),
        performance: vec![whole.performance[0].clone()],
        ..whole.clone()
    };
    let why = "behaviour was not run, and latency-p99 was not judged";
    assert_eq!(said(&throughput_alone), format!("not yet known, because {why}"));
    let mut unjudged = Run { behaviour: whole.behaviour.clone(), ..throughput_alone };
    let why = "latency-p99 was not judged";
    assert_eq!(said(&unjudged), format!("not yet known, because {why}"));
    unjudged.demanded[0].metrics.extend([Metric::Cpu, Metric::Memory]);
    let why = "latency-p99, cpu, memory were not judged";
    assert_eq!(said(&unjudged), format!("not yet known, because {why}"));
    let mut elsewhere = whole.clone();
    elsewhere.behaviour.retain(|row| row.bus != Bus::Process);
    assert_eq!(said(&elsewhere), "not yet known, because behaviour was not run");
    let why = Behaviour::NotApplicable("no sockets".to_owned());
    elsewhere.behaviour.push(BehaviourRow { outcome: why, ..passing(Bus::Process) });
    assert_eq!(said(&elsewhere), "not yet known, because behaviour was not run");
    let elsewhere = Run { baseline_revision: Some("abc".to_owned()), ..elsewhere };
    assert_eq!(answer(&elsewhere, Bus::Process), Answer::Switch, "there is nothing to switch to");
}

#[test]
fn what_is_demanded_of_another_bus_is_not_missing_here() {
    let mut run = run();
    run.demanded.push(Demanded { bus: Bus::Agent, metrics: vec![Metric::Memory] });
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
}

#[test]
fn another_candidates_trouble_is_not_this_ones() {
    let mut run = run();
    run.candidates.push(Bus::Agent);
    run.behaviour.push(failing(Bus::Agent));
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
    assert!(matches!(answer(&run, Bus::Agent), Answer::DoNotSwitch(_)));
}

fn difference(colour: Colour, unsteady: bool) -> Difference {
    let subject = Subject::Accepted { publisher: "p0".to_owned() };
    let sentence = "9 events of p0 were accepted by one and 5 by the other".to_owned();
    Difference { colour, subject, sentence, unsteady }
}

#[test]
fn a_steady_difference_that_nothing_explains_leaves_the_question_open() {
    let mut run = run();
    run.behaviour[1].differences = vec![difference(Colour::Undecided, false)];
    let why = "the buses differ in ordering/one, and neither is shown to be wrong: 9 events of p0 \
               were accepted by one and 5 by the other";
    assert_eq!(said(&run), format!("not yet known, because {why}"));
}

#[test]
fn a_difference_that_is_explained_or_unsteady_leaves_nothing_open() {
    let mut run = run();
    run.behaviour[1].differences =
        vec![difference(Colour::Undecided, true), difference(Colour::Declared, false)];
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
}

#[test]
fn a_gate_that_could_not_be_read_leaves_the_question_open() {
    let mut run = run();
    run.performance[1].judgement.verdict = Verdict::NotApplicable("no figure".to_owned());
    let why = "latency-p99 of perf/paced[rate=10k] could not be read";
    assert_eq!(said(&run), format!("not yet known, because {why}"));
    run.host.system = "macos".to_owned();
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
    run.host.system = "linux".to_owned();
    run.performance[1].gated = false;
    run.demanded.clear();
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
}

#[test]
fn a_growing_curve_is_a_reason_not_to_switch_and_a_flat_one_is_none_to_switch() {
    let mut run = run();
    run.curves.push(crate::report::sample::flat_curve());
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
    run.performance.clear();
    assert!(matches!(answer(&run, Bus::Process), Answer::NotYetKnown(_)));
    run.curves[0].lines[1].verdict = Some(Verdict::Fail);
    let why = "what a delivery costs grows with topics published on in perf/curves/topics";
    assert_eq!(answer(&run, Bus::Process), Answer::DoNotSwitch(why.to_owned()));
}

#[test]
fn a_bus_nobody_asks_about_is_told_when_the_run_fails_by_it() {
    let mut run = run();
    assert!(bystanders(&run).is_empty());
    run.behaviour.push(passing(Bus::CrossbeamFaithful));
    assert!(bystanders(&run).is_empty());
    run.behaviour.push(failing(Bus::CrossbeamFaithful));
    let why = "crossbeam-faithful fails 1 behaviour case, first ordering/one (C4); nobody asks \
               about that bus, and the run fails by it";
    assert_eq!(bystanders(&run), [why]);
    assert_eq!(answer(&run, Bus::Process), Answer::Switch);
    run.behaviour.push(failing(Bus::Process));
    assert_eq!(bystanders(&run).len(), 1, "a candidate has its answer");
}
