//! Expansion: ids, profiles, groups, origins, and substitution as properties.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::plan::Publish;
use crate::plan::limits::{self, MAX_TRIAL_EVENTS};
use crate::scenario::Origin;

fn scenario(text: &str) -> Scenario {
    let source = Source { path: "scenarios/a/b.toml".into(), text: text.into() };
    Scenario::parse(source).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A valid scenario with these lines in the place of its matrix and of its phases.
fn text(matrix: &str, phases: &str) -> String {
    format!(
        r#"format = 1
name = "a/b"
claims = ["C1"]
summary = "Why."
kind = "behaviour"
{matrix}
[[topology.publisher]]
name = "p"
[[topology.subscriber]]
name = "s"
patterns = ["events.#"]
{phases}
"#
    )
}

/// A phase in which axes are used, so that their points differ.
fn phase_of(axes: &[&str]) -> String {
    let names: Vec<String> = axes.iter().map(|axis| format!("${{{axis}}}")).collect();
    PHASE.replace("one", &names.join(" "))
}

const PHASE: &str = "[[phase]]\nname = \"one\"\npublish = [{ count = 1 }]";

#[test]
fn a_scenario_with_every_table_is_valid_and_knows_many_keys() {
    let source =
        Source { path: "every-table.toml".into(), text: include_str!("every_table.toml").into() };
    let every = Scenario::parse(source).unwrap_or_else(|problems| panic!("{problems}"));
    check(&every).unwrap_or_else(|problems| panic!("{problems}"));
    let keys = keys_of_every_table();
    for wanted in [("", "claims"), ("breaker", "cool-down"), ("divergence", "observe")] {
        assert!(keys.contains(&wanted), "{wanted:?}");
    }
}

#[test]
fn a_profile_keeps_axis_values_and_replaces_named_ones() {
    let source =
        Source { path: "every-table.toml".into(), text: include_str!("every_table.toml").into() };
    let every = Scenario::parse(source).expect("valid");
    let rate = |case: &Case| case.phases[0].publish[0].rate;
    let per_second = |rate| crate::plan::Rate::PerSecond(rate, crate::plan::Arrivals::Constant);
    let smoke = expand(&every, Profile::Smoke, 1).expect("valid");
    assert_eq!(smoke.iter().map(rate).collect::<Vec<_>>(), [per_second(100.0); 2]);
    let pr = expand(&every, Profile::Pr, 1).expect("valid");
    assert_eq!(pr.iter().map(rate).collect::<Vec<_>>(), [per_second(200.0)]);
    assert_eq!(pr[0].id, "format/every-table[subs=2]");
    assert_eq!(pr[0].topology.subscribers[1].name, "reader1");
    assert_eq!(expand(&every, Profile::Release, 1), Ok(Vec::new()));
}

#[test]
fn axes_stand_in_the_id_in_file_order_and_the_last_changes_fastest() {
    let matrix = "[matrix]\nzoo = [1, 2]\nant = [\"x\", \"y\"]";
    let phase = phase_of(&["zoo", "ant"]);
    let ids: Vec<String> = expand(&scenario(&text(matrix, &phase)), Profile::Pr, 0)
        .expect("valid")
        .into_iter()
        .map(|case| case.id)
        .collect();
    let wanted = ["a/b[zoo=1,ant=x]", "a/b[zoo=1,ant=y]", "a/b[zoo=2,ant=x]", "a/b[zoo=2,ant=y]"];
    assert_eq!(ids, wanted);
}

#[test]
fn an_axis_that_nothing_uses_is_refused_where_its_cases_would_be_the_same() {
    let told = |matrix: &str| match check(&scenario(&text(matrix, &phase_of(&["n"])))) {
        Ok(()) => String::new(),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(told("[matrix]\nn = [1, 2]\nother = [1]"), "", "one value repeats nothing");
    let twice = told("[matrix]\nn = [1, 2]\nother = [1, 2]");
    assert!(twice.contains("error: no value is written with `${other}`"), "{twice}");
    assert!(twice.contains("b.toml:8:9") && twice.contains("^ each of these"), "{twice}");
    let mistyped = told("[matrix]\nm = [1, 2]");
    assert!(mistyped.contains("unknown name `n`"), "{mistyped}");
    assert_eq!(mistyped.matches("error:").count(), 1, "{mistyped}");
}

#[test]
fn more_than_the_plan_has_is_not_to_be_expected() {
    let told = |publish: &str, expect: &str| {
        let phases = format!(
            "[[phase]]\nname = \"one\"\npublish = [{publish}]\n\
             action = [{{ at = \"end\", do = \"publish-one\", publisher = \"p\" }}]\n\
             [expect]\n{expect}\n"
        );
        match check(&scenario(&text("", &phases))) {
            Ok(()) => String::new(),
            Err(problems) => problems.to_string(),
        }
    };
    let hundred = "{ count = 99 }";
    assert_eq!(told(hundred, "accepted = { p = 100 }\nreceived = { s = [100, 500] }"), "");
    let received = told(hundred, "received = { s = [101, 500] }");
    assert!(received.contains("error: s cannot receive as many as 101"), "{received}");
    assert!(received.contains("^ by the plan 100 are published in all"), "{received}");
    let accepted = told(hundred, "[expect.on.process.accepted]\np = 101");
    assert!(accepted.contains("error: p cannot have as many as 101 accepted"), "{accepted}");
    assert_eq!(told("{ for = \"1s\" }", "received = { s = 101 }"), "", "the bus decides");
    assert_eq!(told("{ until-refused = true }", "accepted = { p = 101 }"), "");
}

#[test]
fn a_filter_that_nobody_has_cannot_be_claimed() {
    let told = |number: &str, key: &str| {
        let whole = text("", PHASE).replace("\"C1\"", &format!("\"C1\", \"{number}\""));
        let whole = whole.replace("patterns =", &format!("{key}\npatterns ="));
        match check(&scenario(&whole)) {
            Ok(()) => String::new(),
            Err(problems) => problems.to_string(),
        }
    };
    for (number, key) in [
        ("M3", "event-filter = { pids = [1] }"),
        ("M4", "topic-filter = { include = [\"events.#\"] }"),
        ("M5", "correlation-filter = { stage = \"one\" }"),
    ] {
        assert_eq!(told(number, key), "");
        let refused = told(number, "");
        let name = key.split(' ').next().expect("split yields one part");
        let title = format!("error: {number} without a subscriber that has `{name}`");
        assert!(refused.contains(&title), "{refused}");
        assert!(refused.contains("b.toml:3:17") && refused.contains("^^^^ nothing"), "{refused}");
    }
    assert!(told("M2", "").contains("`wildcards = false`"));
}

#[test]
fn a_group_can_be_named_as_a_whole_or_one_by_one() {
    let phases = "[[topology.subscriber]]\nname = \"r\"\ncount = 2\npatterns = [\"#\"]\n\
                  [[phase]]\nname = \"one\"\npublish = [{ count = 1 }]\n\
                  [expect]\nreceived = { r = 1, s = 1 }\n";
    let cases = expand(&scenario(&text("", phases)), Profile::Pr, 0).expect("valid");
    let received = &cases[0].expect.always.received;
    let names: Vec<&str> = received.keys().map(String::as_str).collect();
    assert_eq!(names, ["r0", "r1", "s"]);
}

#[test]
fn an_expectation_of_one_bus_replaces_the_general_one_name_by_name() {
    let phases = format!(
        "{PHASE}\n[expect]\naccepted = {{ p = 1 }}\nreceived = {{ s = 1 }}\n\
         [expect.on.embedded]\nreceived = {{ s = [0, 1] }}\n"
    );
    let cases = expand(&scenario(&text("", &phases)), Profile::Pr, 0).expect("valid");
    let on = |bus| cases[0].expect.on(bus);
    assert_eq!(on(Bus::Embedded).received["s"], (0, 1));
    assert_eq!(on(Bus::Crossbeam).received["s"], (1, 1));
    assert_eq!(on(Bus::Embedded).accepted["p"], (1, 1));
}

const DIVERGENCE: &str = r#"
[[divergence]]
id = "V4"
rule = "C13"
bus = "crossbeam-faithful"
reason = "why"
owner = "who"
until = "2027-12-31"
"#;

/// The first mistake of a scenario with these divergences, as it is told.
fn refused(divergences: &str) -> String {
    let scenario = scenario(&text("", &format!("{PHASE}\n{divergences}")));
    expand(&scenario, Profile::Pr, 0).expect_err("a mistake").to_string()
}

#[test]
fn a_divergence_must_show_unless_it_may() {
    let cases = expand(&scenario(&text("", &format!("{PHASE}\n{DIVERGENCE}"))), Profile::Pr, 0)
        .expect("valid");
    let [declared] = cases[0].divergences.as_slice() else { panic!("{:?}", cases[0]) };
    assert_eq!(declared.observe, crate::plan::Observe::Always);
    assert_eq!(declared.until.to_string(), "2027-12-31");
}

#[test]
fn a_divergence_nothing_could_find_or_told_twice_is_refused() {
    let told = refused(&DIVERGENCE.replace("C13", "M1"));
    assert!(told.contains("no check of this kind reports \"M1\""), "{told}");
    let told = refused(&format!("{DIVERGENCE}{}", DIVERGENCE.replace("V4", "V3")));
    assert!(told.contains("C13 on crossbeam-faithful is declared twice"), "{told}");
    let told = refused(&DIVERGENCE.replace("12-31", "02-30"));
    assert!(told.contains("\"2027-02-30\" is no day"), "{told}");
}

#[test]
fn every_value_of_a_case_has_an_origin() {
    let matrix = "[matrix]\nn = [5]";
    let phases = "[[phase]]\nname = \"one\"\npublish = [{ count = \"${n}\" }]";
    let explained = explain(&scenario(&text(matrix, phases)), Profile::Pr, 0).expect("valid");
    let origin = |place: &str| {
        let found = explained[0].values.iter().find(|traced| traced.place == place);
        found.map(|traced| (traced.value.as_str(), traced.origin.clone()))
    };
    assert_eq!(origin("phase[0].publish[0].count"), Some(("5", Origin::Substituted(15))));
    assert_eq!(origin("topology.subscriber[0].capacity"), Some(("1024", Origin::Default)));
    assert_eq!(origin("topology.publisher[0].name"), Some(("\"p\"", Origin::Line(9))));
    let topic = "\"events.process.lifecycle\"";
    assert_eq!(origin("topology.publisher[0].topic"), Some((topic, Origin::Default)));
    assert_eq!(origin("budget.time"), Some(("\"5min\"", Origin::Default)));
}

/// From nothing to what 64 bits hold, small amounts as likely as large ones.
fn amount() -> impl Strategy<Value = u64> {
    (0_u32..64, any::<u64>()).prop_map(|(shift, number)| number >> shift)
}

/// A share in every way one is said.
fn share() -> impl Strategy<Value = String> {
    (amount(), amount(), 0..6).prop_map(|(much, rate, form)| match form {
        0 => format!("{{ count = {} }}", much >> 1),
        1 => format!("{{ for = \"{much}ms\" }}"),
        2 => format!("{{ count = {}, rate = \"{rate}/s\" }}", much >> 1),
        3 => format!("{{ for = \"{much}h\", rate = \"{rate}/s\" }}"),
        4 => format!("{{ for = \"{much}ms\", window = {} }}", rate >> 1),
        _ => "{ until-refused = true }".to_owned(),
    })
}

proptest! {
    #[test]
    fn substitution_puts_exactly_the_value_in_its_place(value in 1_u64..=MAX_TRIAL_EVENTS, word in "[a-z]{1,8}") {
        let matrix = format!("[matrix]\nn = [{value}]\nw = [\"{word}\"]");
        let phases = "[[phase]]\nname = \"<${w}-${n}>${w}\"\npublish = [{ count = \"${n}\" }]";
        let cases = expand(&scenario(&text(&matrix, phases)), Profile::Pr, 0).expect("valid");
        let phase = &cases[0].phases[0];
        prop_assert_eq!(&phase.name, &format!("<{word}-{value}>{word}"));
        prop_assert_eq!(phase.publish[0].count, crate::plan::Count::Events(value));
    }

    #[test]
    fn a_matrix_makes_the_product_of_its_axes(sizes in proptest::collection::vec(1_usize..5, 1..4)) {
        let mut matrix = "[matrix]\n".to_owned();
        let names: Vec<String> = (0..sizes.len()).map(|axis| format!("axis{axis}")).collect();
        for (axis, size) in names.iter().zip(&sizes) {
            let values: Vec<String> = (0..*size).map(|value| value.to_string()).collect();
            writeln!(matrix, "{axis} = [{}]", values.join(", ")).expect("strings grow");
        }
        let phase = phase_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let cases = expand(&scenario(&text(&matrix, &phase)), Profile::Pr, 0).expect("valid");
        let ids: BTreeSet<String> = cases.iter().map(|case| case.id.clone()).collect();
        prop_assert_eq!(ids.len(), sizes.iter().product::<usize>());
        prop_assert_eq!(ids.len(), cases.len());
    }

    #[test]
    fn what_is_accepted_expands_within_its_limits(
        publishers in 1_u64..3000,
        subscribers in 1_u64..3000,
        points in 1_usize..60,
        shares in proptest::collection::vec(share(), 1..4),
        idle in amount(),
        budget in amount(),
    ) {
        let axis: Vec<String> = (0..points).map(|value| value.to_string()).collect();
        let matrix = format!("[matrix]\nn = [{}]", axis.join(", "));
        let mut whole = text(&matrix, "");
        whole = whole.replace("name = \"p\"", &format!("name = \"p\"\ncount = {publishers}"));
        whole = whole.replace("name = \"s\"", &format!("name = \"s\"\ncount = {subscribers}"));
        for share in &shares {
            let phase =
                format!("[[phase]]\nname = \"${{n}}\"\npublish = [{share}]\nidle = \"{idle}ms\"\n");
            whole.push_str(&phase);
        }
        writeln!(whole, "[budget]\ntime = \"{budget}ms\"").expect("strings grow");
        let Ok(cases) = expand(&scenario(&whole), Profile::Release, 0) else { return Ok(()) };
        let roles = |case: &Case| case.topology.publishers.len() + case.topology.subscribers.len();
        prop_assert!(cases.iter().map(roles).sum::<usize>() <= limits::MAX_SCENARIO_ROLES);
        for case in cases {
            let shares = || case.phases.iter().flat_map(|phase| &phase.publish);
            let events: u64 = shares().map(Publish::planned_events).sum();
            let deliveries = events * case.topology.subscribers.len() as u64;
            prop_assert!(events <= MAX_TRIAL_EVENTS);
            prop_assert!(deliveries <= limits::MAX_TRIAL_DELIVERIES);
            prop_assert!(shares().all(|share| share.planned_ms() <= limits::MAX_PHASE_MS));
            prop_assert!(case.planned_ms() <= case.budget_ms);
            prop_assert!(case.budget_ms <= limits::MAX_BUDGET_MS);
            prop_assert!(case.processes_on(Bus::Process) <= limits::MAX_TRIAL_PROCESSES);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(torn in "[\\[\\]a-z=\"$\\{\\}#\n .0-9]{0,80}", at in 0_usize..200) {
        let mut whole = text("[matrix]\nn = [1]", PHASE);
        whole.insert_str(at.min(whole.len()), &torn);
        let source = Source { path: "x".into(), text: whole };
        if let Err(problems) = Scenario::parse(source).and_then(|scenario| check(&scenario)) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
