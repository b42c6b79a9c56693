//! R1: the whole is as its worst part.

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
    assert!(better.contains("the whole is healthy, and its worst part is degraded"), "{better}");
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
