//! A1, A4, A5, W8: who is refused what, and who is told.

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
    let doctored = but(&but(&history, AUDITED + 4, vec![]), OVERSTEPPED, vec![overstepped(None)]);
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

#[test]
fn a_refusal_long_after_the_others_is_told_with_their_number() {
    let wanted = || Overreach::Publish("admin.policy".to_owned());
    let steps = [20, 0, 0, 1].map(|times| Step::Overstep { member: 0, wanted: wanted(), times });
    let case = case(steps.to_vec());
    let refused = |history: ControlHistory, at_ms| {
        history.with(at_ms, Noter::Member(0), overstepped(Some(DENIED)))
    };
    let history = (0..20).fold(done(&case), |history, _| refused(history, 10));
    let history = (0..10).fold(history, |history, _| history.with(20, Noter::Desk, policy(DENIED)));
    let history = refused(history, 3010);
    let last = |others: u64| {
        let reason = format!("{DENIED} (and {others} more since the last that was told)");
        history.clone().with(3020, Noter::Desk, policy(&reason))
    };
    is_right(&case, &last(10), Check::Audits);
    assert!(told(&case, &history, Check::Audits).contains("told 10, not 11"));
    assert!(told(&case, &last(9), Check::Audits).contains("21 times, the audit topic counted 20"));
    assert!(told(&case, &last(11), Check::Audits).contains("21 times, the audit topic counted 22"));
}
