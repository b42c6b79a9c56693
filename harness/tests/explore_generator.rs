//! What `explore` makes up is a valid scenario, by every reader, whatever the seed.

use equivalence::cmd::behaviour::CasePlan;
use equivalence::explore::Sketch;
use equivalence::explore::generate::{faulty_sketches, generate, generate_faulty, sketches};
use equivalence::plan::expand::check;
use equivalence::plan::schema::ScenarioFile;
use equivalence::scenario::{Scenario, Source};
use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::TestCaseError;

/// Planned events of a made-up scenario, at most: what keeps a trial under a second.
const MOST_EVENTS: u64 = 4 * 3 * 30;
/// The same of one that ends in faults.
const MOST_FAULTY_EVENTS: u64 = 4 * (2 * 30 + 200);

fn is_valid(sketch: &Sketch, most_events: u64) -> Result<(), String> {
    let text = sketch.text();
    let source = Source { path: "random.toml".into(), text: text.clone() };
    let scenario = Scenario::parse(source).map_err(|problems| problems.to_string())?;
    check(&scenario).map_err(|problems| problems.to_string())?;
    toml::from_str::<ScenarioFile>(&text).map_err(|error| format!("{error}\n{text}"))?;
    // The case is what was made up, value by value.
    let case = sketch.case(1).map_err(|error| format!("{error}\n{text}"))?;
    CasePlan::new(&case).map_err(|error| format!("{error}\n{text}"))?;
    if sketch.events() > most_events {
        return Err(format!("{} events\n{text}", sketch.events()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn every_generated_scenario_is_valid_by_every_reader(sketch in sketches("explore/any".into())) {
        is_valid(&sketch, MOST_EVENTS).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_generated_scenario_with_faults_is_valid_too(
        sketch in faulty_sketches("explore/any".into())
    ) {
        is_valid(&sketch, MOST_FAULTY_EVENTS).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_seed_and_a_number_give_one_scenario() {
    assert_eq!(generate(3, 17), generate(3, 17));
    assert_ne!(generate(3, 17).topology, generate(3, 18).topology);
    assert_ne!(generate(3, 17).topology, generate(4, 17).topology);
}

/// A generator that never makes something finds nothing in it.
#[test]
fn a_hundred_scenarios_have_everything_the_format_offers() {
    let texts: Vec<String> = (0..100).map(|number| generate(1, number).text()).collect();
    let words = [
        "numbered",
        "priority",
        "metadata",
        ".+",
        "#",
        "capabilities",
        "wildcards = false",
        "event-filter",
        "types",
        "pids",
        "min-priority",
        "sources",
        "topic-filter",
        "exclude",
        "include",
        "correlation-filter",
        "id =",
        "parent",
        "root",
        "stage",
        "all-tags",
        "any-tags",
        "sequence",
        "process-ids",
        "drop-newest",
        "drop-oldest",
        "circuit-break",
        "stopped",
        "pace",
        "from-start = false",
        "poisson",
        "burst",
        "\"subscribe\"",
        "\"unsubscribe\"",
        "unsubscribe-unknown",
        "drop-receiver",
        "stop-reading",
        "resume-reading",
        "shutdown",
        "publish-one",
        "after",
        "control.",
        "subscriber-limit",
        "publish-limit",
        "central-capacity",
        "payload-limit",
    ];
    let missing: Vec<&str> =
        words.into_iter().filter(|word| !texts.iter().any(|text| text.contains(word))).collect();
    assert!(missing.is_empty(), "never made: {missing:?}");
}

#[test]
fn a_hundred_scenarios_have_every_fault() {
    let texts: Vec<String> = (0..100).map(|number| generate_faulty(1, number).text()).collect();
    let words = [
        "\"kill\"",
        "\"freeze\"",
        "\"thaw\"",
        "\"delay\"",
        "\"split\"",
        "\"stall\"",
        "\"heal\"",
        "\"half-close\"",
        "\"reset\"",
        "to-broker",
        "from-broker",
        "faults = \"wild\"",
        "broker = true, do = \"kill\"",
        "broker = true, do = \"vanish\"",
    ];
    let missing: Vec<&str> =
        words.into_iter().filter(|word| !texts.iter().any(|text| text.contains(word))).collect();
    assert!(missing.is_empty(), "never made: {missing:?}");
}
