//! Why a text is no condition, shown at its place.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use daemoneye_eventbus::EventKind;
use thiserror::Error;

use super::{fields, place};

/// Length of a condition, bytes: a screen full is more than anybody reads.
pub const MAX_TEXT_BYTES: usize = 4096;
/// Words and signs of a condition; bounds what an event costs. A hundred names in an IN are 200.
pub const MAX_TOKENS: usize = 512;
/// Levels of parentheses, operators and NOT, each in another: what the parser's recursion takes of
/// a thread's stack is small at that. A parenthesis behind an operator is two.
pub const MAX_DEPTH: usize = 16;

/// Why a text is no condition; shown, it reads like a compiler's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// The text.
    pub text: String,
    /// Bytes of it that are wrong; `None` where it is the whole.
    pub place: Option<Range<usize>>,
    /// What is wrong.
    pub fault: ConditionFault,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConditionFault {
    /// Nothing is in it.
    #[error("the condition is empty")]
    Empty,
    /// It is too long.
    #[error("the condition has {bytes} bytes, the limit is {MAX_TEXT_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has too many parts.
    #[error("the condition has {tokens} words and signs, the limit is {MAX_TOKENS}")]
    TooManyTokens {
        /// How many.
        tokens: usize,
    },
    /// It is nested too deep.
    #[error("the condition is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// It is no SQL.
    #[error("{message}")]
    Syntax {
        /// What was expected, and what was found.
        message: String,
    },
    /// SQL has it, conditions have not.
    #[error("`{what}` is not part of conditions: {why}")]
    NotPart {
        /// As it is written.
        what: String,
        /// Why not.
        why: &'static str,
    },
    /// FROM names no kind of event.
    #[error("there are no events `{name}`")]
    UnknownKind {
        /// What it names.
        name: String,
    },
    /// Events of this kind have no such field.
    #[error("{} field `{name}`", have_no(*kind))]
    UnknownField {
        /// What is named.
        name: String,
        /// The kind; `None` where no kind has it.
        kind: Option<EventKind>,
    },
    /// A field has a few values, and this is none of them.
    #[error("`{word}` is no `{field}` of {} events", kind.as_str())]
    UnknownWord {
        /// What it is compared with.
        word: String,
        /// The field.
        field: &'static str,
        /// Whose it is.
        kind: EventKind,
    },
    /// Two sides of a comparison have nothing in common.
    #[error("{left} cannot be compared with {right}")]
    Mismatch {
        /// Type of the left side.
        left: &'static str,
        /// Type of the right side.
        right: &'static str,
    },
    /// It is of another type than it must be.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What stands there.
        expected: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// One of it is not before the other.
    #[error("{what} has no order")]
    NoOrder {
        /// The type.
        what: &'static str,
    },
    /// NULL is compared, and not asked for with IS.
    #[error("nothing is equal to NULL, and nothing differs from it")]
    NullCompared,
    /// A number that cannot be read.
    #[error("`{text}` is no number")]
    NotANumber {
        /// As it is written.
        text: String,
    },
    /// A pattern of LIKE that cannot be read.
    #[error("{reason}")]
    Pattern {
        /// Why.
        reason: String,
    },
}

impl ConditionError {
    pub(super) fn whole(text: &str, fault: ConditionFault) -> Self {
        Self { text: text.to_owned(), place: None, fault, help: None }
    }

    pub(super) fn at(text: &str, place: Range<usize>, fault: ConditionFault) -> Self {
        Self { text: text.to_owned(), place: Some(place), fault, help: None }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether its place is further on in the text.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        let start = |error: &Self| error.place.as_ref().map_or(0, |place| place.start);
        start(self) > start(other)
    }

    /// The same where no kind of event has the field.
    pub(super) fn of_no_kind(mut self) -> Self {
        if let ConditionFault::UnknownField { name, kind } = &mut self.fault {
            *kind = None;
            let near = fields::nearest(name, fields::kinds());
            self.help = near.map(|near| format!("did you mean `{near}`?")).or(self.help.take());
        }
        self
    }

    /// Line and column of its place, from 1; a column is a character.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| place::line_column(&self.text, place.start))
    }
}

fn have_no(kind: Option<EventKind>) -> String {
    kind.map_or_else(
        || "no kind of event has a".to_owned(),
        |kind| format!("{} events have no", kind.as_str()),
    )
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = self.fault.to_string();
        let Some(place) = &self.place else {
            write!(f, "error: {fault}")?;
            return self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"));
        };
        let mut group = Level::ERROR.primary_title(fault.as_str()).element(
            Snippet::source(self.text.as_str())
                .path("condition")
                .annotation(AnnotationKind::Primary.span(place.clone())),
        );
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

impl std::error::Error for ConditionError {}
