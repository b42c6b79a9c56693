//! Random workflows in a random world, step by step against what must hold, and at the end against
//! a naive oracle.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;

use super::*;

const MS: Duration = Duration::from_millis(1);
/// The time of an attempt; hung ones take all of it.
const ATTEMPT: Duration = Duration::from_millis(50);
/// Longer than all attempts one after the other.
const ALL: Duration = Duration::from_hours(1);

/// What an attempt comes to, after so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Succeeds(u32),
    Fails(u32),
    IsImpossible(u32),
    Hangs,
}

#[derive(Debug, Clone)]
struct Made {
    /// Stages before it that it needs.
    needs: Vec<bool>,
    required: bool,
    retries: u32,
    /// By attempt; the last one for all that follow.
    attempts: Vec<Attempt>,
}

/// What becomes of a stage, as far as time does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Succeeds { attempts: u32 },
    Fails { attempts: u32 },
    IsSkipped,
}

impl Attempt {
    /// After what time it ends by itself, and with which answer.
    fn answer(self) -> Option<(Duration, Result<Findings, StageFailure>)> {
        match self {
            Self::Succeeds(ms) => Some((ms * MS, Ok(found("it")))),
            Self::Fails(ms) => Some((ms * MS, failure())),
            Self::IsImpossible(ms) => Some((ms * MS, Err(StageFailure::impossible("no")))),
            Self::Hangs => None,
        }
    }
}

impl Made {
    fn attempt(&self, number: u32) -> Attempt {
        let place = usize::try_from(number - 1).unwrap().min(self.attempts.len() - 1);
        self.attempts[place]
    }

    fn needs(&self) -> impl Iterator<Item = usize> {
        self.needs.iter().enumerate().filter(|(_, needs)| **needs).map(|(stage, _)| stage)
    }

    /// Without anybody it needs.
    fn fate(&self) -> Fate {
        for attempts in 1..=self.retries + 1 {
            match self.attempt(attempts) {
                Attempt::Succeeds(_) => return Fate::Succeeds { attempts },
                Attempt::IsImpossible(_) => return Fate::Fails { attempts },
                Attempt::Fails(_) | Attempt::Hangs => {}
            }
        }
        Fate::Fails { attempts: self.retries + 1 }
    }
}

/// In order: whoever is needed comes before.
fn fates(made: &[Made]) -> Vec<Fate> {
    let mut fates: Vec<Fate> = Vec::new();
    for stage in made {
        let succeeds = |need: usize| matches!(fates[need], Fate::Succeeds { .. });
        let is_lost = |need: usize| made[need].required && !succeeds(need);
        let fate = if stage.needs().any(is_lost) { Fate::IsSkipped } else { stage.fate() };
        fates.push(fate);
    }
    fates
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    // Shorter than the time of an attempt, so that it is known which comes first.
    let ms = 1..50_u32;
    let attempt = prop_oneof![
        4 => ms.clone().prop_map(Attempt::Succeeds),
        3 => ms.clone().prop_map(Attempt::Fails),
        1 => ms.prop_map(Attempt::IsImpossible),
        1 => Just(Attempt::Hangs),
    ];
    vec(attempt, 1..4)
}

fn made(before: usize) -> impl Strategy<Value = Made> {
    (vec(any::<bool>(), before), any::<bool>(), 0..4_u32, attempts()).prop_map(
        |(needs, required, retries, attempts)| Made { needs, required, retries, attempts },
    )
}

/// Stages of which each may need any before it.
fn stages() -> impl Strategy<Value = Vec<Made>> {
    (1..8_usize).prop_flat_map(|stages| (0..stages).map(made).collect::<Vec<_>>())
}

/// The workflow, its stages in the order given by their ranks: whoever is needed may come behind.
fn workflow(made: &[Made], places: &[usize]) -> AnalysisWorkflowDefinition {
    let mut workflow = AnalysisWorkflowDefinition::new(ALL);
    for stage in places {
        let own = &made[*stage];
        let said = super::stage(&name(*stage)).with_timeout(ATTEMPT).with_retries(own.retries);
        let said = if own.required { said } else { said.optional() };
        workflow = workflow.with_stage(said);
        for need in own.needs() {
            workflow = workflow.with_dependency(name(*stage), name(need));
        }
    }
    workflow
}

fn name(stage: usize) -> String {
    format!("s{stage}")
}

/// Stages by their ranks.
fn places(stages: usize, ranks: &[u32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..stages).collect();
    places.sort_by_key(|stage| (ranks[*stage], *stage));
    places
}

/// A world in which attempts do what was made up, and everything is looked at.
struct World<'a> {
    made: &'a [Made],
    /// By place in the workflow: which of the made ones.
    places: &'a [usize],
    at_once: usize,
    now: Duration,
    /// Attempts that run, by place, and when each ends by itself.
    running: BTreeMap<usize, (u32, Option<Duration>)>,
    begun: Vec<u32>,
    ended: BTreeSet<usize>,
    is_cancelled: bool,
}

