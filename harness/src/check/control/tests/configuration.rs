//! A configuration and its versions.

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
    let history = updates().into_iter().zip(0..).fold(done(&case), |history, (update, step)| {
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
