//! What is wrong with a file, where, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A file as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path as the user knows it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it begins, bytes into the text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is wrong, a lower-case fragment.
    pub title: String,
    /// What to do about it, under the place; may be empty.
    pub label: String,
}

/// Every mistake of one file, in the order of their places. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    source: Arc<Source>,
    list: Vec<Problem>,
}

impl Source {
    /// A file from its bytes; that they are no UTF-8 is a mistake at the first that is none.
    pub(crate) fn decode(path: String, bytes: Vec<u8>) -> Result<Self, Problems> {
        let error = match String::from_utf8(bytes) {
            Ok(text) => return Ok(Self { path, text }),
            Err(error) => error,
        };
        let start = error.utf8_error().valid_up_to();
        // What is no text is replaced by a character that says so, and shown by it.
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let place = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
        let label = "save the file as UTF-8, then look at what stands here";
        let problem = Problem::new(&place, "not UTF-8", label);
        Err(Problems { source: Arc::new(Self { path, text }), list: vec![problem] })
    }

    /// Line of a place, counted from 1.
    pub fn line(&self, place: usize) -> usize {
        let before = self.text.get(..place).unwrap_or(&self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }
}

impl Problem {
    pub(crate) fn new(
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self { start: span.start, end: span.end, title: title.into(), label: label.into() }
    }
}

impl Problems {
    /// `None` when there is nothing to tell.
    pub(crate) fn of(source: &Arc<Source>, mut list: Vec<Problem>) -> Option<Self> {
        list.sort();
        list.dedup();
        (!list.is_empty()).then(|| Self { source: Arc::clone(source), list })
    }

    /// The mistakes one by one.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The file they are in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    fn render(&self, problem: &Problem) -> String {
        let text = &self.source.text;
        let annotation = AnnotationKind::Primary.span(problem.start..first_line_end(text, problem));
        let annotation =
            if problem.label.is_empty() { annotation } else { annotation.label(&problem.label) };
        let report = &[Level::ERROR
            .primary_title(problem.title.as_str())
            .element(Snippet::source(text).path(&self.source.path).annotation(annotation))];
        Renderer::plain().decor_style(DecorStyle::Ascii).render(report)
    }
}

/// Ends a place with its first line: a caret under a whole table helps nobody.
fn first_line_end(text: &str, problem: &Problem) -> usize {
    let end = problem.end.min(text.len());
    let shown = text.get(problem.start..end).unwrap_or_default();
    let line = shown.split('\n').next().unwrap_or_default().trim_end().len();
    // At the end of a line there is nothing to underline; the caret still shows the place.
    let least = usize::from(!shown.is_empty() && !shown.starts_with(['\n', '\r']));
    // A space of several bytes is underlined whole.
    text.ceil_char_boundary(problem.start + line.max(least))
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&self.render(problem))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known name a mistyped one most likely meant.
pub(crate) fn suggestion<'n>(
    typed: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let near = |name: &&str| distance(typed, name) <= (typed.len().max(name.len()) / 3).max(1);
    known.into_iter().filter(near).min_by_key(|name| distance(typed, name))
}

/// Letters to change, add, leave out or swap, taking `_` for `-`.
fn distance(typed: &str, name: &str) -> usize {
    strsim::damerau_levenshtein(&typed.to_lowercase().replace('_', "-"), name)
}
