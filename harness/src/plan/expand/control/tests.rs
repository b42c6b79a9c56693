//! Steps and roles of the control plane that cannot be, each told at its place.

use crate::plan::expand::check;
use crate::plan::{Bus, Deployment, expand};
use crate::scenario::{Profile, Scenario, Source};

/// A scenario with two members, so many callers and these steps.
fn scenario(callers: u32, steps: &[&str]) -> Scenario {
    let caller = format!("[[topology.caller]]\nname = \"c\"\ncount = {callers}\n");
    let caller = if callers == 0 { String::new() } else { caller };
    let steps: Vec<String> = steps.iter().map(|step| format!("[[step]]\n{step}\n")).collect();
    let steps = steps.concat();
    text(&format!("[[topology.member]]\nname = \"m\"\ncount = 2\n{caller}{steps}"))
}

fn text(tables: &str) -> Scenario {
    let text = format!(
        "format = 1\nname = \"control/x\"\nclaims = [\"W9\"]\nkind = \"control\"\n\
         summary = \"s\"\n[topology]\n{tables}"
    );
    Scenario::parse(Source { path: "x.toml".into(), text }).expect("TOML")
}

/// What is wrong with these steps; empty when nothing is.
fn told(callers: u32, steps: &[&str]) -> String {
    check(&scenario(callers, steps)).err().map(|told| told.to_string()).unwrap_or_default()
}

const HOLD: &str = "do = \"hold\"\nmember = \"m0\"";
const RELEASE: &str = "do = \"release\"\nmember = \"m0\"";
const FREEZE: &str = "do = \"freeze\"\nmember = \"m0\"";
const THAW: &str = "do = \"thaw\"\nmember = \"m0\"";
const KILL: &str = "do = \"kill\"\nmember = \"m0\"";
const CALL: &str = "do = \"call\"\nmember = \"m0\"";
const LOST: &str = "do = \"await-health\"\nmember = \"m0\"\nis = \"unhealthy\"";
const RESULTS: &str = "do = \"await-results\"";

#[test]
fn what_can_be_done_after_what_was_done_is_right() {
    let right: [&[&str]; 4] = [
        &[HOLD, FREEZE, LOST, THAW, RELEASE, CALL, RESULTS],
        &[HOLD, KILL, LOST, RESULTS],
        &[FREEZE, KILL, LOST],
        &[FREEZE, THAW, FREEZE, RESULTS],
    ];
    for steps in right {
        assert_eq!(told(1, steps), "", "{steps:?}");
    }
}

#[test]
fn what_would_wait_in_vain_is_told() {
    let wrong: [(&[&str], &str); 8] = [
        (&[KILL, CALL], "`call` of m0, which was killed before"),
        (&[KILL, KILL], "`kill` of m0, which was killed before"),
        (&[FREEZE, CALL], "`call` of m0, which is frozen"),
        (&[FREEZE, HOLD], "`hold` of m0, which is frozen"),
        (&[HOLD, CALL], "`call` of m0, which is held"),
        (&[HOLD, RESULTS], "`await-results` while a member is held"),
        (&[THAW], "`thaw` of m0, which is not frozen"),
        (&[RELEASE], "`release` of m0, which is not held"),
    ];
    for (steps, title) in wrong {
        let told = told(1, steps);
        assert!(told.contains(title), "{steps:?}: {told}");
    }
    assert!(told(0, &[CALL]).contains("`call` without a caller"));
    let together = told(2, &["do = \"call\"\nmember = \"m0\"\ntogether = 3"]);
    assert!(together.contains("3 together of 2 callers"), "{together}");
}

#[test]
fn keys_that_mean_nothing_to_a_step_are_told() {
    let told = told(1, &["do = \"hold\"\nmember = \"m0\"\nrounds = 2"]);
    assert!(told.contains("`rounds` in a step that does `hold`"), "{told}");
    let lacking = check(&scenario(1, &["do = \"hold\""])).expect_err("whom?").to_string();
    assert!(lacking.contains("missing key `member`"), "{lacking}");
}

#[test]
fn names_that_somebody_else_has_are_told() {
    let twice = "[[topology.member]]\nname = \"c-0\"\n[[topology.caller]]\nname = \"c\"\n\
                 [[step]]\ndo = \"await-results\"\n";
    let told = check(&text(twice)).expect_err("two are called c-0").to_string();
    assert!(told.contains("name `c-0` twice"), "{told}");
    let desk = "[[topology.member]]\nname = \"agent\"\n[[step]]\ndo = \"await-results\"\n";
    assert!(check(&text(desk)).is_err(), "the desk is called agent");
}

