//! Faults befall real processes, are judged for what they did, and prove nothing when they missed.

#![cfg(target_os = "linux")]

use std::path::Path;

use equivalence::check::{Report, check as judge_history};
use equivalence::cmd::behaviour::{self, CasePlan, Ran};
use equivalence::cmd::selection::Wanted;
use equivalence::driver::Interrupt;
use equivalence::plan::expand::{check, expand};
use equivalence::plan::{Bus, Case};
use equivalence::record::{FENCE, History, Received};
use equivalence::report::Behaviour;
use equivalence::scenario::{Profile, Scenario, Source};

/// A scenario with two publishers and two subscribers, and these lines of its only phase.
fn scenario(phase: &str) -> Scenario {
    let text = format!(
        r#"format = 1
name = "a/b"
claims = ["C1"]
kind = "behaviour"
summary = "Why."
[[topology.publisher]]
name = "p"
[[topology.publisher]]
name = "q"
[[topology.subscriber]]
name = "s"
patterns = ["events.process.#"]
[[topology.subscriber]]
name = "t"
patterns = ["events.process.#"]
[[topology.subscriber]]
name = "deaf"
patterns = ["events.network.#"]
[[phase]]
name = "only"
publish = [{{ count = 500, rate = "5000/s" }}]
{phase}
"#
    );
    Scenario::parse(Source { path: "a/b.toml".into(), text }).expect("TOML")
}

fn case(phase: &str) -> Case {
    let cases = expand(&scenario(phase), Profile::Pr, 1);
    cases.unwrap_or_else(|problems| panic!("{problems}")).remove(0)
}

fn run(case: &Case, bus: Bus) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let (_teller, interrupt) = Interrupt::new();
    let executable = Path::new(env!("CARGO_BIN_EXE_equivalence"));
    let (profile, baseline) = (Profile::Pr, Bus::Crossbeam);
    let wanted = Wanted { folder: None, profile, pattern: None, seed: 1, baseline };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ran = behaviour::run(executable, case, bus, folder.path(), &wanted, interrupt);
    let ran = runtime.expect("a runtime").block_on(ran).expect("driven");
    assert!(ran.tear_down.is_clean(), "{:?}", ran.tear_down);
    ran
}

/// The rules a history breaks.
fn broken(case: &Case, history: &History) -> Vec<String> {
    let plan = CasePlan::new(case).expect("a plan");
    match judge_history(case, Bus::Process, history, &plan) {
        Report::Judged(judgement) => judgement.violations.into_iter().map(|it| it.rule).collect(),
        Report::Broken(defects) => panic!("{defects:?}"),
    }
}

fn assert_missed(ran: &Ran, why: &str) {
    let Behaviour::NotExercised(told) = &ran.row.outcome else {
        panic!("{:?}", ran.row.outcome);
    };
    assert!(told.starts_with("inconclusive: fault-not-reached: "), "{told}");
    assert!(told.contains(why), "{told}");
}

#[test]
fn a_kill_after_the_last_event_is_inconclusive() {
    let case = case(r#"action = [{ at = "end", do = "kill", subscriber = "s" }]"#);
    assert_missed(&run(&case, Bus::Process), "kill of s: nothing for it was published after it");
}

#[test]
fn a_publisher_killed_when_it_was_done_is_inconclusive_where_it_is_a_process() {
    let case = case(r#"action = [{ at = "end", do = "kill", publisher = "p" }]"#);
    for bus in [Bus::Process, Bus::Agent] {
        assert_missed(&run(&case, bus), "kill of p: it had nothing left to publish");
    }
}

#[test]
fn freezing_one_that_nothing_is_sent_to_is_inconclusive() {
    let case = case(
        r#"action = [{ at = "start", do = "freeze", subscriber = "deaf" },
          { at = "end", do = "thaw", subscriber = "deaf" }]"#,
    );
    assert_missed(&run(&case, Bus::Process), "freeze of deaf: too little for it was published");
}

#[test]
fn a_frozen_publisher_goes_on_where_it_was() {
    let case = case(
        r#"action = [{ after = { publisher = "q", events = 100 }, do = "freeze", publisher = "p" },
          { after = { publisher = "q", events = 300 }, do = "thaw", publisher = "p" }]
[expect]
received = { s = 1000, t = 1000 }"#,
    );
    let row = run(&case, Bus::Agent).row;
    assert_eq!(row.outcome, Behaviour::Pass, "{:?}", row.violations);
}

