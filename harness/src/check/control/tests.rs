//! Records of a control plane that keeps its promises, and the same with one thing wrong.

mod configuration;
mod failover;
mod gathering;
mod heartbeats;
mod refused;
mod replies;
mod workflows;
mod worst_of;

use super::check_control;
use crate::check::report::{Check, Judgement, Reached, Report};
use crate::plan::control::{
    Callers, Change, Control, Health, Member, Overreach, Proof, Step, Update,
};
use crate::plan::{Bus, Case, TrialKind, claims};
use crate::record::{
    Admission, Answered, ConfigTold, ControlHistory, Fact, Happened, Noted, Noter, StepTimes,
};
use Health::{Degraded, Healthy, Unhealthy};

const HEARTBEAT_MS: u64 = 100;
/// A step of these records takes so long, milliseconds.
const STEP_MS: u64 = 1000;

fn case(steps: Vec<Step>) -> Case {
    let role = "collector:process".parse().expect("a role");
    let member = |name: &str| Member { name: name.to_owned(), role, task_limit: 4 };
    let control = Control {
        heartbeat_ms: HEARTBEAT_MS,
        members: vec![member("m0"), member("m1")],
        callers: vec![Callers { name: "c".to_owned(), count: 2 }],
        steps,
        ..Control::default()
    };
    let claims = claims::judged(TrialKind::Control).to_vec();
    Case { claims, kind: TrialKind::Control, control, ..Case::bare("doctored", vec![], vec![]) }
}

/// A record in which every step of a case was done, one a second, and nothing was noted yet.
fn done(case: &Case) -> ControlHistory {
    let times = |index: usize| {
        let began_ns = ns(index as u64 * STEP_MS);
        StepTimes { began_ns, ended_ns: Some(began_ns + ns(STEP_MS) - 1) }
    };
    let steps = (0..case.control.steps.len()).map(times).collect();
    ControlHistory { facts: Vec::new(), steps }
}

fn ns(ms: u64) -> u64 {
    ms * 1_000_000
}

impl ControlHistory {
    fn with(mut self, at_ms: u64, by: Noter, fact: Fact) -> Self {
        self.facts.push(Noted { at_ns: ns(at_ms), by, fact });
        self
    }
}

fn judge(case: &Case, history: &ControlHistory) -> Judgement {
    match check_control(case, Bus::Process, history) {
        Report::Judged(judgement) => judgement,
        Report::Broken(defects) => panic!("{defects:?}"),
    }
}

/// The one sentence that is told of a check, and of no other.
fn told(case: &Case, history: &ControlHistory, check: Check) -> String {
    let violations = judge(case, history).violations;
    let [one] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(one.check, check, "{}", one.sentence);
    one.sentence.clone()
}

fn is_right(case: &Case, history: &ControlHistory, check: Check) {
    let judgement = judge(case, history);
    assert!(judgement.violations.is_empty(), "{:?}", judgement.violations);
    let row = judgement.checked.iter().find(|row| row.check == check).expect("a row");
    assert!(row.items > 0, "{} had nothing to judge", check.name());
}

/// Notes of one right record with one of them, found by its place, changed to these.
fn but(history: &ControlHistory, place: usize, facts: Vec<Fact>) -> ControlHistory {
    let mut doctored = history.clone();
    let Noted { at_ns, by, .. } = doctored.facts[place];
    let changed = facts.into_iter().map(|fact| Noted { at_ns, by, fact });
    doctored.facts.splice(place..=place, changed);
    doctored
}

fn changed(history: ControlHistory, at_ms: u64, member: &str, health: Health) -> ControlHistory {
    let (member, health) = (member.to_owned(), Some(health));
    history.with(at_ms, Noter::Desk, Fact::Changed { member, health })
}

#[test]
fn a_record_that_cannot_have_happened_is_no_evidence() {
    let case = case(vec![Step::Hold { member: 0 }, Step::AwaitResults]);
    let broken = |change: fn(&mut ControlHistory)| {
        let mut history = done(&case);
        change(&mut history);
        matches!(check_control(&case, Bus::Process, &history), Report::Broken(_))
    };
    assert!(!broken(|_| {}));
    assert!(broken(|history| history.steps.clear()));
    assert!(broken(|history| history.steps[0].ended_ns = None));
    assert!(broken(|history| history.steps.truncate(1)));
    assert!(broken(|history| history.steps[1].ended_ns = Some(0)));
    assert!(broken(|history| {
        history.steps.truncate(1);
        history.steps[0].ended_ns = None;
    }));
}

#[test]
fn a_claim_that_nothing_judged_is_not_exercised() {
    let case = case(vec![Step::Gather { within_ms: 100 }]);
    let mut history = done(&case);
    history.steps[0].ended_ns = None;
    let judgement = judge(&case, &history);
    let idle: Vec<&str> = judgement.unexercised.iter().map(|one| one.claim.as_str()).collect();
    assert_eq!(idle, ["W9", "R1", "R2", "R3", "R6", "W8", "A1", "A4", "A5"]);
}
