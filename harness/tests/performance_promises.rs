//! Performance trials keep promises, or say that they do not: a loss under load is a failure of
//! behaviour, not a trial that merely decides nothing.

#[path = "measured/case.rs"]
mod measured;

use equivalence::cmd::performance::{Entrant, Gathered, Pair};
use equivalence::cmd::selection::Selection;
use equivalence::driver::Fault;
use equivalence::plan::{Bus, Case};
use equivalence::record::Validity;
use equivalence::report::{Behaviour, BehaviourRow};
use measured::{plan, wanted};

/// One block of the crossbeam bus against itself with a fault.
fn run(selection: &Selection, fault: Fault) -> (Case, Gathered) {
    let folder = tempfile::tempdir().expect("a folder");
    let case = selection.cases[0].clone();
    let sound = Entrant::from(Bus::Crossbeam);
    let pair = Pair { baseline: sound, candidate: Entrant { fault: Some(fault), ..sound } };
    let gathered = measured::run(&case, &plan(selection, vec![pair], folder.path()));
    assert!(gathered.failures.is_empty(), "{:?}", gathered.failures);
    (case, gathered)
}

fn rows(case: &str, fault: Fault) -> (Vec<BehaviourRow>, Gathered) {
    let wanted = wanted(case);
    let selection = wanted.select().expect("the project's own scenarios");
    let (case, gathered) = run(&selection, fault);
    (gathered.promises.rows(&case, &wanted), gathered)
}

#[test]
fn a_loss_in_a_paced_trial_is_a_broken_promise_told_in_numbers() {
    let (rows, gathered) = rows("perf/paced*subs=1]", Fault::LosesOneInFive);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.outcome, Behaviour::Fail);
    let first = &row.violations[0];
    assert_eq!(first.rule, "C1");
    // 200 ms and 500 ms at 10 000 a second.
    assert!(first.sentence.contains("of the 7000 events it is owed"), "{}", first.sentence);
    assert!(first.sentence.ends_with("2 of 4 trial(s) break a promise"), "{}", first.sentence);
    let trials = &gathered.evidence[0].blocks[0].trials;
    let invalid = trials.iter().filter(|trial| matches!(trial.validity, Validity::Invalid(_)));
    assert_eq!(invalid.count(), 2, "their figures decide nothing");
}

#[test]
fn a_sound_bus_keeps_its_promises_and_is_owed_every_event() {
    for case in ["perf/paced*subs=4]", "perf/saturation*subs=1]", "perf/documented-scale"] {
        let (rows, gathered) = rows(case, Fault::Nothing);
        assert_eq!(rows, [], "{case}");
        let trials = &gathered.evidence[0].blocks[0].trials;
        let whole = |one: &equivalence::record::Delivered| {
            one.unique == one.accepted && one.accepted == one.called && one.called > 0
        };
        for trial in trials {
            assert!(!trial.delivered.is_empty() && trial.delivered.iter().all(whole), "{case}");
        }
        let voids = &gathered.evidence[0].voids;
        assert!(voids.iter().all(|void| void.trial.delivered.is_empty()), "{case}");
    }
}

#[test]
fn an_event_that_comes_twice_is_a_broken_promise_too() {
    let (rows, _) = rows("perf/paced*subs=1]", Fault::DeliversTwice);
    assert_eq!(rows[0].violations[0].rule, "C3", "{rows:?}");
    assert!(rows[0].violations[0].sentence.contains("a second time"), "{rows:?}");
}
