//! Records of a control plane that keeps its promises, and the same with one thing wrong.

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

mod replies {
    use super::*;

    fn calls() -> (Case, ControlHistory) {
        let case = case(vec![Step::Call { member: 0, rounds: 1, together: 2 }]);
        let mut history = done(&case);
        for round in 0..2 {
            for caller in 0..2 {
                let asker = format!("c-{caller}");
                let task = format!("{asker}/0/{round}");
                let begun = Fact::Begun { task: task.clone(), asker: asker.clone() };
                history = history.with(10, Noter::Member(0), begun);
                let (from, member) = ("m0".to_owned(), "m0".to_owned());
                let answer = Ok(Answered { from, task: task.clone(), asker, member });
                history =
                    history.with(20, Noter::Caller(0, caller), Fact::Answered { task, answer });
            }
        }
        for caller in 0..2 {
            let reckoned = Fact::Reckoned { pending: 0, unexpected: 0 };
            history = history.with(30, Noter::Caller(0, caller), reckoned);
        }
        let history = history.with(15, Noter::Member(0), Fact::Together { askers: 2 });
        (case, history)
    }

    /// Where c-0's first answer and first reckoning stand in the record.
    const ANSWER: usize = 1;
    const RECKONED: usize = 8;

    fn other(history: &ControlHistory, answer: Result<Answered, String>) -> ControlHistory {
        but(history, ANSWER, vec![Fact::Answered { task: "c-0/0/0".to_owned(), answer }])
    }

    #[test]
    fn each_caller_with_its_own_replies_is_right() {
        let (case, history) = calls();
        is_right(&case, &history, Check::Replies);
        assert!(judge(&case, &history).reached.iter().all(|row| !row.is_missed()));
    }

    #[test]
    fn a_request_without_its_one_own_reply_is_told() {
        let (case, history) = calls();
        let told = |history: &ControlHistory| told(&case, history, Check::Replies);
        assert!(told(&but(&history, ANSWER, vec![])).contains("c-0/0/0 and nothing came of it"));
        let own = history.facts[ANSWER].fact.clone();
        assert!(told(&but(&history, ANSWER, vec![own.clone(), own])).contains("2 answers"));
        assert!(told(&other(&history, Err("no reply".to_owned()))).contains("no reply"));
        let answered = |from: &str, task: &str, asker: &str| Answered {
            from: from.to_owned(),
            task: task.to_owned(),
            asker: asker.to_owned(),
            member: from.to_owned(),
        };
        let another = other(&history, Ok(answered("m0", "c-1/0/0", "c-1")));
        assert!(told(&another).contains("was given m0's reply to c-1's c-1/0/0"));
        let stranger = other(&history, Ok(answered("m1", "c-0/0/0", "c-0")));
        assert!(told(&stranger).contains("was given m1's reply"));
    }

    #[test]
    fn what_comes_or_stays_beside_the_own_replies_is_told() {
        let (case, history) = calls();
        let told = |history: &ControlHistory| told(&case, history, Check::Replies);
        let reckoned = |pending, unexpected| vec![Fact::Reckoned { pending, unexpected }];
        let strays = but(&history, RECKONED, reckoned(0, 3));
        assert!(told(&strays).contains("c-0 received 3 replies to requests of others"));
        let left = but(&history, RECKONED, reckoned(1, 0));
        assert!(told(&left).contains("1 requests of c-0 were left behind"));
        assert!(told(&but(&history, RECKONED, vec![])).contains("c-0 had not ended its calls"));
        let begun = history.facts[0].fact.clone();
        assert!(told(&but(&history, 0, vec![begun.clone(), begun])).contains("was asked 2 times"));
    }

    #[test]
    fn callers_that_never_waited_together_have_missed_their_race() {
        let (case, mut history) = calls();
        history.facts.pop();
        assert!(judge(&case, &history).reached.iter().any(Reached::is_missed));
    }
}

