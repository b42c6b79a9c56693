//! What a case of chaos may say, and what it may not.

use super::super::expand;
use super::*;
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
fn a_subscriber_that_may_lose_something_is_refused() {
    let lossy = format!("{SUBSCRIBER}\npolicy = \"drop-newest\"");
    let told = refused(&[COLLECTOR, SOURCE, &lossy]);
    assert!(told.contains("does not take everything"), "{told}");
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
