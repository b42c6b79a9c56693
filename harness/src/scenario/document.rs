//! A TOML document as a tree in which everything knows its place, entries in file order.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Problem;

/// Said where a document is torn: what else is wrong with it nobody has looked at.
const NOT_READ: &str = "mend this first; the rest of the file is checked once it can be read";

/// A value and where it stands, bytes into the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What can be said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Vec<Entry>),
    /// Refused already: reading it fails without another word.
    Broken,
}

impl Node {
    /// The value below these keys, one table inside the other; `None` where there is none.
    pub(crate) fn inside(&self, keys: &[&str]) -> Option<&Self> {
        let Some((key, rest)) = keys.split_first() else { return Some(self) };
        let Value::Table(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == *key)?.node.inside(rest)
    }
}

/// One key of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

/// Reads a whole document; where its syntax is broken, what could be read and why not the rest.
pub(crate) fn parse(text: &str) -> (Node, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..text.len().min(1));
            Problem::new(&span, format!("not TOML: {}", error.message()), NOT_READ)
        })
        .collect();
    let span = 0..0;
    let value = Value::Table(entries(table.get_ref(), &mut problems));
    (Node { span, value }, problems)
}

/// Reads one value that is known to be well-formed: a default written in code.
pub(crate) fn parse_default(text: &str) -> Node {
    let value = DeValue::parse(text).expect("defaults are written as TOML");
    let mut problems = Vec::new();
    let node = node(value.span(), value.get_ref(), &mut problems);
    debug_assert!(problems.is_empty(), "default {text} is out of range");
    node
}

fn entries(table: &DeTable<'_>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            node: node(value.span(), value.get_ref(), problems),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

fn node(span: Range<usize>, value: &DeValue<'_>, problems: &mut Vec<Problem>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        // Dates are read where they are wanted, as text.
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => out_of_range(&span, problems),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => out_of_range(&span, problems),
        },
        DeValue::Array(items) => Value::Array(
            items.iter().map(|item| node(item.span(), item.get_ref(), problems)).collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, problems)),
    };
    Node { span, value }
}

fn out_of_range(span: &Range<usize>, problems: &mut Vec<Problem>) -> Value {
    problems.push(Problem::new(span, "number out of range", "does not fit 64 bits"));
    Value::Broken
}

impl Value {
    /// What it is, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "true or false",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Broken => "something refused",
        }
    }

    /// A scalar as it stands in a case id or inside a text; `None` for lists and tables.
    pub(crate) fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Array(_) | Self::Table(_) | Self::Broken => None,
        }
    }

    /// The value as TOML would write it; tables are not shown.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(format!("{text:?}")),
            Self::Array(items) => {
                let items: Option<Vec<String>> =
                    items.iter().map(|item| item.value.shown()).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            _ => self.scalar_text(),
        }
    }
}
