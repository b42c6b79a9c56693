//! Faults befall real processes, are judged for what they did, and prove nothing when they missed.

#![cfg(target_os = "linux")]

use std::path::Path;

use equivalence::check::{Report, check as judge_history};
use equivalence::cmd::behaviour::{CasePlan, Ran};
use equivalence::cmd::judged;
use equivalence::cmd::judging::Judging;
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
publish = [{{ count = 500, rate = "1000/s" }}]
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
    let wanted = Wanted { folder: None, profile, patterns: Vec::new(), seed: 1, baseline };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let judging = Judging { executable, case, bus, directory: folder.path(), wanted: &wanted };
    let ran = judged::run(judging, interrupt);
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
    assert_missed(
        &run(&case, Bus::Process),
        "kill of s: events for it after it: 0, at least 1 wanted",
    );
}

#[test]
fn a_publisher_killed_when_it_was_done_is_inconclusive_where_it_is_a_process() {
    let case = case(r#"action = [{ at = "end", do = "kill", publisher = "p" }]"#);
    for bus in [Bus::Process, Bus::Agent] {
        assert_missed(&run(&case, bus), "kill of p: shares it had not done: 0, at least 1 wanted");
    }
}

#[test]
fn a_trigger_that_is_never_reached_is_told_by_names() {
    let case = case(
        r#"action = [{ after = { subscriber = "deaf", events = 9 }, do = "kill", subscriber = "s" }]"#,
    );
    let Behaviour::NotExercised(told) = run(&case, Bus::Process).row.outcome else {
        panic!("the trigger cannot be reached");
    };
    let wanted = "after 9 events received by deaf was never reached, so kill of s was not done";
    assert!(told.contains(wanted), "{told}");
}

#[test]
fn freezing_one_that_nothing_is_sent_to_is_inconclusive() {
    let case = case(
        r#"action = [{ at = "start", do = "freeze", subscriber = "deaf" },
          { at = "end", do = "thaw", subscriber = "deaf" }]"#,
    );
    assert_missed(
        &run(&case, Bus::Process),
        "freeze of deaf: events for it while it lasted: 0, at least 1 wanted",
    );
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

/// A case whose only phase does this to its roles; `wild` where safety alone is judged.
fn wild_case(phase: &str) -> Case {
    let mut scenario = scenario(phase);
    let text =
        scenario.source.text.replace("claims = [\"C1\"]", "claims = [\"C3\"]\nfaults = \"wild\"");
    scenario = Scenario::parse(Source { path: "a/b.toml".into(), text }).expect("TOML");
    let cases = expand(&scenario, Profile::Pr, 1);
    cases.unwrap_or_else(|problems| panic!("{problems}")).remove(0)
}

#[test]
fn a_connection_that_nothing_passed_shows_nothing() {
    let case = case(
        r#"action = [{ at = "start", do = "split", bytes = 3, subscriber = "deaf" },
          { at = "end", do = "heal", subscriber = "deaf" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_missed(&ran, "split of deaf: bytes it had in its hands: 0, at least 1 wanted");
    let told: Vec<_> = ran.row.reached.iter().map(|one| (one.reached, one.least)).collect();
    assert_eq!(told, [(0, 1), (0, 1)], "events for it, and bytes");
}

#[test]
fn a_hole_before_the_reset_of_a_connection_is_a_violation_and_so_is_what_comes_after() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 200 }, do = "reset", subscriber = "s" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_eq!(ran.row.outcome, Behaviour::Pass, "{:?}", ran.row.violations);
    let history = ran.history.expect("it ran");
    assert!(history.subscribers[0].ended, "its receiver ended");

    let mut holed = history.clone();
    let received = &mut holed.subscribers[0].received;
    let of_p = |one: &Received| one.publisher == 0 && one.sequence & FENCE == 0;
    let last = received.iter().rposition(of_p).expect("some arrived");
    let hole = received[..last].iter().rposition(of_p).expect("some arrived");
    received.remove(hole);
    assert!(broken(&case, &holed).contains(&"C1".to_owned()));

    let mut undead = history.clone();
    let events = |one: &&Received| one.sequence & FENCE == 0;
    let last = *undead.subscribers[1].received.iter().rfind(events).expect("t lives");
    undead.subscribers[0].received.push(last);
    assert!(broken(&case, &undead).contains(&"C2".to_owned()));

    let mut waiting = history;
    waiting.subscribers[0].ended = false;
    assert!(broken(&case, &waiting).contains(&"C13".to_owned()));
}

#[test]
fn what_a_stalled_connection_held_back_must_arrive() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 100 }, do = "stall", subscriber = "s" },
          { after = { publisher = "p", events = 300 }, do = "heal", subscriber = "s" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_eq!(ran.row.outcome, Behaviour::Pass, "{:?}", ran.row.violations);
    let mut history = ran.history.expect("it ran");
    assert!(history.touched[0].bytes > 0, "{:?}", history.touched);
    let received = &mut history.subscribers[0].received;
    let last = received.iter().rposition(|one| one.sequence & FENCE == 0).expect("all arrived");
    received.remove(last);
    assert!(broken(&case, &history).contains(&"C1".to_owned()));
}

