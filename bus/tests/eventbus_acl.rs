//! `eventbus acl` from outside: the table, answers with their rules, a policy file and what is wrong
//! with one (A1–A3).
#![cfg(feature = "ipc")]

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use daemoneye_eventbus::acl::AccessControl;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};

fn acl(arguments: &[&str]) -> Assert {
    cargo_bin_cmd!("eventbus").arg("acl").args(arguments).assert()
}

fn text(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("text")
}

#[test]
fn the_table_is_the_librarys_row_by_row() {
    let shown = text(&acl(&[]).code(0).stderr(is_empty()));
    let rows: Vec<Vec<&str>> =
        shown.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let table = AccessControl::standard();
    for (number, rule) in (1..).zip(table.rules()) {
        let expected = [
            number.to_string(),
            rule.effect.to_string(),
            rule.roles.to_string(),
            rule.action.to_string(),
            rule.topics.as_str().to_owned(),
        ];
        assert_eq!(rows[number - 1], expected);
    }
    assert!(shown.ends_with("A client without a token is taken for observer.\n"), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&text(&acl(&["--json"]).code(0))).expect("JSON");
    assert_eq!(json["rules"].as_array().map(Vec::len), Some(table.rules().len()));
    assert_eq!(json["unidentified"], "observer");
}

#[test]
fn an_answer_names_its_rule_and_is_the_exit_code() {
    acl(&["--check", "agent", "publish", "admin.policy"])
        .code(0)
        .stdout("allowed, by rule 1: allow agent publish #\n");
    acl(&["--check", "observer", "publish", "events.process.tree"])
        .code(1)
        .stdout("denied, no rule allows it\n");
    acl(&["--check", "collector:process", "subscribe", "control.collector.#"])
        .code(1)
        .stdout("denied, no rule allows it\n");
    acl(&["--check", "collector:network", "subscribe", "control.rpc.reply.me", "--id", "me"])
        .code(0)
        .stdout(contains("control.rpc.reply.{id}"));
    let json = text(&acl(&["--json", "--check", "observer", "subscribe", "events.#"]).code(0));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((json["allowed"].as_bool(), json["rule"].as_u64()), (Some(true), Some(13)));
}

#[test]
fn a_question_that_is_none_exits_2_with_the_reason() {
    acl(&["--check", "king", "publish", "events.x"]).code(2).stderr(contains("collector:KIND"));
    acl(&["--check", "agent", "read", "events.x"]).code(2).stderr(contains("publish or subscribe"));
    acl(&["--check", "agent", "publish", "events.#"]).code(2).stderr(contains("contains `#`"));
    acl(&["--check", "agent", "publish", "events.x", "--id", "A"]).code(2).stderr(contains("id"));
}

#[test]
fn a_policy_file_comes_first_and_its_mistakes_are_shown_at_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policy.toml");
    let policy = "format = 1\n\n[[rule]]\neffect = \"deny\"\nrole = \"any\"\n\
                  action = \"subscribe\"\ntopics = \"events.process.#\"\n";
    std::fs::write(&path, policy).expect("written");
    let file = path.to_str().expect("text");
    acl(&["--policy", file, "--check", "observer", "subscribe", "events.#"])
        .code(1)
        .stdout("denied, by rule 1: deny any subscribe events.process.#\n");
    std::fs::write(&path, policy.replace("process.#", "process.*")).expect("written");
    acl(&["--policy", file])
        .code(2)
        .stdout(is_empty())
        .stderr(contains("policy.toml:7:10").and(contains("^^^^^^^^^^^^^^^^^^")));
}

#[test]
fn the_policy_file_of_the_handbook_is_one() {
    let (_, section) =
        include_str!("../OPERATIONS.md").split_once("```toml\n").expect("an example");
    let (example, _) = section.split_once("```").expect("its end");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, example).expect("written");
    let file = path.to_str().expect("text");
    acl(&["--policy", file, "--check", "observer", "subscribe", "events.process.integrity"])
        .code(1)
        .stdout(contains("denied, by rule 1"));
    acl(&["--policy", file, "--check", "observer", "subscribe", "events.network.#"]).success();
}
