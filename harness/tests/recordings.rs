//! Recordings as scenarios name them: read from beside the file, refused with their place, and limits
//! that the page about them tells as they are.

use std::fs;
use std::path::{Path, PathBuf};

use equivalence::explore::{fitted, replayed};
use equivalence::plan::expand::check;
use equivalence::plan::{Count, Rate, expand};
use equivalence::scenario::{
    Ended, MAX_LINE_BYTES, MAX_RECORDED_EVENTS, MAX_RECORDED_NS, MAX_RECORDED_ROLES,
    MAX_RECORDED_SORTS, MAX_RECORDING_BYTES, Profile, Recording, load,
};
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

const RECORDING: &str = r#"{"format":"equivalence-recording","version":1,"publishers":2,"subscribers":0,"events":3,"about":{"patterns":["events.#"],"seconds":1.0,"ended":"time","lost":0,"enlarged":0,"inspected":false}}
{"publisher":"procmond"}
{"publisher":"netmond"}
{"at_ns":0,"publisher":0,"topic":"events.process.lifecycle","kind":"process","bytes":200}
{"at_ns":1500000,"publisher":1,"topic":"events.network.connections","kind":"network","bytes":300,"priority":"high"}
{"at_ns":2500001,"publisher":0,"topic":"events.process.lifecycle","kind":"process","bytes":210}
"#;

/// A scenario with these keys of a publisher and of a share beside a recording.
fn scenario(publisher: &str, publish: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.toml");
    fs::write(folder.path().join("x.jsonl"), RECORDING).expect("written");
    let text = format!(
        "format = 1\nname = \"x\"\nclaims = [\"C1\"]\nkind = \"behaviour\"\nsummary = \"Why.\"\n\
         [values]\nfile = \"x\"\n\
         [[topology.publisher]]\n{publisher}\n\
         [[topology.subscriber]]\nname = \"reader\"\npatterns = [\"events.#\"]\n\
         [[phase]]\nname = \"one\"\npublish = [{{ {publish} }}]\n"
    );
    fs::write(&path, text).expect("written");
    (folder, path)
}

fn told(path: &Path) -> String {
    let scenario = load(path).expect("its syntax is sound");
    check(&scenario).map_or_else(|problems| problems.to_string(), |()| String::new())
}

#[test]
fn a_publisher_replays_its_own_events_when_they_were_published() {
    for file in ["x.jsonl", "${file}.jsonl"] {
        let publisher = format!("name = \"procmond\"\nrecording = \"{file}\"");
        let (_folder, path) = scenario(&publisher, "as-recorded = true");
        let cases = expand(&load(&path).expect("a scenario"), Profile::Pr, 1);
        let case = cases.unwrap_or_else(|problems| panic!("{problems}")).remove(0);
        let publisher = &case.topology.publishers[0];
        let parts: Vec<_> =
            publisher.mix.iter().map(|part| (part.payload_bytes, part.weight)).collect();
        assert_eq!(parts, [(200, 1), (210, 1)]);
        let replay = publisher.replay.as_ref().expect("it replays");
        assert_eq!(replay.moments_ns, [0, 2_500_001]);
        let share = &case.phases[0].publish[0];
        assert_eq!((share.count, share.rate), (Count::Events(2), Rate::AsRecorded(3)));
    }
}

#[test]
fn a_group_replays_the_same_events_each() {
    let (_folder, path) =
        scenario("name = \"netmond\"\ncount = 3\nrecording = \"x.jsonl\"", "as-recorded = true");
    let cases = expand(&load(&path).expect("a scenario"), Profile::Pr, 1);
    let case = cases.unwrap_or_else(|problems| panic!("{problems}")).remove(0);
    let names: Vec<&str> = case.topology.publishers.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["netmond0", "netmond1", "netmond2"]);
    let counts: Vec<Count> = case.phases[0].publish.iter().map(|share| share.count).collect();
    assert_eq!(counts, [Count::Events(1); 3]);
}