mod worst_of {
    use super::*;

    fn asked() -> (Case, ControlHistory) {
        let case = case(vec![Step::AskHealth { overall: Degraded }]);
        let mut history = done(&case);
        history = changed(changed(history, 0, "m0", Healthy), 0, "m1", Degraded);
        for caller in 0..2 {
            let parts = vec![("m0".to_owned(), Healthy), ("m1".to_owned(), Degraded)];
            history = history.with(30, Noter::Caller(0, caller), report(parts, Degraded));
        }
        (case, history)
    }

    fn report(parts: Vec<(String, Health)>, overall: Health) -> Fact {
        Fact::Report { asked_ns: ns(20), parts, overall }
    }

    #[test]
    fn a_whole_as_its_worst_part_is_right() {
        let (case, history) = asked();
        is_right(&case, &history, Check::WorstOf);
    }

    #[test]
    fn a_whole_that_is_better_or_lacks_a_part_is_told() {
        let (case, history) = asked();
        let sentences = |parts: &[(&str, Health)], overall| {
            let parts = parts.iter().map(|(name, health)| ((*name).to_owned(), *health)).collect();
            let history = but(&history, 2, vec![report(parts, overall)]);
            let violations = judge(&case, &history).violations.into_iter();
            let of_rule = violations.filter(|one| one.check == Check::WorstOf);
            of_rule.map(|one| one.sentence).collect::<Vec<_>>().join("; ")
        };
        let better = sentences(&[("m0", Healthy), ("m1", Degraded)], Healthy);
        assert!(
            better.contains("the whole is healthy, and its worst part is degraded"),
            "{better}"
        );
        let lacking = sentences(&[("m1", Degraded)], Degraded);
        assert!(lacking.contains("was told of {\"m1\"}"), "{lacking}");
        let wrong = sentences(&[("m0", Degraded), ("m1", Degraded)], Degraded);
        assert!(wrong.contains("m0 is degraded, which it was not"), "{wrong}");
        let history = but(&history, 2, vec![]);
        assert!(told(&case, &history, Check::WorstOf).contains("c-0 was not told"));
    }

    #[test]
    fn a_whole_that_is_not_what_the_case_says_is_told_as_its_own_expectation() {
        let (mut case, history) = asked();
        case.control.steps = vec![Step::AskHealth { overall: Unhealthy }];
        let violations = judge(&case, &history).violations;
        assert!(violations.iter().all(|one| one.check == Check::Expectation));
        assert_eq!(violations.len(), 2);
    }
}

fn changed(history: ControlHistory, at_ms: u64, member: &str, health: Health) -> ControlHistory {
    let (member, health) = (member.to_owned(), Some(health));
    history.with(at_ms, Noter::Desk, Fact::Changed { member, health })
}

mod heartbeats {
    use super::*;

    fn beat(history: ControlHistory, at_ms: u64) -> ControlHistory {
        let beat = Fact::Beat { health: Healthy };
        let heard = Fact::Heard { member: "m0".to_owned() };
        history.with(at_ms, Noter::Member(0), beat).with(at_ms + 1, Noter::Desk, heard)
    }

    /// m0 is frozen after its beat at 100 and thawed after 2000; the desk notices at `lost_ms`.
    fn frozen(lost_ms: u64) -> (Case, ControlHistory) {
        let case = case(vec![
            Step::Freeze { member: 0 },
            Step::AwaitHealth { member: 0, health: Unhealthy },
            Step::Thaw { member: 0 },
            Step::AwaitHealth { member: 0, health: Healthy },
            Step::AwaitBegun { member: 0, tasks: 1 },
        ]);
        let mut history = beat(beat(done(&case), 0), 100);
        history = history.with(110, Noter::Harness, Fact::Frozen { member: 0 });
        history = changed(history, lost_ms, "m0", Unhealthy);
        history = history.with(2000, Noter::Harness, Fact::Thawing { member: 0 });
        history = changed(beat(history, 3000), 3002, "m0", Healthy);
        let task = || "task-1".to_owned();
        history = history.with(4000, Noter::Desk, Fact::Assigned { task: task() });
        let begun = Fact::Begun { task: task(), asker: "agent".to_owned() };
        history = history.with(4001, Noter::Member(0), begun);
        let outcome = Ok("m0".to_owned());
        (case, history.with(4002, Noter::Desk, Fact::Ended { task: task(), outcome }))
    }