#[test]
fn in_a_wild_case_a_missing_tail_is_forgiven_and_a_hole_or_a_repetition_is_not() {
    let case = wild_case(
        r#"action = [{ after = { publisher = "p", events = 200 }, do = "kill", broker = true }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_eq!(ran.row.outcome, Behaviour::Pass, "{:?}", ran.row.violations);
    let history = ran.history.expect("it ran");
    assert!(history.subscribers.iter().all(|log| log.ended), "nobody waits for a dead broker");

    let of_p = |one: &Received| one.publisher == 0 && one.sequence & FENCE == 0;
    let altered = |alter: &dyn Fn(&mut Vec<Received>, usize)| {
        let mut altered = history.clone();
        let received = &mut altered.subscribers[0].received;
        let last = received.iter().rposition(of_p).expect("some arrived");
        alter(received, last);
        broken(&case, &altered)
    };
    assert_eq!(altered(&|received, last| received.truncate(last)), Vec::<String>::new());
    let hole = altered(&|received, last| {
        let before = received[..last].iter().rposition(of_p).expect("some arrived");
        received.remove(before);
    });
    assert!(hole.contains(&"C1".to_owned()), "{hole:?}");
    let twice = altered(&|received, last| received.insert(last, received[last]));
    assert!(twice.contains(&"C3".to_owned()), "{twice:?}");
}

#[test]
fn a_wild_case_goes_on_when_nothing_is_undone() {
    let case = wild_case(
        r#"action = [{ at = "start", do = "freeze", subscriber = "s" },
          { at = "start", do = "split", bytes = 9, publisher = "q" }]"#,
    );
    let row = run(&case, Bus::Process).row;
    assert_eq!(row.outcome, Behaviour::Pass, "{:?}", row.violations);
}

#[test]
fn an_unsubscribe_in_the_middle_of_nothing_is_inconclusive() {
    let case = case(
        r#"action = [{ after = { publisher = "p", events = 500 }, do = "unsubscribe", subscriber = "deaf" }]"#,
    );
    let ran = run(&case, Bus::Process);
    assert_missed(&ran, "unsubscribe of deaf: events for it before it: 0, at least 1 wanted");
}

#[test]
fn a_receiver_that_was_unsubscribed_is_read_to_its_end() {
    let text = r#"format = 1
name = "a/b"
claims = ["C13"]
kind = "behaviour"
summary = "Why."
[[topology.publisher]]
name = "p"
[[topology.subscriber]]
name = "s"
patterns = ["events.#"]
capacity = 100000
reading = "stopped"
[[phase]]
name = "read when all is over"
publish = [{ count = 20000 }]
action = [
  { at = "end", do = "resume-reading", subscriber = "s" },
  { at = "end", do = "unsubscribe", subscriber = "s" },
]
"#;
    let source = Source { path: "a/b.toml".into(), text: text.to_owned() };
    let scenario = Scenario::parse(source).expect("TOML");
    let cases = expand(&scenario, Profile::Pr, 1);
    let case = cases.unwrap_or_else(|problems| panic!("{problems}")).remove(0);
    for bus in [Bus::Crossbeam, Bus::Embedded, Bus::Process] {
        let row = run(&case, bus).row;
        assert_eq!(row.outcome, Behaviour::Pass, "{bus:?}: {:?}", row.violations);
    }
}