#[test]
fn what_is_wrong_about_a_recording_is_told_at_its_place() {
    const SOUND: &str = "name = \"procmond\"\nrecording = \"x.jsonl\"";
    let other = |keys: &str| SOUND.replace("x.jsonl", keys);
    for (publisher, publish, why) in [
        (SOUND.to_owned(), "as-recorded = true", ""),
        (SOUND.to_owned(), "count = 10, rate = \"1000/s\"", ""),
        (other("y.jsonl"), "count = 1", "cannot read"),
        (other("../x.jsonl"), "count = 1", "name a file that lies beside this one"),
        (other("x.toml"), "count = 1", "x.toml:1: expected its first line"),
        (SOUND.replace("procmond", "procmon"), "count = 1", "did you mean `name = \"procmond\"`?"),
        (SOUND.replace("procmond", "agent"), "count = 1", "it has procmond, netmond"),
        (format!("{SOUND}\npayload = \"1KiB\""), "count = 1", "`payload` beside `recording`"),
        (format!("{SOUND}\nmix = [{{}}]"), "count = 1", "`mix` beside `recording`"),
        (
            SOUND.to_owned(),
            "as-recorded = true, count = 1",
            "how much is published must be said once",
        ),
        (SOUND.to_owned(), "as-recorded = false", "how much is published must be said once"),
        (SOUND.to_owned(), "as-recorded = true, rate = \"9/s\"", "`rate` beside `as-recorded`"),
        (SOUND.to_owned(), "as-recorded = true, window = 8", "`window` beside `as-recorded`"),
        ("name = \"procmond\"".to_owned(), "as-recorded = true", "publisher without a `recording`"),
    ] {
        let (_folder, path) = scenario(&publisher, publish);
        let told = told(&path);
        assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{why:?}: {told}");
    }
}

/// A scenario whose phases are these, of a publisher that replays two events.
fn phases(phases: &str) -> (TempDir, PathBuf) {
    let (folder, path) = scenario("name = \"procmond\"\nrecording = \"x.jsonl\"", "count = 2");
    let text = fs::read_to_string(&path).expect("it was written");
    let (before, _) = text.split_once("[[phase]]").expect("it has a phase");
    fs::write(&path, format!("{before}{phases}")).expect("written");
    (folder, path)
}

#[test]
fn a_recording_is_replayed_where_it_begins_anew_and_nowhere_else() {
    const REPLAY: &str = "[[phase]]\nname = \"replay\"\npublish = [{ as-recorded = true }]\n";
    const ANEW: &str = "`as-recorded` where the recording does not begin anew";
    let before = |keys: &str| format!("[[phase]]\nname = \"before\"\n{keys}\n{REPLAY}");
    let during = |at: &str| {
        format!("{REPLAY}action = [{{ {at}, do = \"publish-one\", publisher = \"procmond\" }}]\n")
    };
    let one = |at: &str| format!("{{ {at}, do = \"publish-one\", publisher = \"procmond\" }}");
    let start = one("at = \"start\"");
    let after = "after = { publisher = \"procmond\", events = 1 }";
    for (text, why) in [
        (REPLAY.to_owned(), ""),
        (REPLAY.repeat(2), ""),
        (before("publish = [{ count = 4, rate = \"1000/s\" }]"), ""),
        (
            before("publish = [{ count = 3 }]"),
            "procmond has published 3 before, and its recording has 2",
        ),
        (before("publish = [{ for = \"1s\", rate = \"9/s\" }]"), "is not planned"),
        (before("publish = [{ until-refused = true }]"), "is not planned"),
        (before(&format!("action = [{start}]")), "procmond has published 1 before"),
        (before(&format!("action = [{start}, {start}]")), ""),
        (before(&format!("publish = [{{ count = 1 }}]\naction = [{}]", one(after))), ""),
        (
            before(&format!("publish = [{{ count = 2 }}]\naction = [{}]", one(after))),
            "published 3 before",
        ),
        (during("at = \"start\""), "procmond has published 1 before"),
        (during(after), "publishes one more in between, in this phase; let it do so at the `end`"),
        (during("at = \"end\""), ""),
        (during("at = \"end\"") + REPLAY, "procmond has published 3 before"),
    ] {
        let (_folder, path) = phases(&text);
        let told = told(&path);
        assert_eq!(told.contains(ANEW), !why.is_empty(), "{text}\n{told}");
        assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{why:?}: {told}");
    }
}

#[test]
fn of_a_group_that_cannot_begin_anew_one_is_told() {
    let (folder, path) = phases("");
    let text = fs::read_to_string(&path).expect("it was written");
    let text = text.replace("\"procmond\"", "\"procmond\"\ncount = 3");
    let phases = "[[phase]]\nname = \"one\"\npublish = [{ count = 1, publisher = \"procmond2\" }]\n\
                  [[phase]]\nname = \"two\"\npublish = [{ as-recorded = true, publisher = \"procmond\" }]\n\
                  [[phase]]\nname = \"three\"\npublish = [{ count = 1 }]\n\
                  [[phase]]\nname = \"four\"\npublish = [{ as-recorded = true, publisher = \"procmond\" }]\n";
    fs::write(folder.path().join("x.toml"), text + phases).expect("written");
    let told = told(&path);
    assert_eq!(told.matches("does not begin anew").count(), 2, "{told}");
    assert!(told.contains("procmond2 has published 1 before"), "{told}");
    assert!(told.contains("procmond0 has published 3 before"), "{told}");
}

