//! Which broker the tool goes to, and what it says when there is none.

use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};

use crate::fixture::Served;

#[test]
fn no_socket_exits_4_and_says_what_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("bus.sock");
    for verb in [&["stats"][..], &["sub", "#"], &["pub", r#"{"kind":"audit"}"#]] {
        cargo_bin_cmd!("eventbus")
            .args(verb)
            .arg("--socket")
            .arg(&missing)
            .assert()
            .code(4)
            .stdout(is_empty())
            .stderr(contains("bus.sock: there is no such socket; start daemoneye-agent"))
            .stderr(contains("one with `--bus local` has none"));
    }
}

#[cfg(unix)]
#[test]
fn a_socket_nobody_listens_on_exits_4_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let stale = folder.path().join("bus.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    cargo_bin_cmd!("eventbus")
        .args(["stats", "--socket"])
        .arg(&stale)
        .assert()
        .code(4)
        .stderr(contains("nobody listens there, its broker is gone"));
}

/// What the tool says of its broker with these variables and no `--socket`.
fn with_variables(variables: &[(&str, &Path)]) -> assert_cmd::assert::Assert {
    let mut command = cargo_bin_cmd!("eventbus");
    let socket = "DAEMONEYE_EVENT_BUS__SOCKET_PATH";
    for name in [socket, "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HOME", "LOCALAPPDATA"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).arg("stats").assert()
}

#[test]
fn the_variable_of_the_agent_names_the_socket() {
    let served = Served::new();
    let found = with_variables(&[("DAEMONEYE_EVENT_BUS__SOCKET_PATH", served.socket())]);
    found.code(0).stdout(contains("published 0"));
}

#[test]
fn the_default_is_the_agents_socket_in_the_runtime_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |below: &str| {
        let below = below.replace('/', std::path::MAIN_SEPARATOR_STR);
        folder.path().join(below).display().to_string()
    };
    let session = with_variables(&[("XDG_RUNTIME_DIR", folder.path()), ("HOME", folder.path())]);
    session.code(4).stderr(contains(path("daemoneye/broker.sock")));
    let home = with_variables(&[("HOME", folder.path())]);
    home.code(4).stderr(contains(path(".local/state/daemoneye/run/broker.sock")));
    let windows = with_variables(&[("LOCALAPPDATA", folder.path())]);
    windows.code(4).stderr(contains(path("daemoneye/run/broker.sock")));
}

#[test]
fn without_any_socket_or_a_path_that_is_none_it_exits_2() {
    let nowhere = with_variables(&[]).code(2);
    nowhere.stderr(contains("no socket is named").and(contains("--socket")));
    let long = format!("/{}", "x".repeat(200));
    with_variables(&[("DAEMONEYE_EVENT_BUS__SOCKET_PATH", Path::new(&long))])
        .code(2)
        .stderr(contains("the limit of this system is"));
}

#[test]
fn a_name_the_broker_would_refuse_is_refused_at_once() {
    let served = Served::new();
    let long = "x".repeat(65);
    served.eventbus(&["stats", "--name", &long]).code(2).stderr(contains("1 to 64 bytes"));
}
