//! Made-up analyses, step by step, and random ones against an oracle.

mod random;

use daemoneye_eventbus::acl::CollectorKind;

use super::super::definition::AnalysisWorkflowDefinition;
use super::super::stage::AnalysisStage;
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PAUSES: RetryPauses = RetryPauses { first: SECOND, longest: SECOND };
/// Without chance, pauses are as long as they are set.
const CHANCE: f64 = 0.0;

/// Attempts take up to ten seconds, all of it a hundred.
fn stage(id: &str) -> AnalysisStage {
    AnalysisStage::new(id, "binary_hash", CollectorKind::Process).with_timeout(10 * SECOND)
}

fn begun(stages: Vec<AnalysisStage>, needs: &[(&str, &str)], at_once: usize) -> Progress {
    let empty = AnalysisWorkflowDefinition::new(100 * SECOND);
    let workflow = stages.into_iter().fold(empty, AnalysisWorkflowDefinition::with_stage);
    let workflow = needs
        .iter()
        .fold(workflow, |workflow, (stage, needs)| workflow.with_dependency(*stage, *needs));
    Progress::new(Arc::new(Plan::new(workflow).unwrap()), at_once, PAUSES)
}

/// A second stage behind a first.
fn two(first: AnalysisStage) -> Progress {
    begun(vec![first, stage("second")], &[("second", "first")], 4)
}

fn start(stage: usize, attempt: u32) -> Step {
    Step::Start { stage, attempt, within: 10 * SECOND }
}

fn found(name: &str) -> Findings {
    Findings::new([("found", name)]).unwrap()
}

fn failure() -> Result<Findings, StageFailure> {
    Err(StageFailure::failed("busy"))
}

fn outcomes(progress: Progress) -> (AnalysisOutcome, Vec<StageOutcome>) {
    let (outcome, reports) = progress.finish();
    (outcome, reports.into_iter().map(|report| report.outcome).collect())
}

#[test]
fn a_stage_starts_when_what_it_needs_has_ended_and_is_given_what_that_found() {
    let mut progress = two(stage("first"));
    assert_eq!(progress.advance(Duration::ZERO, CHANCE), [start(0, 1)]);
    assert_eq!(progress.advance(SECOND, CHANCE), []);
    progress.answered(0, 1, Ok(found("x")), 2 * SECOND, CHANCE);
    assert_eq!(progress.advance(2 * SECOND, CHANCE), [start(1, 1)]);
    let inputs = progress.inputs(1);
    assert_eq!(inputs["first"].get("found"), Some("x"));
    progress.answered(1, 1, Ok(found("y")), 5 * SECOND, CHANCE);
    assert!(progress.is_over());
    let (outcome, reports) = progress.finish();
    assert_eq!(outcome, AnalysisOutcome::Succeeded);
    let times: Vec<_> = reports.iter().map(|report| (report.began, report.took)).collect();
    assert_eq!(times, [(Some(Duration::ZERO), 2 * SECOND), (Some(2 * SECOND), 3 * SECOND)]);
}

#[test]
fn a_failed_attempt_is_made_again_after_a_pause_as_often_as_the_stage_says() {
    let mut progress = two(stage("first").with_retries(1));
    assert_eq!(progress.advance(Duration::ZERO, CHANCE), [start(0, 1)]);
    progress.answered(0, 1, failure(), SECOND, CHANCE);
    assert_eq!(progress.advance(SECOND, CHANCE), []);
    assert_eq!(progress.wakes_at(), 2 * SECOND);
    assert_eq!(progress.advance(2 * SECOND, CHANCE), [start(0, 2)]);
    progress.answered(0, 2, failure(), 3 * SECOND, CHANCE);
    assert_eq!(progress.advance(3 * SECOND, CHANCE), []);
    let (outcome, stages) = outcomes(progress);
    assert_eq!(outcome, AnalysisOutcome::Failed { stage: "first".to_owned() });
    let skipped = StageOutcome::Skipped { because: "first".to_owned() };
    assert_eq!(stages, [StageOutcome::Failed(StageFailure::failed("busy")), skipped]);
}

#[test]
fn chance_shortens_the_pause() {
    let mut progress = two(stage("first").with_retries(1));
    progress.advance(Duration::ZERO, CHANCE);
    progress.answered(0, 1, failure(), Duration::ZERO, 1.0);
    assert_eq!(progress.wakes_at(), SECOND / 2);
}

#[test]
fn an_attempt_whose_time_is_over_is_aborted_and_made_again() {
    let mut progress = two(stage("first").with_retries(1));
    progress.advance(Duration::ZERO, CHANCE);
    assert_eq!(progress.wakes_at(), 10 * SECOND);
    let abort = Step::Abort { stage: 0, attempt: 1 };
    assert_eq!(progress.advance(10 * SECOND, CHANCE), [abort]);
    assert_eq!(progress.advance(11 * SECOND, CHANCE), [start(0, 2)]);
    // The first attempt speaks after all.
    progress.answered(0, 1, Ok(found("x")), 12 * SECOND, CHANCE);
    assert_eq!(progress.advance(12 * SECOND, CHANCE), []);
    assert_eq!(progress.advance(21 * SECOND, CHANCE), [Step::Abort { stage: 0, attempt: 2 }]);
    let timed_out = StageFailure::TimedOut { waited: 10 * SECOND };
    assert_eq!(outcomes(progress).1[0], StageOutcome::Failed(timed_out));
}