    #[test]
    fn who_is_lost_after_three_heartbeats_and_returns_is_right() {
        let (case, history) = frozen(401);
        is_right(&case, &history, Check::Heartbeats);
    }

    #[test]
    fn who_is_lost_after_two_is_told() {
        let (case, history) = frozen(301);
        let sentence = told(&case, &history, Check::Heartbeats);
        assert!(sentence.contains("m0 was called unhealthy 201 ms after"), "{sentence}");
    }

    #[test]
    fn a_beat_that_was_heard_within_the_last_heartbeat_may_have_been_missed_by_a_hair() {
        let (case, mut history) = frozen(401);
        history = beat(history, 302);
        // In the order of time, as a heart is heard.
        history.facts.sort_by_key(|noted| noted.at_ns);
        is_right(&case, &history, Check::Heartbeats);
    }

    #[test]
    fn who_is_not_noticed_to_be_lost_or_back_is_told() {
        for (steps, health) in [(2, "unhealthy"), (4, "healthy")] {
            let (case, mut history) = frozen(401);
            history.steps.truncate(steps);
            history.steps[steps - 1].ended_ns = None;
            let sentence = told(&case, &history, Check::Heartbeats);
            assert!(sentence.contains(&format!("did not call it {health} within")), "{sentence}");
        }
    }

    #[test]
    fn who_returned_and_is_given_nothing_is_told() {
        let (case, mut history) = frozen(401);
        history.steps[4].ended_ns = None;
        let violations = judge(&case, &history).violations;
        assert!(violations.iter().any(|one| one.sentence.contains("m0 returned, and had not")));
    }

    #[test]
    fn who_is_unhealthy_and_is_given_a_task_is_told() {
        let (case, history) = frozen(401);
        let task = || "task-2".to_owned();
        let outcome = Ok("m0".to_owned());
        let history = history
            .with(1000, Noter::Desk, Fact::Assigned { task: task() })
            .with(1001, Noter::Member(0), Fact::Begun { task: task(), asker: String::new() })
            .with(1002, Noter::Desk, Fact::Ended { task: task(), outcome });
        let sentence = told(&case, &history, Check::Heartbeats);
        assert!(sentence.contains("m0 was unhealthy and was given task-2"), "{sentence}");
    }

    #[test]
    fn who_says_itself_that_it_is_unhealthy_is_so_at_once() {
        let case = case(vec![Step::AwaitHealth { member: 0, health: Unhealthy }]);
        let history = beat(done(&case), 0);
        let said = Fact::Beat { health: Unhealthy };
        let history = history.with(100, Noter::Member(0), said);
        let history = history.with(101, Noter::Desk, Fact::Heard { member: "m0".to_owned() });
        is_right(&case, &changed(history, 102, "m0", Unhealthy), Check::Heartbeats);
    }
}

mod failover {
    use super::*;

    /// m0 begins a task and is killed; m1 does it.
    fn killed() -> (Case, ControlHistory) {
        let case = case(vec![Step::Assign { tasks: 1 }, Step::Kill { member: 0 }]);
        let begun = || Fact::Begun { task: "task-0".to_owned(), asker: "agent".to_owned() };
        let history = done(&case)
            .with(0, Noter::Desk, Fact::Assigned { task: "task-0".to_owned() })
            .with(1, Noter::Member(0), begun())
            .with(1000, Noter::Harness, Fact::Killed { member: 0 })
            .with(1300, Noter::Member(1), begun())
            .with(1301, Noter::Desk, ended(Ok("m1")));
        (case, history)
    }

