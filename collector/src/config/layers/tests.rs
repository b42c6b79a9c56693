//! Precedence, provenance, and errors as they are shown.

use std::time::Duration;

use super::*;
use crate::config::EventBusType;

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
        ("DAEMONEYE_EVENT_BUS__BUS_TYPE", "local"),
        ("HOME", "/nowhere"),
    ];
    layers.environment(variables.map(|(k, v)| (k.to_owned(), v.to_owned()))).unwrap();
    let system = "[procmond]\nscan_interval = \"4s\"\n[collector]\nmax_batch_size = 5\n";
    layers.text(Path::new("system.toml"), system.to_owned()).unwrap();
    let user = "[event_bus]\nbus_type = \"daemoneye\"\n[collector]\nmax_batch_size = 6\n";
    layers.text(Path::new("user.toml"), user.to_owned()).unwrap();

    let resolved = layers.resolve().unwrap();

    assert_eq!(resolved.settings.procmond.scan_interval, Duration::from_secs(1));
    assert_eq!(resolved.settings.event_bus.bus_type, EventBusType::Local);
    assert_eq!(resolved.settings.collector.max_batch_size, 6);
    let origin = |key| resolved.origin(key).to_string();
    assert_eq!(origin("procmond.scan_interval"), "flag --interval");
    assert_eq!(origin("event_bus.bus_type"), "environment variable DAEMONEYE_EVENT_BUS__BUS_TYPE");
    assert_eq!(origin("collector.max_batch_size"), "user.toml");
    assert_eq!(origin("collector.max_event_sources"), "built-in default");
}

#[test]
fn an_unknown_key_is_shown_at_its_place_with_the_name_that_was_meant() {
    assert_eq!(
        shown("[event_bus]\nbus_tpye = \"local\"\n"),
        "\
error: unknown field `bus_tpye`, expected one of `bus_type`, `socket_path`, `crossbeam`, `daemoneye`
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
        shown("[event_bus]\nbus_type = \"locale\"\n"),
        "\
error: unknown variant `locale`, expected `local` or `daemoneye`
 --> agent.toml:2:12
  |
2 | bus_type = \"locale\"
  |            ^^^^^^^^
  |
  = help: did you mean `local`?"
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
fn a_wrong_variable_is_named() {
    let mut layers = Layers::new();
    let variable = ("DAEMONEYE_EVENT_BUS__BUS_TPYE".to_owned(), "local".to_owned());
    let error = layers.environment([variable]).expect_err("the name is wrong").to_string();
    assert_eq!(
        error.lines().next(),
        Some(
            "error: environment variable DAEMONEYE_EVENT_BUS__BUS_TPYE: unknown field \
             `bus_tpye`, expected one of `bus_type`, `socket_path`, `crossbeam`, `daemoneye`; did you mean `bus_type`?"
        )
    );
}

#[test]
fn a_flag_out_of_bounds_is_named() {
    let mut layers = Layers::new();
    layers.flag("--interval", "procmond.scan_interval", "1ms").unwrap();
    let error = layers.resolve().expect_err("too short").to_string();
    assert_eq!(error, "error: flag --interval: `procmond.scan_interval`: 1ms is shorter than 10ms");
}
