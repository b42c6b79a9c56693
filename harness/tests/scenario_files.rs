//! The scenarios of this repository: all of them valid, with stable and unique cases.

use std::collections::BTreeSet;
use std::path::PathBuf;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::topic::REGISTRY;
use equivalence::plan::expand::check;
use equivalence::plan::limits::DEFAULT_BUDGET_MS;
use equivalence::plan::{Case, Fence, Lane, TrialKind, Workload, expand, fence_event};
use equivalence::scenario::{Profile, Scenario, find_files, load};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn scenarios() -> Vec<Scenario> {
    let files = find_files(&folder()).expect("the scenarios folder is there");
    files.iter().map(|file| load(file).unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn cases(profile: Profile) -> Vec<Case> {
    let expand = |scenario: &Scenario| {
        expand(scenario, profile, 7).unwrap_or_else(|problems| panic!("{problems}"))
    };
    scenarios().iter().flat_map(expand).collect()
}

#[test]
fn every_scenario_is_valid_at_every_point() {
    for scenario in scenarios() {
        check(&scenario).unwrap_or_else(|problems| panic!("{problems}"));
    }
}

#[test]
fn a_scenario_is_named_after_its_file() {
    for scenario in scenarios() {
        let end = format!("/scenarios/{}.toml", scenario.name);
        assert!(scenario.source.path.replace('\\', "/").ends_with(&end), "{end}");
    }
}

#[test]
fn case_ids_are_unique_and_stable() {
    let ids: Vec<String> = cases(Profile::Nightly).into_iter().map(|case| case.id).collect();
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for id in [
        "delivery/steady-small[correlation=fresh]",
        "delivery/fan-out[subs=100]",
        "topics/truth-table",
        "perf/paced[rate=10000/s,subs=4]",
    ] {
        assert!(ids.iter().any(|own| own == id), "{id} is gone: {ids:?}");
    }
}

#[test]
fn seeds_follow_the_run_and_the_case() {
    let seeds = |run| -> Vec<u64> {
        let expand = |scenario: &Scenario| expand(scenario, Profile::Pr, run).expect("valid");
        scenarios().iter().flat_map(expand).map(|case| case.seed).collect()
    };
    assert_eq!(seeds(1), seeds(1));
    let (one, other) = (seeds(1), seeds(2));
    assert!(one.iter().zip(&other).all(|(a, b)| a != b));
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), one.len());
}

#[test]
fn every_profile_has_every_behaviour_scenario() {
    let behaviour = |profile| -> BTreeSet<String> {
        let cases = cases(profile).into_iter();
        cases.filter(|case| case.kind == TrialKind::Behaviour).map(|case| case.id).collect()
    };
    let nightly = behaviour(Profile::Nightly);
    for profile in Profile::ALL {
        assert_eq!(behaviour(profile), nightly, "{profile:?}");
    }
}

#[test]
fn pr_measures_saturation_and_ten_thousand_a_second_at_one_and_four_subscribers() {
    let ids: BTreeSet<String> = cases(Profile::Pr)
        .into_iter()
        .map(|case| case.id)
        .filter(|id| id.starts_with("perf/saturation") || id.starts_with("perf/paced"))
        .collect();
    let wanted = [
        "perf/paced[rate=10000/s,subs=1]",
        "perf/paced[rate=10000/s,subs=4]",
        "perf/saturation[subs=1]",
        "perf/saturation[subs=4]",
    ];
    assert_eq!(ids, wanted.map(String::from).into());
}

#[test]
fn windows_of_pr_and_smoke_last_two_seconds_at_most() {
    for profile in [Profile::Smoke, Profile::Pr] {
        for case in cases(profile) {
            for phase in case.phases.iter().filter(|phase| phase.measured) {
                for publish in &phase.publish {
                    if let equivalence::plan::Count::ForMs(ms) = publish.count {
                        assert!(ms <= 2000, "{} in {profile:?}: {ms} ms", case.id);
                    }
                }
            }
        }
    }
}

#[test]
fn every_publisher_can_make_its_events() {
    use daemoneye_eventbus::wire::payload_bytes;

    for case in cases(Profile::Nightly) {
        for (index, publisher) in case.topology.publishers.iter().enumerate() {
            let workload = Workload::new(&case, index, &payload_bytes)
                .unwrap_or_else(|error| panic!("{}: {error}", case.id));
            for sequence in 1..=publisher.mix.len() as u64 {
                let event = workload.event(sequence).event;
                let sizes: Vec<usize> =
                    publisher.mix.iter().map(|part| part.payload_bytes).collect();
                assert!(sizes.contains(&payload_bytes(&event)), "{} {sequence}", case.id);
            }
        }
    }
}

