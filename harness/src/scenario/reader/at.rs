//! One value in its place, read as what is wanted there.

use std::borrow::Cow;
use std::ops::Range;

use super::super::{Value, suggestion, unit};
use super::{FREE, Reader, Slot, Wanted, listed};

/// Items of a list, at most: several times what any bus allows of patterns.
const MAX_ITEMS: usize = 1000;

/// A value in its place.
pub(crate) struct At<'r> {
    pub(super) reader: &'r Reader<'r>,
    pub(crate) span: Range<usize>,
    pub(super) value: Cow<'r, Value>,
    /// The key it is the value of, or of whose value it is a part.
    pub(super) slot: Slot,
    pub(super) place: String,
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

    fn note(&self, wanted: impl FnOnce() -> Wanted) {
        self.reader.note(self.slot, || Some(wanted()));
    }

    fn expected<T>(&self, wanted: &str) -> Option<T> {
        if *self.value != Value::Broken {
            let title = format!("`{}` is {}", self.place, self.value.type_name());
            self.refuse(title, format!("expected {wanted}"));
        }
        None
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.note(|| Wanted::Text);
        match &*self.value {
            Value::Text(text) => Some(text.clone()),
            _ => self.expected("text"),
        }
    }

    /// Text, or a number as text: an axis value inside a name or metadata.
    pub(crate) fn scalar(&self) -> Option<String> {
        self.note(|| Wanted::Scalar);
        self.value.scalar_text().or_else(|| self.expected("text or a number"))
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        self.note(|| Wanted::Boolean);
        match &*self.value {
            Value::Boolean(value) => Some(*value),
            _ => self.expected("true or false"),
        }
    }

    /// An integer within bounds, both ends included.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, bounds: Range<i64>) -> Option<T> {
        self.note(|| Wanted::Integer(bounds.start, bounds.end - 1));
        self.whole(bounds)
    }

    fn whole<T: TryFrom<i64>>(&self, bounds: Range<i64>) -> Option<T> {
        let Value::Integer(number) = *self.value else { return self.expected("an integer") };
        if !bounds.contains(&number) {
            let (first, last) = (bounds.start, bounds.end - 1);
            let most = if first == last { String::new() } else { format!(" to {last}") };
            self.refuse(format!("`{}` is {number}", self.place), format!("expected {first}{most}"));
            return None;
        }
        T::try_from(number).ok()
    }

    /// How many: 0 to 2^53, so that every figure is exact.
    pub(crate) fn count(&self) -> Option<u64> {
        self.note(|| Wanted::Count);
        self.whole(0..(1 << 53) + 1)
    }

    pub(crate) fn size(&self) -> Option<usize> {
        self.note(|| Wanted::Size);
        self.with_unit("a size such as \"1KiB\"", unit::size)
    }

    pub(crate) fn duration_ms(&self) -> Option<u64> {
        self.note(|| Wanted::Duration);
        self.with_unit("a duration such as \"2s\"", unit::duration_ms)
    }

    /// A duration up to a limit; `what` begins the sentence that names it: "a phase lasts".
    pub(crate) fn duration_ms_up_to(&self, most_ms: u64, what: &str) -> Option<u64> {
        self.note(|| Wanted::AtMost(most_ms));
        let ms = self.duration_ms()?;
        self.up_to(ms, most_ms, || format!("{what} at most {}", unit::shown_ms(most_ms)))
    }

    /// A size up to a limit, the same way.
    pub(crate) fn size_up_to(&self, most_bytes: usize, what: &str) -> Option<usize> {
        self.note(|| Wanted::AtMost(most_bytes as u64));
        let bytes = self.size()?;
        self.up_to(bytes, most_bytes, || {
            format!("{what} at most {}", unit::shown_bytes(most_bytes))
        })
    }

    /// A count up to a limit, the same way.
    pub(crate) fn count_up_to(&self, most: u64, what: &str) -> Option<u64> {
        self.note(|| Wanted::AtMost(most));
        let count = self.count()?;
        self.up_to(count, most, || format!("{what} at most {most}"))
    }

    fn up_to<T: PartialOrd + Copy>(
        &self,
        said: T,
        most: T,
        label: impl Fn() -> String,
    ) -> Option<T> {
        if said <= most {
            return Some(said);
        }
        let shown = self.value.shown().unwrap_or_default();
        self.refuse(format!("`{}` is {shown}", self.place), label());
        None
    }

    pub(crate) fn rate(&self) -> Option<f64> {
        self.note(|| Wanted::Rate);
        self.with_unit("a rate such as \"1000/s\"", unit::rate)
    }

    fn with_unit<T>(&self, wanted: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Value::Text(text) = &*self.value else { return self.expected(wanted) };
        read(text).map_err(|label| self.refuse(format!("`{}` is {text:?}", self.place), label)).ok()
    }

    /// One of a fixed set of names.
    pub(crate) fn one_of<T: Clone>(&self, names: &[(&str, T)]) -> Option<T> {
        self.note(|| Wanted::OneOf(names.iter().map(|(name, _)| (*name).to_owned()).collect()));
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
        self.note(|| Wanted::List);
        let Value::Array(items) = &*self.value else {
            let one = self.value.shown().filter(|_| self.value.scalar_text().is_some());
            let such = one.map_or_else(String::new, |one| format!(", such as [{one}]"));
            return self.expected(&format!("a list{such}"));
        };
        if items.len() > MAX_ITEMS {
            self.refuse(
                format!("`{}` has {} items", self.place, items.len()),
                format!("a list has at most {MAX_ITEMS}"),
            );
            return None;
        }
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let place = format!("{}[{index}]", self.place);
                read(&self.reader.inner(item, self.slot, place))
            })
            .collect();
        read.into_iter().collect()
    }

    /// A table of free keys with scalar values, in file order.
    pub(crate) fn pairs(&self) -> Option<Vec<(String, String)>> {
        self.note(|| Wanted::Pairs);
        let Value::Table(entries) = &*self.value else { return self.expected("a table") };
        let pairs: Vec<Option<(String, String)>> = entries
            .iter()
            .map(|entry| {
                let place = format!("{}.{}", self.place, entry.key);
                let value = self.reader.inner(&entry.node, (self.slot.0, FREE), place);
                Some((entry.key.clone(), value.scalar()?))
            })
            .collect();
        pairs.into_iter().collect()
    }
}
