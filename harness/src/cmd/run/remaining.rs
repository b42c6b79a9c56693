//! What a run that was cut short did not come to: cases that were planned, on buses of which it says nothing.

use super::options::RunOptions;
use crate::cmd::curves;
use crate::cmd::selection::Selection;
use crate::plan::{Bus, Case};
use crate::report::{NotRun, OnBus, Run};

/// Said in a report from before the first case to after the last: it stays there after a crash.
const UNFINISHED: &str = "the run has not ended; if nothing is running any more, it was killed";

/// The record of a run that goes on: it has what there is, and names what there is not.
pub(super) fn unfinished(options: &RunOptions, selection: &Selection, run: &Run) -> Run {
    let so_far = Run { interrupted: Some(UNFINISHED.to_owned()), ..run.clone() };
    Run { not_run: not_run(options, selection, &so_far), ..so_far }
}

/// The cases without a result; `None` of a run that is whole.
pub(super) fn not_run(options: &RunOptions, selection: &Selection, run: &Run) -> Option<NotRun> {
    if run.interrupted.is_none() && run.infrastructure.is_empty() {
        return None;
    }
    let mut cases = planned(options, &selection.cases);
    let planned = cases.len();
    cases.retain(|one| !is_told(run, one));
    Some(NotRun { planned, cases })
}

/// Every case on every bus that it is judged on, in the order they are run. A curve is one case.
fn planned(options: &RunOptions, cases: &[Case]) -> Vec<OnBus> {
    let on = |case: &str, bus: Bus| OnBus { case: case.to_owned(), bus };
    let mut planned = Vec::new();
    for case in cases.iter().filter(|case| !case.kind.is_performance()) {
        planned.extend(options.behaviour_buses_of(case).into_iter().map(|bus| on(&case.id, bus)));
    }
    // Elsewhere nothing is measured, and nothing of it is missing.
    if cfg!(target_os = "linux") {
        let is_measured = |case: &&Case| case.kind.is_performance() && case.curve.is_none();
        for case in cases.iter().filter(is_measured) {
            planned.extend(options.pairs(case).into_iter().map(|(_, bus)| on(&case.id, bus)));
        }
        for points in curves::by_scenario(cases) {
            let buses = options.curve_buses();
            planned.extend(buses.into_iter().map(|bus| on(&points[0].scenario, bus)));
        }
    }
    let mut once: Vec<OnBus> = Vec::new();
    for one in planned {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// Whether a report says anything of a case on its bus.
fn is_told(run: &Run, one: &OnBus) -> bool {
    let OnBus { case, bus } = one;
    run.behaviour.iter().any(|row| row.case == *case && row.bus == *bus)
        || run.performance.iter().any(|row| row.case == *case && row.candidate == *bus)
        || run.curves.iter().any(|row| row.scenario == *case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::selection::Wanted;
    use crate::report::sample::{passing, run};
    use crate::scenario::Profile;

    fn options() -> RunOptions {
        let (profile, baseline) = (Profile::Smoke, Bus::Crossbeam);
        RunOptions {
            wanted: Wanted { folder: None, profile, patterns: Vec::new(), seed: 1, baseline },
            revision: None,
            baseline_executable: None,
            candidates: vec![Bus::Process],
            out: "reports/x".into(),
            against: None,
            save_baseline: None,
            warn_inconclusive: false,
            enforced_only: false,
            baseline_twice: false,
        }
    }

    /// Three cases of behaviour.
    fn selection() -> Selection {
        let case = |id: &str| Case::bare(id, Vec::new(), Vec::new());
        let cases = ["ordering/one", "ordering/two", "ordering/three"].map(case).to_vec();
        Selection { cases, ..Selection::default() }
    }

    #[test]
    fn a_run_that_was_cut_short_has_what_is_missing_in_the_order_it_would_have_come() {
        let mut cut = run();
        cut.behaviour = vec![passing(Bus::Crossbeam)];
        assert_eq!(not_run(&options(), &selection(), &cut), None, "it is whole");
        cut.interrupted = Some("interrupted in ordering/one".to_owned());
        let missing = not_run(&options(), &selection(), &cut).expect("it is partial");
        assert_eq!(missing.planned, 6);
        let told: Vec<(&str, Bus)> =
            missing.cases.iter().map(|one| (one.case.as_str(), one.bus)).collect();
        let expected = [
            ("ordering/one", Bus::Process),
            ("ordering/two", Bus::Crossbeam),
            ("ordering/two", Bus::Process),
            ("ordering/three", Bus::Crossbeam),
            ("ordering/three", Bus::Process),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_run_that_broke_down_in_one_case_lacks_that_one() {
        let mut broken = run();
        broken.infrastructure.push("no memory for the broker".to_owned());
        let mut one = selection();
        one.cases.truncate(1);
        broken.behaviour.truncate(1);
        let missing = not_run(&options(), &one, &broken).expect("it is not whole");
        let process = OnBus { case: "ordering/one".to_owned(), bus: Bus::Process };
        assert_eq!(missing, NotRun { planned: 2, cases: vec![process] });
    }
}