    fn ended(outcome: Result<&str, &str>) -> Fact {
        let outcome = outcome.map(str::to_owned).map_err(str::to_owned);
        Fact::Ended { task: "task-0".to_owned(), outcome }
    }

    #[test]
    fn a_task_that_another_did_after_the_kill_is_right() {
        let (case, history) = killed();
        is_right(&case, &history, Check::Failover);
        assert!(judge(&case, &history).reached.iter().all(|row| !row.is_missed()));
    }

    #[test]
    fn a_task_without_one_result_of_who_had_it_is_told() {
        let (case, history) = killed();
        let told = |facts| told(&case, &but(&history, 4, facts), Check::Failover);
        assert!(told(vec![]).contains("task-0 was given out and has no result"));
        assert!(told(vec![ended(Err("expired"))]).contains("not done: expired"));
        assert!(told(vec![ended(Ok("m1")), ended(Ok("m1"))]).contains("has 2 results"));
        assert!(told(vec![ended(Ok("m7"))]).contains("of m7, who was never given it"));
    }

    #[test]
    fn a_kill_that_met_no_unfinished_task_is_missed() {
        let (case, history) = killed();
        let idle = but(&history, 1, vec![]);
        assert!(judge(&case, &idle).reached.iter().any(Reached::is_missed));
    }

    #[test]
    fn a_member_that_is_never_given_a_task_is_told() {
        let case = case(vec![Step::AwaitBegun { member: 1, tasks: 3 }]);
        let mut history = done(&case);
        history.steps[0].ended_ns = None;
        assert!(told(&case, &history, Check::Failover).contains("m1 had not been given 3 tasks"));
    }
}

mod gathering {
    use super::*;

    /// m1 is held and missing.
    fn gathered() -> (Case, ControlHistory) {
        let steps = vec![Step::Hold { member: 1 }, Step::Gather { within_ms: 100 }];
        let case = case(steps);
        let history = done(&case).with(1120, Noter::Desk, fact(&[("m0", "m0")], &["m1"]));
        (case, history)
    }

    /// Asked at 1010; each result of a member, as the answer of another.
    fn fact(results: &[(&str, &str)], missing: &[&str]) -> Fact {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let result = |(member, from): &(&str, &str)| {
            let (task, asker) = ("gather/1".to_owned(), "agent".to_owned());
            let from = (*from).to_owned();
            let answer = Answered { member: from.clone(), from, task, asker };
            ((*member).to_owned(), Ok(answer))
        };
        Fact::Gathered {
            asked_ns: ns(1010),
            id: "gather/1".to_owned(),
            asked: owned(&["m0", "m1"]),
            results: results.iter().map(result).collect(),
            missing: owned(missing),
        }
    }

    #[test]
    fn what_is_gathered_in_part_when_time_is_over_is_right() {
        let (case, history) = gathered();
        is_right(&case, &history, Check::Gathering);
        assert!(judge(&case, &history).reached.iter().all(|row| !row.is_missed()));
    }

    #[test]
    fn what_lacks_somebody_or_holds_what_is_not_its_own_is_told() {
        let (case, history) = gathered();
        let told = |fact| told(&case, &but(&history, 0, vec![fact]), Check::Gathering);
        assert!(told(fact(&[("m0", "m0"), ("m0", "m0")], &["m1"])).contains("tells of"));
        assert!(told(fact(&[("m0", "m1")], &["m1"])).contains("has of m0: m1's reply"));
        let present = told(fact(&[("m0", "m0"), ("m1", "m1")], &[]));
        assert!(present.contains("has an answer of m1, which could not answer"), "{present}");
        let absent = told(fact(&[], &["m0", "m1"]));
        assert!(absent.contains("lacks m0, whom nothing kept from answering"), "{absent}");
    }