#[test]
fn a_fault_applies_only_where_its_victim_is_a_process() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 9 }, do = "kill", subscriber = "s" }]"#,
    );
    let applies = |bus: &Bus| case.not_applicable.iter().all(|(one, _)| one != bus);
    assert_eq!(Bus::ALL.into_iter().filter(applies).collect::<Vec<_>>(), [Bus::Process]);
    let (_, why) = &case.not_applicable[0];
    assert_eq!(why, "s has no process of its own here to kill");
}

#[test]
fn a_hole_in_what_a_killed_publisher_sent_is_a_violation() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 200 }, do = "kill", publisher = "p" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_eq!(ran.row.outcome, Behaviour::Pass, "{:?}", ran.row.violations);
    let mut history = ran.history.expect("it ran");
    assert_eq!(broken(&case, &history), Vec::<String>::new());
    let received = &mut history.subscribers[0].received;
    let of_p = |one: &Received| one.publisher == 0 && one.sequence & FENCE == 0;
    let last = received.iter().rposition(of_p).expect("some arrived");
    let hole = received[..last].iter().rposition(of_p).expect("some arrived");
    received.remove(hole);
    assert!(broken(&case, &history).contains(&"C1".to_owned()));
}

#[test]
fn a_killed_subscriber_that_receives_or_is_counted_on_is_a_violation() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 100 }, do = "kill", subscriber = "s" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_eq!(ran.row.outcome, Behaviour::Pass, "{:?}", ran.row.violations);
    let history = ran.history.expect("it ran");

    let mut counted = history.clone();
    let statistics = counted.statistics.as_mut().expect("a bus at rest");
    let mut row = statistics.subscriptions[0].clone();
    row.subscriber_id = "s".into();
    statistics.subscriptions.push(row);
    assert!(broken(&case, &counted).contains(&"C10".to_owned()));

    let mut undead = history;
    let events = |one: &&Received| one.sequence & FENCE == 0;
    let last = *undead.subscribers[1].received.iter().rfind(events).expect("t lives");
    undead.subscribers[0].received.push(last);
    assert!(broken(&case, &undead).contains(&"C2".to_owned()));
}

/// What is told of an action list, if anything.
fn refused(actions: &str) -> String {
    match check(&scenario(&format!("action = [{actions}]"))) {
        Ok(()) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn what_would_never_end_is_refused_with_its_place() {
    let freeze = r#"{ after = { publisher = "p", events = 9 }, do = "freeze","#;
    let thaw = |by: &str, role: &str| {
        format!(r#"{{ after = {{ {by}, events = 99 }}, do = "thaw", {role} }}"#)
    };
    let s = r#"subscriber = "s""#;
    for (actions, title) in [
        (format!("{freeze} {s} }}"), "this is never thawed, or more than once"),
        (format!("{freeze} {s} }}, {}", thaw(s, s)), "a frozen process holds up"),
        (format!("{freeze} {s} }}, {}", thaw(r#"publisher = "q""#, s)), "count different events"),
        (
            format!(
                r#"{freeze} publisher = "p" }}, {{ at = "end", do = "thaw", publisher = "p" }}"#
            ),
            "the phase ends when this publisher is done",
        ),
        (format!(r#"{{ at = "end", do = "thaw", {s} }}"#), "this thaws what was never frozen"),
        (r#"{ at = "end", do = "kill", broker = true }"#.to_owned(), "a killed broker ends"),
        (r#"{ at = "end", do = "kill" }"#.to_owned(), "whose process it is must be said once"),
        (
            format!(
                r#"{{ at = "start", do = "unsubscribe", {s} }}, {{ at = "end", do = "kill", {s} }}"#
            ),
            "something else is done to this role",
        ),
        (
            format!(r#"{{ at = "end", do = "unsubscribe", {s}, broker = true }}"#),
            "takes no `broker`",
        ),
    ] {
        let told = refused(&actions);
        assert!(told.contains(title), "{actions}: {told}");
        assert!(told.contains("--> a/b.toml:") && told.contains('^'), "{told}");
    }
    assert_eq!(refused(&format!("{freeze} {s} }}, {}", thaw(r#"publisher = "p""#, s))), "");
}

#[test]
fn nothing_is_asked_of_the_dead_in_a_later_phase() {
    let later = r#"action = [{ at = "end", do = "kill", publisher = "p" },
  { at = "end", do = "kill", subscriber = "s" }]
[[phase]]
name = "later"
publish = [{ count = 1 }]
action = [{ at = "start", do = "unsubscribe", subscriber = "s" }]"#;
    let told = check(&scenario(later)).expect_err("refused").to_string();
    assert!(told.contains("a publisher that was killed in an earlier phase"), "{told}");
    assert!(told.contains("this role was killed before"), "{told}");
}
