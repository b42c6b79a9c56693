//! Precedence, provenance, and errors as they are shown.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::config::CollectorName;

fn file(text: &str) -> Result<Resolved, ConfigError> {
    let mut layers = Layers::new();
    layers.text(Path::new("agent.toml"), text.to_owned())?;
    layers.resolve()
}

fn shown(text: &str) -> String {
    file(text).expect_err("the text is wrong").to_string()
}

#[test]
fn without_layers_the_defaults_stand() {
    let resolved = Layers::new().resolve().unwrap();
    assert_eq!(resolved.settings, Settings::default());
    assert_eq!(resolved.origin("event_bus.bus_type"), &Origin::Default);
}

#[test]
fn flags_win_over_environment_over_user_file_over_system_file() {
    let mut layers = Layers::new();
    layers.flag("--interval", "procmond.scan_interval", "1s").unwrap();
    let variables = [
        ("DAEMONEYE_PROCMOND__SCAN_INTERVAL", "2s"),
        ("DAEMONEYE_EVENT_BUS__SOCKET_PATH", "/run/variable.sock"),
        ("HOME", "/nowhere"),
    ];
    layers.environment(variables.map(|(k, v)| (k.to_owned(), v.to_owned()))).unwrap();
    let system = "[procmond]\nscan_interval = \"4s\"\n[collector]\nmax_batch_size = 5\n";
    layers.text(Path::new("system.toml"), system.to_owned()).unwrap();
    let user = "[event_bus]\nsocket_path = \"/run/user.sock\"\n[collector]\nmax_batch_size = 6\n";
    layers.text(Path::new("user.toml"), user.to_owned()).unwrap();

    let resolved = layers.resolve().unwrap();

    assert_eq!(resolved.settings.procmond.scan_interval, Duration::from_secs(1));
    let socket_path = PathBuf::from("/run/variable.sock");
    assert_eq!(resolved.settings.event_bus.socket_path, Some(socket_path));
    assert_eq!(resolved.settings.collector.max_batch_size, 6);
    let origin = |key| resolved.origin(key).to_string();
    assert_eq!(origin("procmond.scan_interval"), "flag --interval");
    let variable = "environment variable DAEMONEYE_EVENT_BUS__SOCKET_PATH";
    assert_eq!(origin("event_bus.socket_path"), variable);
    assert_eq!(origin("collector.max_batch_size"), "user.toml");
    assert_eq!(origin("collector.max_event_sources"), "built-in default");
}

#[test]
fn an_unknown_key_is_shown_at_its_place_with_the_name_that_was_meant() {
    assert_eq!(
        shown("[event_bus]\nbus_tpye = \"local\"\n"),
        "\
error: unknown field `bus_tpye`, expected one of `bus_type`, `socket_path`, `crossbeam`, `broadcast`, `sharing`, `daemoneye`
 --> agent.toml:2:1
  |
2 | bus_tpye = \"local\"
  | ^^^^^^^^
  |
  = help: did you mean `bus_type`?"
    );
}

#[test]
fn an_unknown_value_is_shown_at_its_place() {
    assert_eq!(
        shown("[event_bus.daemoneye]\nconfirmation = \"accept\"\n"),
        "\
error: unknown variant `accept`, expected one of `fire`, `accepted`, `delivered`
 --> agent.toml:2:16
  |
2 | confirmation = \"accept\"
  |                ^^^^^^^^
  |
  = help: did you mean `accepted`?"
    );
}

#[test]
fn a_wrong_unit_is_shown_at_its_place() {
    assert_eq!(
        shown("[procmond]\nscan_interval = \"30\"\n"),
        "\
error: \"\" is no unit of time; use `us`, `ms`, `s`, `m` or `h`, as in `30s`
 --> agent.toml:2:17
  |
2 | scan_interval = \"30\"
  |                 ^^^^"
    );
}

#[test]
fn a_number_without_a_unit_is_shown_at_its_place_with_what_to_write() {
    assert_eq!(
        shown("[procmond]\nscan_interval = 2\n"),
        "\
error: 2 has no unit of time; write \"2s\", or a text with `us`, `ms`, `m` or `h`
 --> agent.toml:2:17
  |
2 | scan_interval = 2
  |                 ^"
    );
    let mut layers = Layers::new();
    let told = layers.assignment("--set", "procmond.scan_interval=2").unwrap_err().to_string();
    assert!(told.contains("2 has no unit of time; write \"2s\""), "{told}");
}

#[test]
fn a_list_written_as_a_section_is_shown_with_its_heading() {
    assert_eq!(
        shown("[trigger]\nname = \"busy\"\n"),
        "\
error: `trigger` is a list: write `[[trigger]]` above each of it
 --> agent.toml:1:1
  |
1 | [trigger]
  | ^^^^^^^^^"
    );
    let told = Layers::new().assignment("--set", "procmond=5").unwrap_err().to_string();
    let advice = "`procmond` is a section: set its keys, each by itself";
    assert_eq!(told, format!("error: flag --set procmond=5: {advice}"));
}

