//! W9: replies.

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
            history = history.with(20, Noter::Caller(0, caller), Fact::Answered { task, answer });
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
