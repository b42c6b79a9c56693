//! `EVENTS.md` says what events say: its tables, for the tests that hold them against the code.

use daemoneye_eventbus::topic::REGISTRY;

use crate::config::AnomalyRule;

const PAGE: &str = include_str!("../../EVENTS.md");

/// The first two cells of each row of the table below a heading.
pub(super) fn rows(heading: &str) -> Vec<(&'static str, &'static str)> {
    let after = PAGE.split_once(&format!("# {heading}\n")).map(|(_, after)| after);
    let section = after.unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n#").next().unwrap_or_default();
    // Without the table's own first two.
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")).skip(2);
    rows.map(|row| {
        let mut cells = row.split(" | ").map(|cell| cell.trim().trim_matches('`'));
        (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
    })
    .collect()
}

/// The first cell of each row of the table below a heading.
pub(super) fn words(heading: &str) -> Vec<&'static str> {
    rows(heading).into_iter().map(|(word, _)| word).collect()
}

/// The limit in the row about this.
pub(super) fn limit(what: &str) -> u64 {
    let limits = rows("Limits");
    let limit = limits.iter().find(|(row, _)| *row == what).map(|(_, limit)| limit.parse::<u64>());
    limit.unwrap_or_else(|| panic!("no limit of {what}")).expect("a number")
}

/// The words of a kind of event, each with its default topic.
fn registered(kind: &str) -> Vec<(&'static str, &'static str)> {
    let namespace = format!("events.{kind}.");
    let rows = REGISTRY.iter().filter(|row| row.topic.starts_with(&namespace));
    rows.flat_map(|row| row.default_for.split(", ").map(move |word| (word, row.topic))).collect()
}

#[test]
fn every_word_is_on_the_page_with_its_topic_and_no_other() {
    for (heading, kind) in [
        ("Process events", "process"),
        ("Network events", "network"),
        ("Filesystem events", "filesystem"),
        ("Performance events", "performance"),
    ] {
        let (mut shown, mut registered) = (rows(heading), registered(kind));
        shown.sort_unstable();
        registered.sort_unstable();
        assert_eq!(shown, registered, "{heading}");
    }
}

#[test]
fn every_rule_of_procmond_is_on_the_page_and_no_other() {
    assert_eq!(words("Rules of procmond"), AnomalyRule::ALL.map(AnomalyRule::as_str));
}
