//! Which keys of a file are sections and which are lists of tables, for whoever has written the one
//! for the other: the parser would tell of its types.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::keys;

/// Lists of tables, each of which begins with a heading in two brackets.
const LISTS: [&str; 3] = ["trigger", "workflow", "workflow.stage"];
/// Sections in tables of a list.
const SECTIONS_OF_LISTS: [&str; 1] = ["trigger.limits"];

/// What stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Section,
    List,
    Value,
}

impl Shape {
    /// The shape of a dotted key, of all `keys` there are; a table of a list adds nothing to it.
    fn of(dotted: &str, keys: &[String]) -> Self {
        let is_before = |key: &String| {
            let rest = key.strip_prefix(dotted);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        if LISTS.contains(&dotted) {
            Self::List
        } else if SECTIONS_OF_LISTS.contains(&dotted) || keys.iter().any(is_before) {
            Self::Section
        } else {
            Self::Value
        }
    }

    /// What to write in a file.
    fn heading(self, dotted: &str) -> String {
        match self {
            Self::List => format!("`{dotted}` is a list: write `[[{dotted}]]` above each of it"),
            Self::Section | Self::Value => {
                format!("`{dotted}` is a section: write `[{dotted}]` once, and its keys below it")
            }
        }
    }

    /// What to do where there are no headings.
    fn assignment(self, dotted: &str) -> String {
        match self {
            Self::List => format!("`{dotted}` is a list of tables: write it in a file"),
            Self::Section | Self::Value => {
                format!("`{dotted}` is a section: set its keys, each by itself")
            }
        }
    }
}

/// Takes out of a document what is no section or no list where it should be one, and tells the
/// bytes of each and what to write.
pub(super) fn take_misshapen(document: &mut DeTable<'_>) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    take_from("", document, &keys::all(), &mut found);
    found
}

fn take_from(
    section: &str,
    table: &mut DeTable<'_>,
    keys: &[String],
    found: &mut Vec<(Range<usize>, String)>,
) {
    let mut misshapen = Vec::new();
    for (key, value) in &mut *table {
        let dotted = below(section, key.get_ref());
        let place = value.span();
        match (Shape::of(&dotted, keys), value.get_mut()) {
            (Shape::Value, _) => {}
            (Shape::Section, DeValue::Table(inner)) => take_from(&dotted, inner, keys, found),
            (Shape::List, DeValue::Array(list))
                if list.iter().all(|entry| matches!(entry.get_ref(), DeValue::Table(_))) =>
            {
                for entry in list.iter_mut().map(Spanned::get_mut) {
                    if let DeValue::Table(inner) = entry {
                        take_from(&dotted, inner, keys, found);
                    }
                }
            }
            (shape, _) => {
                found.push((place, shape.heading(&dotted)));
                misshapen.push(key.get_ref().clone().into_owned());
            }
        }
    }
    for key in misshapen {
        table.remove(key.as_str());
    }
}

fn below(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// What to do where a key is set to what it cannot be, in a variable or a flag.
pub(super) fn misshapen(dotted: &str, value: &Value) -> Option<String> {
    match (Shape::of(dotted, &keys::all()), value) {
        (Shape::Value, _) | (Shape::Section, Value::Table(_)) => None,
        (Shape::List, Value::Array(list)) if list.iter().all(Value::is_table) => None,
        (shape, _) => Some(shape.assignment(dotted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken out of a file, and what is said of it.
    fn told(text: &str) -> Vec<(&str, String)> {
        let mut document = DeTable::parse(text).unwrap();
        let found = take_misshapen(document.get_mut());
        assert_eq!(take_misshapen(document.get_mut()), [], "once");
        found.into_iter().map(|(place, message)| (&text[place], message)).collect()
    }

    fn section(dotted: &str) -> String {
        format!("`{dotted}` is a section: write `[{dotted}]` once, and its keys below it")
    }

    fn list(dotted: &str) -> String {
        format!("`{dotted}` is a list: write `[[{dotted}]]` above each of it")
    }

    #[test]
    fn a_section_is_told_from_a_value_and_from_a_list() {
        assert_eq!(told("procmond = 5\n"), [("5", section("procmond"))]);
        assert_eq!(told("[[procmond]]\n"), [("[[procmond]]", section("procmond"))]);
        let inner = "[event_bus]\ndaemoneye = \"yes\"\n";
        assert_eq!(told(inner), [("\"yes\"", section("event_bus.daemoneye"))]);
        let limits = "[[trigger]]\nname = \"a\"\nlimits = 7\n";
        assert_eq!(told(limits), [("7", section("trigger.limits"))]);
    }

    #[test]
    fn a_list_is_told_from_a_section() {
        assert_eq!(told("[trigger]\nname = \"a\"\n"), [("[trigger]", list("trigger"))]);
        assert_eq!(told("trigger = [1]\n"), [("[1]", list("trigger"))]);
        let stage = "[[workflow]]\n[[workflow]]\n[workflow.stage]\n";
        assert_eq!(told(stage), [("[workflow.stage]", list("workflow.stage"))]);
    }

    #[test]
    fn what_has_its_shape_and_what_nobody_knows_stands() {
        let text = "trigger = []\ncolour = 7\n[procmond]\nscan_interval = 5\n[unknown]\n\
                    [event_bus.daemoneye]\n[[workflow]]\n[[workflow.stage]]\n";
        assert_eq!(told(text), []);
    }

    #[test]
    fn what_is_set_without_a_file_has_its_shape_as_well() {
        let section = "`procmond` is a section: set its keys, each by itself";
        assert_eq!(misshapen("procmond", &Value::from(5)).as_deref(), Some(section));
        let list = "`trigger` is a list of tables: write it in a file";
        assert_eq!(misshapen("trigger", &Value::from("x")).as_deref(), Some(list));
        for (key, value) in [
            ("procmond", Value::Table(toml::Table::new())),
            ("trigger", Value::Array(Vec::new())),
            ("procmond.scan_interval", Value::from("5s")),
            ("colour", Value::from(7)),
        ] {
            assert_eq!(misshapen(key, &value), None, "{key}");
        }
    }
}