impl World<'_> {
    fn obey(&mut self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        for step in steps {
            match step {
                Step::Start { stage, attempt, within } => self.begin(stage, attempt, within)?,
                Step::Abort { stage, attempt } => {
                    let aborted = self.running.remove(&stage);
                    prop_assert_eq!(aborted.map(|(number, _)| number), Some(attempt));
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, stage: usize, attempt: u32, within: Duration) -> Result<(), TestCaseError> {
        prop_assert!(!self.is_cancelled, "begun after the cancellation");
        prop_assert_eq!(within, ATTEMPT);
        self.begun[stage] += 1;
        prop_assert_eq!(self.begun[stage], attempt, "each attempt once");
        let made = &self.made[self.places[stage]];
        prop_assert!(attempt <= made.retries + 1);
        for need in made.needs() {
            let place = self.places.iter().position(|made| *made == need).unwrap();
            prop_assert!(self.ended.contains(&place), "{stage} began before {place} had ended");
        }
        let ends = made.attempt(attempt).answer().map(|(after, _)| self.now + after);
        let before = self.running.insert(stage, (attempt, ends));
        prop_assert!(before.is_none(), "two attempts of one stage");
        prop_assert!(self.running.len() <= self.at_once);
        Ok(())
    }

    /// Tells what has come to its end by now.
    fn tell(&mut self, progress: &mut Progress, chance: f64) {
        let has_ended = |ends: Option<Duration>| ends.is_some_and(|ends| ends <= self.now);
        let over = self.running.iter().filter(|(_, (_, ends))| has_ended(*ends));
        let over: Vec<_> = over.map(|(stage, (attempt, _))| (*stage, *attempt)).collect();
        for (stage, attempt) in over {
            self.running.remove(&stage);
            let made = &self.made[self.places[stage]];
            let (_, answer) = made.attempt(attempt).answer().unwrap();
            progress.answered(stage, attempt, answer, self.now, chance);
        }
    }

    /// Which stages have ended, as the machine under test has it.
    fn look(&mut self, progress: &Progress) {
        let stages = progress.stages.iter().enumerate();
        self.ended = stages.filter(|(_, own)| own.has_ended()).map(|(stage, _)| stage).collect();
    }

    fn next_moment(&self, progress: &Progress, cancelled_at: Option<Duration>) -> Duration {
        let ends = self.running.values().filter_map(|(_, ends)| *ends);
        let cancelled_at = cancelled_at.filter(|_| !self.is_cancelled);
        ends.chain(cancelled_at).fold(progress.wakes_at(), Duration::min)
    }
}

proptest! {
    #[test]
    fn every_stage_comes_to_what_the_oracle_says(
        made in stages(),
        ranks in vec(any::<u32>(), 8_usize),
        at_once in 1..4_usize,
        chance in 0.0..=1.0_f64,
        cancelled_at in of((0..200_u32).prop_map(|ms| ms * MS)),
    ) {
        let places = places(made.len(), &ranks);
        let plan = Arc::new(Plan::new(workflow(&made, &places)).unwrap());
        let pauses = RetryPauses { first: 5 * MS, longest: 20 * MS };
        let mut progress = Progress::new(plan, at_once, pauses);
        let mut world = World {
            made: &made,
            places: &places,
            at_once,
            now: Duration::ZERO,
            running: BTreeMap::new(),
            begun: vec![0; made.len()],
            ended: BTreeSet::new(),
            is_cancelled: false,
        };
        loop {
            world.tell(&mut progress, chance);
            if cancelled_at.is_some_and(|at| at <= world.now) && !world.is_cancelled {
                let steps = progress.cancel(world.now);
                world.obey(steps)?;
                world.is_cancelled = true;
            }
            world.look(&progress);
            let steps = progress.advance(world.now, chance);
            // What was skipped in this step has ended before what begins in it.
            world.look(&progress);
            world.obey(steps)?;
            if progress.is_over() {
                break;
            }
            let next = world.next_moment(&progress, cancelled_at);
            prop_assert!(next > world.now, "nothing happens, and time does not pass");
            world.now = next;
        }
        prop_assert!(world.running.is_empty(), "everything that ran is told or aborted");

        let fates = fates(&made);
        let (outcome, reports) = progress.finish();
        let mut is_unfinished = false;
        for (place, report) in reports.iter().enumerate() {
            prop_assert_eq!(report.attempts, world.begun[place]);
            match (&report.outcome, fates[places[place]]) {
                (StageOutcome::Succeeded(_), Fate::Succeeds { attempts })
                | (StageOutcome::Failed(_), Fate::Fails { attempts }) => {
                    prop_assert_eq!(report.attempts, attempts);
                }
                (StageOutcome::Skipped { because }, Fate::IsSkipped) => {
                    prop_assert_eq!(report.attempts, 0);
                    let cause = (0..made.len()).find(|stage| name(*stage) == *because).unwrap();
                    prop_assert!(made[cause].required);
                    prop_assert!(matches!(fates[cause], Fate::Fails { .. }), "{because}");
                }
                (StageOutcome::Unfinished(Interruption::Cancelled), _) => {
                    prop_assert!(world.is_cancelled);
                    is_unfinished = true;
                }
                (outcome, fate) => {
                    let told = format!("{place}: {outcome:?}, not {fate:?}");
                    return Err(TestCaseError::fail(told));
                }
            }
        }
        let fails = |stage: usize| {
            made[stage].required && matches!(fates[stage], Fate::Fails { .. })
        };
        match outcome {
            AnalysisOutcome::Unfinished(by) => {
                prop_assert_eq!(by, Interruption::Cancelled);
                prop_assert!(is_unfinished);
            }
            AnalysisOutcome::Failed { stage } => {
                let first = places.iter().copied().find(|stage| fails(*stage)).map(name);
                prop_assert_eq!(Some(stage), first);
                prop_assert!(!is_unfinished);
            }
            AnalysisOutcome::Succeeded => {
                prop_assert!(!is_unfinished && !(0..made.len()).any(fails));
            }
        }
    }
}
