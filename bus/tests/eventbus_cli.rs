//! The operator's tool from outside: every exit code, what goes to which stream, and answers that
//! are the library's (T1–T7).
#![cfg(feature = "tool")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin_cmd;
use daemoneye_eventbus::topic::REGISTRY;
use daemoneye_eventbus::{Topic, TopicPattern};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};

fn eventbus(arguments: &[&str]) -> Assert {
    cargo_bin_cmd!("eventbus").args(arguments).assert()
}

fn batch(input: impl Into<Vec<u8>>) -> Assert {
    cargo_bin_cmd!("eventbus").args(["match", "--batch"]).write_stdin(input).assert()
}

#[test]
fn a_match_prints_true_and_exits_0() {
    eventbus(&["match", "events.#", "events"]).code(0).stdout("true\n").stderr(is_empty());
}

#[test]
fn no_match_prints_false_and_exits_1() {
    eventbus(&["match", "events.process.+", "events.process"])
        .code(1)
        .stdout("false\n")
        .stderr(is_empty());
}

#[test]
fn answers_in_json_are_objects() {
    eventbus(&["match", "--json", "events.#", "events"]).code(0).stdout("{\"matches\":true}\n");
    let json = ["match", "--json", "--batch"];
    let asked =
        cargo_bin_cmd!("eventbus").args(json).write_stdin("a.* events\n# events\n").assert();
    let output = String::from_utf8(asked.code(0).get_output().stdout.clone()).expect("text");
    let lines: Vec<serde_json::Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines[0]["invalid"].as_str().is_some_and(|why| why.contains("PATTERN \"a.*\"")));
    assert_eq!(lines[1], serde_json::json!({ "matches": true }));
}

#[test]
fn an_invalid_pattern_exits_2_with_argument_level_and_advice() {
    eventbus(&["match", "events.process.*", "events.process"]).code(2).stdout(is_empty()).stderr(
        "eventbus: PATTERN \"events.process.*\": level 3 \"*\" contains `*`; \
         write `+` for one level or `#` for all below\n",
    );
}

#[test]
fn an_invalid_topic_exits_2_with_argument_and_level() {
    eventbus(&["match", "events.#", "events..tree"])
        .code(2)
        .stdout(is_empty())
        .stderr(contains("eventbus: TOPIC \"events..tree\": level 2 is empty; "));
}

#[test]
fn two_invalid_arguments_are_both_reported() {
    eventbus(&["match", "", "events.#"])
        .code(2)
        .stderr(contains("PATTERN \"\": level 1 is missing"))
        .stderr(contains("TOPIC \"events.#\": level 2 \"#\" contains `#`"));
}

#[test]
fn wrong_usage_exits_2_and_says_what_is_missing() {
    eventbus(&["match", "events.#"]).code(2).stdout(is_empty()).stderr(contains("<TOPIC>"));
    eventbus(&["match"]).code(2).stderr(contains("<PATTERN>"));
    eventbus(&["mtach"]).code(2).stderr(contains("mtach"));
    eventbus(&[]).code(2).stderr(contains("Usage"));
    eventbus(&["match", "--batch", "-", "events"]).code(2).stderr(contains("--batch"));
}

#[test]
fn help_explains_every_exit_code() {
    let verbs = ["pub", "sub", "stats", "subscriptions", "top", "tap", "match", "topics"];
    for verb in [""].into_iter().chain(verbs) {
        let arguments = [verb, "--help"];
        let arguments = &arguments[usize::from(verb.is_empty())..];
        let help = eventbus(arguments).code(0).get_output().stdout.clone();
        let help = String::from_utf8(help).unwrap();
        let (_, codes) = help.split_once("Exit codes:\n").expect("a list of exit codes");
        let listed: Vec<&str> =
            codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let without_no = matches!(verb, "pub");
        let expected: &[&str] = if without_no { &["0", "2", "4"] } else { &["0", "1", "2", "4"] };
        assert_eq!(listed, expected, "{arguments:?}");
    }
}

#[test]
fn a_batch_answers_every_line_in_order_and_exits_0() {
    let input = "events.# events\n\
                 events.+ events\n\
                 \x20 events.+\t events.process \r\n\
                 \n\
                 events.#\n\
                 events.# events events\n\
                 events.* events\n\
                 events.# events.X\n\
                 + admin";
    let answers = "true\n\
        false\n\
        true\n\
        invalid: line is blank; write PATTERN TOPIC\n\
        invalid: line has 1 field; write PATTERN TOPIC\n\
        invalid: line has 3 fields; write PATTERN TOPIC\n\
        invalid: PATTERN \"events.*\": level 2 \"*\" contains `*`; \
        write `+` for one level or `#` for all below\n\
        invalid: TOPIC \"events.X\": level 2 \"X\" contains 'X'; allowed are a-z, 0-9, `_` and `-`\n\
        true\n";
    batch(input).code(0).stdout(answers).stderr(is_empty());
}

#[test]
fn an_empty_batch_has_no_answers() {
    batch("").code(0).stdout(is_empty()).stderr(is_empty());
}

#[test]
fn a_line_that_is_not_utf_8_is_answered_and_the_next_one_too() {
    batch(b"events.# \xff\nevents.# events\n".to_vec()).code(0).stdout(
        "invalid: line is not UTF-8: invalid utf-8 sequence of 1 bytes from index 9\ntrue\n",
    );
}

