//! R4: what is gathered, and who is missing.

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