#[test]
fn an_attempt_has_no_more_time_than_is_left_of_all() {
    let mut progress = begun(vec![stage("a").with_retries(1)], &[], 1);
    progress.advance(Duration::ZERO, CHANCE);
    progress.answered(0, 1, failure(), 2 * SECOND, CHANCE);
    let within = 3 * SECOND;
    let start = Step::Start { stage: 0, attempt: 2, within };
    assert_eq!(progress.advance(97 * SECOND, CHANCE), [start]);
    assert_eq!(progress.wakes_at(), 100 * SECOND);
}

#[test]
fn without_an_optional_stage_the_analysis_goes_on() {
    let mut progress = two(stage("first").optional());
    progress.advance(Duration::ZERO, CHANCE);
    progress.answered(0, 1, failure(), SECOND, CHANCE);
    assert_eq!(progress.advance(SECOND, CHANCE), [start(1, 1)]);
    assert!(progress.inputs(1).is_empty());
    progress.answered(1, 1, Ok(found("y")), 2 * SECOND, CHANCE);
    assert_eq!(outcomes(progress).0, AnalysisOutcome::Succeeded);
}

#[test]
fn a_failed_stage_skips_at_once_whoever_needs_it_and_nobody_else() {
    let stages = vec![stage("a"), stage("b"), stage("c"), stage("d"), stage("e")];
    // `c` waits for a slow one as well, `d` for `c`; `e` for nobody who fails.
    let needs = [("c", "a"), ("c", "b"), ("d", "c"), ("e", "b")];
    let mut progress = begun(stages, &needs, 4);
    assert_eq!(progress.advance(Duration::ZERO, CHANCE), [start(0, 1), start(1, 1)]);
    progress.answered(0, 1, failure(), SECOND, CHANCE);
    assert_eq!(progress.advance(SECOND, CHANCE), []);
    assert!(!progress.is_over());
    progress.answered(1, 1, Ok(found("b")), 2 * SECOND, CHANCE);
    assert_eq!(progress.advance(2 * SECOND, CHANCE), [start(4, 1)]);
    progress.answered(4, 1, Ok(found("e")), 3 * SECOND, CHANCE);
    let (_, reports) = progress.finish();
    let skipped = StageOutcome::Skipped { because: "a".to_owned() };
    assert_eq!(reports[2].outcome, skipped);
    assert_eq!(reports[3].outcome, skipped, "the one that failed, not the one that was skipped");
    assert_eq!((reports[2].attempts, reports[2].began), (0, None));
    assert!(matches!(reports[4].outcome, StageOutcome::Succeeded(_)));
}

#[test]
fn no_more_attempts_run_at_once_than_may() {
    let mut progress = begun(vec![stage("a"), stage("b").with_retries(1), stage("c")], &[], 2);
    assert_eq!(progress.advance(Duration::ZERO, CHANCE), [start(0, 1), start(1, 1)]);
    progress.answered(1, 1, failure(), SECOND, CHANCE);
    assert_eq!(progress.advance(SECOND, CHANCE), [start(2, 1)]);
    // The pause is over, and there is no room: nothing wakes for it.
    assert_eq!(progress.advance(5 * SECOND, CHANCE), []);
    assert_eq!(progress.wakes_at(), 10 * SECOND);
    progress.answered(0, 1, Ok(found("a")), 6 * SECOND, CHANCE);
    assert_eq!(progress.advance(6 * SECOND, CHANCE), [start(1, 2)]);
}

#[test]
fn with_its_time_all_of_the_analysis_ends() {
    let mut progress = begun(vec![stage("a").with_timeout(1000 * SECOND), stage("b")], &[], 1);
    let within = 100 * SECOND;
    let start = Step::Start { stage: 0, attempt: 1, within };
    assert_eq!(progress.advance(Duration::ZERO, CHANCE), [start]);
    let abort = Step::Abort { stage: 0, attempt: 1 };
    assert_eq!(progress.advance(100 * SECOND, CHANCE), [abort]);
    assert!(progress.is_over());
    let by = Interruption::TimedOut;
    let stages = vec![StageOutcome::Unfinished(by), StageOutcome::Unfinished(by)];
    assert_eq!(outcomes(progress), (AnalysisOutcome::Unfinished(by), stages));
}

#[test]
fn what_is_cancelled_aborts_what_runs_and_begins_nothing() {
    let mut progress = two(stage("first").with_retries(3));
    progress.advance(Duration::ZERO, CHANCE);
    assert_eq!(progress.cancel(SECOND), [Step::Abort { stage: 0, attempt: 1 }]);
    assert!(progress.is_over());
    progress.answered(0, 1, Ok(found("x")), SECOND, CHANCE);
    assert_eq!(progress.advance(2 * SECOND, CHANCE), []);
    assert_eq!(progress.cancel(3 * SECOND), []);
    let by = Interruption::Cancelled;
    assert_eq!(outcomes(progress).0, AnalysisOutcome::Unfinished(by));
}

#[test]
fn what_is_over_cannot_be_cancelled_or_time_out() {
    let mut progress = begun(vec![stage("a")], &[], 1);
    progress.advance(Duration::ZERO, CHANCE);
    progress.answered(0, 1, Ok(found("a")), SECOND, CHANCE);
    assert_eq!(progress.cancel(SECOND), []);
    assert_eq!(progress.advance(100 * SECOND, CHANCE), []);
    assert_eq!(outcomes(progress).0, AnalysisOutcome::Succeeded);
}
