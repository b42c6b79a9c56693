//! LIKE: its pattern is known when the condition is parsed.

use sqlparser::ast::{Expr, Value as Literal};

use super::super::error::{ConditionError, ConditionFault};
use super::super::pattern::Pattern;
use super::super::tree::{Predicate, TextTerm};
use super::Lowering;
use super::value::Value;

impl Lowering<'_> {
    pub(super) fn like(
        &mut self,
        inner: &Expr,
        pattern: &Expr,
        escape: Option<&Literal>,
    ) -> Result<Predicate, ConditionError> {
        let value = self.value(inner)?;
        let pattern = self.pattern(pattern, escape)?;
        match value.with_text() {
            Value::Text(text) => Ok(Predicate::Like { text, pattern }),
            Value::Word(words) => {
                Ok(Predicate::Like { text: TextTerm::Field(words.read), pattern })
            }
            Value::Texts(texts) => Ok(Predicate::HasLike { texts, pattern }),
            other => Err(self.wrong_type(inner, "a text before LIKE", &other)),
        }
    }

    fn pattern(
        &mut self,
        pattern: &Expr,
        escape: Option<&Literal>,
    ) -> Result<Pattern, ConditionError> {
        let text = match self.value(pattern)? {
            Value::Text(TextTerm::Constant(text)) => text,
            other => return Err(self.wrong_type(pattern, "a text in quotes behind LIKE", &other)),
        };
        let escape = escape.map(|escape| self.escape(pattern, escape)).transpose()?;
        Pattern::new(&text, escape).map_err(|error| {
            self.error(pattern, ConditionFault::Pattern { reason: error.to_string() })
        })
    }

    /// The parser does not tell where it stands; it is right behind the pattern.
    fn escape(&self, pattern: &Expr, escape: &Literal) -> Result<char, ConditionError> {
        let mut letters = match escape {
            Literal::SingleQuotedString(text) => text.chars(),
            _ => "".chars(),
        };
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            return Ok(letter);
        }
        let reason = "ESCAPE takes one character in quotes".to_owned();
        Err(self.error(pattern, ConditionFault::Pattern { reason }))
    }
}
