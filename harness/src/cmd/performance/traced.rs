//! The traced trials of a paced case, once it has been judged: one for each bus, with logs of hops
//! (METHOD §11). They decide nothing, and no figure of them gets among those that do.

use super::{Pair, Plan, in_flight};
use crate::driver::{DriveError, Interrupt, TrialRequest, hops_of, run_traced};
use crate::gate::{Evidence, Runner, physics, valid_trials};
use crate::plan::{Bus, Case, TrialKind};
use crate::record::{TearDown, TracedTrial, Validity};

/// Traced trials of a case at most, one for each bus; none where nothing is concluded.
pub fn most_traced(case: &Case, pairs: &[Pair<'_>], concludes: bool) -> usize {
    if concludes && case.kind == TrialKind::Paced { buses(pairs).len() } else { 0 }
}

/// The buses that are this revision's, each once.
fn buses(pairs: &[Pair<'_>]) -> Vec<Bus> {
    let entrants = pairs.iter().flat_map(|pair| [pair.baseline, pair.candidate]);
    let mut buses = Vec::new();
    for entrant in entrants.filter(|entrant| entrant.earlier.is_none()) {
        if !buses.contains(&entrant.bus) {
            buses.push(entrant.bus);
        }
    }
    buses
}

/// The buses of a case that can be traced and were measured in it: this revision's, and of our own.
pub fn traceable(case: &Case, plan: &Plan<'_>, evidence: &[Evidence]) -> Vec<Bus> {
    if most_traced(case, &plan.pairs, plan.concludes) == 0 {
        return Vec::new();
    }
    let is_timed = |bus: &Bus| judged_mean_ns(evidence, &case.id, *bus).is_some();
    let mut buses = buses(&plan.pairs);
    buses.retain(|bus| !hops_of(*bus).is_empty() && is_timed(bus));
    buses
}

/// One traced trial, beside what the trials that are judged say of the same bus; and what it left behind.
pub async fn traced(
    case: &Case,
    plan: &Plan<'_>,
    bus: Bus,
    evidence: &[Evidence],
    interrupt: Interrupt,
) -> Result<(TracedTrial, TearDown), DriveError> {
    let directory = plan.directory.join(format!("traced-{}", bus.as_str()));
    let request = TrialRequest {
        executable: plan.executable,
        case,
        bus,
        void: false,
        share_by_clone: plan.share_by_clone,
        directory: &directory,
    };
    let (trial, mut traced) = run_traced(request, interrupt).await?;
    if traced.validity == Validity::Valid {
        traced.validity = physics::validity(&trial, in_flight(case));
    }
    match &traced.validity {
        Validity::Invalid(why) => {
            // Its files stay, all of them: they explain its stamps.
            tracing::warn!(case = case.id, bus = bus.as_str(), why, "invalid traced trial");
        }
        // What cannot be removed only takes room.
        Validity::Valid | Validity::GeneratorLate => drop(std::fs::remove_dir_all(&directory)),
    }
    traced.judged_mean_ns = judged_mean_ns(evidence, &case.id, bus);
    Ok((traced, trial.tear_down))
}

/// The mean `receive − call` on a bus, on average over the trials that count; `None` without any.
fn judged_mean_ns(evidence: &[Evidence], case: &str, bus: Bus) -> Option<f64> {
    let of_case = evidence.iter().filter(|pair| pair.case == case);
    let this = Runner { bus, revision: None };
    let own = valid_trials(of_case).into_iter().find(|(runner, _)| *runner == this);
    let trials = own.into_iter().flat_map(|(_, trials)| trials);
    let means: Vec<f64> = trials
        .filter_map(|trial| trial.figures.service.as_ref())
        .map(|service| service.mean_ns as f64)
        .collect();
    (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trial_of_each_bus_is_on_top_of_a_paced_case_where_something_is_concluded() {
        let of = |kind| Case { kind, ..Case::bare("a/b", Vec::new(), Vec::new()) };
        let ours = [Bus::Process, Bus::Agent]
            .map(|bus| Pair { baseline: Bus::Crossbeam.into(), candidate: bus.into() });
        assert_eq!(most_traced(&of(TrialKind::Paced), &ours, true), 3);
        assert_eq!(most_traced(&of(TrialKind::Paced), &ours, false), 0, "smoke");
        let closed = most_traced(&of(TrialKind::Saturation), &ours, true);
        assert_eq!(closed, 0, "its latency is its window");
    }
}