    #[test]
    fn what_ends_before_its_time_or_long_after_it_is_told() {
        let (case, mut history) = gathered();
        history.facts[0].at_ns = ns(1050);
        let early = told(&case, &history, Check::Gathering);
        assert!(early.contains("gave up m1 after 40 ms, and had 100 ms"), "{early}");
        history.facts[0].at_ns = ns(7000);
        history.steps[1].ended_ns = Some(ns(7001));
        let late = told(&case, &history, Check::Gathering);
        assert!(late.contains("took 5990 ms, and had 100 ms"), "{late}");
        history.facts.clear();
        history.steps[1].ended_ns = None;
        assert!(told(&case, &history, Check::Gathering).contains("came to nothing"));
    }

    #[test]
    fn a_late_answer_in_a_later_gathering_is_told() {
        let (case, mut history) = gathered();
        let Fact::Gathered { results, .. } = &mut history.facts[0].fact else { unreachable!() };
        let Ok(answer) = &mut results[0].1 else { unreachable!() };
        answer.task = "gather/0".to_owned();
        let sentence = told(&case, &history, Check::Gathering);
        assert!(sentence.contains("has of m0: m0's reply to gather/0"), "{sentence}");
    }
}

mod workflows {
    use super::*;

    /// One caller, four requests, of which the desk keeps so many, and its own fence.
    fn followed(limit: usize) -> (Case, ControlHistory) {
        let call = Step::Call { member: 0, rounds: 3, together: 1 };
        let mut case = case(vec![call, Step::TellWorkflows]);
        case.control.workflow_limit = limit;
        case.control.callers[0].count = 1;
        let forgotten = (4_u64 + 1).saturating_sub(limit as u64);
        let mut history = done(&case);
        for round in forgotten..4 {
            history = history.with(1001, Noter::Desk, workflow("c-0", round, "m0"));
        }
        let fence = Fact::Workflow { root: "fence/1".to_owned(), timeline: Vec::new() };
        let history = history.with(1001, Noter::Desk, fence);
        let workflows = usize::try_from(5 - forgotten).expect("few");
        (case, history.with(1002, Noter::Desk, kept_in_all(workflows, 2 * forgotten)))
    }

    fn workflow(caller: &str, round: u64, member: &str) -> Fact {
        let root = format!("{caller}/0/{round}");
        let asked = Happened {
            publisher: caller.to_owned(),
            topic: "control.collector.task.process".to_owned(),
            parent: None,
            sequence: 0,
        };
        let replied = Happened {
            publisher: member.to_owned(),
            topic: format!("control.rpc.reply.{caller}"),
            parent: Some(root.clone()),
            sequence: 1,
        };
        Fact::Workflow { root, timeline: vec![asked, replied] }
    }

    fn kept_in_all(workflows: usize, forgotten: u64) -> Fact {
        Fact::Kept { workflows, entries: 2 * workflows, forgotten }
    }

    /// What the check says, apart from the requests' missing answers.
    fn said(case: &Case, history: &ControlHistory) -> Vec<String> {
        let violations = judge(case, history).violations.into_iter();
        let own = violations.filter(|one| one.check == Check::Workflows);
        own.map(|one| one.sentence).collect()
    }

    #[test]
    fn every_request_with_its_reply_or_the_latest_where_room_ends_is_right() {
        for limit in [10, 3] {
            let (case, history) = followed(limit);
            assert_eq!(said(&case, &history), Vec::<String>::new());
        }
    }

    #[test]
    fn a_workflow_that_lacks_its_reply_or_has_another_is_told() {
        let (case, history) = followed(10);
        let foreign = said(&case, &but(&history, 0, vec![workflow("c-0", 0, "m1")]));
        assert!(foreign[0].contains("not c-0's request and m0's reply"), "{foreign:?}");
        let Fact::Workflow { root, mut timeline } = workflow("c-0", 0, "m0") else { return };
        timeline.pop();
        let half = Fact::Workflow { root, timeline };
        assert_eq!(said(&case, &but(&history, 0, vec![half])).len(), 1);
    }

