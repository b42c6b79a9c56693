//! The commands that repeat alone what failed, or is open.

use super::{Behaviour, BehaviourRow, PerformanceRow, Run};
use crate::gate::{Reason, Verdict};
use crate::plan::Bus;

/// Of a behaviour case.
pub(super) fn of_behaviour(row: &BehaviourRow) -> Option<&str> {
    let is_told = match &row.outcome {
        Behaviour::Fail | Behaviour::NotExercised(_) | Behaviour::Broken(_) => true,
        Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_) => {
            row.open_difference().is_some()
        }
    };
    is_told.then_some(row.rerun.as_str())
}

/// Of the gates of a candidate, each once: a case is measured again with all of its metrics.
pub(super) fn of_gates(run: &Run, candidate: Bus) -> Vec<&str> {
    let own = run.performance.iter().filter(|row| row.candidate == candidate && is_told(row));
    let mut commands: Vec<&str> = Vec::new();
    for command in own.filter_map(|row| row.rerun.as_deref()) {
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands
}

/// That smoke concludes nothing is no reason to repeat it.
fn is_told(row: &PerformanceRow) -> bool {
    row.gated
        && match &row.judgement.verdict {
            Verdict::Fail => true,
            Verdict::Inconclusive(reason) => *reason != Reason::Smoke,
            Verdict::Pass | Verdict::NotApplicable(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{differing, failing, passing, run};

    #[test]
    fn what_failed_or_is_open_has_its_command_and_what_holds_has_none() {
        let ended = |outcome| BehaviourRow { outcome, ..passing(Bus::Process) };
        let command = Some("equivalence --scenario ordering/one --candidate process");
        for row in [
            failing(Bus::Process),
            differing(Bus::Process),
            ended(Behaviour::NotExercised("the kill".to_owned())),
            ended(Behaviour::Broken("time ran back".to_owned())),
        ] {
            assert_eq!(of_behaviour(&row), command, "{:?}", row.outcome);
        }
        for outcome in [Behaviour::Pass, Behaviour::NotApplicable("no sockets".to_owned())] {
            assert_eq!(of_behaviour(&ended(outcome)), None);
        }
    }

    #[test]
    fn gates_of_one_case_are_repeated_by_one_command() {
        let mut run = run();
        assert!(of_gates(&run, Bus::Process).is_empty(), "all pass");
        run.performance[0].judgement.verdict = Verdict::Inconclusive(Reason::Noise);
        run.performance[1].judgement.verdict = Verdict::Fail;
        let command = "equivalence --scenario perf --candidate process";
        assert_eq!(of_gates(&run, Bus::Process), [command]);
        assert!(of_gates(&run, Bus::Agent).is_empty(), "of another bus");
        run.performance[0].judgement.verdict = Verdict::Inconclusive(Reason::Smoke);
        run.performance[1].gated = false;
        assert!(of_gates(&run, Bus::Process).is_empty());
    }
}
