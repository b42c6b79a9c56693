//! R6: what the desk has followed.

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