    #[test]
    fn a_workflow_that_is_gone_without_need_is_told() {
        let (case, history) = followed(10);
        let gone = but(&but(&history, 5, vec![kept_in_all(4, 0)]), 0, vec![]);
        let gone = said(&case, &gone);
        assert!(gone[0].contains("does not know of c-0/0/0, which nothing"), "{gone:?}");
        let early = but(&but(&history, 5, vec![kept_in_all(4, 2)]), 0, vec![]);
        let early = said(&case, &early);
        assert!(early[0].contains("forgot 2 steps, and keeps 4 of 10"), "{early:?}");
        let (case, history) = followed(3);
        let latest = but(&history, 1, vec![workflow("c-0", 0, "m0")]);
        let latest = said(&case, &latest);
        assert!(latest[0].contains("does not know of c-0/0/3"), "{latest:?}");
    }

    #[test]
    fn of_several_that_ask_at_once_the_end_alone_may_be_known_where_room_ended() {
        let (mut case, history) = followed(3);
        case.control.callers[0].count = 2;
        let Fact::Workflow { root, mut timeline } = workflow("c-0", 2, "m0") else { return };
        timeline.remove(0);
        let end = Fact::Workflow { root, timeline };
        let history = but(&history, 0, vec![end]);
        assert_eq!(said(&case, &history), Vec::<String>::new());
        case.control.callers[0].count = 1;
        assert_eq!(said(&case, &history).len(), 1, "one that asks alone is known whole");
    }

    #[test]
    fn more_workflows_than_may_be_kept_are_told() {
        let (mut case, history) = followed(10);
        case.control.workflow_limit = 3;
        let all = said(&case, &history);
        assert!(all[0].contains("keeps 5 workflows, and may keep 3"), "{all:?}");
        let none = said(&case, &but(&history, 5, vec![]));
        assert!(none[0].contains("told of no workflow"), "{none:?}");
    }
}

mod configuration {
    use super::*;

    fn change(base: Option<u64>, set: &[(&str, &str)]) -> Change {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Change { base, set: set.iter().map(pair).collect() }
    }

    /// What is asked, what comes of it, what is in force then.
    fn updates() -> Vec<(Update, Fact, Fact)> {
        let both = [("batch-size", "10"), ("threads", "2")];
        let half = [("batch-size", "20"), ("depth", "0")];
        vec![
            (Update::Validate(change(None, &both)), outcome(1, true), values(&[])),
            (Update::Apply(change(Some(1), &both)), outcome(2, true), values(&both)),
            (Update::Apply(change(Some(1), &both)), refused(), values(&both)),
            (Update::Apply(change(None, &half)), refused(), values(&both)),
            (Update::Rollback { to: 1 }, outcome(3, true), values(&[])),
            (Update::Rollback { to: 1 }, outcome(3, false), values(&[])),
            (Update::Rollback { to: 9 }, refused(), values(&[])),
        ]
    }

    fn outcome(version: u64, has_keys: bool) -> Fact {
        let keys = |key: &str| if has_keys { vec![key.to_owned()] } else { Vec::new() };
        let (hot, restart) = (keys("batch-size"), keys("threads"));
        Fact::Configured { outcome: Ok(ConfigTold { version, hot, restart }) }
    }

    fn refused() -> Fact {
        Fact::Configured { outcome: Err("no".to_owned()) }
    }

    fn values(values: &[(&str, &str)]) -> Fact {
        Fact::InForce { values: change(None, values).set }
    }

    fn configured() -> (Case, ControlHistory) {
        let steps = updates().into_iter().map(|(update, ..)| Step::Configure { member: 0, update });
        let case = case(steps.collect());
        let history =
            updates().into_iter().zip(0..).fold(done(&case), |history, (update, step)| {
                let (_, told, in_force) = update;
                let at_ms = step * STEP_MS;
                history.with(at_ms, Noter::Desk, told).with(at_ms + 1, Noter::Desk, in_force)
            });
        (case, history)
    }