#[test]
fn every_unknown_key_of_a_file_is_shown_and_the_first_comes_first() {
    assert_eq!(
        shown("bus_type = \"local\"\n[procmond]\nscan_intervall = \"5s\"\n")
            .lines()
            .filter(|line| line.contains("-->") || line.contains("help"))
            .collect::<Vec<_>>(),
        [
            " --> agent.toml:1:1",
            "  = help: did you mean `event_bus.bus_type`?",
            " --> agent.toml:3:1",
            "  = help: did you mean `scan_interval`?",
        ]
    );
}

#[test]
fn a_value_out_of_bounds_is_shown_at_its_place() {
    assert_eq!(
        shown("[collector]\nmax_event_sources = 0\n"),
        "\
error: `collector.max_event_sources`: 0 is outside 1 to 1024
 --> agent.toml:2:21
  |
2 | max_event_sources = 0
  |                     ^"
    );
}

#[test]
fn a_variable_reaches_a_section_in_a_section() {
    let mut layers = Layers::new();
    let variable = "DAEMONEYE_EVENT_BUS__DAEMONEYE__PUBLISH_LIMIT";
    layers.environment([(variable.to_owned(), "7s".to_owned())]).unwrap();
    let resolved = layers.resolve().unwrap();
    let limits = resolved.settings.event_bus.daemoneye.as_ref().expect("the variable set it");
    assert_eq!(limits.publish_limit, Duration::from_secs(7));
    let origin = resolved.origin("event_bus.daemoneye.publish_limit").to_string();
    assert_eq!(origin, format!("environment variable {variable}"));
}

#[test]
fn a_wrong_variable_is_named() {
    let mut layers = Layers::new();
    let variable = ("DAEMONEYE_EVENT_BUS__BUS_TPYE".to_owned(), "local".to_owned());
    let error = layers.environment([variable]).expect_err("the name is wrong").to_string();
    assert_eq!(
        error.lines().next(),
        Some(
            "error: environment variable DAEMONEYE_EVENT_BUS__BUS_TPYE: unknown field \
             `bus_tpye`, expected one of `bus_type`, `socket_path`, `crossbeam`, `broadcast`, `sharing`, `daemoneye`; did you mean `bus_type`?"
        )
    );
}

#[test]
fn a_variable_with_one_underscore_too_few_does_not_pass_for_a_default() {
    let told = |variable: &str| {
        let refused = Layers::new().environment([(variable.to_owned(), "2s".to_owned())]);
        refused.map_err(|error| error.to_string())
    };
    for (variable, meant) in [
        ("DAEMONEYE_PROCMOND_SCAN_INTERVAL", "DAEMONEYE_PROCMOND__SCAN_INTERVAL"),
        (
            "DAEMONEYE_EVENT_BUS_DAEMONEYE_PUBLISH_LIMIT",
            "DAEMONEYE_EVENT_BUS__DAEMONEYE__PUBLISH_LIMIT",
        ),
    ] {
        let expected = format!(
            "error: environment variable {variable}: it sets nothing: two underscores part a \
             section from its key; did you mean `{meant}`?"
        );
        assert_eq!(told(variable), Err(expected));
    }
    for others in ["DAEMONEYE_LOG", "DAEMONEYE_PROCMOND", "DAEMONEYE_SCAN_INTERVAL"] {
        assert_eq!(told(others), Ok(()), "{others}");
    }
}

#[test]
fn a_flag_out_of_bounds_is_named() {
    let mut layers = Layers::new();
    layers.flag("--interval", "procmond.scan_interval", "1ms").unwrap();
    let error = layers.resolve().expect_err("too short").to_string();
    assert_eq!(error, "error: flag --interval: `procmond.scan_interval`: 1ms is shorter than 10ms");
}

#[test]
fn of_values_that_do_not_go_together_the_one_set_last_is_shown() {
    assert_eq!(
        shown("[agent]\nrestart_pause = \"500ms\"\nrestart_limit = 50\n").lines().next(),
        Some(
            "error: `agent.restart_limit`: `restart_window` (5m) is no longer than all pauses \
             before `restart_limit` (50) restarts, 22m 31s: none of them would ever be the last"
        )
    );
    for (text, key, line) in [
        ("[health]\nerror_rate_degraded = 0.7\n", "health.error_rate_degraded", 2),
        ("[perfmond]\nswap_used_percent = 4.0\n", "perfmond.swap_used_percent", 2),
        (
            "[perfmond]\ncpu_busy_percent = 90.0\nmemory_used_percent = 4.0\n",
            "perfmond.memory_used_percent",
            3,
        ),
        ("[fsmond]\nhash_content = true\ninclude_access = true\n", "fsmond.include_access", 3),
    ] {
        let told = shown(text);
        assert!(told.starts_with(&format!("error: `{key}`: ")), "{told}");
        assert!(told.contains(&format!(" --> agent.toml:{line}:")), "{told}");
    }
}

