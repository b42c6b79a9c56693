//! One curve: every point on every bus, in rounds, so that what the host does meanwhile falls on all
//! points alike (METHOD §10).
//!
//! Neither floors nor A/A blocks: what is judged is how the points of one bus stand to each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::behaviour::CasePlan;
use super::performance::{Promises, discard_stamps, in_flight};
use super::selection::Wanted;
use crate::check::check_counts;
use crate::driver::{DriveError, Interrupt, TrialRequest, run_trial};
use crate::gate::{Look, physics};
use crate::plan::{Bus, Case};
use crate::record::{CurveTrial, Trial, Validity};
use crate::report::{self, BehaviourRow, LeftBehind, Progress};

/// Rounds run in the place of those in which a trial was invalid, at most: as many as a look redoes.
const MORE_ROUNDS: u32 = 2;

/// How a curve is run.
#[derive(Debug, Clone)]
pub(super) struct Plan<'a> {
    /// The executable that has the verb `actor`.
    pub(super) executable: &'a Path,
    /// The buses, the baseline first.
    pub(super) buses: Vec<Bus>,
    /// Rounds, each of which measures every point on every bus once.
    pub(super) rounds: u32,
    /// Whether the crossbeam reference clones events instead of sharing them.
    pub(super) share_by_clone: bool,
    /// Folder for the files of all trials.
    pub(super) directory: PathBuf,
}

impl Plan<'_> {
    /// Rounds that may be run in the place of others; a single one estimates and is not run again.
    fn more_rounds(&self) -> u32 {
        if self.rounds > 1 { MORE_ROUNDS } else { 0 }
    }
}

/// What was measured, whole or cut short.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// Every trial.
    pub(super) trials: Vec<CurveTrial>,
    /// What the counts of the trials say about promises, a case each.
    pub(super) promises: Vec<Promises>,
    /// What trials left behind.
    pub(super) left_behind: Vec<LeftBehind>,
    /// Why it was cut short.
    pub(super) error: Option<DriveError>,
}

impl Drawn {
    /// Promises that were broken, as rows of the report.
    pub(super) fn rows(&self, cases: &[Case], wanted: &Wanted) -> Vec<BehaviourRow> {
        let own = cases.iter().zip(&self.promises);
        own.flat_map(|(case, promises)| promises.rows(case, wanted)).collect()
    }
}

/// Rounds of a curve: as many as the first look needs, or one where nothing is concluded.
pub(super) fn rounds(concludes: bool) -> u32 {
    if concludes { u32::try_from(Look::First.blocks()).expect("a look is small") } else { 1 }
}

/// Cases that are points of a curve, by scenario, in the order of the selection.
pub(super) fn by_scenario(cases: &[Case]) -> Vec<Vec<Case>> {
    let mut curves: Vec<Vec<Case>> = Vec::new();
    for case in cases.iter().filter(|case| case.curve.is_some()) {
        match curves.last_mut() {
            Some(points) if points[0].scenario == case.scenario => points.push(case.clone()),
            _ => curves.push(vec![case.clone()]),
        }
    }
    curves
}

/// Runs all rounds; what was measured is kept whatever happens.
pub(super) async fn run(
    cases: &[Case],
    plan: &Plan<'_>,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Drawn {
    let planned = cases.iter().map(|case| CasePlan::new(case).ok()).collect();
    let promises = vec![Promises::default(); cases.len()];
    let drawn = Drawn { promises, ..Drawn::default() };
    let mut drawing = Drawing { cases, planned, plan, interrupt, drawn };
    let ended = drawing.rounds(progress).await;
    Drawn { error: ended.err(), ..drawing.drawn }
}

struct Drawing<'a> {
    cases: &'a [Case],
    /// Events of each case as checkers ask for them; without them nothing is judged.
    planned: Vec<Option<CasePlan<'a>>>,
    plan: &'a Plan<'a>,
    interrupt: Interrupt,
    drawn: Drawn,
}