#[test]
fn an_overlong_line_is_one_answer() {
    let longest = format!("events.# {}", "x".repeat(4096 - 9));
    let answers =
        batch(format!("{longest}\n{longest}x\n{}\nevents.# events\n", "y".repeat(100_000)))
            .code(0)
            .get_output()
            .stdout
            .clone();
    let answers = String::from_utf8(answers).unwrap();
    let lines: Vec<&str> = answers.lines().collect();
    assert!(lines[0].contains("goes past the limit of 255 bytes"), "{}", &lines[0][..40]);
    assert_eq!(
        lines[1..],
        [
            "invalid: line is longer than 4096 bytes",
            "invalid: line is longer than 4096 bytes",
            "true"
        ]
    );
}

#[test]
fn a_batch_reads_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs");
    std::fs::write(&file, "events.# events\n+ events.process\n").unwrap();
    eventbus(&["match", "--batch", file.to_str().unwrap()]).code(0).stdout("true\nfalse\n");
}

#[test]
fn a_file_that_cannot_be_opened_exits_4_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    eventbus(&["match", "--batch", missing.to_str().unwrap()])
        .code(4)
        .stdout(is_empty())
        .stderr(contains("eventbus: cannot open ").and(contains("missing")));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_exits_4() {
    for arguments in [&["match", "events.#", "events"][..], &["topics"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_eventbus"))
            .args(arguments)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4));
        let reason = String::from_utf8(output.stderr).unwrap();
        assert!(reason.starts_with("eventbus: cannot write standard output: "), "{reason}");
    }
}

fn spawn_batch() -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_eventbus"))
        .args(["match", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts")
}

/// The tool never reads ahead of what it answers: one question, one answer, on open pipes.
#[test]
fn a_batch_answers_a_line_before_the_next_one_is_asked() {
    let mut child = spawn_batch();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for (question, expected) in [("events.# events\n", "true\n"), ("+ events.a\n", "false\n")] {
        questions.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, expected);
    }
    drop(questions);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_leaves_ends_the_batch_quietly() {
    let mut child = spawn_batch();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = child.stdout.take().unwrap();
    questions.write_all(b"events.# events\n").unwrap();
    let mut first = [0; 5];
    answers.read_exact(&mut first).unwrap();
    drop(answers);
    // The tool may end before it has read everything, which is the point.
    while questions.write_all(b"events.# events\n").is_ok() {}
    drop(questions);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// A fixed sequence of numbers that looks random (splitmix64).
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % below
    }
}

fn text_of(levels: &[&str], first: &[&str], number: &mut impl FnMut(usize) -> usize) -> String {
    let mut text = first[number(first.len())].to_owned();
    for _ in 0..number(4) {
        text.push('.');
        text.push_str(levels[number(levels.len())]);
    }
    text
}

#[test]
fn a_hundred_thousand_answers_are_the_librarys() {
    let mut number = numbers();
    let mut input = String::new();
    let mut expected = Vec::new();
    for _ in 0..100_000 {
        let pattern =
            text_of(&["a", "b", "+", "#", "*", "B"], &["events", "+", "#", "event"], &mut number);
        let topic = text_of(&["a", "a", "b", "b", "b", "+"], &["events", "control"], &mut number);
        writeln!(input, "{pattern} {topic}").unwrap();
        expected.push(match (pattern.parse::<TopicPattern>(), topic.parse::<Topic>()) {
            (Ok(pattern), Ok(topic)) => pattern.matches(&topic).to_string(),
            (Err(reason), _) => format!("invalid: PATTERN {pattern:?}: {reason}"),
            (_, Err(reason)) => format!("invalid: TOPIC {topic:?}: {reason}"),
        });
    }
    for answer in ["true", "false"] {
        let count = expected.iter().filter(|expected| *expected == answer).count();
        assert!(count > 2000, "{count} lines with {answer}: too few to mean much");
    }
    let answers = batch(input).code(0).get_output().stdout.clone();
    let answers = String::from_utf8(answers).unwrap();
    assert_eq!(answers.lines().count(), expected.len());
    for (line, (answer, expected)) in answers.lines().zip(&expected).enumerate() {
        assert_eq!(answer, expected, "line {}", line + 1);
    }
}

#[test]
fn topics_prints_a_row_for_each_registered_topic() {
    let table = eventbus(&["topics"]).code(0).stderr(is_empty()).get_output().stdout.clone();
    let table = String::from_utf8(table).unwrap();
    let mut rows = table.lines();
    assert!(rows.next().is_some_and(|heading| heading.starts_with("TOPIC ")));
    let topics: Vec<&str> = rows.clone().filter_map(|row| row.split_whitespace().next()).collect();
    assert_eq!(topics, REGISTRY.iter().map(|row| row.topic).collect::<Vec<_>>());
    for (row, registered) in rows.zip(REGISTRY) {
        assert!(row.ends_with(registered.summary), "{row}");
        assert!(row.contains(registered.default_for), "{row}");
    }
}

#[test]
fn topics_as_json_holds_the_registry() {
    let json = eventbus(&["topics", "--json"]).code(0).get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json, serde_json::to_value(REGISTRY).unwrap());
    assert_eq!(json[0]["topic"], "events.process.lifecycle");
    assert_eq!(json[0]["kind"], "process");
}

#[test]
fn completions_are_printed_for_every_shell() {
    for (shell, beginning) in [
        ("bash", "_eventbus()"),
        ("zsh", "#compdef eventbus"),
        ("fish", "# Print"),
        ("powershell", "using namespace System.Management.Automation"),
    ] {
        let script = eventbus(&["completions", shell]).code(0).stderr(is_empty());
        let script = String::from_utf8(script.get_output().stdout.clone()).unwrap();
        assert!(script.trim_start().starts_with(beginning), "{shell}: {}", &script[..40]);
        for verb in ["pub", "sub", "stats", "subscriptions", "top", "tap", "match", "topics"] {
            assert!(script.contains(verb), "{shell} without {verb}");
        }
    }
    eventbus(&["completions", "tcsh"]).code(2).stderr(contains("possible values"));
}
