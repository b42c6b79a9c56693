//! The command lines of the binaries: help, exit codes, and errors as they are shown,
//! and that the socket lies in a private folder (V10).

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty, starts_with};

/// A command that hangs is killed after this long.
const WATCHDOG: Duration = Duration::from_mins(1);
/// Where a user's configuration and runtime folder would be looked for.
const PLACES: [&str; 3] = ["XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"];
const HOMES: [&str; 3] = ["HOME", "APPDATA", "LOCALAPPDATA"];

/// Every binary of the package.
const BINARIES: [&str; 5] = ["daemoneye-agent", "procmond", "netmond", "fsmond", "perfmond"];

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
    for name in BINARIES {
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
    for name in BINARIES {
        let output = command(name, home().path()).arg("--sokcet").assert().code(2);
        output.stderr(contains("--sokcet")).stdout(is_empty());
    }
}

#[test]
fn a_typo_in_a_file_is_shown_with_a_caret_and_what_was_meant() {
    let home = home();
    let file = home.path().join("agent.toml");
    std::fs::write(&file, "[procmond]\nscan_intervall = \"5s\"\n").unwrap();
    for name in BINARIES {
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
    std::fs::write(folder.join("config.toml"), "[event_bus]\nbus_type = \"deamoneye\"\n").unwrap();
    let wrong = command("procmond", home.path()).assert().code(2);
    let meant = contains("did you mean `daemoneye`?");
    wrong.stderr(contains("unknown variant `deamoneye`").and(meant));

    let other = home.path().join("other.toml");
    std::fs::write(&other, "[procmond]\nscan_interval = \"1ms\"\n").unwrap();
    let named = command("procmond", home.path()).arg("--config").arg(&other).assert().code(2);
    named.stderr(contains("1ms is shorter than 10ms"));
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
fn a_typo_in_what_to_log_is_wrong_configuration_and_not_silence() {
    for name in BINARIES {
        let wrong = command(name, home().path()).env("DAEMONEYE_LOG", "infoo").assert().code(2);
        let told = starts_with("error: environment variable DAEMONEYE_LOG: `infoo` is no level");
        wrong.stdout(is_empty()).stderr(told.and(contains("did you mean `info`?")));
    }
}

#[test]
fn a_wrong_interval_names_its_flag() {
    let wrong = command("procmond", home().path()).args(["--interval", "fast"]).assert();
    wrong.code(2).stderr(contains("flag --interval").and(contains("a whole number and a unit")));
}

#[test]
fn an_interval_for_a_collector_that_has_none_is_refused() {
    let refused = command("fsmond", home().path()).args(["--interval", "5s"]).assert().code(2);
    refused.stderr(contains("fsmond has no interval"));
}

#[test]
fn a_collector_that_does_not_exist_is_refused_with_the_name_that_was_meant() {
    let refused = command("daemoneye-agent", home().path())
        .args(["--collectors", "procmond,netmund"])
        .assert()
        .code(2);
    refused.stderr(contains("flag --collectors").and(contains("did you mean `netmond`?")));
}

#[test]
fn a_collector_without_a_name_is_refused_with_those_there_are() {
    let refused = command("daemoneye-agent", home().path()).args(["--collectors", ""]).assert();
    let reason = "error: flag --collectors: the name is empty, expected one of `procmond`";
    refused.code(2).stderr(starts_with(reason));
}

#[test]
fn a_policy_that_cannot_be_read_is_told_as_that_and_once() {
    let home = home();
    let refused = command("daemoneye-agent", home.path())
        .arg("--socket")
        .arg(home.path().join("run/broker.sock"))
        .args(["--set", "event_bus.daemoneye.policy_file=missing.toml"])
        .assert()
        .code(2);
    let reason = "error: cannot read the policy missing.toml: ";
    refused.stdout(is_empty()).stderr(starts_with(reason));
}

#[test]
fn the_configuration_is_shown_with_where_each_value_came_from_and_can_be_read_again() {
    let home = home();
    let file = home.path().join("agent.toml");
    std::fs::write(&file, "[collector]\nmax_batch_size = 7\n").unwrap();
    let mut shown = Vec::new();
    for name in BINARIES {
        let output = command(name, home.path())
            .arg("--config")
            .arg(&file)
            .args(["--set", "procmond.scan_interval=5s", "--show-config"])
            .env("DAEMONEYE_AGENT__RESTART_LIMIT", "3")
            .assert()
            .success();
        let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        assert!(line("max_batch_size = 7 ").ends_with("agent.toml"), "{text}");
        assert!(line("scan_interval = \"5s\"").contains("flag --set"), "{text}");
        assert!(line("restart_limit = 3 ").contains("DAEMONEYE_AGENT__RESTART_LIMIT"), "{text}");
        assert!(line("max_event_sources = 16 ").ends_with("built-in default"), "{text}");
        assert!(line("orphan_limit = \"2m\" ").ends_with("built-in default"), "{text}");
        shown.push(text);
    }
    let again = home.path().join("again.toml");
    std::fs::write(&again, &shown[0]).unwrap();
    let agent = command("daemoneye-agent", home.path())
        .arg("--config")
        .arg(&again)
        .arg("--show-config")
        .assert()
        .success();
    let values = |text: &str| -> Vec<String> {
        let value = |line: &str| line.split(" # ").next().unwrap_or_default().trim_end().to_owned();
        text.lines().map(value).collect()
    };
    let text = String::from_utf8(agent.get_output().stdout.clone()).unwrap();
    assert_eq!(values(&text), values(&shown[0]));
}

#[test]
fn a_reader_of_the_configuration_that_has_seen_enough_is_no_error() {
    let mut procmond = std::process::Command::new(assert_cmd::cargo::cargo_bin("procmond"));
    let home = home();
    procmond.arg("--show-config").env("HOME", home.path()).stdout(Stdio::piped());
    let mut shown = procmond.spawn().unwrap();
    drop(shown.stdout.take());
    assert_eq!(shown.wait().unwrap().code(), Some(0));
}

#[cfg(feature = "legacy")]
#[test]
fn a_collector_refuses_the_in_process_bus() {
    for name in BINARIES.into_iter().filter(|name| *name != "daemoneye-agent") {
        for bus in ["local", "broadcast", "sharing"] {
            let refused = command(name, home().path()).args(["--bus", bus]).assert().code(2);
            refused
                .stderr(contains(format!("the in-process bus `{bus}`")))
                .stderr(contains("start daemoneye-agent"));
        }
    }
}

#[cfg(not(feature = "legacy"))]
#[test]
fn a_bus_that_this_build_does_not_have_is_refused_with_that_reason_and_not_shown() {
    let home = home();
    let file = home.path().join("agent.toml");
    let reason = "this build has no in-process bus; use `daemoneye`, or build it with \
                  `--features legacy`";
    for name in BINARIES {
        for bus in ["local", "broadcast", "sharing"] {
            let refused = command(name, home.path()).args(["--bus", bus]).assert().code(2);
            refused.stdout(is_empty()).stderr(format!("error: flag --bus: {reason}\n"));
            let text = format!("[event_bus]\nbus_type = \"{bus}\"\n");
            std::fs::write(&file, text).unwrap();
            let refused = command(name, home.path()).arg("--config").arg(&file).assert().code(2);
            let place = format!("error: {reason}\n --> {}:2:12\n", file.display());
            refused.stdout(is_empty()).stderr(starts_with(place));
        }
        let help = command(name, home.path()).arg("--help").assert().success();
        help.stdout(contains("- daemoneye:").and(contains("- local:").not()));
    }
}

#[test]
fn procmond_without_a_broker_is_an_infrastructure_error() {
    let home = home();
    let nowhere = home.path().join("none.sock");
    let refused = command("procmond", home.path()).arg("--socket").arg(&nowhere).assert();
    refused.code(4).stderr(contains(nowhere.to_str().unwrap()));
}

#[test]
fn the_status_of_an_agent_that_does_not_run_is_an_infrastructure_error() {
    let home = home();
    let nowhere = home.path().join("none.sock");
    let mut status = command("daemoneye-agent", home.path());
    let refused = status.args(["status", "--json", "--socket"]).arg(&nowhere).assert().code(4);
    refused
        .stdout(is_empty())
        .stderr(contains(format!("no agent at {}", nowhere.display())))
        .stderr(contains("start daemoneye-agent"))
        .stderr(contains("one with `--bus local` has none"));
}

#[test]
fn a_collector_of_an_agent_that_does_not_run_cannot_be_changed() {
    let home = home();
    let nowhere = home.path().join("none.sock");
    let change = ["set", "procmond", "procmond.scan_interval=5s"];
    for arguments in [&change[..], &["pause", "procmond"], &["resume", "procmond"]] {
        let mut steering = command("daemoneye-agent", home.path());
        let refused = steering.args(arguments).arg("--socket").arg(&nowhere).assert().code(4);
        refused.stdout(is_empty()).stderr(contains(format!("no agent at {}", nowhere.display())));
    }
}

#[test]
fn what_is_to_be_set_is_named_or_a_version_and_not_both() {
    let change = "procmond.scan_interval=5s";
    for arguments in [
        &["set", "procmond"][..],
        &["set", "procmond", change, "--rollback", "1"],
        &["set", "procmond", "--check", "--rollback", "1"],
        &["set", "procmond", "--rollback", "first"],
        &["pause"],
    ] {
        let mut steering = command("daemoneye-agent", home().path());
        steering.args(arguments).assert().code(2).stdout(is_empty());
    }
}

#[cfg(feature = "legacy")]
#[test]
fn an_agent_on_the_in_process_bus_cannot_be_asked_from_outside() {
    let status = || {
        let mut status = command("daemoneye-agent", home().path());
        status.arg("status").env("DAEMONEYE_EVENT_BUS__BUS_TYPE", "local");
        status
    };
    let refused = status().assert().code(2);
    refused.stdout(is_empty()).stderr(contains("such an agent has no broker"));
    // Where a socket is named, that counts.
    status().args(["--socket", "/nowhere/x.sock"]).assert().code(4);
}

#[test]
fn help_of_the_status_explains_its_exit_codes() {
    let help = command("daemoneye-agent", home().path()).args(["status", "--help"]).assert();
    help.success()
        .stdout(contains("1  a collector is unhealthy"))
        .stdout(contains("4  infrastructure: no agent"))
        .stdout(contains("--key <FILE>"));
}

#[test]
fn flags_of_the_agent_are_none_of_its_status() {
    let mut status = command("daemoneye-agent", home().path());
    status.args(["--collectors", "procmond", "status"]).assert().code(2);
}

#[test]
fn where_an_agent_is_may_be_said_before_a_command_or_after_it() {
    let home = home();
    let nowhere = home.path().join("none.sock");
    let file = home.path().join("agent.toml");
    let text = format!("[event_bus]\nsocket_path = {:?}\n", nowhere.to_str().unwrap());
    std::fs::write(&file, text).unwrap();
    for (flag, path) in [("--config", &file), ("--socket", &nowhere)] {
        for is_before in [true, false] {
            let mut status = command("daemoneye-agent", home.path());
            let status = if is_before {
                status.arg(flag).arg(path).arg("status")
            } else {
                status.arg("status").arg(flag).arg(path)
            };
            let refused = status.assert().code(4).stdout(is_empty());
            refused.stderr(contains(format!("no agent at {}", nowhere.display())));
        }
    }
}

#[test]
fn a_limit_of_health_that_cannot_be_is_shown_at_its_key() {
    let refused = command("daemoneye-agent", home().path())
        .args(["--set", "health.error_rate_unhealthy=1.5"])
        .assert()
        .code(2);
    refused.stderr(contains("`health.error_rate_unhealthy`: 1.5 is outside 0 to 1"));
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
fn one_door_for_several_collectors_is_wrong_configuration_and_shown_at_its_place() {
    let home = home();
    let file = home.path().join("agent.toml");
    std::fs::write(&file, "[ipc]\nenabled = true\nsocket_path = \"/run/door.sock\"\n").unwrap();
    let shown = |name: &str, flags: &[&str]| {
        let mut command = command(name, home.path());
        command.arg("--config").arg(&file).args(flags).arg("--show-config").assert()
    };
    shown("daemoneye-agent", &["--collectors", "procmond,netmond"])
        .code(2)
        .stdout(is_empty())
        .stderr(starts_with("error: `ipc.socket_path`: /run/door.sock is for one collector alone"))
        .stderr(contains("agent.toml:3:15").and(contains("write `{name}` where")));
    shown("daemoneye-agent", &["--collectors", "procmond"]).success();
    shown("procmond", &[]).success();
}

#[cfg(unix)]
#[test]
fn a_bare_name_is_in_the_current_folder_which_is_checked_as_well() {
    use std::os::unix::fs::PermissionsExt;

    let home = home();
    let folder = home.path().join("open");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let broker = home.path().join("run/broker.sock");
    let door = "ipc={enabled=true,socket_path=\"x.sock\"}";
    for (socket, set) in [
        (Path::new("x.sock"), "ipc.enabled=false"),
        (Path::new("./x.sock"), "ipc.enabled=false"),
        (broker.as_path(), door),
    ] {
        let mut agent = command("daemoneye-agent", home.path());
        let agent = agent.current_dir(&folder).args(["--collectors", "perfmond", "--set", set]);
        let refused = agent.arg("--socket").arg(socket).assert().code(4);
        refused.stderr(contains("is open to others (mode 755)"));
        assert_eq!(folder.read_dir().unwrap().count(), 0, "{}", socket.display());
    }
}

#[test]
fn a_collector_that_cannot_be_started_is_an_infrastructure_error() {
    let home = home();
    let socket = home.path().join("run/broker.sock");
    command("daemoneye-agent", home.path())
        .arg("--socket")
        .arg(&socket)
        .args(["--collectors", "procmond", "--programs", "/nowhere"])
        .assert()
        .code(4)
        .stdout(is_empty())
        .stderr(contains("cannot start /nowhere/procmond"));
    assert!(!socket.exists());
}

#[cfg(unix)]
#[test]
fn an_agent_that_is_to_watch_nothing_that_exists_is_configured_wrongly() {
    let home = home();
    let socket = home.path().join("run/broker.sock");
    let refused = |collectors: &str| {
        let mut agent = command("daemoneye-agent", home.path());
        let agent = agent.arg("--socket").arg(&socket).args(["--programs", "/nowhere"]);
        let paths = ["--set", "fsmond.paths=[\"/nowhere/a\", \"/nowhere/b\"]"];
        agent.args(["--collectors", collectors]).args(paths).assert().stdout(is_empty())
    };
    let why = "error: none of `fsmond.paths` exists: /nowhere/a, /nowhere/b";
    refused("procmond,fsmond").code(2).stderr(starts_with(why));
    assert!(!socket.parent().unwrap().exists(), "nothing is begun");
    // What nobody is to watch is no mistake; there are no programs.
    refused("procmond").code(4);
}

#[test]
fn a_record_that_cannot_be_written_is_an_infrastructure_error() {
    let home = home();
    let file = home.path().join("missing/records.jsonl");
    let refused = command("daemoneye-agent", home.path())
        .arg("--socket")
        .arg(home.path().join("run/broker.sock"))
        .arg("--record")
        .arg(&file)
        .assert()
        .code(4);
    refused.stderr(contains(format!("cannot record to {}", file.display())));
}

#[test]
fn a_pattern_that_cannot_be_subscribed_is_a_mistake_of_the_user() {
    let home = home();
    let refused = command("daemoneye-agent", home.path())
        .arg("--socket")
        .arg(home.path().join("run/broker.sock"))
        .args(["--subscribe", "events.process.*"])
        .assert()
        .code(2);
    refused.stderr(contains("events.process.*"));
}

#[test]
fn metrics_where_there_can_be_none_are_refused() {
    let home = home();
    let socket = home.path().join("run/broker.sock");
    let refused = |flags: &[&str], why: &str| {
        let mut agent = command("daemoneye-agent", home.path());
        let agent = agent.arg("--socket").arg(&socket).args(flags).assert().code(2);
        agent.stdout(is_empty()).stderr(contains(why));
    };
    refused(&["--metrics", "0.0.0.0:0"], "name a loopback address");
    // The broker was there already, and its socket and key are gone with it.
    assert_eq!(socket.parent().unwrap().read_dir().unwrap().count(), 0);
    if cfg!(feature = "legacy") {
        let local = ["--metrics", "127.0.0.1:0", "--bus", "local"];
        refused(&local, "a bus inside this process has none");
    }
    if cfg!(not(feature = "metrics")) {
        refused(&["--metrics", "127.0.0.1:0"], "build it with `--features metrics`");
    }
}

#[test]
fn a_collector_that_is_told_the_whole_configuration_takes_nothing_of_it_from_elsewhere() {
    let told = ["--token-from-stdin", "--settings-from-stdin"];
    let elsewhere = ["--set", "procmond.scan_interval=5s"];
    let refused = command("procmond", home().path()).args(told).args(elsewhere).assert().code(2);
    refused.stderr(contains("cannot be used with"));
}

#[test]
fn a_collector_that_cannot_read_its_settings_says_so_to_its_agent_as_well() {
    let token = "0".repeat(64);
    let refused = command("procmond", home().path())
        .args(["--token-from-stdin", "--settings-from-stdin"])
        .write_stdin(format!("{token}\n{{\"colour\":{{}}}}\n"))
        .assert()
        .code(2);
    refused
        .stdout(starts_with("{\"refused\":\"procmond\",\"why\":\"no settings in the line"))
        .stderr(contains("unknown field `colour`"));
}
