//! The command lines of the binaries: help, exit codes, and errors as they are shown,
//! and that the socket lies in a private folder (V10).

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty, starts_with};

/// A command that hangs is killed after this long.
const WATCHDOG: Duration = Duration::from_mins(1);
/// Where a user's configuration and runtime folder would be looked for.
const PLACES: [&str; 3] = ["XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"];
const HOMES: [&str; 3] = ["HOME", "APPDATA", "LOCALAPPDATA"];

/// A binary that sees nothing of this user's configuration.
fn command(name: &str, home: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin(name));
    for variable in PLACES {
        command.env_remove(variable);
    }
    for variable in HOMES {
        command.env(variable, home);
    }
    command.timeout(WATCHDOG);
    command
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn help_explains_every_exit_code() {
    for name in ["procmond", "daemoneye-agent"] {
        command(name, home().path())
            .arg("--help")
            .assert()
            .success()
            .stdout(contains("0  stopped in order"))
            .stdout(contains("1  failed"))
            .stdout(contains("2  wrong usage or configuration"))
            .stdout(contains("4  infrastructure"));
    }
}

#[test]
fn an_unknown_flag_is_wrong_usage() {
    for name in ["procmond", "daemoneye-agent"] {
        let output = command(name, home().path()).arg("--sokcet").assert().code(2);
        output.stderr(contains("--sokcet")).stdout(is_empty());
    }
}

#[test]
fn a_typo_in_a_file_is_shown_with_a_caret_and_what_was_meant() {
    let home = home();
    let file = home.path().join("agent.toml");
    std::fs::write(&file, "[procmond]\nscan_intervall = \"5s\"\n").unwrap();
    for name in ["procmond", "daemoneye-agent"] {
        command(name, home.path())
            .arg("--config")
            .arg(&file)
            .assert()
            .code(2)
            .stdout(is_empty())
            .stderr(starts_with("error: unknown field `scan_intervall`"))
            .stderr(contains(format!("--> {}:2:1", file.display())))
            .stderr(contains("2 | scan_intervall = \"5s\"\n  | ^^^^^^^^^^^^^^\n"))
            .stderr(contains("did you mean `scan_interval`?"));
    }
}

#[cfg(unix)]
#[test]
fn the_users_file_is_read_unless_another_is_named() {
    let home = home();
    let folder = home.path().join(".config/daemoneye");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "[event_bus]\nbus_type = \"lokal\"\n").unwrap();
    let wrong = command("procmond", home.path()).assert().code(2);
    wrong.stderr(contains("unknown variant `lokal`").and(contains("did you mean `local`?")));

    let other = home.path().join("other.toml");
    std::fs::write(&other, "[event_bus]\nbus_type = \"local\"\n").unwrap();
    let named = command("procmond", home.path()).arg("--config").arg(&other).assert().code(2);
    named.stderr(contains("cannot share the in-process bus"));
}

#[test]
fn a_named_file_that_is_missing_is_wrong_configuration() {
    let missing = command("procmond", home().path()).args(["--config", "missing.toml"]).assert();
    missing.code(2).stderr(contains("missing.toml: cannot read the file"));
}

#[test]
fn a_wrong_variable_is_named() {
    command("daemoneye-agent", home().path())
        .env("DAEMONEYE_EVENT_BUS__BUS_TYPE", "redis")
        .assert()
        .code(2)
        .stderr(contains("environment variable DAEMONEYE_EVENT_BUS__BUS_TYPE"))
        .stderr(contains("`redis`"));
}

#[test]
fn a_wrong_interval_names_its_flag() {
    let wrong = command("procmond", home().path()).args(["--interval", "fast"]).assert();
    wrong.code(2).stderr(contains("flag --interval").and(contains("a whole number and a unit")));
}

#[test]
fn procmond_refuses_the_in_process_bus() {
    let refused = command("procmond", home().path()).args(["--bus", "local"]).assert().code(2);
    refused.stderr(contains("start daemoneye-agent"));
}

#[test]
fn procmond_without_a_broker_is_an_infrastructure_error() {
    let home = home();
    let nowhere = home.path().join("none.sock");
    let refused = command("procmond", home.path()).arg("--socket").arg(&nowhere).assert();
    refused.code(4).stderr(contains(nowhere.to_str().unwrap()));
}

#[test]
fn without_a_home_the_socket_must_be_named() {
    let mut procmond = command("procmond", home().path());
    for variable in HOMES {
        procmond.env_remove(variable);
    }
    procmond.assert().code(2).stderr(contains("no socket path is configured"));
}

#[cfg(unix)]
#[test]
fn a_socket_path_that_is_too_long_is_wrong_configuration() {
    let home = home();
    let long = home.path().join("x".repeat(120));
    let refused = command("daemoneye-agent", home.path()).arg("--socket").arg(&long).assert();
    refused.code(2).stderr(contains("the limit of this system is"));
}

#[cfg(unix)]
#[test]
fn a_folder_open_to_others_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let home = home();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let socket = home.path().join("broker.sock");
    let refused = command("daemoneye-agent", home.path()).arg("--socket").arg(&socket).assert();
    refused.code(4).stderr(contains("is open to others (mode 755)"));
    assert!(!socket.exists());
}

#[test]
fn a_collector_that_cannot_be_started_is_an_infrastructure_error() {
    let home = home();
    let socket = home.path().join("run/broker.sock");
    command("daemoneye-agent", home.path())
        .arg("--socket")
        .arg(&socket)
        .args(["--procmond", "/nowhere/procmond"])
        .assert()
        .code(4)
        .stdout(is_empty())
        .stderr(contains("cannot start /nowhere/procmond"));
    assert!(!socket.exists());
}

#[test]
fn a_record_that_cannot_be_written_is_an_infrastructure_error() {
    let home = home();
    let file = home.path().join("missing/records.jsonl");
    let refused = command("daemoneye-agent", home.path())
        .args(["--bus", "local", "--record"])
        .arg(&file)
        .assert()
        .code(4);
    refused.stderr(contains(format!("cannot record to {}", file.display())));
}

#[test]
fn a_pattern_that_cannot_be_subscribed_is_a_mistake_of_the_user() {
    let refused = command("daemoneye-agent", home().path())
        .args(["--bus", "local", "--subscribe", "events.process.*"])
        .assert()
        .code(2);
    refused.stderr(contains("events.process.*"));
}

#[test]
fn metrics_where_there_can_be_none_are_refused() {
    let home = home();
    let refused = |flags: &[&str], why: &str| {
        let agent = command("daemoneye-agent", home.path()).args(flags).assert().code(2);
        agent.stdout(is_empty()).stderr(contains(why));
    };
    refused(&["--metrics", "0.0.0.0:0"], "name a loopback address");
    refused(&["--metrics", "127.0.0.1:0", "--bus", "local"], "a bus inside this process has none");
}