#[test]
fn of_two_layers_that_do_not_go_together_the_upper_one_is_named() {
    let mut layers = Layers::new();
    layers.assignment("--set", "health.error_rate_degraded=0.7").unwrap();
    let file = "[health]\nerror_rate_unhealthy = 0.6\n";
    layers.text(Path::new("agent.toml"), file.to_owned()).unwrap();
    let told = layers.resolve().unwrap_err().to_string();
    let origin = "error: flag --set health.error_rate_degraded=0.7: `health.error_rate_degraded`: ";
    assert!(told.starts_with(origin), "{told}");
}

#[test]
fn an_assignment_sets_any_key_and_says_where_it_stood() {
    let mut layers = Layers::new();
    layers.assignment("--set", "procmond.scan_interval=5s").unwrap();
    layers.assignment("--set", "agent.collectors = [\"fsmond\"]").unwrap();
    let resolved = layers.resolve().unwrap();
    assert_eq!(resolved.settings.procmond.scan_interval, Duration::from_secs(5));
    assert_eq!(resolved.settings.agent.collectors, [CollectorName::Fsmond]);
    let origin = resolved.origin("procmond.scan_interval").to_string();
    assert_eq!(origin, "flag --set procmond.scan_interval=5s");
}

#[test]
fn an_assignment_without_a_value_or_of_an_unknown_key_is_named() {
    let refused = |assignment: &str| {
        let error = Layers::new().assignment("--set", assignment).expect_err("it is wrong");
        error.to_string()
    };
    assert_eq!(
        refused("procmond.scan_interval"),
        "error: flag --set procmond.scan_interval: it has no value; write KEY=VALUE, as in \
         `procmond.scan_interval=5s`"
    );
    let told = refused("procmond.scan_intervall=5s");
    assert!(told.ends_with("did you mean `scan_interval`?"), "{told}");
    let told = refused("scan_interval=5s");
    let meant = "did you mean `netmond.scan_interval` or `procmond.scan_interval`?";
    assert!(told.ends_with(meant), "{told}");
}

#[test]
fn of_two_flags_for_one_key_the_later_wins() {
    let mut layers = Layers::new();
    layers.flag("--interval", "procmond.scan_interval", "1s").unwrap();
    layers.assignment("--set", "procmond.scan_interval=2s").unwrap();
    let settings = layers.resolve().unwrap().settings;
    assert_eq!(settings.procmond.scan_interval, Duration::from_secs(2));
}

const TRIGGER: &str =
    "[[trigger]]\nname = \"busy\"\ntarget = \"procmond\"\nanalysis = \"binary_hash\"\n";

#[test]
fn an_analysis_nobody_does_is_shown_at_its_place_with_what_was_meant() {
    let text = TRIGGER.replace("binary_hash", "binary_hsah") + "when = \"TRUE\"\n";
    assert_eq!(
        shown(&text),
        "\
error: `trigger.0.analysis`: there is no analysis and no workflow \"binary_hsah\"
 --> agent.toml:4:12
  |
4 | analysis = \"binary_hsah\"
  |            ^^^^^^^^^^^^^
  |
  = help: did you mean `binary_hash`?"
    );
}

#[test]
fn a_condition_is_shown_at_the_word_that_is_wrong() {
    assert_eq!(
        shown(&format!("{TRIGGER}when = \"nmae = 'x'\"\n")),
        "\
error: `trigger.0.when`: no kind of event has a field `nmae`; did you mean `name`?
 --> agent.toml:5:9
  |
5 | when = \"nmae = 'x'\"
  |         ^^^^"
    );
}

#[test]
fn a_condition_of_several_lines_is_shown_at_the_line_that_is_wrong() {
    let when = "when = '''\nSELECT * FROM process\nWHERE pid > 'x'\n'''\n";
    assert_eq!(
        shown(&format!("{TRIGGER}{when}")),
        "\
error: `trigger.0.when`: a number cannot be compared with a text
 --> agent.toml:7:13
  |
7 | WHERE pid > 'x'
  |             ^^^"
    );
}

#[test]
fn an_entry_of_a_list_is_found_by_its_number() {
    let text = format!("{TRIGGER}when = \"TRUE\"\n{TRIGGER}when = \"TRUE\"\n");
    assert_eq!(
        shown(&text),
        "\
error: `trigger.1.name`: another trigger is called \"busy\"
 --> agent.toml:7:8
  |
7 | name = \"busy\"
  |        ^^^^^^"
    );
}

#[test]
fn the_triggers_of_a_later_file_stand_for_those_of_an_earlier_one() {
    let mut layers = Layers::new();
    layers.text(Path::new("system.toml"), format!("{TRIGGER}when = \"TRUE\"\n")).unwrap();
    let user = TRIGGER.replace("busy", "own") + "when = \"FALSE\"\n";
    layers.text(Path::new("user.toml"), user).unwrap();
    let resolved = layers.resolve().unwrap();
    let names: Vec<_> = resolved.settings.triggers.iter().map(|trigger| &*trigger.name).collect();
    assert_eq!(names, ["own"]);
    assert_eq!(resolved.origin("trigger").to_string(), "user.toml");
}
