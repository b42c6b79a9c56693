//! `bus/TOPICS.md` says what the code does: its registry is the registry, its examples are true,
//! and its refusals are the refusals, word for word.

use daemoneye_eventbus::topic::REGISTRY;
use daemoneye_eventbus::{Topic, TopicPattern};

const DOCUMENT: &str = include_str!("../../TOPICS.md");

/// Stands in the document where a row has nothing to say.
const NOTHING: &str = "–";

/// The rows of the table under a heading, cell by cell, without code marks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    assert!(!rows.is_empty(), "{heading} has a table");
    rows.into_iter()
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// What a cell shows as code.
fn code(cell: &str) -> &str {
    cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).expect(cell)
}

#[test]
fn the_registry_is_documented_row_by_row() {
    let rows: Vec<Vec<String>> = REGISTRY
        .iter()
        .map(|row| {
            let or_nothing = |text: &str| if text.is_empty() { NOTHING } else { text }.to_owned();
            vec![
                format!("`{}`", row.topic),
                row.publishers.to_owned(),
                row.subscribers.to_owned(),
                row.kind.map_or(NOTHING, |kind| kind.as_str()).to_owned(),
                or_nothing(row.default_for),
                row.summary.to_owned(),
            ]
        })
        .collect();
    assert_eq!(table("Registry"), rows);
}

#[test]
fn every_example_of_a_match_is_true() {
    for row in table("Matching") {
        let [pattern, topic, answer] = &row[..] else { panic!("three cells in {row:?}") };
        let pattern: TopicPattern = code(pattern).parse().unwrap();
        let matches = pattern.matches(&Topic::new(code(topic)).unwrap());
        assert_eq!(answer, if matches { "yes" } else { "no" }, "{row:?}");
    }
}

#[test]
fn every_refusal_is_quoted_as_it_is_printed() {
    for row in table("Refusals") {
        let [role, text, sentence] = &row[..] else { panic!("three cells in {row:?}") };
        let text = code(text);
        let printed = match role.as_str() {
            "topic" => Topic::new(text).expect_err(text).to_string(),
            "pattern" => TopicPattern::new(text).expect_err(text).to_string(),
            other => panic!("{other:?} is neither topic nor pattern"),
        };
        assert_eq!(sentence, &printed, "{text}");
    }
}