impl Drawing<'_> {
    async fn rounds(&mut self, progress: &mut Progress) -> Result<(), DriveError> {
        let buses = self.plan.buses.clone();
        let mut round = 0;
        while round < self.plan.rounds + self.broken_rounds().min(self.plan.more_rounds()) {
            for (point, bus) in order(round, self.cases.len(), buses.len()) {
                self.trial(round, point, buses[bus]).await?;
                progress.trial_done(buses[bus].as_str());
            }
            round += 1;
        }
        Ok(())
    }

    /// Rounds in which a trial was invalid: they say nothing of growth.
    fn broken_rounds(&self) -> u32 {
        let is_broken = |trial: &&CurveTrial| matches!(trial.validity, Validity::Invalid(_));
        let rounds: BTreeSet<u32> =
            self.drawn.trials.iter().filter(is_broken).map(|trial| trial.round).collect();
        u32::try_from(rounds.len()).unwrap_or(u32::MAX)
    }

    async fn trial(&mut self, round: u32, point: usize, bus: Bus) -> Result<(), DriveError> {
        let case = &self.cases[point];
        if case.not_applicable.iter().any(|(other, _)| *other == bus) {
            return Ok(());
        }
        let Some(curve) = &case.curve else { return Ok(()) };
        let folder = report::case_dir(&case.id).join(format!("{round}-{}", bus.as_str()));
        let directory = self.plan.directory.join(folder);
        let request = TrialRequest {
            executable: self.plan.executable,
            case,
            bus,
            void: false,
            share_by_clone: self.plan.share_by_clone,
            directory: &directory,
        };
        let mut trial = run_trial(request, self.interrupt.clone()).await?.trial;
        trial.validity = physics::validity(&trial, in_flight(case));
        self.count(point, bus, &mut trial);
        match &trial.validity {
            // A thousand subscribers leave a thousand files, which say no more than the figures.
            Validity::Valid => drop(std::fs::remove_dir_all(&directory)),
            Validity::Invalid(why) => {
                tracing::warn!(case = case.id, bus = bus.as_str(), why, "invalid trial");
                discard_stamps(&directory);
            }
            Validity::GeneratorLate => discard_stamps(&directory),
        }
        if !trial.tear_down.is_clean() {
            let (bus, tear_down) = (trial.bus, trial.tear_down);
            self.drawn.left_behind.push(LeftBehind { case: case.id.clone(), bus, tear_down });
        }
        self.drawn.trials.push(CurveTrial {
            round,
            bus,
            at: curve.at,
            case: case.id.clone(),
            validity: trial.validity,
            figures: trial.figures,
        });
        Ok(())
    }

    /// Judges what a trial counted: figures of one that breaks a promise decide nothing.
    fn count(&mut self, point: usize, bus: Bus, trial: &mut Trial) {
        let Some(planned) = &self.planned[point] else { return };
        let counted = check_counts(&self.cases[point], bus, &trial.delivered, planned);
        if let (Some(first), false) =
            (counted.violations.first(), matches!(trial.validity, Validity::Invalid(_)))
        {
            trial.validity = Validity::Invalid(first.sentence.clone());
        }
        self.drawn.promises[point].note(bus, counted);
    }
}

/// Points and buses of a round in the order they are measured: every other round backwards, so that
/// a steady drift of the host cancels over two.
fn order(round: u32, points: usize, buses: usize) -> Vec<(usize, usize)> {
    let all = (0..points).flat_map(|point| (0..buses).map(move |bus| (point, bus)));
    if round.is_multiple_of(2) { all.collect() } else { all.rev().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_two_rounds_every_point_of_every_bus_stands_at_the_same_mean_place() {
        let [there, back] = [order(0, 5, 2), order(1, 5, 2)];
        for one in &there {
            let place = |round: &[(usize, usize)]| round.iter().position(|other| other == one);
            let sum = place(&there).zip(place(&back)).map(|(first, second)| first + second);
            assert_eq!(sum, Some(9), "{one:?}");
        }
    }

    #[test]
    fn a_curve_has_as_many_rounds_as_a_verdict_needs_and_smoke_has_one() {
        assert_eq!((rounds(true), rounds(false)), (6, 1));
    }

    #[test]
    fn points_are_gathered_by_their_scenario_and_other_cases_left_out() {
        use crate::plan::Scale;
        use crate::plan::{Asks, Axis, Curve};

        let point = |scenario: &str, at: f64| {
            let (name, label) = ("n".to_owned(), "n".to_owned());
            let axis = Axis { name, label, scale: Scale::Count, asks: Asks::Growth };
            let bare = Case::bare(&format!("{scenario}[n={at}]"), Vec::new(), Vec::new());
            Case { scenario: scenario.to_owned(), curve: Some(Curve { axis, at }), ..bare }
        };
        let other = Case::bare("perf/other", Vec::new(), Vec::new());
        let cases = [point("a", 1.0), point("a", 2.0), other, point("b", 1.0)];
        let sizes: Vec<usize> = by_scenario(&cases).iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1]);
    }
}
