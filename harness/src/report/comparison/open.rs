//! Why a later report does not say enough: what it leaves open that the earlier one did not.
//!
//! A row that was decided and is gone, or decides nothing any more, is one of the reasons: whoever compares
//! would take silence for a pass.

use crate::gate::Verdict;
use crate::plan::Bus;
use crate::report::{BehaviourRow, Ended, PerformanceRow, Run};

/// Something that was decided before and is not now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lost {
    /// What, and on which bus.
    what: String,
    was: Ended,
    is: Ended,
}

/// One sentence for each reason.
pub(super) fn open(earlier: &Run, later: &Run) -> Vec<String> {
    let partial = later.interrupted.iter().map(|why| format!("the later run is partial: {why}"));
    let broken = later.infrastructure.iter().map(|why| format!("in the later run: {why}"));
    let left = later.left_behind.iter().filter(|left| !left.tear_down.is_clean());
    let left = left.map(|left| format!("the later run left something behind in {}", left.case));
    let grows = later.candidates.iter().flat_map(|bus| {
        let drawn = later.curves.iter().filter(|row| row.verdict(*bus) == Some(&Verdict::Fail));
        drawn.map(|row| format!("a cost grows along {}", row.scenario))
    });
    let revisions = [earlier, later].map(|run| run.baseline_revision.as_deref());
    let revisions = (revisions[0] != revisions[1]).then(|| {
        "the baselines are of different revisions, so that no ratio is compared".to_owned()
    });
    let less = told(&lost(earlier, later));
    partial.chain(broken).chain(left).chain(less).chain(grows).chain(revisions).collect()
}

/// Everything that decides less, in the order of the earlier report, each once.
fn lost(earlier: &Run, later: &Run) -> Vec<Lost> {
    let behaviour = earlier.behaviour.iter().map(|row| behaved(row, later));
    let gates = earlier.performance.iter().filter(|row| row.gated).map(|row| gated(row, later));
    let curves = earlier.candidates.iter().flat_map(|bus| climbed(*bus, earlier, later));
    let mut lost: Vec<Lost> = Vec::new();
    for one in behaviour.chain(gates).chain(curves) {
        if is_decided(one.was) && !is_decided(one.is) && !lost.contains(&one) {
            lost.push(one);
        }
    }
    lost
}

/// One sentence for all that ended alike then, and ends alike now.
fn told(lost: &[Lost]) -> Vec<String> {
    let mut kinds: Vec<(Ended, Ended)> = Vec::new();
    for one in lost {
        if !kinds.contains(&(one.was, one.is)) {
            kinds.push((one.was, one.is));
        }
    }
    let sentence = |(was, is): (Ended, Ended)| {
        let alike: Vec<&Lost> = lost.iter().filter(|one| (one.was, one.is) == (was, is)).collect();
        let more = match alike.len() {
            0 | 1 => String::new(),
            all => format!(", and {} more", all - 1),
        };
        let first = alike.first().map_or("", |one| one.what.as_str());
        format!("{} before and {} now: {first}{more}", was.as_str(), is.as_str())
    };
    kinds.into_iter().map(sentence).collect()
}

fn is_decided(ended: Ended) -> bool {
    matches!(ended, Ended::Pass | Ended::Fail | Ended::AsDeclared)
}

fn behaved(row: &BehaviourRow, later: &Run) -> Lost {
    let mut same = later.behaviour.iter();
    let same = same.find(|other| other.case == row.case && other.bus == row.bus);
    Lost {
        what: format!("{} on {}", row.case, row.bus.as_str()),
        was: Ended::behaved(row),
        is: same.map_or(Ended::NotRun, Ended::behaved),
    }
}

