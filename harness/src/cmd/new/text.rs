//! The text of a new scenario, put together from parts: those every scenario of its kind has, and one
//! for each number it shows that takes something of its own.

use std::fmt::Write as _;

use toml::Value;

use super::answers::{Answers, LITTLE_ROOM};
use crate::cmd::place::Place;
use crate::cmd::wrap::wrapped;
use crate::plan::{Claim, TrialKind};

/// Columns of a summary.
const COLUMNS: usize = 100;
/// Events in flight of a closed loop, all publishers together (METHOD §1).
const WINDOW_EVENTS: usize = 16_384;
/// Patterns that take what publishers publish by default, so that nobody needs to name a topic.
const OF_EVERYBODY: [&str; 3] = ["#", "events.#", "events.process.#"];
/// The level that stands in a topic for a `+` of the pattern.
const ANY_LEVEL: &str = "any";
/// Events that are published after somebody has left.
const AFTERWARDS: u64 = 100;

/// The whole file.
pub(super) fn of(place: &Place, answers: &Answers) -> String {
    let mut text = String::new();
    if let Some(schema) = place.schema() {
        line(&mut text, &format!("#:schema {schema}"));
    }
    header(&mut text, place.name(), answers);
    match answers.kind {
        TrialKind::Saturation => saturation(&mut text, answers),
        TrialKind::Paced => paced(&mut text, answers),
        _ => behaviour(&mut text, answers),
    }
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// `key = value`, the value as TOML writes it.
fn key(text: &mut String, key: &str, value: impl Into<Value>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{key} = {}", value.into());
}

fn header(text: &mut String, name: &str, answers: &Answers) {
    key(text, "format", 1);
    key(text, "name", name);
    let claims: Vec<Value> = answers.claims.iter().map(|claim| claim.as_str().into()).collect();
    key(text, "claims", claims);
    key(text, "kind", answers.kind.as_str());
    let summary = &answers.summary;
    let is_plain = |letter: char| letter != '\\' && (letter == '\n' || !letter.is_control());
    if summary.chars().all(is_plain) && !summary.contains("\"\"\"") {
        let lines = wrapped(summary, COLUMNS, 0, 0).join("\n");
        line(text, &format!("summary = \"\"\"\n{lines}\n\"\"\""));
    } else {
        key(text, "summary", summary.as_str());
    }
}

fn publisher(text: &mut String, answers: &Answers) {
    line(text, "\n[[topology.publisher]]");
    key(text, "name", "publisher");
    if answers.publishers > 1 {
        key(text, "count", number(answers.publishers as u64));
    }
    if !OF_EVERYBODY.contains(&answers.pattern.as_str()) {
        key(text, "topic", topic_of(&answers.pattern));
    }
}

/// A topic that a pattern matches.
fn topic_of(pattern: &str) -> String {
    let levels = pattern.split('.').enumerate().filter_map(|(at, level)| match (at, level) {
        (0, "+") => Some("events"),
        (_, "+") => Some(ANY_LEVEL),
        (_, "#") => None,
        (_, level) => Some(level),
    });
    levels.collect::<Vec<_>>().join(".")
}

fn reader(text: &mut String, answers: &Answers) {
    line(text, "\n[[topology.subscriber]]");
    key(text, "name", "reader");
    if answers.subscribers > 1 {
        key(text, "count", number(answers.subscribers as u64));
    }
    patterns(text, answers);
}

fn patterns(text: &mut String, answers: &Answers) {
    key(text, "patterns", vec![Value::from(answers.pattern.as_str())]);
}

/// A number as TOML has them; none beyond what a scenario may ask for ever comes here.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// `{ count = 1000, rate = "1000/s" }`.
fn share(answers: &Answers) -> String {
    let rate = answers.rate.as_ref().map(|rate| format!(", rate = \"{rate}\""));
    format!("{{ count = {}{} }}", answers.count, rate.unwrap_or_default())
}

fn behaviour(text: &mut String, answers: &Answers) {
    let shows = |claim| answers.claims.contains(&claim);
    publisher(text, answers);
    reader(text, answers);
    let mut actions = Vec::new();
    if shows(Claim::C9) {
        line(text, "\n# C9: it asks for an id that is taken, and is refused.");
        line(text, "[[topology.subscriber]]");
        key(text, "name", "twin");
        key(text, "id", if answers.subscribers > 1 { "reader0" } else { "reader" });
        patterns(text, answers);
        key(text, "from-start", false);
        actions.push(
            r#"{ at = "end", do = "subscribe", subscriber = "twin", expect = "duplicate-id" }"#,
        );
    }
    if shows(Claim::C10) {
        line(text, "\n# C10: it drops its receiver without a word, and disturbs nobody.");
        line(text, "[[topology.subscriber]]");
        key(text, "name", "leaves");
        patterns(text, answers);
        actions.push(r#"{ at = "end", do = "drop-receiver", subscriber = "leaves" }"#);
    }
    if shows(Claim::C11) {
        line(
            text,
            "\n# C11: it does not read, loses what it has no room for, and holds nobody up.",
        );
        line(text, "[[topology.subscriber]]");
        key(text, "name", "stopped");
        patterns(text, answers);
        key(text, "capacity", number(LITTLE_ROOM));
        key(text, "policy", "drop-newest");
        key(text, "reading", "stopped");
    }
    line(text, "\n[[phase]]");
    key(text, "name", "publishing");
    line(text, &format!("publish = [{}]", share(answers)));
    if !actions.is_empty() {
        line(text, &format!("action = [\n  {},\n]", actions.join(",\n  ")));
    }
    if shows(Claim::C10) {
        line(text, "\n[[phase]]");
        key(text, "name", "one has left");
        line(text, &format!("publish = [{{ count = {AFTERWARDS} }}]"));
    }
    if shows(Claim::C11) {
        line(text, "\n[[phase]]");
        key(text, "name", "reading again");
        let resume = r#"{ at = "start", do = "resume-reading", subscriber = "stopped" }"#;
        line(text, &format!("action = [{resume}]"));
    }
    let events = answers.count + if shows(Claim::C10) { AFTERWARDS } else { 0 };
    let all = events.saturating_mul(answers.publishers as u64);
    line(text, "\n# Of each publisher and each reader, over the whole run.\n[expect]");
    line(text, &format!("accepted = {{ publisher = {events} }}"));
    line(text, &format!("received = {{ reader = {all} }}"));
    line(text, "lagged = { reader = 0 }");
}

fn saturation(text: &mut String, answers: &Answers) {
    let window = (WINDOW_EVENTS / answers.publishers).max(1);
    line(text, "\n[values]\nwarm-up = \"500ms\"\nwindow = \"2s\"");
    line(text, "\n[profile.smoke]\nwarm-up = \"200ms\"\nwindow = \"500ms\"");
    line(text, "\n[profile.pr]\nwarm-up = \"200ms\"\nwindow = \"1s\"");
    line(
        text,
        "\n# Queues hold all that may be in flight: the loop limits, not a queue.\n[topology]",
    );
    key(text, "central-capacity", number(WINDOW_EVENTS as u64));
    publisher(text, answers);
    reader(text, answers);
    key(text, "capacity", number(WINDOW_EVENTS as u64));
    line(text, "\n[[phase]]\nname = \"warm-up\"");
    line(text, &format!("publish = [{{ for = \"${{warm-up}}\", window = {window} }}]"));
    line(text, "\n[[phase]]\nname = \"window\"");
    line(text, &format!("publish = [{{ for = \"${{window}}\", window = {window} }}]"));
    line(text, "measured = true\n\n[budget]\ntime = \"60s\"");
}

fn paced(text: &mut String, answers: &Answers) {
    let rate = answers.rate.as_deref().unwrap_or("max");
    publisher(text, answers);
    reader(text, answers);
    line(text, "\n[[phase]]\nname = \"warm-up\"");
    line(text, &format!("publish = [{{ for = \"200ms\", rate = \"{rate}\" }}]"));
    line(text, "\n[[phase]]\nname = \"window\"");
    line(text, &format!("publish = [{}]", share(answers)));
    line(text, "measured = true\n\n[budget]\ntime = \"90s\"");
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{Topic, TopicPattern};

    use super::*;
    use crate::cmd::place::Existing;
    use crate::plan::expand::{Expanded, expand_all};
    use crate::scenario::{Profile, Scenario, Source};

    fn answers(kind: TrialKind) -> Answers {
        Answers {
            kind,
            claims: vec![Claim::C1, Claim::C4],
            publishers: 2,
            subscribers: 3,
            pattern: "events.process.#".to_owned(),
            count: 1000,
            rate: (kind == TrialKind::Paced).then(|| "10000/s".to_owned()),
            summary: "Why this exists.".to_owned(),
        }
    }

    fn expanded(answers: &Answers) -> Expanded {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::of(folder.path(), "a/b", Existing::Kept).expect("a place");
        let source = Source { path: "a/b.toml".into(), text: of(&place, answers) };
        let scenario = Scenario::parse(source).unwrap_or_else(|problems| panic!("{problems}"));
        expand_all(&scenario, Profile::Pr, 1).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn every_kind_is_one_valid_case_with_what_was_asked_for() {
        for kind in super::super::KINDS {
            let cases = expanded(&answers(kind)).cases;
            let [case] = cases.as_slice() else { panic!("one case of {kind:?}") };
            let roles = (case.topology.publishers.len(), case.topology.subscribers.len());
            assert_eq!((roles, case.kind), ((2, 3), kind));
            assert_eq!((&*case.id, &*case.summary), ("a/b", "Why this exists."));
            assert_eq!(case.claims, [Claim::C1, Claim::C4]);
        }
    }

    #[test]
    fn any_summary_is_read_as_it_was_said() {
        for summary in
            ["say \"so\"", "\"\"\"", "a \"b\" \\ c", "tab\there", "ünïcode", "'''", "one two three"]
        {
            let answers = Answers { summary: summary.to_owned(), ..answers(TrialKind::Behaviour) };
            assert_eq!(expanded(&answers).cases[0].summary, summary);
        }
    }

    #[test]
    fn publishers_publish_what_the_pattern_asks_for() {
        for pattern in ["#", "+.#", "events.+.lifecycle", "control.health.#", "admin.audit", "+"] {
            let topic = topic_of(pattern);
            let is_match = TopicPattern::new(pattern).expect("a pattern");
            if !OF_EVERYBODY.contains(&pattern) {
                assert!(is_match.matches(&Topic::new(topic).expect("a topic")), "{pattern}");
            }
            let answers = Answers { pattern: pattern.to_owned(), ..answers(TrialKind::Behaviour) };
            assert_eq!(expanded(&answers).cases.len(), 1);
        }
    }
}
