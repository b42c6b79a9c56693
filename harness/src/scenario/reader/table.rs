//! One table being read: its keys by name, and those nobody asked for as mistakes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use super::super::document::{self, Entry};
use super::super::{Value, suggestion};
use super::{At, FREE, Node, Origin, Reader, Slot, Traced, Wanted, listed};

/// A table being read.
pub(crate) struct Table<'r> {
    pub(super) reader: &'r Reader<'r>,
    /// The sort of table, as FORMAT.md names it: `topology.publisher`.
    pub(super) kind: &'static str,
    pub(super) span: Range<usize>,
    pub(super) place: String,
    pub(super) entries: &'r [Entry],
    pub(super) asked: RefCell<Vec<&'static str>>,
}

impl<'r> Table<'r> {
    /// The value of a key, if the file has it.
    pub(crate) fn get(&self, key: &'static str) -> Option<At<'r>> {
        self.note(key, None);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let at = self.reader.at(&entry.node, self.slot(key), self.placed(key));
        let line = self.reader.source.line(entry.node.span.start);
        let origin = match &at.value {
            Cow::Borrowed(_) => Origin::Line(line),
            Cow::Owned(_) => Origin::Substituted(line),
        };
        self.reader.trace(self.placed(key), &at.value, origin);
        Some(at)
    }

    pub(crate) fn optional<T>(
        &self,
        key: &'static str,
        read: impl Fn(&At<'r>) -> Option<T>,
    ) -> Option<T> {
        read(&self.get(key)?)
    }

    /// The value of a key; its absence is an error.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        read: impl Fn(&At<'r>) -> Option<T>,
    ) -> Option<T> {
        self.note(key, Some(Wanted::Required));
        if let Some(at) = self.get(key) {
            return read(&at);
        }
        let title = format!("missing key `{key}`");
        let label = if self.kind.is_empty() {
            format!("a scenario needs it: add `{key} = …` at the top")
        } else {
            format!("`{}` needs it: add `{key} = …`", self.kind)
        };
        self.reader.problem(&self.span, title, label);
        None
    }

    /// The value of a key, or a default written as TOML.
    pub(crate) fn or<T>(
        &self,
        key: &'static str,
        default: &'static str,
        read: impl Fn(&At<'r>) -> Option<T>,
    ) -> T {
        self.note(key, Some(Wanted::Default(default)));
        let said = self.get(key);
        let value = said.as_ref().and_then(&read);
        if let Some(value) = value {
            return value;
        }
        let node = document::parse_default(default);
        if said.is_none() {
            self.reader.trace(self.placed(key), &node.value, Origin::Default);
        }
        let at = At {
            reader: self.reader,
            span: node.span.clone(),
            value: Cow::Owned(node.value),
            slot: self.slot(key),
            place: self.placed(key),
        };
        read(&at).expect("defaults can be read")
    }

    /// Tells a default that stands in no text here: it follows from other values.
    pub(crate) fn tell_default(&self, key: &str, value: String) {
        let told = Traced { place: self.placed(key), value, origin: Origin::Default };
        self.reader.traced.borrow_mut().push(told);
    }

    /// The tables of an array of tables; none if the key is absent.
    pub(crate) fn tables(&self, key: &'static str, kind: &'static str) -> Vec<Table<'r>> {
        self.note(key, Some(Wanted::Tables));
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else {
            return Vec::new();
        };
        let Value::Array(items) = &entry.node.value else {
            self.reader.problem(
                &entry.key_span,
                format!("`{key}` is {}", entry.node.value.type_name()),
                format!("write `[[{kind}]]`, or `{key} = [{{ … }}]`"),
            );
            return Vec::new();
        };
        let placed = self.placed(key);
        let open = |(index, item): (usize, &'r Node)| match &item.value {
            Value::Table(entries) => Some(self.reader.open(
                kind,
                item.span.clone(),
                format!("{placed}[{index}]"),
                entries,
            )),
            value => {
                let title = format!("`{key}` holds {}", value.type_name());
                self.reader.problem(&item.span, title, format!("write `[[{kind}]]`"));
                None
            }
        };
        items.iter().enumerate().filter_map(open).collect()
    }

    /// A table inside; `None` if the key is absent.
    pub(crate) fn table(&self, key: &'static str, kind: &'static str) -> Option<Table<'r>> {
        self.note(key, Some(Wanted::Table));
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        self.open_entry(entry, kind)
    }

    /// Tables whose keys are names: each name, its place and its table.
    pub(crate) fn named_tables(
        &self,
        kind: &'static str,
    ) -> Vec<(&'r str, Range<usize>, Table<'r>)> {
        let open = |entry: &'r Entry| {
            let table = self.open_entry(entry, kind)?;
            Some((entry.key.as_str(), entry.key_span.clone(), table))
        };
        self.entries.iter().filter_map(open).collect()
    }

    /// Values whose keys are names, in file order.
    pub(crate) fn named_values(&self) -> Vec<(&'r str, Range<usize>, At<'r>)> {
        let read = |entry: &'r Entry| {
            let at = self.reader.at(&entry.node, self.slot(FREE), self.placed(&entry.key));
            let line = self.reader.source.line(entry.node.span.start);
            self.reader.trace(self.placed(&entry.key), &at.value, Origin::Line(line));
            (entry.key.as_str(), entry.key_span.clone(), at)
        };
        self.entries.iter().map(read).collect()
    }

    fn open_entry(&self, entry: &'r Entry, kind: &'static str) -> Option<Table<'r>> {
        let Value::Table(entries) = &entry.node.value else {
            self.reader.problem(
                &entry.node.span,
                format!("`{}` is {}", entry.key, entry.node.value.type_name()),
                "expected a table",
            );
            return None;
        };
        let place = self.placed(&entry.key);
        // A header's place is better than nothing where dotted keys leave a table without one.
        let span = if entry.node.span.is_empty() {
            entry.key_span.clone()
        } else {
            entry.node.span.clone()
        };
        Some(self.reader.open(kind, span, place, entries))
    }

    pub(crate) fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    pub(crate) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// Place of a key of this table.
    pub(crate) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span.clone())
    }

    /// Ends the table: keys nobody asked for are unknown.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for entry in self.entries {
            if asked.contains(&entry.key.as_str()) {
                continue;
            }
            let place = if self.kind.is_empty() {
                "at the top".to_owned()
            } else {
                format!("in `{}`", self.kind)
            };
            let label = match suggestion(&entry.key, asked.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there is {}", listed(asked.iter().copied())),
            };
            let title = format!("unknown key `{}` {place}", entry.key);
            self.reader.problem(&entry.key_span, title, label);
        }
    }

    /// Remembers that a key is known here.
    fn note(&self, key: &'static str, wanted: Option<Wanted>) {
        self.asked.borrow_mut().push(key);
        self.reader.note(self.slot(key), || wanted);
    }

    fn slot(&self, key: &'static str) -> Slot {
        (self.kind, key)
    }

    fn placed(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }
}
