//! From the parser's tree to ours, for one kind of event: names become fields, types are checked,
//! and what the parser knows and conditions do not is refused.
//!
//! - `value`: what an expression is, before it is known what it is compared with;
//! - `leaf`: fields and literals; `comparing`: two values side by side; `liking`: LIKE.

mod comparing;
mod leaf;
mod liking;
mod value;

use daemoneye_eventbus::EventKind;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use self::value::Value;
use super::error::{ConditionError, ConditionFault, MAX_DEPTH};
use super::number::Operation;
use super::place;
use super::statement::Statement;
use super::tree::{Comparison, NumberTerm, Predicate, TextTerm};
use super::truth::Truth;

/// What a statement asks of events of one kind.
pub(super) fn lower(
    text: &str,
    kind: EventKind,
    statement: &Statement,
) -> Result<Predicate, ConditionError> {
    let mut lowering = Lowering { text, kind, depth: 0 };
    for selected in &statement.selected {
        lowering.selected(selected)?;
    }
    lowering.predicate(&statement.condition)
}

struct Lowering<'t> {
    text: &'t str,
    kind: EventKind,
    /// How deep the expression is that is looked at.
    depth: usize,
}

impl Lowering<'_> {
    /// What SELECT names is of no effect, and shall exist all the same.
    fn selected(&mut self, expr: &Expr) -> Result<(), ConditionError> {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.value(expr).map(drop),
            _ => Err(self.not_part(expr, "SELECT names fields, or `*`")),
        }
    }

    fn predicate(&mut self, expr: &Expr) -> Result<Predicate, ConditionError> {
        match self.value(expr)? {
            Value::Truth(predicate) => Ok(predicate),
            other => Err(self.wrong_type(expr, "what is true or false", &other)),
        }
    }

    fn number(&mut self, expr: &Expr) -> Result<NumberTerm, ConditionError> {
        match self.value(expr)? {
            Value::Number(term) => Ok(term),
            Value::Metadata(key) => Ok(NumberTerm::Metadata(key)),
            other => Err(self.wrong_type(expr, "a number", &other)),
        }
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, ConditionError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(expr, ConditionFault::TooDeep));
        }
        self.depth += 1;
        let value = self.value_at_depth(expr);
        self.depth -= 1;
        value
    }

    fn value_at_depth(&mut self, expr: &Expr) -> Result<Value, ConditionError> {
        match expr {
            Expr::Nested(inner) => self.value(inner),
            Expr::Identifier(name) => self.field(name),
            Expr::CompoundIdentifier(names) => self.metadata(expr, names),
            Expr::Value(literal) => self.literal(literal),
            Expr::UnaryOp { op, expr: inner } => self.unary(expr, *op, inner),
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::IsNull(inner) => Ok(Value::Truth(self.is_null(inner)?)),
            Expr::IsNotNull(inner) => Ok(Value::Truth(not(self.is_null(inner)?))),
            Expr::IsTrue(inner) => self.is(inner, Truth::True, false),
            Expr::IsNotTrue(inner) => self.is(inner, Truth::True, true),
            Expr::IsFalse(inner) => self.is(inner, Truth::False, false),
            Expr::IsNotFalse(inner) => self.is(inner, Truth::False, true),
            Expr::IsUnknown(inner) => self.is(inner, Truth::Unknown, false),
            Expr::IsNotUnknown(inner) => self.is(inner, Truth::Unknown, true),
            Expr::Between { expr: inner, negated, low, high } => {
                Ok(negated_if(*negated, self.between(inner, low, high)?))
            }
            Expr::InList { expr: inner, list, negated } => {
                Ok(negated_if(*negated, self.one_of(inner, list)?))
            }
            Expr::Like { negated, any: false, expr: inner, pattern, escape_char } => {
                let like = self.like(inner, pattern, escape_char.as_ref())?;
                Ok(negated_if(*negated, like))
            }
            _ => Err(self.not_part(expr, "it has no meaning here")),
        }
    }

    fn unary(
        &mut self,
        whole: &Expr,
        operator: UnaryOperator,
        inner: &Expr,
    ) -> Result<Value, ConditionError> {
        match operator {
            UnaryOperator::Not => Ok(Value::Truth(not(self.predicate(inner)?))),
            UnaryOperator::Plus => Ok(Value::Number(self.number(inner)?)),
            UnaryOperator::Minus => {
                let negated = NumberTerm::Negated(Box::new(self.number(inner)?));
                Ok(Value::Number(negated))
            }
            _ => Err(self.not_part(whole, "there is no such sign")),
        }
    }

    fn binary(
        &mut self,
        whole: &Expr,
        left: &Expr,
        operator: &BinaryOperator,
        right: &Expr,
    ) -> Result<Value, ConditionError> {
        match operator {
            BinaryOperator::And => {
                Ok(Value::Truth(Predicate::All(self.predicates(whole, operator)?)))
            }
            BinaryOperator::Or => {
                Ok(Value::Truth(Predicate::Any(self.predicates(whole, operator)?)))
            }
            BinaryOperator::Plus => self.arithmetic(left, Operation::Plus, right),
            BinaryOperator::Minus => self.arithmetic(left, Operation::Minus, right),
            BinaryOperator::Multiply => self.arithmetic(left, Operation::Times, right),
            BinaryOperator::Divide => self.arithmetic(left, Operation::Divided, right),
            BinaryOperator::Eq => self.comparison(left, Comparison::Equal, right),
            BinaryOperator::NotEq => self.comparison(left, Comparison::NotEqual, right),
            BinaryOperator::Lt => self.comparison(left, Comparison::Less, right),
            BinaryOperator::LtEq => self.comparison(left, Comparison::LessOrEqual, right),
            BinaryOperator::Gt => self.comparison(left, Comparison::Greater, right),
            BinaryOperator::GtEq => self.comparison(left, Comparison::GreaterOrEqual, right),
            _ => Err(self.not_part(whole, "there is no such sign")),
        }
    }

    /// The operands of a chain of AND or of OR, which is no deeper for being long.
    fn predicates(
        &mut self,
        chain: &Expr,
        operator: &BinaryOperator,
    ) -> Result<Vec<Predicate>, ConditionError> {
        let mut operands = Vec::new();
        let mut rest = chain;
        while let Expr::BinaryOp { left, op, right } = rest
            && op == operator
        {
            operands.push(&**right);
            rest = left;
        }
        operands.push(rest);
        operands.into_iter().rev().map(|operand| self.predicate(operand)).collect()
    }

    fn arithmetic(
        &mut self,
        left: &Expr,
        operation: Operation,
        right: &Expr,
    ) -> Result<Value, ConditionError> {
        let (left, right) = (self.number(left)?, self.number(right)?);
        let (left, right) = (Box::new(left), Box::new(right));
        Ok(Value::Number(NumberTerm::Arithmetic { left, operation, right }))
    }

    fn is_null(&mut self, inner: &Expr) -> Result<Predicate, ConditionError> {
        Ok(match self.value(inner)? {
            Value::Number(term) => Predicate::NoNumber(term),
            Value::Rank(words) => Predicate::NoNumber(NumberTerm::Field(words.read)),
            Value::Text(term) => Predicate::NoText(term),
            Value::Word(words) => Predicate::NoText(TextTerm::Field(words.read)),
            Value::Metadata(key) => Predicate::NoText(TextTerm::Metadata(key)),
            Value::Texts(texts) => Predicate::NoTexts(texts),
            Value::Truth(inner) => Predicate::Is { inner: Box::new(inner), wanted: Truth::Unknown },
        })
    }

    fn is(&mut self, inner: &Expr, wanted: Truth, negated: bool) -> Result<Value, ConditionError> {
        let inner = Box::new(self.predicate(inner)?);
        Ok(negated_if(negated, Predicate::Is { inner, wanted }))
    }

    fn error(&self, expr: &Expr, fault: ConditionFault) -> ConditionError {
        ConditionError::at(self.text, place::of(self.text, expr), fault)
    }

    fn wrong_type(&self, expr: &Expr, expected: &'static str, found: &Value) -> ConditionError {
        self.error(expr, ConditionFault::WrongType { expected, found: found.type_name() })
    }

    fn not_part(&self, expr: &Expr, why: &'static str) -> ConditionError {
        let place = place::of(self.text, expr);
        let what = self.text.get(place.clone()).unwrap_or_default().to_owned();
        ConditionError::at(self.text, place, ConditionFault::NotPart { what, why })
    }
}

fn not(predicate: Predicate) -> Predicate {
    Predicate::Not(Box::new(predicate))
}

fn negated_if(negated: bool, predicate: Predicate) -> Value {
    Value::Truth(if negated { not(predicate) } else { predicate })
}
