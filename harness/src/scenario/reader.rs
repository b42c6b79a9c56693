//! Reading values strictly: each read either gives a value or notes what is wrong, and goes on.
//!
//! A [`Table`] remembers which keys were asked for; what is left when it is finished is unknown.
//! So the code that reads a key is the only place that knows it. `${name}` is replaced here, in
//! every scalar, before anything else looks at it.

mod at;
mod table;
mod wanted;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use super::document::Entry;
use super::{Node, Problem, Source, Value, suggestion};
pub(crate) use at::At;
pub(crate) use table::Table;
pub use wanted::{Slot, Survey, Wanted};

/// The key of values that stand under names of a file's own.
const FREE: &str = "";

/// One reading of a file at one point of its matrix.
pub(crate) struct Reader<'d> {
    source: &'d Source,
    /// What `${name}` stands for.
    names: BTreeMap<String, Value>,
    problems: RefCell<Vec<Problem>>,
    traced: RefCell<Vec<Traced>>,
    /// What keys are read as, where somebody wants to know.
    survey: Option<RefCell<Survey>>,
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

impl<'d> Reader<'d> {
    pub(crate) fn new(source: &'d Source, names: BTreeMap<String, Value>) -> Self {
        Self {
            source,
            names,
            problems: RefCell::default(),
            traced: RefCell::default(),
            survey: None,
        }
    }

    /// One that remembers what each key is read as.
    pub(crate) fn surveying(source: &'d Source, names: BTreeMap<String, Value>) -> Self {
        Self { survey: Some(RefCell::default()), ..Self::new(source, names) }
    }

    pub(crate) fn problem(
        &self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(Problem::new(span, title, label));
    }

    /// How many mistakes were found so far: what was refused is left at a default, and that is no
    /// mistake of its own.
    pub(crate) fn problems_so_far(&self) -> usize {
        self.problems.borrow().len()
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

    /// Every key asked for, and what it was read as; empty unless it is one that remembers.
    pub(crate) fn into_survey(self) -> Survey {
        self.survey.map(RefCell::into_inner).unwrap_or_default()
    }

    /// Remembers a key, and what it is read as where that is known yet.
    fn note(&self, slot: Slot, wanted: impl FnOnce() -> Option<Wanted>) {
        if let Some(survey) = self.survey.as_ref().filter(|_| slot.1 != FREE) {
            survey.borrow_mut().entry(slot).or_default().extend(wanted());
        }
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

    fn at<'r>(&'r self, node: &'r Node, slot: Slot, place: String) -> At<'r> {
        let value = self.replaced(node).map_or(Cow::Borrowed(&node.value), Cow::Owned);
        At { reader: self, span: node.span.clone(), value, slot, place }
    }

    /// The same for a value inside another, which may itself stand in the place of a name.
    fn inner<'r>(&'r self, node: &Node, slot: Slot, place: String) -> At<'r> {
        let value = Cow::Owned(self.replaced(node).unwrap_or_else(|| node.value.clone()));
        At { reader: self, span: node.span.clone(), value, slot, place }
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
                self.problem(&place, "`${` without its `}`", "write `${name}`");
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

/// `` `a`, `b` or `c` ``; nothing is said as "no key".
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    match names.split_last() {
        None => "no key".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