#[test]
fn a_control_plane_beside_publishers_or_phases_is_told() {
    let mixed = "[[topology.member]]\nname = \"m\"\n[[topology.publisher]]\nname = \"p\"\n\
                 [[step]]\ndo = \"await-results\"\n[[phase]]\nname = \"p\"\n";
    let told = check(&text(mixed)).expect_err("both").to_string();
    assert!(told.contains("publishers or subscribers with `kind = \"control\"`"), "{told}");
    assert!(told.contains("`phase` with `kind = \"control\"`"), "{told}");
    assert!(check(&text("")).expect_err("nothing").to_string().contains("nothing is done"));
}

#[test]
fn who_shares_a_process_is_neither_frozen_nor_killed() {
    let buses = |steps: &[&str]| {
        let cases = expand(&scenario(1, steps), Profile::Pr, 1).expect("valid");
        let named = cases[0].not_applicable.iter().map(|(bus, _)| *bus);
        // Brokers of others have no part in any such case.
        named.filter(|bus| !bus.is_peer()).collect::<Vec<Bus>>()
    };
    let in_process = |bus: &Bus| bus.deployment() == Deployment::InProcess;
    let old: Vec<Bus> = Bus::ALL.into_iter().filter(in_process).collect();
    assert_eq!(buses(&[CALL]), old);
    let frozen = buses(&[FREEZE]);
    assert!(frozen.contains(&Bus::Embedded), "{frozen:?}");
    assert_eq!(frozen.contains(&Bus::Process), !cfg!(unix));
}

const AS_M0: &str = "do = \"impersonate\"\nmember = \"m0\"\nwith = \"no-token\"";

#[test]
fn refusals_that_cannot_be_are_told() {
    let overstep = |more: &str| format!("do = \"overstep\"\nmember = \"m0\"\n{more}");
    let wrong = [
        (overstep(""), "what it asks for must be said once"),
        (overstep("publish = \"events\"\nsubscribe = \"#\""), "what it asks for must be said once"),
        (overstep("publish = \"events.+\""), "topic \"events.+\""),
        (overstep("publish = \"control.rpc.reply.x\""), "a reply that nobody asked for"),
        (overstep("subscribe = \"events.#.x\""), "pattern \"events.#.x\""),
        (overstep("publish = \"events\"\ntimes = 501"), "501"),
        (format!("{AS_M0}\nrounds = 2"), "`rounds` in a step that does `impersonate`"),
        (format!("{AS_M0}\ntimes = 300"), "more than a trial may have"),
    ];
    for (step, why) in &wrong {
        let told = told(2, &[step]);
        assert!(told.contains(why), "{step}: {told}");
    }
    assert!(told(0, &[AS_M0]).contains("`impersonate` without a caller"));
    assert_eq!(told(2, &[AS_M0, &overstep("subscribe = \"#\"")]), "");
}

#[test]
fn too_few_connections_for_impostors_are_told() {
    let told = |limit: usize| {
        let tables = format!(
            "connection-limit = {limit}\n[[topology.member]]\nname = \"m0\"\n\
             [[topology.caller]]\nname = \"c\"\ncount = 2\n[[step]]\n{AS_M0}\n"
        );
        check(&text(&tables)).err().map(|told| told.to_string()).unwrap_or_default()
    };
    assert!(told(5).contains("`impersonate` with 5 connections, where it takes 6"), "{}", told(5));
    assert_eq!(told(6), "");
}

#[test]
fn one_mistake_in_a_step_is_one() {
    let wrong = [
        "do = \"impersonate\"\nmember = \"m0\"\nwith = \"no-tokn\"\ntimes = 2",
        "do = \"impersonate\"\nmember = \"m7\"\nwith = \"no-token\"\ntimes = 2",
        "do = \"overstep\"\nmember = \"m0\"\npublish = \"events.+\"\ntimes = 2",
        "do = \"configure\"\nmember = \"m0\"\nupdate = \"aply\"\nbase = 1\nset = { depth = 1 }",
    ];
    for step in wrong {
        let told = told(2, &[step]);
        assert_eq!(told.matches("error: ").count(), 1, "{step}: {told}");
        assert!(!told.contains("unknown key"), "{told}");
    }
}
