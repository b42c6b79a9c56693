//! How long a run takes at most, from its plan: said before it begins, and as it goes on.
//!
//! An upper bound on a quiet host: gates that decide at an early look end their case sooner; a
//! block run again for what the host did comes on top.

use std::time::Duration;

use crate::cmd::performance::{self, Pair};
use crate::plan::chaos::{Chaos, Then};
use crate::plan::control::Step;
use crate::plan::{Case, Phase, TrialKind};

/// What a trial takes beyond its plan: processes start, connect, drain and end.
const OVERHEAD: Duration = Duration::from_millis(150);
/// A behaviour case is judged too, and waits for fences, limits and deadlines.
const JUDGED: Duration = Duration::from_millis(250);
/// An agent and its collectors start, see every act at one of their next scans, and end in order.
const AGENT: Duration = Duration::from_secs(3);
/// Everybody comes back after a fault: a broker starts, and clients seek it between pauses of up to a second.
const RETURN: Duration = Duration::from_millis(1500);

/// A case whose behaviour is judged, on one bus.
pub(in crate::cmd) fn judged(case: &Case) -> Duration {
    let own = match case.kind {
        TrialKind::Control => control(case),
        TrialKind::Chaos => chaos(&case.chaos),
        TrialKind::Host => AGENT,
        // Before, after and back.
        TrialKind::Switch => AGENT * 3,
        _ => Duration::ZERO,
    };
    one_trial(case) + JUDGED + own
}

/// A case that is measured, on all of its pairs of buses, with what is traced afterwards.
pub(in crate::cmd) fn measured(
    case: &Case,
    pairs: &[Pair<'_>],
    most_blocks: usize,
    concludes: bool,
) -> Duration {
    let trials = performance::most_trials(pairs, most_blocks, concludes)
        + performance::most_traced(case, pairs, concludes);
    one_trial(case) * u32::try_from(trials).unwrap_or(u32::MAX)
}

/// One trial of it.
pub(in crate::cmd) fn one_trial(case: &Case) -> Duration {
    let phases = case.phases.iter().map(|phase| {
        let ms = [case.publishing_ms(phase), phase.away_ms(), phase.idle_ms];
        let planned = ms.map(Duration::from_millis).into_iter().sum::<Duration>();
        planned + RETURN * returns(phase)
    });
    phases.sum::<Duration>() + OVERHEAD
}

/// How often somebody comes back by itself in a phase.
fn returns(phase: &Phase) -> u32 {
    let faults = phase.actions.iter().filter_map(|action| action.operation.fault());
    u32::try_from(faults.filter(|fault| fault.deed.returns()).count()).unwrap_or(u32::MAX)
}

/// What is waited for in a case of the control plane: whoever is lost is missed for three heartbeats,
/// and noticed again with its next; what is gathered in part takes its time.
fn control(case: &Case) -> Duration {
    let heartbeat = Duration::from_millis(case.control.heartbeat_ms);
    let steps = case.control.steps.iter().map(|step| match step {
        Step::AwaitHealth { .. } => heartbeat * 4,
        Step::Gather { within_ms } => Duration::from_millis(*within_ms),
        _ => Duration::ZERO,
    });
    steps.sum()
}

/// What is waited for in a case of chaos: what is sent, and whoever hangs at the stop.
fn chaos(chaos: &Chaos) -> Duration {
    let hangs = chaos.sources.iter().any(|source| source.then == Then::Hangs);
    let stop_ms = if hangs { chaos.collector.shutdown_timeout_ms } else { 0 };
    Duration::from_millis(chaos.planned_ms() + stop_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Deed, Fault, Operation, Trigger, Victim};

    /// A case of one phase in which these befall the broker.
    fn case(deeds: &[Deed]) -> Case {
        let action = |deed: &Deed| Action {
            trigger: Trigger::Start,
            operation: Operation::Fault(Fault { deed: *deed, victim: Victim::Broker }),
            expect: "ok".to_owned(),
        };
        let actions = deeds.iter().map(action).collect();
        let phase = Phase { actions, idle_ms: 500, ..Phase::bare("only") };
        Case { phases: vec![phase], ..Case::bare("a/b", Vec::new(), Vec::new()) }
    }

    #[test]
    fn a_broker_that_is_away_counts_for_as_long() {
        let takes = |deeds: &[Deed]| judged(&case(deeds));
        let still = takes(&[]);
        assert_eq!(takes(&[Deed::Freeze, Deed::Thaw]), still);
        let once = takes(&[Deed::Restart(10_000)]);
        assert_eq!(once, still + Duration::from_secs(10) + RETURN);
        let twice = takes(&[Deed::Restart(10_000), Deed::Restart(1_000)]);
        assert_eq!(twice, still + Duration::from_secs(11) + RETURN * 2);
        assert_eq!(case(&[Deed::Restart(10_000)]).planned_ms(), 10_500, "at least");
    }
}
