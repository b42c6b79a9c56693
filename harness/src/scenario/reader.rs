//! Reading values strictly: each read either gives a value or notes what is wrong, and goes on.
//!
//! A [`Table`] remembers which keys were asked for; what is left when it is finished is unknown.
//! So the code that reads a key is the only place that knows it. `${name}` is replaced here, in
//! every scalar, before anything else looks at it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::document::{self, Entry};
use super::{Node, Problem, Source, Value, suggestion, unit};

/// One reading of a file at one point of its matrix.
pub(crate) struct Reader<'d> {
    source: &'d Source,
    /// What `${name}` stands for.
    names: BTreeMap<String, Value>,
    problems: RefCell<Vec<Problem>>,
    traced: RefCell<Vec<Traced>>,
    asked: RefCell<BTreeSet<(&'static str, &'static str)>>,
}

/// A value that was read, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The key with the tables around it: `topology.publisher[0].payload`.
    pub place: String,
    /// The value as TOML writes it.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It stands on this line of the file.
    Line(usize),
    /// It was put in the place of `${…}` on this line.
    Substituted(usize),
    /// The file does not say it.
    Default,
}

/// A value in its place.
pub(crate) struct At<'r> {
    reader: &'r Reader<'r>,
    pub(crate) span: Range<usize>,
    value: Cow<'r, Value>,
    place: String,
}

/// A table being read.
pub(crate) struct Table<'r> {
    reader: &'r Reader<'r>,
    /// The sort of table, as FORMAT.md names it: `topology.publisher`.
    kind: &'static str,
    span: Range<usize>,
    place: String,
    entries: &'r [Entry],
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(source: &'d Source, names: BTreeMap<String, Value>) -> Self {
        Self {
            source,
            names,
            problems: RefCell::default(),
            traced: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    pub(crate) fn problem(
        &self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(Problem::new(span, title, label));
    }

    pub(crate) fn root<'r>(&'r self, node: &'r Node) -> Table<'r> {
        let entries: &[Entry] = match &node.value {
            Value::Table(entries) => entries,
            _ => &[],
        };
        let span = 0..self.source.text.lines().next().map_or(0, str::len);
        self.open("", span, String::new(), entries)
    }

    /// What was found wrong, and every value read.
    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<Traced>) {
        (self.problems.into_inner(), self.traced.into_inner())
    }

    /// Every key asked for so far, with the sort of table it stands in.
    pub(crate) fn keys_asked(&self) -> BTreeSet<(&'static str, &'static str)> {
        self.asked.borrow().clone()
    }

    fn open<'r>(
        &'r self,
        kind: &'static str,
        span: Range<usize>,
        place: String,
        entries: &'r [Entry],
    ) -> Table<'r> {
        Table { reader: self, kind, span, place, entries, asked: RefCell::default() }
    }

    fn at<'r>(&'r self, node: &'r Node, place: String) -> At<'r> {
        let value = self.replaced(node).map_or(Cow::Borrowed(&node.value), Cow::Owned);
        At { reader: self, span: node.span.clone(), value, place }
    }

    /// The same for a value inside another, which may itself stand in the place of a name.
    fn inner<'r>(&'r self, node: &Node, place: String) -> At<'r> {
        let value = Cow::Owned(self.replaced(node).unwrap_or_else(|| node.value.clone()));
        At { reader: self, span: node.span.clone(), value, place }
    }

    /// What stands in the place of `${name}`, if the value is written with one.
    fn replaced(&self, node: &Node) -> Option<Value> {
        match &node.value {
            Value::Text(text) if text.contains("${") => Some(self.substituted(text, &node.span)),
            _ => None,
        }
    }

    /// `text` with every `${name}` replaced; alone in the text, a name keeps its type.
    fn substituted(&self, text: &str, span: &Range<usize>) -> Value {
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains('$')
        {
            return self.named(name, span).cloned().unwrap_or(Value::Broken);
        }
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            replaced.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                let place = self.inside(span, &rest[start..]);
                self.problem(&place, "`${` without its `}`", "");
                return Value::Broken;
            };
            let Some(value) = self.named(&rest[start + 2..start + length], span) else {
                return Value::Broken;
            };
            let Some(value) = value.scalar_text() else { return Value::Broken };
            replaced.push_str(&value);
            rest = &rest[start + length + 1..];
        }
        replaced.push_str(rest);
        Value::Text(replaced)
    }

    fn named(&self, name: &str, span: &Range<usize>) -> Option<&Value> {
        let value = self.names.get(name);
        if value.is_none() {
            let label = match suggestion(name, self.names.keys().map(String::as_str)) {
                Some(meant) => format!("did you mean `${{{meant}}}`?"),
                None if self.names.is_empty() => "there is no `[matrix]` and no `[values]`".into(),
                None => format!("there is {}", listed(self.names.keys().map(String::as_str))),
            };
            let place = self.inside(span, &format!("${{{name}}}"));
            self.problem(&place, format!("unknown name `{name}` in `${{…}}`"), label);
        }
        value
    }

    /// Where `part` stands inside a quoted text; the whole text if escapes hide it.
    fn inside(&self, span: &Range<usize>, part: &str) -> Range<usize> {
        let quoted = self.source.text.get(span.clone()).unwrap_or_default();
        match quoted.find(part) {
            Some(offset) => span.start + offset..span.start + offset + part.len(),
            None => span.clone(),
        }
    }

    fn trace(&self, place: String, value: &Value, origin: Origin) {
        if let Some(value) = value.shown() {
            self.traced.borrow_mut().push(Traced { place, value, origin });
        }
    }
}

