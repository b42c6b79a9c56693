//! A value that is out of bounds, and what of it is wrong.

use std::ops::Range;

/// What TOML puts around a text, the longer first.
const QUOTES: [&str; 4] = ["'''", "\"\"\"", "'", "\""];

/// One value that is out of bounds.
#[derive(Debug)]
pub(super) struct Violation {
    /// Its dotted key; an entry of a list is its number, from 0.
    pub(super) key: String,
    /// Keys of which any may be the wrong one instead.
    pub(super) others: Vec<String>,
    /// What is wrong.
    pub(super) message: String,
    /// Where in the value, when it is a text and not all of it is wrong.
    pub(super) part: Option<Part>,
    /// What was probably meant.
    pub(super) suggestion: Option<String>,
}

/// A part of a text that is a value.
#[derive(Debug)]
pub(super) struct Part {
    /// The text.
    pub(super) text: String,
    /// Bytes of it.
    pub(super) bytes: Range<usize>,
}

impl Violation {
    pub(super) fn new(key: String, message: String) -> Self {
        Self { key, others: Vec::new(), message, part: None, suggestion: None }
    }

    /// One of several values, which do not go together; at least one key.
    pub(super) fn of_one(mut keys: Vec<String>, message: String) -> Self {
        let key = keys.remove(0);
        Self { others: keys, ..Self::new(key, message) }
    }

    /// Says what was probably meant, if anybody can tell.
    pub(super) fn suggesting(self, suggestion: Option<&str>) -> Self {
        Self { suggestion: suggestion.map(str::to_owned), ..self }
    }
}

impl Part {
    /// Bytes of the part in a file whose bytes `value` are the text as it is written there; all of
    /// the value when escapes in it leave no telling.
    pub(super) fn within(&self, file: &str, value: Range<usize>) -> Range<usize> {
        let written = file.get(value.clone()).unwrap_or_default();
        let start = QUOTES.into_iter().find_map(|quotes| {
            let inner = written.strip_prefix(quotes)?.strip_suffix(quotes)?;
            // A line break right behind the quotes is no part of the text.
            let text = inner.strip_prefix("\r\n").or_else(|| inner.strip_prefix('\n'));
            let text = text.unwrap_or(inner);
            (text == self.text).then_some(value.start + quotes.len() + inner.len() - text.len())
        });
        start.map_or(value, |start| start + self.bytes.start..start + self.bytes.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'f>(file: &'f str, value: &str, text: &str, bytes: Range<usize>) -> &'f str {
        let start = file.find(value).unwrap();
        let part = Part { text: text.to_owned(), bytes };
        &file[part.within(file, start..start + value.len())]
    }

    #[test]
    fn a_part_is_found_in_every_kind_of_quotes() {
        for quotes in QUOTES {
            let value = format!("{quotes}pid = 1{quotes}");
            let file = format!("when = {value}\n");
            assert_eq!(shown(&file, &value, "pid = 1", 6..7), "1", "{quotes}");
        }
    }

    #[test]
    fn a_line_break_behind_the_quotes_is_no_part_of_the_text() {
        let value = "'''\npid\n= 1'''";
        assert_eq!(shown(value, value, "pid\n= 1", 0..3), "pid");
    }

    #[test]
    fn where_something_is_escaped_the_whole_value_is_shown() {
        let value = r#""a = \"b\"""#;
        assert_eq!(shown(value, value, "a = \"b\"", 0..1), value);
    }
}