#[test]
fn a_recording_that_is_wrong_is_told_with_its_line() {
    let (folder, path) =
        scenario("name = \"procmond\"\nrecording = \"x.jsonl\"", "as-recorded = true");
    let torn = RECORDING.replace("\"bytes\":210", "\"bytes\":\"210\"");
    fs::write(folder.path().join("x.jsonl"), torn).expect("written");
    let told = told(&path);
    assert!(told.contains("x.jsonl:6: expected an event: invalid type"), "{told}");
    assert!(told.contains("x.toml:10:13"), "where it is named: {told}");
}

#[test]
fn a_recording_of_a_real_collector_is_refused() {
    let (folder, path) =
        scenario("name = \"procmond\"\nrecording = \"x.jsonl\"", "as-recorded = true");
    let text = fs::read_to_string(&path).expect("it was written").replace("behaviour", "host");
    fs::write(folder.path().join("x.toml"), text).expect("written");
    assert!(told(&path).contains("`recording` of a real collector"));
}

#[test]
fn what_a_replay_does_is_explained_and_it_is_not_shrunk() {
    let verb = |verb: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_equivalence"));
        command.args([verb, "recorded/agent"]);
        command
    };
    let told = contains("replays the events recorded in agent.jsonl: ")
        .and(contains("procmond publishes 300 events, each when it was recorded, within"));
    verb("explain").assert().code(0).stdout(told);
    verb("shrink").assert().code(2).stderr(contains("replays a recording, which cannot be made"));
}

/// The page about recordings.
fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/RECORDINGS.md");
    fs::read_to_string(page).expect("the page")
}

#[test]
fn the_words_for_an_end_on_the_page_are_those_of_the_code() {
    let refused = serde_json::from_str::<Ended>("\"no such end\"").expect_err("no word");
    let told = refused.to_string();
    let (_, words) = told.split_once("expected one of ").expect("it lists all words");
    let (words, _) = words.split_once(" at line").expect("then the place");
    let (others, last) = words.rsplit_once(", ").expect("there are several");
    let list = format!("`ended` ({others} or {last})");
    assert!(page().contains(&list), "{list}");
}

#[test]
fn the_page_has_every_option_and_exit_code_of_the_verb() {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_equivalence"));
    let output = command.args(["record", "--help"]).output().expect("it is built");
    let help = String::from_utf8(output.stdout).expect("text");
    let (options, codes) = help.split_once("Exit codes:\n").expect("a list of exit codes");
    let page = page();
    let options: Vec<&str> = options
        .lines()
        .filter_map(|line| line.trim_start().trim_start_matches("-h, ").strip_prefix("--"))
        .filter_map(|option| option.split_whitespace().next())
        .filter(|option| *option != "help")
        .collect();
    assert!(options.len() >= 7, "{help}");
    for option in options {
        assert!(page.contains(&format!("| `--{option}")), "--{option} is not on the page");
    }
    let codes: Vec<(&str, &str)> =
        codes.lines().filter_map(|line| line.trim().split_once("  ")).collect();
    assert_eq!(codes.len(), 5, "{help}");
    for (code, meaning) in codes {
        let row = format!("| {code} | {meaning} |");
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_limits_on_the_page_are_those_of_the_code() {
    let page = page();
    for row in [
        format!(
            "| bytes of a file; of a line | {} MiB; {} KiB |",
            MAX_RECORDING_BYTES >> 20,
            MAX_LINE_BYTES >> 10
        ),
        format!("| events | {} 000 |", MAX_RECORDED_EVENTS / 1000),
        format!("| sorts of events: topic, kind, priority and size | {MAX_RECORDED_SORTS} |"),
        format!("| publishers; subscriptions | {MAX_RECORDED_ROLES} each |"),
        format!(
            "| time between the first and the last event | {} min |",
            MAX_RECORDED_NS / 60_000_000_000
        ),
    ] {
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_committed_scenarios_are_what_is_written_for_their_recording() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/recorded");
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(name)).expect("it is committed");
        text.replace("\r\n", "\n")
    };
    let recording = Recording::load(&folder.join("agent.jsonl")).expect("it is committed");
    assert!(recording.is_complete() && recording.events().len() <= 500);
    let exact = replayed("recorded/agent", "agent.jsonl", &recording).text();
    let smaller = fitted("recorded/agent-fitted", "recorded/agent", &recording).text();
    for (name, text) in [("agent.toml", exact), ("agent-fitted.toml", smaller)] {
        assert!(read(name).ends_with(&text), "{name} should be:\n{text}");
    }
}