    #[test]
    fn versions_that_are_made_refused_and_restored_as_they_must_be_are_right() {
        let (case, history) = configured();
        is_right(&case, &history, Check::Configuration);
    }

    #[test]
    fn each_answer_and_each_value_that_is_otherwise_is_told() {
        let (case, history) = configured();
        for step in 0..updates().len() {
            let told = |place, fact| told(&case, &but(&history, place, fact), Check::Configuration);
            let place = 2 * step;
            assert!(told(place, vec![]).contains("had no answer"));
            assert!(told(place, vec![outcome(7, true)]).contains("came to"));
            let sentence = told(place + 1, vec![values(&[("depth", "1")])]);
            assert!(sentence.contains("left") && sentence.ends_with("(R)"), "{sentence}");
        }
    }

    #[test]
    fn a_refusal_of_what_can_be_is_told() {
        let (case, history) = configured();
        let doctored = but(&history, 2, vec![refused()]);
        assert!(told(&case, &doctored, Check::Configuration).contains("came to Err"));
    }
}

mod refused {
    use super::*;

    const USED: &str = "the token was used before; each is good once";
    /// Words of the bus for the case's one overreach.
    const DENIED: &str = "collector:process may not publish on admin.policy: no rule allows it";
    /// Where the first attempt, the first audit of all, and the first refusal of a publish stand.
    const CAME: usize = 0;
    const AUDITED: usize = 2;
    const OVERSTEPPED: usize = 4;

    fn came(admission: Admission) -> Fact {
        Fact::Came { admission }
    }

    fn audited(actor: &str, action: &str, resource: &str, reason: &str) -> Fact {
        let text = str::to_owned;
        Fact::Audited {
            actor: text(actor),
            action: text(action),
            resource: text(resource),
            reason: text(reason),
        }
    }

    fn stranger(reason: &str) -> Fact {
        audited("pid 7", "connect", "broker", reason)
    }

    fn overstepped(refusal: Option<&str>) -> Fact {
        Fact::Overstepped { refusal: refusal.map(str::to_owned) }
    }

    fn policy(reason: &str) -> Fact {
        audited("m0", "publish", "admin.policy", reason)
    }

    fn all() -> (Case, ControlHistory) {
        let wanted = Overreach::Publish("admin.policy".to_owned());
        let case = case(vec![
            Step::Impersonate { member: 0, with: Proof::UsedToken, times: 1 },
            Step::Overstep { member: 0, wanted, times: 2 },
        ]);
        let history = done(&case)
            .with(10, Noter::Caller(0, 0), came(Admission::Refused(USED.to_owned())))
            .with(11, Noter::Caller(0, 1), came(Admission::Refused(USED.to_owned())))
            .with(12, Noter::Desk, stranger(USED))
            .with(13, Noter::Desk, stranger(USED))
            .with(1010, Noter::Member(0), overstepped(Some(DENIED)))
            .with(1020, Noter::Member(0), overstepped(Some(DENIED)))
            .with(1030, Noter::Desk, policy(DENIED))
            .with(1040, Noter::Desk, policy(DENIED));
        (case, history)
    }

    #[test]
    fn what_is_refused_in_words_and_told_is_right() {
        let (case, history) = all();
        for check in [Check::Identity, Check::Slots, Check::Overreach, Check::Audits] {
            is_right(&case, &history, check);
        }
    }

