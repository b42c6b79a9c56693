//! What a user reads for each sort of mistake: the line, a caret under the place, what to write.

use equivalence::plan::expand::check;
use equivalence::scenario::{Scenario, Source};

/// All mistakes of a text, as told.
fn told(text: &str) -> String {
    let source = Source { path: "scenarios/a/b.toml".into(), text: text.into() };
    match Scenario::parse(source).and_then(|scenario| check(&scenario)) {
        Ok(()) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

/// A valid scenario in which each line that begins like one of `lines` up to `=` is replaced.
fn with(lines: &[&str]) -> String {
    let mut text = r#"format = 1
name = "a/b"
claims = ["C1"]
summary = "Why."
kind = "behaviour"
[matrix]
size = ["200B"]
[[topology.publisher]]
name = "source"
payload = "200B"
[[topology.subscriber]]
name = "reader"
patterns = ["events.#"]
policy = "block"
[[phase]]
name = "only"
idle = "100ms"
publish = [{ publisher = "source", count = 10 }]
[expect.received]
reader = 10
"#
    .to_owned();
    for line in lines {
        let key = line.split('=').next().expect("split yields one part");
        let old = text.lines().find(|old| old.starts_with(key)).expect("a line to replace");
        text = text.replacen(&format!("\n{old}\n"), &format!("\n{line}\n"), 1);
    }
    text
}

#[test]
fn a_valid_scenario_has_nothing_told() {
    assert_eq!(told(&with(&[])), "");
}

#[test]
fn an_unknown_key_is_told_with_what_was_meant() {
    let text = with(&[]).replace("idle", "idel");
    assert_eq!(
        told(&text),
        r#"error: unknown key `idel` in `phase`
  --> scenarios/a/b.toml:17:1
   |
17 | idel = "100ms"
   | ^^^^ did you mean `idle`?"#
    );
}

#[test]
fn a_space_of_several_bytes_is_underlined_whole() {
    let told = told("format = 1\nname\u{a0}= \"a/b\"");
    assert!(told.contains("name\u{a0}="), "{told}");
    assert!(told.contains("    ^"), "{told}");
}

#[test]
fn a_wrong_type_names_the_right_one() {
    let text = with(&["idle = 100"]);
    assert_eq!(
        told(&text),
        r#"error: `phase[0].idle` is an integer
  --> scenarios/a/b.toml:17:8
   |
17 | idle = 100
   |        ^^^ expected a duration such as "2s""#
    );
}

#[test]
fn a_number_that_has_one_value_alone_is_told_with_it() {
    let text = with(&[]).replace("format = 1", "format = 2");
    assert_eq!(
        told(&text),
        r"error: `format` is 2
 --> scenarios/a/b.toml:1:10
  |
1 | format = 2
  |          ^ expected 1"
    );
}

#[test]
fn too_many_processes_are_told_where_most_of_them_are() {
    let told = told(&with(&["patterns = [\"events.#\"]\ncount = 300"]));
    assert!(told.contains("error: 302 processes on `process`"), "{told}");
    assert!(told.contains("b.toml:11:12"), "{told}");
    assert!(told.contains("11 | [[topology.subscriber]]"), "{told}");
}

#[test]
fn a_wrong_unit_names_the_units() {
    let text = with(&["idle = \"100sec\""]);
    assert_eq!(
        told(&text),
        r#"error: `phase[0].idle` is "100sec"
  --> scenarios/a/b.toml:17:8
   |
17 | idle = "100sec"
   |        ^^^^^^^^ no unit `sec`; there is `ms`, `s`, `min` or `h`"#
    );
}

#[test]
fn a_unit_of_size_in_another_spelling_is_recognised() {
    let text = with(&["payload = \"1KB\""]);
    assert_eq!(
        told(&text),
        r#"error: `topology.publisher[0].payload` is "1KB"
  --> scenarios/a/b.toml:10:11
   |
10 | payload = "1KB"
   |           ^^^^^ no unit `KB`; did you mean `KiB`?"#
    );
}

#[test]
fn a_rate_without_a_number_is_refused() {
    let text = with(&["publish = [{ publisher = \"source\", count = 10, rate = \"fast\" }]"]);
    assert_eq!(
        told(&text),
        r#"error: `phase[0].publish[0].rate` is "fast"
  --> scenarios/a/b.toml:18:55
   |
18 | publish = [{ publisher = "source", count = 10, rate = "fast" }]
   |                                                       ^^^^^^ expected a rate such as "1000/s""#
    );
}

#[test]
fn an_unknown_publisher_is_told_with_who_was_meant() {
    let text = with(&["publish = [{ publisher = \"sorce\", count = 10 }]"]);
    assert_eq!(
        told(&text),
        r#"error: unknown publisher `sorce`
  --> scenarios/a/b.toml:18:26
   |
18 | publish = [{ publisher = "sorce", count = 10 }]
   |                          ^^^^^^^ did you mean `source`?"#
    );
}

#[test]
fn an_unknown_subscriber_is_told_with_who_was_meant() {
    let text = with(&["reader = 10"]).replace("\nreader = 10", "\nreeder = 10");
    assert_eq!(
        told(&text),
        r"error: unknown subscriber `reeder`
  --> scenarios/a/b.toml:20:1
   |
20 | reeder = 10
   | ^^^^^^ did you mean `reader`?"
    );
}

#[test]
fn an_invalid_pattern_is_refused_with_advice() {
    let text = with(&["patterns = [\"events.*\"]"]);
    assert_eq!(
        told(&text),
        r#"error: pattern "events.*"
  --> scenarios/a/b.toml:13:13
   |
13 | patterns = ["events.*"]
   |             ^^^^^^^^^^ level 2 "*" contains `*`; write `+` for one level or `#` for all below"#
    );
}

#[test]
fn a_name_no_axis_has_is_told_inside_its_text() {
    let text = with(&["payload = \"${sizes}\""]);
    assert_eq!(
        told(&text),
        r#"error: unknown name `sizes` in `${…}`
  --> scenarios/a/b.toml:10:12
   |
10 | payload = "${sizes}"
   |            ^^^^^^^^ did you mean `${size}`?"#
    );
}

#[test]
fn an_unclosed_name_is_told() {
    let text = with(&["payload = \"${size\""]);
    assert_eq!(
        told(&text),
        r#"error: `${` without its `}`
  --> scenarios/a/b.toml:10:12
   |
10 | payload = "${size"
   |            ^^^^^^ write `${name}`"#
    );
}

#[test]
fn a_choice_that_does_not_exist_is_told_with_what_was_meant() {
    let text = with(&["policy = \"drop-oldes\""]);
    assert_eq!(
        told(&text),
        r#"error: `topology.subscriber[0].policy` is "drop-oldes"
  --> scenarios/a/b.toml:14:10
   |
14 | policy = "drop-oldes"
   |          ^^^^^^^^^^^^ did you mean "drop-oldest"?"#
    );
}

#[test]
fn a_missing_key_is_told_at_its_table() {
    let text = with(&[]).replace("summary = \"Why.\"\n", "");
    assert_eq!(
        told(&text),
        r"error: missing key `summary`
 --> scenarios/a/b.toml:1:1
  |
1 | format = 1
  | ^^^^^^^^^^ a scenario needs it: add `summary = …` at the top"
    );
}

#[test]
fn broken_syntax_is_told_at_its_place() {
    let text = with(&["idle = "]);
    assert_eq!(
        told(&text),
        r"error: not TOML: string values must be quoted, expected literal string
  --> scenarios/a/b.toml:17:8
   |
17 | idle = 
   |        ^ mend this first; the rest of the file is checked once it can be read"
    );
}

#[test]
fn a_bad_value_of_an_axis_is_told_where_it_is_used() {
    let text = with(&["size = [\"200X\"]", "payload = \"${size}\""]);
    assert_eq!(
        told(&text),
        r#"error: `topology.publisher[0].payload` is "200X"
  --> scenarios/a/b.toml:10:11
   |
10 | payload = "${size}"
   |           ^^^^^^^^^ no unit `X`; there is `B`, `KiB`, `MiB` or `GiB`"#
    );
}

#[test]
fn an_integer_out_of_bounds_names_them() {
    let text = with(&["patterns = [\"events.#\"]\ncapacity = 0"]);
    assert_eq!(
        told(&text),
        r"error: `topology.subscriber[0].capacity` is 0
  --> scenarios/a/b.toml:14:12
   |
14 | capacity = 0
   |            ^ expected 1 to 1048576"
    );
}

#[test]
fn a_number_of_the_contract_that_does_not_exist_is_refused() {
    let text = with(&["claims = [\"C15\"]"]);
    assert_eq!(
        told(&text),
        r#"error: "C15" is no number of the contract
 --> scenarios/a/b.toml:3:11
  |
3 | claims = ["C15"]
  |           ^^^^^ expected C1–C14, M1–M5, T1–T9, A1–A6, W1–W9, R1–R6 or V1–V10"#
    );
}

#[test]
fn a_subscription_a_bus_would_refuse_is_refused_here() {
    let text = with(&["patterns = []"]);
    assert_eq!(
        told(&text),
        r"error: subscription has no topic pattern and no capability that names a kind of event
  --> scenarios/a/b.toml:11:1
   |
11 | [[topology.subscriber]]
   | ^^^^^^^^^^^^^^^^^^^^^^^ mend it, or write `invalid = true` if being refused is the point"
    );
}

#[test]
fn how_much_is_published_is_said_exactly_once() {
    let text = with(&["publish = [{ count = 10, for = \"1s\" }]"]);
    assert_eq!(
        told(&text),
        r#"error: how much is published must be said once
  --> scenarios/a/b.toml:18:12
   |
18 | publish = [{ count = 10, for = "1s" }]
   |            ^^^^^^^^^^^^^^^^^^^^^^^^^^ write `count`, `for`, `until-refused = true` or `as-recorded = true`"#
    );
}

#[test]
fn a_publisher_has_one_share_of_a_phase() {
    let text = with(&["publish = [{ count = 10 }, { count = 20 }]"]);
    assert_eq!(
        told(&text),
        r"error: a publisher of this share has one in this phase already
  --> scenarios/a/b.toml:18:28
   |
18 | publish = [{ count = 10 }, { count = 20 }]
   |                            ^^^^^^^^^^^^^^ publish it in a phase of its own, or as a part of a `mix`"
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_file_order() {
    let text = with(&["claims = \"C1\"", "payload = \"1KB\"", "policy = \"drop\"", "reader = -1"]);
    let told = told(&text);
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("-->")).collect();
    let places = ["3:10", "10:11", "14:10", "20:10"];
    let wanted = places.map(|place| format!("  --> scenarios/a/b.toml:{place}"));
    let shown: Vec<&str> = lines.iter().map(|line| line.trim_start()).collect();
    assert_eq!(shown, wanted.each_ref().map(|line| line.trim_start()));
}

#[test]
fn a_mistake_at_many_points_of_the_matrix_is_told_once() {
    let text = with(&["size = [\"200B\", \"1KiB\", \"2KiB\"]", "idle = 100"]);
    assert_eq!(told(&text).matches("error:").count(), 1);
}

#[test]
fn a_mistake_at_one_point_of_the_matrix_is_found() {
    let text = with(&["size = [\"200B\", \"1KB\"]", "payload = \"${size}\""]);
    assert_eq!(told(&text).matches("error:").count(), 1);
}

/// What is said of one line put into a valid scenario, without the drawing around it.
fn label_of(line: &str) -> String {
    let told = told(&with(&[line]));
    let carets = told.lines().find(|line| line.contains('^')).unwrap_or(&told);
    carets.trim_start_matches(['|', ' ', '^']).to_owned()
}

#[test]
fn a_phase_longer_than_its_limit_is_refused_with_the_limit() {
    let text = with(&["publish = [{ for = \"999999999h\" }]"]);
    assert_eq!(
        told(&text),
        r#"error: `phase[0].publish[0].for` is "999999999h"
  --> scenarios/a/b.toml:18:20
   |
18 | publish = [{ for = "999999999h" }]
   |                    ^^^^^^^^^^^^ a phase publishes for at most 10min"#
    );
}

#[test]
fn every_quantity_beyond_its_limit_is_refused_with_the_limit() {
    for (line, label) in [
        ("publish = [{ count = 9007199254740992 }]", "a trial plans at most 5000000"),
        ("publish = [{ for = \"1min\" }]", "a trial plans at most 5000000 events; without a rate"),
        ("publish = [{ for = \"10min\", rate = \"10000/s\" }]", "a trial plans at most 5000000"),
        ("publish = [{ count = 601, rate = \"1/s\" }]", "a phase publishes for at most 600 s"),
        ("publish = [{ count = 301, rate = \"1/s\" }]", "the budget of a trial is 300000 ms here"),
        ("idle = \"61s\"", "a phase is quiet for at most 1min"),
        ("payload = \"1GiB\"", "a payload has at most 16MiB"),
        ("patterns = [\"events.#\"]\ncount = 1001", "expected 1 to 1000"),
        ("patterns = [\"events.#\"]\ncount = 300", "a trial has at most 256"),
        ("policy = \"circuit-break\"\nbreaker = { window = \"2h\" }", "a breaker waits at most 1h"),
        (
            "payload = \"200B\"\ncount = 10\ntable = 1000000",
            "the publishers of a case hold at most",
        ),
    ] {
        assert!(label_of(line).starts_with(label), "{line}: {}", told(&with(&[line])));
    }
}

#[test]
fn deliveries_are_events_times_subscribers() {
    let many = "[[phase]]\nname = \"more\"\npublish = [{ count = 100_001 }]\n[expect.received]";
    let text = with(&["patterns = [\"events.#\"]\ncount = 100"]).replace("[expect.received]", many);
    let told = told(&text);
    assert!(told.contains("a trial plans at most 10000000 deliveries"), "{told}");
    assert_eq!(told.matches("error:").count(), 1, "{told}");
}

#[test]
fn groups_are_limited_together_not_one_by_one() {
    let group = |index| {
        format!("[[topology.subscriber]]\nname = \"g{index}\"\ncount = 1000\npatterns = [\"#\"]\n")
    };
    let groups: String = (0..50).map(group).collect();
    let told = told(&with(&[]).replace("[[phase]]", &format!("{groups}[[phase]]")));
    assert!(told.contains("a case has at most 1000"), "{}", &told[..500]);
}

#[test]
fn a_budget_beyond_an_hour_is_refused() {
    let text = format!("{}[budget]\ntime = \"2h\"\n", with(&[]));
    assert!(told(&text).contains("a trial takes at most 1h"), "{}", told(&text));
}

#[test]
fn a_number_nothing_judges_cannot_be_claimed() {
    let text = with(&["claims = [\"C1\", \"T9\"]"]);
    assert_eq!(
        told(&text),
        r#"error: T9 cannot be claimed
 --> scenarios/a/b.toml:3:17
  |
3 | claims = ["C1", "T9"]
  |                 ^^^^ no check judges it; a scenario of this kind can claim C1–C14, M1–M5, T1–T6, W2, W5, W6, A1 and A3"#
    );
    let paced = with(&["kind = \"paced\"", "claims = [\"C14\"]"]);
    assert!(
        told(&paced).contains("a scenario of this kind can claim C1, C3, C4"),
        "{}",
        told(&paced)
    );
}

/// The same with a real collector.
fn real(kind: &str) -> String {
    with(&[&format!("kind = \"{kind}\"")]).replace("\"source\"", "\"procmond\"")
}

#[test]
fn what_a_host_case_cannot_judge_is_refused_wherever_it_is_expected() {
    for kind in ["host", "switch"] {
        let refused = |key: &str, header: &str| {
            let told = told(&real(kind).replace("[expect.received]\nreader", header));
            let title = format!("error: `{key}` cannot be judged with `kind = \"{kind}\"`");
            assert!(told.contains(&title), "{told}");
            assert!(told.contains("^ a recorder tells what it `received` alone"), "{told}");
        };
        refused("accepted", "[expect.accepted]\nprocmond");
        refused("lagged", "[expect.lagged]\nreader");
        refused("lagged", "[expect.on.process.lagged]\nreader");
        assert_eq!(told(&real(kind)), "");
    }
}

#[test]
fn a_collector_that_would_see_nothing_is_refused_wherever_real_ones_watch() {
    for kind in ["host", "switch"] {
        let told = told(&real(kind).replace("\"procmond\"", "\"procmund\""));
        assert!(told.contains("error: unknown collector `procmund`"), "{kind}: {told}");
        assert!(told.contains("did you mean `procmond`?"), "{kind}: {told}");
    }
}

#[test]
fn only_a_subscribe_by_patterns_ends_as_a_role_has_it() {
    let action = |action: &str| {
        let action = format!("action = [{{ at = \"end\", {action}, expect = \"by-role\" }}]");
        told(&with(&[&format!("idle = \"100ms\"\n{action}")]))
    };
    let refused = action("do = \"unsubscribe\", subscriber = \"reader\"");
    assert!(refused.contains("error: no role says how this ends"), "{refused}");
    assert!(refused.contains("^ it does of `subscribe` alone"), "{refused}");
    assert_eq!(action("do = \"subscribe\", subscriber = \"reader\""), "");
}

#[test]
fn a_scenario_that_claims_nothing_is_told_what_to_name() {
    let said = told(&with(&["claims = []"]));
    assert!(said.contains("a scenario that claims nothing shows nothing"), "{said}");
    assert!(said.contains("b.toml:3:1") && said.contains("^^^^^^ name what it shows"), "{said}");
}

/// What is told of a valid scenario with these actions in its only phase.
fn of_actions(actions: &str) -> String {
    told(&with(&[&format!("idle = \"100ms\"\naction = [{actions}]")]))
}

/// What is told of it with `faults = "wild"` besides.
fn of_wild_actions(actions: &str) -> String {
    let claims = "claims = [\"C2\"]\nfaults = \"wild\"";
    told(&with(&[claims, &format!("idle = \"100ms\"\naction = [{actions}]")]))
}

#[test]
fn a_delay_by_nothing_is_refused() {
    let delay = |by: &str| {
        of_actions(&format!(
            r#"{{ at = "start", do = "delay", subscriber = "reader", by = "{by}" }},
  {{ at = "end", do = "heal", subscriber = "reader" }}"#
        ))
    };
    assert_eq!(delay("1ms"), "");
    assert_eq!(
        delay("0ms"),
        r#"error: this delays nothing
  --> scenarios/a/b.toml:18:69
   |
18 | action = [{ at = "start", do = "delay", subscriber = "reader", by = "0ms" },
   |                                                                     ^^^^^ write a time above zero, such as "5ms""#
    );
}

#[test]
fn a_fault_of_no_broker_befalls_nobody_and_is_refused() {
    for deed in ["kill", "freeze", "vanish"] {
        let told = of_actions(&format!(r#"{{ at = "start", do = "{deed}", broker = false }}"#));
        assert_eq!(told.matches("error:").count(), 1, "{told}");
        assert!(told.contains("error: this befalls nobody"), "{told}");
        assert!(told.contains("^^^^^ write `broker = true`, or name whom"), "{told}");
    }
    assert_eq!(of_actions(r#"{ at = "start", do = "vanish", broker = true }"#), "");
}

#[test]
fn a_wild_scenario_without_a_fault_is_refused() {
    let kill = r#"{ at = "start", do = "kill", broker = true }"#;
    assert_eq!(of_wild_actions(kill), "");
    let told = of_wild_actions("");
    assert!(told.contains("error: `faults` in a scenario that has none"), "{told}");
    assert!(told.contains("b.toml:4:1") && told.contains("^^^^^^ leave it out, or say"), "{told}");
    // One that was refused is not told a second time as one that is missing.
    let refused = of_wild_actions(&kill.replace("true", "false"));
    assert_eq!(refused.matches("error:").count(), 1, "{refused}");
}

#[test]
fn a_shutdown_may_end_with_its_deadline_and_a_fault_with_nothing() {
    let shutdown = r#"{ at = "end", do = "shutdown", deadline = "10ms", expect = "deadline" }"#;
    assert_eq!(of_actions(shutdown), "");
    let breaker =
        r#"{ at = "end", do = "subscribe", subscriber = "reader", expect = "invalid-breaker" }"#;
    assert_eq!(of_actions(breaker), "");
    let kill = |expect: &str| {
        of_actions(&format!(
            r#"{{ at = "start", do = "kill", subscriber = "reader", expect = "{expect}" }}"#
        ))
    };
    assert_eq!(kill("ok"), "");
    let told = kill("closed");
    assert!(told.contains("error: a fault has no outcome"), "{told}");
    assert!(told.contains("^^^^^^ leave `expect` out"), "{told}");
}

#[test]
fn members_of_two_groups_have_no_name_in_common() {
    for side in ["publisher", "subscriber"] {
        let table = |name: &str| {
            let patterns = if side == "subscriber" { "patterns = [\"#\"]\n" } else { "" };
            format!("[[topology.{side}]]\nname = {name}\n{patterns}")
        };
        let with_both = |one: &str, other: &str| {
            let tables = format!("{}{}[[phase]]", table(one), table(other));
            told(&with(&[]).replace("[[phase]]", &tables))
        };
        assert_eq!(with_both("\"g\"\ncount = 2", "\"g2\""), "");
        for (one, other) in [
            ("\"g\"\ncount = 2", "\"g0\""),
            ("\"g0\"", "\"g\"\ncount = 2"),
            ("\"g\"\ncount = 2", "\"g0\"\ncount = 2"),
        ] {
            let told = with_both(one, other);
            assert!(told.contains("error: name `g0` twice"), "{told}");
            assert!(told.contains("^^^^ names are unique on each side"), "{told}");
            assert_eq!(told.matches("error:").count(), 1, "{told}");
        }
    }
}

/// What is told of a valid scenario whose reader has this pace, with so many events in each phase.
fn of_paced(pace: &str, more: &str, publish: &str) -> String {
    let policy = format!("policy = \"block\"\npace = \"{pace}\"\n{more}");
    told(&with(&[&policy, &format!("publish = [{publish}]")]))
}

#[test]
fn a_pace_that_does_not_fit_the_budget_is_refused() {
    let events = r#"{ publisher = "source", count = 4000 }"#;
    let refused = of_paced("1/s", "", events);
    assert_eq!(
        refused,
        r"error: the phases alone take 3999100 ms
  --> scenarios/a/b.toml:17:3
   |
17 | [[phase]]
   |   ^^^^^ the budget of a trial is 300000 ms here; a `pace` counts"
    );
    assert_eq!(of_paced("400/s", "", events), "");
    assert_eq!(of_paced("1/s", "", r#"{ publisher = "source", count = 300 }"#), "");
    assert_ne!(of_paced("1/s", "", r#"{ publisher = "source", count = 302 }"#), "");
}

#[test]
fn a_pace_counts_for_what_must_reach_the_subscriber_alone() {
    let events = r#"{ publisher = "source", count = 4000 }"#;
    for more in [
        "reading = \"stopped\"",
        "from-start = false",
        "event-filter = { min-priority = \"high\" }",
        "topic-filter = { exclude = [\"events.process.#\"] }",
    ] {
        assert_eq!(of_paced("1/s", more, events), "", "{more}");
    }
    let loses = "policy = \"drop-newest\"\npace = \"1/s\"";
    let publish = format!("publish = [{events}]");
    assert_eq!(told(&with(&[loses, &publish])), "");
    let unfenced = told(&with(&[
        "policy = \"block\"\npace = \"1/s\"",
        "idle = \"1ms\"\nfence = false",
        &publish,
    ]));
    assert_eq!(unfenced, "");
    let gone = "idle = \"1ms\"\naction = [{ at = \"start\", do = \"unsubscribe\", subscriber = \"reader\" }]";
    assert_eq!(told(&with(&["policy = \"block\"\npace = \"1/s\"", gone, &publish])), "");
}

#[test]
fn a_trigger_beyond_what_is_published_is_refused() {
    let after = |events: u64| {
        of_actions(&format!(
            r#"{{ after = {{ publisher = "source", events = {events} }}, do = "unsubscribe-unknown", expect = "unknown" }}"#
        ))
    };
    assert_eq!(after(10), "");
    let refused = after(11);
    assert!(refused.contains("error: this is waited for in vain"), "{refused}");
    assert!(refused.contains("^ it publishes 10 in this phase"), "{refused}");
    // How many there are in some time, nobody knows.
    let open = with(&[
        "idle = \"1ms\"\naction = [{ after = { publisher = \"source\", events = 11 }, do = \"unsubscribe-unknown\", expect = \"unknown\" }]",
        "publish = [{ publisher = \"source\", for = \"1s\", rate = \"100/s\" }]",
    ]);
    assert_eq!(told(&open), "");
}

#[test]
fn a_trigger_of_one_that_was_cut_off_is_refused() {
    let unknown = r#"do = "unsubscribe-unknown", expect = "unknown" }"#;
    for (role, name, deed) in [("publisher", "source", "kill"), ("subscriber", "reader", "reset")] {
        let both = |cut: u64, events: u64| {
            of_actions(&format!(
                r#"{{ after = {{ {role} = "{name}", events = {cut} }}, do = "{deed}", {role} = "{name}" }},
  {{ after = {{ {role} = "{name}", events = {events} }}, {unknown}"#
            ))
        };
        assert_eq!(both(3, 3), "");
        let told = both(3, 5);
        assert!(told.contains("^ it is cut off after 3 in this phase"), "{told}");
        assert_eq!(told.matches("error:").count(), 1, "{told}");
    }
    let killed =
        "idle = \"1ms\"\naction = [{ at = \"start\", do = \"kill\", subscriber = \"reader\" }]";
    let later = format!(
        "[[phase]]\nname = \"more\"\naction = [{{ after = {{ subscriber = \"reader\", events = 1 }}, {unknown}]\n[expect.received]"
    );
    let told = told(&with(&[killed]).replace("[expect.received]", &later));
    assert!(told.contains("^ it was cut off in an earlier phase, and receives nothing"), "{told}");
}

#[test]
fn a_folder_vanishes_once() {
    let vanish = r#"{ at = "start", do = "vanish", broker = true }"#;
    let told = of_actions(&format!("{vanish},\n  {vanish}"));
    assert!(told.contains("error: the broker's folder vanishes twice"), "{told}");
    assert!(told.contains("b.toml:19:3") && told.contains("^ leave one of them out"), "{told}");
}

#[test]
fn tags_are_few_short_words_each_once() {
    let tags = |list: &str| told(&with(&[&format!("claims = [\"C1\"]\ntags = {list}")]));
    assert_eq!(tags(r#"["fault", "a-1"]"#), "");
    for (list, label) in [
        (
            r#"["Slow Queue"]"#,
            "^ expected a word of a-z, 0-9 and `-`; did you mean \"slow-queue\"?",
        ),
        (r#"["…"]"#, "^ expected a word of a-z, 0-9 and `-`\n"),
        (r#"["abcdefghijklmnopqrstuvwxy"]"#, "^ a tag has at most 24 bytes, this one 25"),
        (r#"["a", "a"]"#, "^ leave one of them out"),
        (r#"["a", "b", "c", "d", "e", "f", "g", "h", "i"]"#, "^ a scenario has at most 8"),
        (r#""fault""#, "^ expected a list, such as [\"fault\"]"),
        ("[1]", "^ expected text"),
    ] {
        let told = format!("{}\n", tags(list));
        assert!(told.contains(label), "{list}: {told}");
        assert_eq!(told.matches("error:").count(), 1, "{list}: {told}");
    }
}