fn gated(row: &PerformanceRow, later: &Run) -> Lost {
    let is_same = |other: &&PerformanceRow| {
        (&other.case, other.metric, other.baseline, other.candidate)
            == (&row.case, row.metric, row.baseline, row.candidate)
    };
    let is = match later.performance.iter().find(is_same) {
        None => Ended::NotRun,
        Some(same) if !same.gated => Ended::ForInformation,
        Some(same) => Ended::of(&same.judgement.verdict),
    };
    let (metric, bus) = (row.metric.as_str(), row.candidate.as_str());
    let what = format!("{metric} of {} on {bus}", row.case);
    Lost { what, was: Ended::of(&row.judgement.verdict), is }
}

/// The curves on one candidate of which theory says that they are flat.
fn climbed(bus: Bus, earlier: &Run, later: &Run) -> Vec<Lost> {
    let lost = |scenario: &str, was: &Verdict| {
        let same = later.curves.iter().find(|row| row.scenario == scenario);
        let is = same.and_then(|row| row.verdict(bus)).map_or(Ended::NotRun, Ended::of);
        let what = format!("the curve {scenario} on {}", bus.as_str());
        Lost { what, was: Ended::of(was), is }
    };
    let drawn = earlier.curves.iter();
    drawn.filter_map(|row| Some(lost(&row.scenario, row.verdict(bus)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Reason;
    use crate::report::Behaviour;
    use crate::report::sample::{failing, flat_curve, run};

    /// What is open once the later report is changed.
    fn opened(change: impl FnOnce(&mut Run)) -> Vec<String> {
        let mut later = run();
        change(&mut later);
        open(&run(), &later)
    }

    #[test]
    fn the_same_report_leaves_nothing_open() {
        assert!(opened(|_| {}).is_empty());
    }

    #[test]
    fn a_row_that_is_gone_leaves_it_open() {
        let gone = opened(|run| run.behaviour.truncate(1));
        assert_eq!(gone, ["pass before and not-run now: ordering/one on process"]);
        let gone = opened(|run| run.behaviour.clear());
        assert_eq!(gone, ["pass before and not-run now: ordering/one on crossbeam, and 1 more"]);
        let gone = opened(|run| run.performance.truncate(1));
        let told = "pass before and not-run now: latency-p99 of perf/paced[rate=10k] on process";
        assert_eq!(gone, [told]);
    }

    #[test]
    fn a_gate_that_decides_nothing_any_more_leaves_it_open() {
        let place = "latency-p99 of perf/paced[rate=10k] on process";
        let noisy = opened(|run| {
            run.performance[1].judgement.verdict = Verdict::Inconclusive(Reason::Noise);
        });
        assert_eq!(noisy, [format!("pass before and inconclusive now: {place}")]);
        let informs = opened(|run| run.performance[1].gated = false);
        assert_eq!(informs, [format!("pass before and for-information now: {place}")]);
        let fails = opened(|run| run.performance[1].judgement.verdict = Verdict::Fail);
        assert!(fails.is_empty(), "that is decided: {fails:?}");
    }

    #[test]
    fn a_case_that_decides_nothing_any_more_leaves_it_open() {
        let mut earlier = run();
        earlier.behaviour[1] = failing(Bus::Process);
        let mut later = run();
        later.behaviour[0].outcome = Behaviour::NotExercised("the kill".to_owned());
        later.behaviour[1].outcome = Behaviour::NotApplicable("no sockets".to_owned());
        let told = [
            "pass before and not-exercised now: ordering/one on crossbeam",
            "fail before and not-applicable now: ordering/one on process",
        ];
        assert_eq!(open(&earlier, &later), told);
        assert!(open(&later, &earlier).is_empty(), "the later one says more");
    }

    #[test]
    fn a_curve_that_is_gone_leaves_it_open() {
        let mut earlier = run();
        earlier.curves.push(flat_curve());
        let told = "pass before and not-run now: the curve perf/curves/topics on process";
        assert_eq!(open(&earlier, &run()), [told]);
        assert!(open(&earlier, &earlier).is_empty());
    }
}
