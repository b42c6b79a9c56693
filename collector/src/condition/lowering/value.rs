//! What an expression is, before it is known what it is compared with.

use super::super::fields::{Read, ReadNumber, ReadText, ReadTexts, Words};
use super::super::tree::{NumberTerm, Predicate, TextTerm};

/// An expression and its type.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Truth(Predicate),
    Number(NumberTerm),
    Text(TextTerm),
    Texts(ReadTexts),
    Word(Words<ReadText>),
    Rank(Words<ReadNumber>),
    /// The text behind a key, or its number where it is compared with one.
    Metadata(String),
}

impl Value {
    /// A field's value.
    pub(super) fn of(read: Read) -> Self {
        match read {
            Read::Text(read) => Self::Text(TextTerm::Field(read)),
            Read::Number(read) => Self::Number(NumberTerm::Field(read)),
            Read::Truth(read) => Self::Truth(Predicate::Field(read)),
            Read::Texts(read) => Self::Texts(read),
            Read::Word(words) => Self::Word(words),
            Read::Rank(words) => Self::Rank(words),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Truth(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Metadata(_) => "a text",
            Self::Texts(_) => "a list of texts",
            Self::Word(_) | Self::Rank(_) => "a word",
        }
    }

    /// Metadata as the text it is.
    pub(super) fn with_text(self) -> Self {
        match self {
            Self::Metadata(key) => Self::Text(TextTerm::Metadata(key)),
            other => other,
        }
    }
}
