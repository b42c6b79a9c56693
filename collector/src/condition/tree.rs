//! A condition as it is asked: its types are settled, so that no answer is an error.
//!
//! Asking allocates nothing and depends on the event alone. What an event does not have is NULL,
//! here `None`; what is compared with it is [`Unknown`](Truth::Unknown).

use std::cmp::Ordering;

use daemoneye_eventbus::CollectionEvent;

use super::fields::{ReadNumber, ReadText, ReadTexts, ReadTruth};
use super::number::{Number, Operation};
use super::pattern::Pattern;
use super::truth::Truth;

/// What is true, false or unknown.
#[derive(Debug, Clone)]
pub(super) enum Predicate {
    Constant(bool),
    Field(ReadTruth),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    /// IS TRUE and its like; never unknown.
    Is {
        inner: Box<Self>,
        wanted: Truth,
    },
    /// Two truth values are the same.
    Same(Box<Self>, Box<Self>),
    Numbers {
        left: NumberTerm,
        comparison: Comparison,
        right: NumberTerm,
    },
    Texts {
        left: TextTerm,
        comparison: Comparison,
        right: TextTerm,
    },
    Like {
        text: TextTerm,
        pattern: Pattern,
    },
    /// A list has a text.
    Has {
        texts: ReadTexts,
        wanted: TextTerm,
    },
    /// A list has a text like this.
    HasLike {
        texts: ReadTexts,
        pattern: Pattern,
    },
    /// IS NULL.
    NoNumber(NumberTerm),
    NoText(TextTerm),
    NoTexts(ReadTexts),
}

/// What has a number, or none.
#[derive(Debug, Clone)]
pub(super) enum NumberTerm {
    Constant(Number),
    Field(ReadNumber),
    /// The text behind a key, read as a number.
    Metadata(String),
    Negated(Box<Self>),
    Arithmetic {
        left: Box<Self>,
        operation: Operation,
        right: Box<Self>,
    },
}

/// What has a text, or none.
#[derive(Debug, Clone)]
pub(super) enum TextTerm {
    Constant(String),
    Field(ReadText),
    /// The text behind a key.
    Metadata(String),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Predicate {
    pub(super) fn truth(&self, event: &CollectionEvent) -> Truth {
        match self {
            Self::Constant(constant) => Truth::from(*constant),
            Self::Field(read) => Truth::from(read(event)),
            Self::Not(inner) => !inner.truth(event),
            Self::All(parts) => all(parts, event),
            Self::Any(parts) => any(parts, event),
            Self::Is { inner, wanted } => Truth::from(inner.truth(event) == *wanted),
            Self::Same(left, right) => left.truth(event).equals(right.truth(event)),
            Self::Numbers { left, comparison, right } => {
                let pair = left.value(event).zip(right.value(event));
                let order = pair.map(|(left, right)| left.compare(right));
                comparison.truth(order)
            }
            Self::Texts { left, comparison, right } => {
                let pair = left.value(event).zip(right.value(event));
                comparison.truth(pair.map(|(left, right)| left.cmp(right)))
            }
            Self::Like { text, pattern } => {
                Truth::from(text.value(event).map(|text| pattern.matches(text)))
            }
            Self::Has { texts, wanted } => {
                let wanted = wanted.value(event);
                some(*texts, event, |text| wanted.map(|wanted| text == wanted))
            }
            Self::HasLike { texts, pattern } => {
                some(*texts, event, |text| Some(pattern.matches(text)))
            }
            Self::NoNumber(term) => Truth::from(term.value(event).is_none()),
            Self::NoText(term) => Truth::from(term.value(event).is_none()),
            Self::NoTexts(texts) => Truth::from(texts(event).is_empty()),
        }
    }
}

fn all(parts: &[Predicate], event: &CollectionEvent) -> Truth {
    let mut together = Truth::True;
    for part in parts {
        together = together.and(part.truth(event));
        if together == Truth::False {
            break;
        }
    }
    together
}

fn any(parts: &[Predicate], event: &CollectionEvent) -> Truth {
    let mut together = Truth::False;
    for part in parts {
        together = together.or(part.truth(event));
        if together == Truth::True {
            break;
        }
    }
    together
}

/// Whether some text of a list is as asked; an empty list is NULL, as nobody can tell it from one
/// that could not be read.
fn some(texts: ReadTexts, event: &CollectionEvent, is: impl Fn(&str) -> Option<bool>) -> Truth {
    let texts = texts(event);
    if texts.is_empty() {
        return Truth::Unknown;
    }
    texts.iter().map(|text| Truth::from(is(text))).fold(Truth::False, Truth::or)
}

impl NumberTerm {
    fn value(&self, event: &CollectionEvent) -> Option<Number> {
        match self {
            Self::Constant(number) => Some(*number),
            Self::Field(read) => read(event),
            Self::Metadata(key) => Number::parse(event.header().metadata_value(key)?),
            Self::Negated(inner) => inner.value(event)?.negated(),
            Self::Arithmetic { left, operation, right } => {
                left.value(event)?.apply(*operation, right.value(event)?)
            }
        }
    }
}

impl TextTerm {
    fn value<'a>(&'a self, event: &'a CollectionEvent) -> Option<&'a str> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Field(read) => read(event),
            Self::Metadata(key) => event.header().metadata_value(key).map(|text| &**text),
        }
    }
}

impl Comparison {
    /// The order is unknown where one side is NULL.
    fn truth(self, order: Option<Ordering>) -> Truth {
        Truth::from(order.map(|order| match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }))
    }
}
