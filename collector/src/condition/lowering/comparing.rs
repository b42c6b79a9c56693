//! Two values side by side: which comparison they have, if any.

use sqlparser::ast::Expr;

use super::super::error::{ConditionError, ConditionFault};
use super::super::fields::Words;
use super::super::number::Number;
use super::super::tree::{Comparison, NumberTerm, Predicate, TextTerm};
use super::value::Value;
use super::{Lowering, not};
use crate::spelling;

impl Lowering<'_> {
    pub(super) fn comparison(
        &mut self,
        left: &Expr,
        comparison: Comparison,
        right: &Expr,
    ) -> Result<Value, ConditionError> {
        let (one, other) = (self.value(left)?, self.value(right)?);
        self.compared(one, comparison, other, right).map(Value::Truth)
    }

    /// As SQL defines it: `low <= x AND x <= high`.
    pub(super) fn between(
        &mut self,
        inner: &Expr,
        low: &Expr,
        high: &Expr,
    ) -> Result<Predicate, ConditionError> {
        let (value, least, most) = (self.value(inner)?, self.value(low)?, self.value(high)?);
        let above = self.compared(value.clone(), Comparison::GreaterOrEqual, least, low)?;
        let below = self.compared(value, Comparison::LessOrEqual, most, high)?;
        Ok(Predicate::All(vec![above, below]))
    }

    /// As SQL defines it: `x = a OR x = b`. Every choice has a copy of `x`, which therefore is no
    /// condition: lists of conditions, each in the next, would multiply to more than memory holds.
    pub(super) fn one_of(
        &mut self,
        inner: &Expr,
        list: &[Expr],
    ) -> Result<Predicate, ConditionError> {
        let value = self.value(inner)?;
        if matches!(value, Value::Truth(_)) {
            return Err(self.wrong_type(inner, "a number or a text before IN", &value));
        }
        let mut choices = Vec::with_capacity(list.len());
        for item in list {
            let other = self.value(item)?;
            choices.push(self.compared(value.clone(), Comparison::Equal, other, item)?);
        }
        Ok(Predicate::Any(choices))
    }

    /// `at` is where an error is shown: the right side.
    fn compared(
        &self,
        one: Value,
        comparison: Comparison,
        other: Value,
        at: &Expr,
    ) -> Result<Predicate, ConditionError> {
        match same_type(one, other) {
            (Value::Number(left), Value::Number(right)) => {
                Ok(Predicate::Numbers { left, comparison, right })
            }
            (Value::Text(left), Value::Text(right)) => {
                Ok(Predicate::Texts { left, comparison, right })
            }
            (Value::Truth(left), Value::Truth(right)) => {
                let same = Predicate::Same(Box::new(left), Box::new(right));
                self.equality(comparison, same, "a truth value", at)
            }
            // A list is equal to a text that it has; it has no order.
            (Value::Texts(texts), Value::Text(wanted))
            | (Value::Text(wanted), Value::Texts(texts)) => {
                let has = Predicate::Has { texts, wanted };
                self.equality(comparison, has, "a list of texts", at)
            }
            (Value::Word(words), Value::Text(text)) => {
                self.known_word(&words, &text, at)?;
                self.words(TextTerm::Field(words.read), comparison, text, at)
            }
            (Value::Text(text), Value::Word(words)) => {
                self.known_word(&words, &text, at)?;
                self.words(text, comparison, TextTerm::Field(words.read), at)
            }
            (Value::Word(one), Value::Word(other)) => {
                let (one, other) = (TextTerm::Field(one.read), TextTerm::Field(other.read));
                self.words(one, comparison, other, at)
            }
            (Value::Rank(words), Value::Text(text)) => {
                let right = self.rank(&words, &text, at)?;
                Ok(Predicate::Numbers { left: NumberTerm::Field(words.read), comparison, right })
            }
            (Value::Text(text), Value::Rank(words)) => {
                let left = self.rank(&words, &text, at)?;
                Ok(Predicate::Numbers { left, comparison, right: NumberTerm::Field(words.read) })
            }
            (Value::Rank(one), Value::Rank(other)) => {
                let (left, right) = (NumberTerm::Field(one.read), NumberTerm::Field(other.read));
                Ok(Predicate::Numbers { left, comparison, right })
            }
            (one, other) => {
                let (left, right) = (one.type_name(), other.type_name());
                Err(self.error(at, ConditionFault::Mismatch { left, right }))
            }
        }
    }

    /// Words are equal or not; `started` is not before `tree`.
    fn words(
        &self,
        left: TextTerm,
        comparison: Comparison,
        right: TextTerm,
        at: &Expr,
    ) -> Result<Predicate, ConditionError> {
        let equal = Predicate::Texts { left, comparison: Comparison::Equal, right };
        self.equality(comparison, equal, "a word", at)
    }

    fn equality(
        &self,
        comparison: Comparison,
        equal: Predicate,
        what: &'static str,
        at: &Expr,
    ) -> Result<Predicate, ConditionError> {
        match comparison {
            Comparison::Equal => Ok(equal),
            Comparison::NotEqual => Ok(not(equal)),
            _ => Err(self.error(at, ConditionFault::NoOrder { what })),
        }
    }

    fn known_word<R>(
        &self,
        words: &Words<R>,
        text: &TextTerm,
        at: &Expr,
    ) -> Result<(), ConditionError> {
        match text {
            TextTerm::Constant(word) if !words.all.contains(&word.as_str()) => {
                Err(self.unknown_word(words, word, at))
            }
            _ => Ok(()),
        }
    }

    /// The number of a word, from 1. Only a word as such has one.
    fn rank<R>(
        &self,
        words: &Words<R>,
        text: &TextTerm,
        at: &Expr,
    ) -> Result<NumberTerm, ConditionError> {
        let TextTerm::Constant(word) = text else {
            let fault = ConditionFault::Mismatch { left: "a word", right: "a text" };
            let help = format!("`{}` is one of {}", words.field, words.all.join(", "));
            return Err(self.error(at, fault).with_help(help));
        };
        let mut ranks = (1_u32..).zip(words.all);
        match ranks.find(|(_, known)| **known == word.as_str()) {
            Some((rank, _)) => Ok(NumberTerm::Constant(Number::whole(rank))),
            None => Err(self.unknown_word(words, word, at)),
        }
    }

    fn unknown_word<R>(&self, words: &Words<R>, word: &str, at: &Expr) -> ConditionError {
        let help = match spelling::nearest(word, words.all.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("it is one of {}", words.all.join(", ")),
        };
        let (word, field) = (word.to_owned(), words.field);
        let fault = ConditionFault::UnknownWord { word, field, kind: self.kind };
        self.error(at, fault).with_help(help)
    }
}

/// Metadata beside a number is a number; otherwise it is the text it is.
fn same_type(one: Value, other: Value) -> (Value, Value) {
    match (one, other) {
        (Value::Metadata(key), Value::Number(number)) => {
            (Value::Number(NumberTerm::Metadata(key)), Value::Number(number))
        }
        (Value::Number(number), Value::Metadata(key)) => {
            (Value::Number(number), Value::Number(NumberTerm::Metadata(key)))
        }
        (one, other) => (one.with_text(), other.with_text()),
    }
}