#[test]
fn a_subscription_without_filters_always_has_a_fence() {
    // Nobody publishes fences in chaos: a collector's sources are scripted to the last event.
    let fenced = cases(Profile::Nightly).into_iter().filter(|case| case.kind != TrialKind::Chaos);
    for case in fenced {
        for (index, subscriber) in case.topology.subscribers.iter().enumerate() {
            let asked = &subscriber.subscription;
            let filtered = asked.event_filter.is_some()
                || asked.topic_filter.is_some()
                || asked.correlation_filter.is_some();
            if filtered || !subscriber.from_start {
                continue;
            }
            let passes = |lane| {
                let fence = Fence { subscriber: index, lane, number: 1 };
                fence_event(&case, 0, fence).is_some()
            };
            assert!(Lane::ALL.into_iter().any(passes), "{}: {}", case.id, subscriber.name);
        }
    }
}

#[test]
fn a_case_survives_the_way_to_its_actors() {
    for case in cases(Profile::Smoke) {
        let text = serde_json::to_string(&case).expect("cases are plain data");
        let back: Case = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(back, case);
    }
}

#[test]
fn every_claim_a_scenario_makes_counts_once() {
    for scenario in scenarios() {
        let unique: BTreeSet<&String> = scenario.claims.iter().collect();
        assert_eq!(unique.len(), scenario.claims.len(), "{}", scenario.name);
    }
}

#[test]
fn a_budget_is_the_one_said_or_the_default() {
    let budget = |name: &str| {
        let cases = cases(Profile::Pr);
        cases.into_iter().find(|case| case.scenario == name).expect("it exists").budget_ms
    };
    assert_eq!(budget("perf/paced"), 90_000);
    assert_eq!(budget("topics/truth-table"), DEFAULT_BUDGET_MS);
}

#[test]
fn every_role_is_asked_for_every_topic_but_replies() {
    let all = cases(Profile::Pr);
    let registered: BTreeSet<&str> =
        REGISTRY.iter().map(|row| row.topic).filter(|topic| !topic.ends_with("ID")).collect();
    let of = |scenario| all.iter().filter(move |case| case.scenario == scenario);
    let mut published = BTreeSet::new();
    for case in of("acl/every-topic") {
        for publisher in case.topology.publishers.iter().filter(|one| one.role != Role::Agent) {
            let topics = publisher.mix.iter().filter_map(|part| part.topic.as_deref());
            assert_eq!(topics.collect::<BTreeSet<_>>(), registered, "{}", case.id);
            published.insert(publisher.role.to_string());
        }
    }
    let mut subscribed = BTreeSet::new();
    for case in of("acl/every-pattern") {
        let own = case.topology.subscribers.iter().filter(|one| one.role != Role::Agent);
        let patterns: BTreeSet<&str> = own
            .clone()
            .flat_map(|one| one.subscription.topic_patterns.iter().map(String::as_str))
            .collect();
        assert!(patterns.is_superset(&registered), "{}", case.id);
        subscribed.extend(own.map(|one| one.role.to_string()));
        let ends = |code| case.phases[0].actions.iter().filter(|one| one.expect == code).count();
        assert!(ends("ok") > 0 && ends("denied") > 0, "{}", case.id);
    }
    let roles = Role::ALL.iter().filter(|role| **role != Role::Agent).map(ToString::to_string);
    let roles: BTreeSet<String> = roles.collect();
    assert_eq!(subscribed, roles);
    assert_eq!(published, roles);
}

#[test]
fn curves_are_part_of_the_long_profiles_alone() {
    let curves = |profile| -> BTreeSet<String> {
        let cases = cases(profile).into_iter();
        cases.filter(|case| case.curve.is_some()).map(|case| case.scenario).collect()
    };
    assert!(curves(Profile::Pr).is_empty() && curves(Profile::Smoke).is_empty());
    let names = ["knee", "payload", "publishers", "subscribers", "subscriptions", "topics"];
    let wanted: BTreeSet<String> =
        names.into_iter().map(|name| format!("perf/curves/{name}")).collect();
    assert_eq!(curves(Profile::Nightly), wanted);
    assert_eq!(curves(Profile::Release), wanted);
}

#[test]
fn tags_are_those_the_page_of_the_format_explains() {
    let page = std::fs::read_to_string(folder().join("FORMAT.md")).expect("the page");
    let page = page.replace('\r', "");
    let (_, told) = page.split_once("\nTags of this folder").expect("a paragraph");
    let told = told.split("\n\n").next().expect("split yields one part");
    let told: BTreeSet<String> = told.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let used: BTreeSet<String> = scenarios().into_iter().flat_map(|own| own.tags).collect();
    assert_eq!(used, told);
}
