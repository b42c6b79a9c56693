//! What a case of chaos may say, and what it may not.

use super::super::expand;
use super::*;
use crate::plan::{Bus, Case};
use crate::scenario::{Profile, Scenario, Source};

const COLLECTOR: &str = "[topology.collector]\nbackpressure-threshold = 400";
const SOURCE: &str = "[[topology.source]]\nname = \"s\"\nevents = 500";
const SUBSCRIBER: &str = "[[topology.subscriber]]\nname = \"agent\"\npatterns = [\"events.#\"]";

fn cases(kind: &str, tables: &[&str]) -> Result<Vec<Case>, String> {
    let head = format!(
        "format = 1\nname = \"a/b\"\nclaims = [\"C1\"]\nsummary = \"Why.\"\nkind = \"{kind}\"\n"
    );
    let text = format!("{head}{}\n", tables.join("\n"));
    let source = Source { path: "scenarios/a/b.toml".into(), text };
    let scenario = Scenario::parse(source).map_err(|problems| problems.to_string())?;
    expand(&scenario, Profile::Pr, 0).map_err(|problems| problems.to_string())
}

fn refused(tables: &[&str]) -> String {
    cases("chaos", tables).expect_err("a mistake")
}

#[test]
fn a_collector_its_sources_and_a_subscriber_are_a_case() {
    let cases = cases("chaos", &[COLLECTOR, SOURCE, SUBSCRIBER]).expect("valid");
    let chaos = &cases[0].chaos;
    assert_eq!(chaos.collector.threshold_events, 400);
    assert_eq!(chaos.collector.batch_events, 100);
    assert_eq!(chaos.sources[0].events, 500);
    assert_eq!(chaos.sources[0].then, Then::Waits);
}

#[test]
fn it_applies_to_the_reference_and_to_the_broker_alone() {
    let cases = cases("chaos", &[COLLECTOR, SOURCE, SUBSCRIBER]).expect("valid");
    let applies = |bus: &Bus| cases[0].left_out(*bus).is_none();
    let left: Vec<Bus> = Bus::ALL.into_iter().filter(applies).collect();
    assert_eq!(left, [Bus::Crossbeam, Bus::Process]);
}

#[test]
fn what_is_missing_is_told() {
    let told = refused(&[SOURCE, SUBSCRIBER]);
    assert!(told.contains("chaos without a collector"), "{told}");
    let told = refused(&[COLLECTOR, SUBSCRIBER]);
    assert!(told.contains("chaos without a collector"), "{told}");
    let told = refused(&[COLLECTOR, SOURCE]);
    assert!(told.contains("not one subscriber"), "{told}");
}

#[test]
fn what_is_of_another_kind_is_refused() {
    let phase = "[[phase]]\nname = \"one\"";
    let told = refused(&[COLLECTOR, SOURCE, SUBSCRIBER, phase]);
    assert!(told.contains("`phase` with `kind = \"chaos\"`"), "{told}");
    let publisher = "[[topology.publisher]]\nname = \"p\"";
    let told = refused(&[COLLECTOR, SOURCE, SUBSCRIBER, publisher]);
    assert!(told.contains("publishers with `kind = \"chaos\"`"), "{told}");
    let told = cases("behaviour", &[COLLECTOR, SOURCE, SUBSCRIBER, phase]).expect_err("a mistake");
    assert!(told.contains("a scripted collector in another kind of scenario"), "{told}");
}

#[test]
fn a_subscriber_that_may_lose_or_leave_something_is_refused() {
    for more in ["policy = \"drop-newest\"", "capabilities = [\"network\"]"] {
        let told = refused(&[COLLECTOR, SOURCE, &format!("{SUBSCRIBER}\n{more}")]);
        assert!(told.contains("does not take everything"), "{more}: {told}");
    }
}

#[test]
fn what_nobody_would_notice_is_refused() {
    let settings = "[topology]\npublish-limit = \"1s\"";
    let told = refused(&[settings, COLLECTOR, SOURCE, SUBSCRIBER]);
    assert!(told.contains("settings of the bus with `kind = \"chaos\"`"), "{told}");
    let unheard = "[[topology.source]]\nname = \"s\"\nundeclared = 5\nrate = \"1/s\"";
    let told = refused(&[COLLECTOR, unheard, SUBSCRIBER]);
    assert!(told.contains("a `rate` of what is `undeclared` alone"), "{told}");
}

#[test]
fn sources_have_the_time_their_rate_takes_and_no_more_than_the_budget() {
    let of_rate = |rate: &str| {
        let slow = format!("{SOURCE}\nrate = \"{rate}\"");
        cases("chaos", &[COLLECTOR, &slow, SUBSCRIBER])
    };
    let cases = of_rate("2/s").expect("valid");
    assert_eq!(cases[0].chaos.planned_ms(), 250_000 + 20);
    let told = of_rate("1/s").expect_err("a mistake");
    assert!(told.contains("the sources alone take 500020 ms"), "{told}");
}

#[test]
fn a_subscriber_that_does_not_read_needs_as_many_events_as_hold_sources_back_once() {
    let stopped = format!("{SUBSCRIBER}\ncapacity = 32\nreading = \"stopped\"");
    let central = "[topology]\ncentral-capacity = 16";
    cases("chaos", &[central, COLLECTOR, SOURCE, &stopped]).expect("valid");
    for events in ["440", "700"] {
        let source = SOURCE.replace("500", events);
        let told = refused(&[central, COLLECTOR, &source, &stopped]);
        assert!(told.contains("behind a subscriber that does not read at first"), "{told}");
    }
}

#[test]
fn two_sources_of_one_name_and_too_many_events_are_refused() {
    let told = refused(&[COLLECTOR, SOURCE, SOURCE, SUBSCRIBER]);
    assert!(told.contains("two sources of one name"), "{told}");
    let many = SOURCE.replace("500", "15000");
    let other = many.replace("\"s\"", "\"t\"");
    let told = refused(&[COLLECTOR, &many, &other, SUBSCRIBER]);
    assert!(told.contains("30000 events"), "{told}");
}