#[test]
fn a_shutdown_that_met_its_deadline_owes_what_it_handed_over_and_no_more() {
    let phase = r#"action = [{ after = { publisher = "p", events = 100 }, do = "freeze", subscriber = "s" },
          { after = { publisher = "p", events = 200 }, do = "shutdown", deadline = "300ms" },
          { at = "end", do = "thaw", subscriber = "s" }]
fence = false"#;
    let ran = run(&case(phase), Bus::Process);
    let rules: Vec<_> = ran.row.violations.iter().map(|one| one.rule.as_str()).collect();
    assert!(!rules.contains(&"C1"), "{:?}", ran.row.violations);
    assert!(rules.contains(&"C13"), "it was to end in time: {:?}", ran.row.outcome);
    let wild = run(&wild_case(phase), Bus::Process).row;
    assert_eq!(wild.outcome, Behaviour::Pass, "{:?}", wild.violations);
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
        (format!("{freeze} {s} }}"), "this is not undone by one `thaw`"),
        (format!("{freeze} {s} }}, {}", thaw(s, s)), "waits for arrivals that it holds up"),
        (
            format!("{freeze} {s} }}, {}", thaw(r#"publisher = "q""#, s)),
            "the two count different events",
        ),
        (
            format!(
                r#"{freeze} publisher = "p" }}, {{ at = "end", do = "thaw", publisher = "p" }}"#
            ),
            "the phase ends when this publisher is done",
        ),
        (format!(r#"{{ at = "end", do = "thaw", {s} }}"#), "this thaws what was never frozen"),
        (
            r#"{ at = "end", do = "kill", broker = true }"#.to_owned(),
            "after the broker's end nothing can be fenced",
        ),
        (r#"{ at = "end", do = "kill" }"#.to_owned(), "to whom it is done must be said once"),
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
        (format!(r#"{{ at = "start", do = "stall", {s} }}"#), "this is not undone by one `heal`"),
        (format!(r#"{{ at = "end", do = "heal", {s} }}"#), "this heals what nothing was done to"),
        (format!(r#"{{ at = "start", do = "delay", {s} }}"#), "missing key `by`"),
        (format!(r#"{{ at = "start", do = "split", bytes = 0, {s} }}"#), "bytes` is 0"),
        (format!(r#"{{ at = "end", do = "half-close", {s} }}"#), "missing key `direction`"),
        (r#"{ at = "end", do = "reset", broker = true }"#.to_owned(), "takes no `broker`"),
        (format!(r#"{{ at = "end", do = "reset", {s}, by = "1ms" }}"#), "takes no `by`"),
        (
            format!(
                r#"{{ at = "start", do = "stall", {s} }},
                {{ after = {{ {s}, events = 9 }}, do = "heal", {s} }}"#
            ),
            "waits for arrivals that it holds up",
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
    assert!(told.contains("a publisher that was cut off in an earlier phase"), "{told}");
    assert!(told.contains("this role was cut off before"), "{told}");
}

#[test]
fn nobody_is_cut_off_for_good_where_everybody_comes_back() {
    let cut = r#"{ at = "end", do = "half-close", subscriber = "s", direction = "to-broker" }"#;
    let restart = r#"{ at = "start", do = "restart", broker = true, for = "50ms" }"#;
    let phase = |action: &str| {
        format!("[[phase]]\nname = \"later\"\npublish = [{{ count = 1 }}]\naction = [{action}]")
    };
    for (first, later) in [(cut, restart), (restart, cut)] {
        let text = format!("action = [{first}]\n{}", phase(later));
        let told = check(&scenario(&text)).expect_err("refused").to_string();
        assert!(told.contains("who is cut off here comes back"), "{told}");
    }
    let kill = r#"{ at = "end", do = "kill", subscriber = "s" }"#;
    let text = format!("action = [{restart}]\n{}", phase(kill));
    assert!(check(&scenario(&text)).is_ok(), "a process that is killed stays away");
}

#[test]
fn a_wild_scenario_claims_nothing_that_has_to_happen() {
    let text = scenario("")
        .source
        .text
        .replace("claims = [\"C1\"]", "claims = [\"C1\"]\nfaults = \"wild\"");
    let wild = Scenario::parse(Source { path: "a/b.toml".into(), text }).expect("TOML");
    let told = check(&wild).expect_err("refused").to_string();
    assert!(told.contains("nothing has to happen in a wild scenario"), "{told}");
}
