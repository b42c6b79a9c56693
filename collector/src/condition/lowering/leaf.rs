//! Fields and literals.

use sqlparser::ast::{Expr, Ident, Value as Literal, ValueWithSpan};

use super::super::error::{ConditionError, ConditionFault};
use super::super::number::Number;
use super::super::tree::{NumberTerm, Predicate, TextTerm};
use super::super::{fields, place, tokens};
use super::Lowering;
use super::value::Value;

/// What is said where metadata is named without a key.
const METADATA_KEY: &str = "the value of a key is written `metadata.KEY`, or `metadata.\"a key\"`";

impl Lowering<'_> {
    /// A name without a period. As SQL has it, case does not matter unless it is in quotes.
    pub(super) fn field(&self, name: &Ident) -> Result<Value, ConditionError> {
        let quoted = name.quote_style.is_some();
        if !quoted && tokens::is_keyword(&name.value) {
            let message = format!("expected a value, found `{}`", name.value);
            return Err(self.at(name, ConditionFault::Syntax { message }));
        }
        let typed = if quoted { name.value.clone() } else { name.value.to_ascii_lowercase() };
        match fields::find(self.kind, &typed) {
            Some(field) => Ok(Value::of(field.read)),
            None => Err(self.unknown_field(name, &typed)),
        }
    }

    /// `metadata.KEY`; the key is as it is written.
    pub(super) fn metadata(&self, whole: &Expr, names: &[Ident]) -> Result<Value, ConditionError> {
        match names {
            [table, key] if table.value.eq_ignore_ascii_case(fields::METADATA) => {
                Ok(Value::Metadata(key.value.clone()))
            }
            _ => Err(self.not_part(whole, "a period stands in `metadata.KEY` alone")),
        }
    }

    pub(super) fn literal(&self, literal: &ValueWithSpan) -> Result<Value, ConditionError> {
        let place = place::range(self.text, literal.span);
        let error = |fault| ConditionError::at(self.text, place.clone(), fault);
        match &literal.value {
            Literal::Number(digits, _) => match Number::parse(digits) {
                Some(number) => Ok(Value::Number(NumberTerm::Constant(number))),
                None => Err(error(ConditionFault::NotANumber { text: digits.clone() })),
            },
            Literal::SingleQuotedString(text) => Ok(Value::Text(TextTerm::Constant(text.clone()))),
            Literal::Boolean(constant) => Ok(Value::Truth(Predicate::Constant(*constant))),
            Literal::Null => {
                let help = "ask with `IS NULL` or `IS NOT NULL`";
                Err(error(ConditionFault::NullCompared).with_help(help))
            }
            _ => {
                let what = self.text.get(place.clone()).unwrap_or_default().to_owned();
                let why = "a text is written 'so', a number in decimal";
                Err(error(ConditionFault::NotPart { what, why }))
            }
        }
    }

    fn unknown_field(&self, name: &Ident, typed: &str) -> ConditionError {
        let fault =
            ConditionFault::UnknownField { name: name.value.clone(), kind: Some(self.kind) };
        let error = self.at(name, fault);
        match self.advice(name, typed) {
            Some(help) => error.with_help(help),
            None => error,
        }
    }

    /// What was probably meant.
    fn advice(&self, name: &Ident, typed: &str) -> Option<String> {
        if typed == fields::METADATA {
            return Some(METADATA_KEY.to_owned());
        }
        if name.quote_style.is_some() {
            return Some(format!("a text stands in single quotes: '{}'", name.value));
        }
        let own = self.kind;
        let others = move || fields::kinds().filter(move |kind| *kind != own);
        if let Some(owner) = others().find(|kind| fields::find(*kind, typed).is_some()) {
            let owner = owner.as_str();
            return Some(format!("{owner} events have it; a condition is about one kind of event"));
        }
        let near = fields::nearest(typed, [own]);
        near.map(|near| format!("did you mean `{near}`?")).or_else(|| {
            let near = fields::nearest(typed, others())?;
            let owner = others().find(|kind| fields::find(*kind, near).is_some())?;
            Some(format!("did you mean `{near}`, which {} events have?", owner.as_str()))
        })
    }

    fn at(&self, name: &Ident, fault: ConditionFault) -> ConditionError {
        ConditionError::at(self.text, place::range(self.text, name.span), fault)
    }
}