    #[test]
    fn whoever_was_let_in_or_refused_for_another_reason_is_told() {
        let (case, history) = all();
        let other = came(Admission::Refused("the token is not known here".to_owned()));
        let doctored = but(
            &but(&history, CAME, vec![other]),
            AUDITED,
            vec![stranger("the token is not known here")],
        );
        let sentence = told(&case, &doctored, Check::Identity);
        assert!(sentence.contains("for another reason: the token is not known"), "{sentence}");
        let doctored = but(&but(&history, AUDITED, vec![]), CAME, vec![came(Admission::LetIn)]);
        let sentence = told(&case, &doctored, Check::Identity);
        assert_eq!(sentence, "c-0 came as m0 with its used token and was let in (A4)");
    }

    #[test]
    fn whoever_was_not_heard_is_told() {
        let (case, history) = all();
        let full = came(Admission::Unheard("the limit of 5 connections is reached".to_owned()));
        let doctored = but(&but(&history, AUDITED, vec![]), CAME, vec![full]);
        let sentence = told(&case, &doctored, Check::Slots);
        assert!(sentence.contains("was not heard: the limit of 5") && sentence.ends_with("(W8)"));
        let mut cut = history.clone();
        cut.steps.truncate(1);
        cut.steps[0].ended_ns = None;
        cut.facts.truncate(1);
        let violations = judge(&case, &cut).violations;
        let sentences: Vec<&str> = violations.iter().map(|one| &*one.sentence).collect();
        assert!(sentences[0].contains("1 times nothing came of it"), "{sentences:?}");
    }

    #[test]
    fn what_was_given_or_refused_without_a_word_is_told() {
        let (case, history) = all();
        let doctored =
            but(&but(&history, AUDITED + 4, vec![]), OVERSTEPPED, vec![overstepped(None)]);
        let sentence = told(&case, &doctored, Check::Overreach);
        assert!(sentence.contains("admin.policy and was not refused"), "{sentence}");
        let doctored = but(&history, OVERSTEPPED, vec![overstepped(Some("no"))]);
        let sentence = told(&case, &doctored, Check::Overreach);
        assert!(sentence.contains("does not say who may not what"), "{sentence}");
        let own = Overreach::Publish("events.process.tree".to_owned());
        let allowed = self::case(vec![Step::Overstep { member: 0, wanted: own, times: 1 }]);
        let history = done(&allowed).with(10, Noter::Member(0), overstepped(None));
        is_right(&allowed, &history, Check::Overreach);
    }

    #[test]
    fn an_audit_too_few_or_too_many_or_of_what_was_not_is_told() {
        let (case, history) = all();
        let wrong = |facts| told(&case, &but(&history, AUDITED, facts), Check::Audits);
        assert!(wrong(vec![]).contains("2 times, the audit topic told 1, not 2"));
        let doubled = but(&history, AUDITED, vec![stranger(USED), stranger(USED)]);
        let violations = judge(&case, &doubled).violations;
        assert!(violations.iter().all(|one| one.check == Check::Audits), "{violations:?}");
        assert!(violations[0].sentence.contains("which was not refused"), "{violations:?}");
        assert!(violations[1].sentence.contains("counted 3"), "{violations:?}");
        let more = format!("{USED} (and 5 more since the last that was told)");
        assert!(wrong(vec![stranger(&more)]).contains("2 times, the audit topic counted 7"));
    }

    #[test]
    fn of_many_refusals_as_many_are_told_as_can_be_read() {
        let wanted = Overreach::Publish("admin.policy".to_owned());
        let case = case(vec![Step::Overstep { member: 0, wanted, times: 50 }]);
        let refused = (0..50).fold(done(&case), |history, _| {
            history.with(10, Noter::Member(0), overstepped(Some(DENIED)))
        });
        let told_of = |times: usize| {
            let told = |history: ControlHistory, _| history.with(20, Noter::Desk, policy(DENIED));
            (0..times).fold(refused.clone(), told)
        };
        is_right(&case, &told_of(10), Check::Audits);
        assert!(told(&case, &told_of(9), Check::Audits).contains("told 9, not 10"));
        assert!(told(&case, &told_of(12), Check::Audits).contains("at most 11 were due"));
    }
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
