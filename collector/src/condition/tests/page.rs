//! `TRIGGERS.md` shows every field there is, with its other names and its type, and no other.

use daemoneye_eventbus::EventKind;

use super::super::fields::{self, Field, Read};
use super::parsed;

const PAGE: &str = include_str!("../../../TRIGGERS.md");

/// What a row begins with: name, other names, type.
fn row(field: &Field) -> String {
    let aliases: Vec<_> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
    let mut aliases = aliases.join(", ");
    if !aliases.is_empty() {
        aliases.push(' ');
    }
    format!("| `{}` | {aliases}| {} |", field.name, type_of(field))
}

fn type_of(field: &Field) -> String {
    match field.read {
        Read::Text(_) => "text".to_owned(),
        Read::Number(_) => "number".to_owned(),
        Read::Truth(_) => "truth value".to_owned(),
        Read::Texts(_) => "list of texts".to_owned(),
        Read::Word(words) => quoted(words.all, ", "),
        Read::Rank(words) => quoted(words.all, " < "),
    }
}

fn quoted(words: &[&str], sign: &str) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`'{word}'`")).collect();
    quoted.join(sign)
}

/// The rows below a heading, without the table's own first two.
fn rows(heading: &str) -> Vec<&'static str> {
    let after = PAGE.split_once(&format!("\n### {heading}\n")).map(|(_, after)| after);
    let section = after.unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n#").next().unwrap_or_default();
    section.lines().filter(|line| line.starts_with('|')).skip(2).collect()
}

fn check(heading: &str, fields: &[Field]) {
    let rows = rows(heading);
    let expected: Vec<_> = fields.iter().map(row).collect();
    for row in &expected {
        assert!(rows.iter().any(|shown| shown.starts_with(row.as_str())), "{heading} lacks {row}");
    }
    for shown in &rows {
        let is_known = expected.iter().any(|row| shown.starts_with(row.as_str()));
        assert!(is_known, "{heading} has {shown}");
    }
    assert_eq!(rows.len(), expected.len(), "{heading}");
}

#[test]
fn every_field_is_on_the_page_and_the_page_has_no_other() {
    check("Every event", fields::shared());
    for (heading, kind) in [
        ("Process", EventKind::Process),
        ("Network", EventKind::Network),
        ("Filesystem", EventKind::Filesystem),
        ("Performance", EventKind::Performance),
    ] {
        check(heading, fields::own(kind));
    }
}

#[test]
fn every_condition_on_the_page_is_one() {
    let mut blocks = PAGE.split("```sql\n").skip(1);
    let mut conditions = 0;
    while let Some(block) = blocks.next().and_then(|rest| rest.split_once("```")) {
        for text in block.0.split("\n\n").filter(|text| !text.trim().is_empty()) {
            parsed(text);
            conditions += 1;
        }
    }
    assert!(conditions >= 5, "{conditions}");
}