impl<'r> Table<'r> {
    /// The value of a key, if the file has it.
    pub(crate) fn get(&self, key: &'static str) -> Option<At<'r>> {
        self.note(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        let at = self.reader.at(&entry.node, self.placed(key));
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
        if let Some(at) = self.get(key) {
            return read(&at);
        }
        let title = format!("missing key `{key}`");
        let label = if self.kind.is_empty() {
            "a scenario needs it".to_owned()
        } else {
            format!("`{}` needs it", self.kind)
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
            place: self.placed(key),
        };
        read(&at).expect("defaults can be read")
    }

    /// The tables of an array of tables; none if the key is absent.
    pub(crate) fn tables(&self, key: &'static str, kind: &'static str) -> Vec<Table<'r>> {
        self.note(key);
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else {
            return Vec::new();
        };
        let Value::Array(items) = &entry.node.value else {
            self.reader.problem(
                &entry.key_span,
                format!("`{key}` is {}", entry.node.value.type_name()),
                format!("write `[[{kind}]]`"),
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
        self.note(key);
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
            let at = self.reader.at(&entry.node, self.placed(&entry.key));
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

    fn note(&self, key: &'static str) {
        self.asked.borrow_mut().push(key);
        self.reader.asked.borrow_mut().insert((self.kind, key));
    }

    fn placed(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }
}

impl<'r> At<'r> {
    pub(crate) fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    pub(crate) fn refuse(&self, title: impl Into<String>, label: impl Into<String>) {
        self.reader.problem(&self.span, title, label);
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    fn expected<T>(&self, wanted: &str) -> Option<T> {
        if *self.value != Value::Broken {
            let title = format!("`{}` is {}", self.place, self.value.type_name());
            self.refuse(title, format!("expected {wanted}"));
        }
        None
    }

    pub(crate) fn text(&self) -> Option<String> {
        match &*self.value {
            Value::Text(text) => Some(text.clone()),
            _ => self.expected("text"),
        }
    }

    /// Text, or a number as text: an axis value inside a name or metadata.
    pub(crate) fn scalar(&self) -> Option<String> {
        self.value.scalar_text().or_else(|| self.expected("text or a number"))
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match &*self.value {
            Value::Boolean(value) => Some(*value),
            _ => self.expected("true or false"),
        }
    }

    /// An integer within bounds, both ends included.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, bounds: Range<i64>) -> Option<T> {
        let Value::Integer(number) = *self.value else { return self.expected("an integer") };
        if !bounds.contains(&number) {
            let (first, last) = (bounds.start, bounds.end - 1);
            self.refuse(
                format!("`{}` is {number}", self.place),
                format!("expected {first} to {last}"),
            );
            return None;
        }
        T::try_from(number).ok()
    }

    /// How many: 0 to 2^53, so that every figure is exact.
    pub(crate) fn count(&self) -> Option<u64> {
        self.integer(0..(1 << 53) + 1)
    }

    pub(crate) fn size(&self) -> Option<usize> {
        self.with_unit("a size such as \"1KiB\"", unit::size)
    }

    pub(crate) fn duration_ms(&self) -> Option<u64> {
        self.with_unit("a duration such as \"2s\"", unit::duration_ms)
    }

    pub(crate) fn rate(&self) -> Option<f64> {
        self.with_unit("a rate such as \"1000/s\"", unit::rate)
    }

    fn with_unit<T>(&self, wanted: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Value::Text(text) = &*self.value else { return self.expected(wanted) };
        read(text).map_err(|label| self.refuse(format!("`{}` is {text:?}", self.place), label)).ok()
    }

    /// One of a fixed set of names.
    pub(crate) fn one_of<T: Clone>(&self, names: &[(&str, T)]) -> Option<T> {
        let Value::Text(text) = &*self.value else {
            return self.expected(&listed(names.iter().map(|(name, _)| *name)));
        };
        if let Some((_, value)) = names.iter().find(|(name, _)| name == text) {
            return Some(value.clone());
        }
        let known = || names.iter().map(|(name, _)| *name);
        let label = match suggestion(text, known()) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("expected {}", listed(known())),
        };
        self.refuse(format!("`{}` is {text:?}", self.place), label);
        None
    }

    /// A list; every item is read even when another is refused.
    pub(crate) fn list<T>(&self, read: impl Fn(&At<'r>) -> Option<T>) -> Option<Vec<T>> {
        let Value::Array(items) = &*self.value else { return self.expected("a list") };
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| read(&self.reader.inner(item, format!("{}[{index}]", self.place))))
            .collect();
        read.into_iter().collect()
    }

    /// A table of free keys with scalar values, in file order.
    pub(crate) fn pairs(&self) -> Option<Vec<(String, String)>> {
        let Value::Table(entries) = &*self.value else { return self.expected("a table") };
        let pairs: Vec<Option<(String, String)>> = entries
            .iter()
            .map(|entry| {
                let place = format!("{}.{}", self.place, entry.key);
                Some((entry.key.clone(), self.reader.inner(&entry.node, place).scalar()?))
            })
            .collect();
        pairs.into_iter().collect()
    }
}

/// `` `a`, `b` or `c` ``; nothing is said as "no key".
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    match names.split_last() {
        None => "no key".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
