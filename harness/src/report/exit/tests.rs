//! Each exit code, at each strictness.

use super::*;
use crate::check::{Colour, Difference, Subject};
use crate::plan::Bus;
use crate::report::sample::{failing, leftover, passing, run};

const COMMAND_LINE: Strictness =
    Strictness { fail_on: FailOn::AllCells, inconclusive: OnInconclusive::Fail };
const CI: Strictness =
    Strictness { fail_on: FailOn::EnforcedCells, inconclusive: OnInconclusive::Warn };

fn with_verdict(index: usize, verdict: Verdict) -> Run {
    let mut run = run();
    run.performance[index].judgement.verdict = verdict;
    run
}

#[test]
fn the_command_line_is_strict_unless_told_otherwise() {
    assert_eq!(Strictness::default(), COMMAND_LINE);
}

#[test]
fn a_run_with_nothing_wrong_passes() {
    assert_eq!(exit(&run(), COMMAND_LINE).code(), 0);
    assert_eq!(exit(&run(), CI).code(), 0);
}

#[test]
fn a_broken_promise_fails_on_any_bus_and_at_any_strictness() {
    for bus in [Bus::Crossbeam, Bus::Process] {
        let mut broken = run();
        broken.behaviour.push(failing(bus));
        let mut left = run();
        left.left_behind.push(leftover(bus));
        for run in [&broken, &left] {
            assert_eq!(exit(run, COMMAND_LINE).code(), 1);
            assert_eq!(exit(run, CI).code(), 1);
        }
    }
}

#[test]
fn a_failed_gate_fails_ci_only_where_enforced() {
    let enforced = with_verdict(0, Verdict::Fail);
    assert_eq!((exit(&enforced, COMMAND_LINE).code(), exit(&enforced, CI).code()), (1, 1));
    let not_yet = with_verdict(1, Verdict::Fail);
    assert_eq!((exit(&not_yet, COMMAND_LINE).code(), exit(&not_yet, CI).code()), (1, 0));
}

#[test]
fn an_undecided_gate_warns_in_ci_and_exits_three_on_the_command_line() {
    let open = with_verdict(0, Verdict::Inconclusive(Reason::Noise));
    assert_eq!((exit(&open, COMMAND_LINE).code(), exit(&open, CI).code()), (3, 0));
    let mut unexercised = run();
    unexercised.behaviour[1].outcome = Behaviour::NotExercised("the fault".to_owned());
    assert_eq!(exit(&unexercised, COMMAND_LINE).code(), 3);
    assert_eq!(exit(&unexercised, CI).code(), 0);
}

#[test]
fn smoke_passes_when_behaviour_does() {
    let mut smoke = with_verdict(0, Verdict::Inconclusive(Reason::Smoke));
    smoke.performance[1].judgement.verdict = Verdict::Inconclusive(Reason::Smoke);
    assert_eq!(exit(&smoke, COMMAND_LINE).code(), 0);
    smoke.behaviour.push(failing(Bus::Process));
    assert_eq!(exit(&smoke, COMMAND_LINE).code(), 1);
}

#[test]
fn a_partial_run_never_passes() {
    let mut partial = run();
    partial.interrupted = Some("interrupted".to_owned());
    assert_eq!((exit(&partial, COMMAND_LINE).code(), exit(&partial, CI).code()), (4, 4));
}

#[test]
fn a_failure_found_before_the_interrupt_is_still_a_failure() {
    let mut partial = run();
    partial.interrupted = Some("interrupted".to_owned());
    partial.behaviour.push(failing(Bus::Process));
    assert_eq!((exit(&partial, COMMAND_LINE).code(), exit(&partial, CI).code()), (1, 1));
}

#[test]
fn a_run_that_judged_nothing_never_passes() {
    let mut row = passing(Bus::Process);
    row.outcome = Behaviour::NotApplicable("no sockets".to_owned());
    let nothing = Run { behaviour: vec![row], performance: Vec::new(), ..run() };
    assert_eq!((exit(&nothing, COMMAND_LINE).code(), exit(&nothing, CI).code()), (3, 3));
    let empty = Run { behaviour: Vec::new(), ..nothing };
    assert_eq!((exit(&empty, COMMAND_LINE).code(), exit(&empty, CI).code()), (3, 3));
}

#[test]
fn a_harness_that_could_not_work_exits_four_unless_it_found_a_failure() {
    let mut broken = run();
    broken.infrastructure.push("no broker".to_owned());
    assert_eq!(exit(&broken, CI).code(), 4);
    let mut unjudged = run();
    unjudged.behaviour[0].outcome = Behaviour::Broken("time ran backwards".to_owned());
    assert_eq!(exit(&unjudged, CI).code(), 4);
    broken.behaviour.push(failing(Bus::Process));
    assert_eq!(exit(&broken, CI).code(), 1);
}

#[test]
fn what_is_not_applicable_neither_passes_nor_fails_a_run_where_performance_is_not_judged() {
    let mut row = passing(Bus::Process);
    row.outcome = Behaviour::NotApplicable("no sockets".to_owned());
    let mut run = with_verdict(0, Verdict::NotApplicable("no smaps".to_owned()));
    run.host.system = "macos".to_owned();
    run.behaviour.push(row);
    assert_eq!(exit(&run, COMMAND_LINE).code(), 0);
}

#[test]
fn what_the_answer_calls_open_is_open_for_the_shell() {
    let unread = with_verdict(1, Verdict::NotApplicable("no figure".to_owned()));
    let mut differing = run();
    differing.behaviour[1].differences = vec![Difference {
        colour: Colour::Undecided,
        subject: Subject::Operations,
        sentence: "one did more".to_owned(),
        unsteady: false,
    }];
    for run in [&unread, &differing] {
        assert_eq!((exit(run, COMMAND_LINE).code(), exit(run, CI).code()), (3, 0));
    }
    differing.behaviour[1].differences[0].unsteady = true;
    assert_eq!(exit(&differing, COMMAND_LINE).code(), 0);
}

#[test]
fn a_candidates_growing_curve_fails_the_command_line_and_never_ci() {
    let with = |bus: Bus, verdict: Verdict| {
        let mut run = run();
        let mut curve = crate::report::sample::flat_curve();
        let line = curve.lines.iter_mut().find(|line| line.bus == bus).expect("its line");
        line.verdict = Some(verdict);
        run.curves.push(curve);
        [COMMAND_LINE, CI].map(|strictness| exit(&run, strictness).code())
    };
    assert_eq!(with(Bus::Process, Verdict::Pass), [0, 0], "the baseline's FAIL is for information");
    assert_eq!(with(Bus::Process, Verdict::Fail), [1, 0]);
    assert_eq!(with(Bus::Process, Verdict::Inconclusive(Reason::Noise)), [3, 0]);
    assert_eq!(with(Bus::Process, Verdict::Inconclusive(Reason::Smoke)), [0, 0]);
}
