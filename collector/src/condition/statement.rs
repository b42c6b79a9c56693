//! The form of a condition: `SELECT … FROM … WHERE …`, or what stands behind WHERE alone.
//!
//! The clauses are read here, one by one; the parser reads expressions. So whatever stands behind
//! an expression and is not expected there is told at its place.

use daemoneye_eventbus::EventKind;
use sqlparser::ast::Expr;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::dialect::ConditionDialect;
use super::error::{ConditionError, ConditionFault, MAX_DEPTH};
use super::{fields, place, tokens};

/// What is said where a condition has no WHERE.
const WHERE_TRUE: &str = "`WHERE TRUE` is true of every event";

/// A condition as its parser sees it.
pub(super) struct Statement {
    /// What FROM names.
    pub(super) kind: Option<EventKind>,
    /// What SELECT names, but for `*`. It says nothing about when the condition holds.
    pub(super) selected: Vec<Expr>,
    /// What stands behind WHERE.
    pub(super) condition: Expr,
}

/// Parses a text.
pub(super) fn parse(text: &str) -> Result<Statement, ConditionError> {
    let tokens = tokens::read(text)?;
    let parser = Parser::new(&ConditionDialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    Reader { text, parser }.statement()
}

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t>,
}

impl Reader<'_> {
    fn statement(mut self) -> Result<Statement, ConditionError> {
        let (mut kind, mut selected) = (None, Vec::new());
        if self.parser.parse_keyword(Keyword::SELECT) {
            selected = self.selected()?;
            if self.parser.parse_keyword(Keyword::FROM) {
                kind = Some(self.kind()?);
            }
            if !self.parser.parse_keyword(Keyword::WHERE) {
                return Err(self.unexpected("WHERE").with_help(WHERE_TRUE));
            }
        } else if self.parser.parse_keyword(Keyword::FROM) {
            return Err(self.before_from());
        } else {
            // A condition alone may say WHERE, and need not.
            let _ = self.parser.parse_keyword(Keyword::WHERE);
        }
        let condition = self.expression()?;
        let _ = self.parser.consume_token(&Token::SemiColon);
        if self.parser.peek_token().token != Token::EOF {
            return Err(self.unexpected("AND, OR or the end"));
        }
        Ok(Statement { kind, selected, condition })
    }

    fn selected(&mut self) -> Result<Vec<Expr>, ConditionError> {
        let mut selected = Vec::new();
        loop {
            let starts_clause =
                self.parser.peek_keyword(Keyword::FROM) || self.parser.peek_keyword(Keyword::WHERE);
            if starts_clause {
                return Err(self.unexpected("`*` or a field"));
            }
            if !self.parser.consume_token(&Token::Mul) {
                selected.push(self.expression()?);
            }
            if !self.parser.consume_token(&Token::Comma) {
                return Ok(selected);
            }
        }
    }

    fn kind(&mut self) -> Result<EventKind, ConditionError> {
        let token = self.parser.peek_token();
        let Token::Word(word) = &token.token else {
            return Err(self.unexpected("a kind of event"));
        };
        let _ = self.parser.next_token();
        fields::kind_named(&word.value).ok_or_else(|| {
            let fault = ConditionFault::UnknownKind { name: word.value.clone() };
            let known: Vec<_> = fields::kinds().map(EventKind::as_str).collect();
            ConditionError::at(self.text, place::range(self.text, token.span), fault)
                .with_help(format!("it is one of {}", known.join(", ")))
        })
    }

    fn expression(&mut self) -> Result<Expr, ConditionError> {
        let text = self.text;
        self.parser.parse_expr().map_err(|error| refused(text, &error))
    }

    /// The next token is not what must follow.
    fn unexpected(&self, expected: &str) -> ConditionError {
        let TokenWithSpan { token, span } = self.parser.peek_token();
        let message = format!("expected {expected}, found {}", found(&token.to_string()));
        let place = place::range(self.text, span);
        ConditionError::at(self.text, place, ConditionFault::Syntax { message })
    }

    /// FROM was read, and it was the first word.
    fn before_from(&self) -> ConditionError {
        let message = "expected SELECT before FROM".to_owned();
        let place = place::range(self.text, self.parser.get_current_token().span);
        ConditionError::at(self.text, place, ConditionFault::Syntax { message })
            .with_help("write `SELECT * FROM … WHERE …`")
    }
}

/// What the parser says, in our words and at its place.
fn refused(text: &str, error: &ParserError) -> ConditionError {
    let (ParserError::ParserError(said) | ParserError::TokenizerError(said)) = error else {
        return ConditionError::whole(text, ConditionFault::TooDeep);
    };
    let (said, location) = located(said);
    let place = location.map_or(text.len()..text.len(), |at| place::word_at(text, at));
    ConditionError::at(text, place, ConditionFault::Syntax { message: message(said) })
}

/// Takes the place from a message of the parser; at the end of the text it names none.
fn located(said: &str) -> (&str, Option<Location>) {
    let place = said.rsplit_once(" at Line: ").and_then(|(said, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((said, Location::new(line.parse().ok()?, column.parse().ok()?)))
    });
    place.map_or((said, None), |(said, location)| (said, Some(location)))
}

/// `Expected: …, found: …` as we say it.
fn message(said: &str) -> String {
    let parts = said.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: "));
    let Some((expected, what)) = parts else { return said.to_owned() };
    let expected = match expected {
        // The parser knows more that may stand there.
        expected if expected.ends_with("after IS") => "[NOT] NULL, TRUE, FALSE or UNKNOWN after IS",
        expected if expected.ends_with("after NOT") => "IN, BETWEEN or LIKE after NOT",
        expected => expected,
    };
    format!("expected {expected}, found {}", found(what))
}

/// A token as the parser names it.
fn found(token: &str) -> String {
    if token == "EOF" { "the end".to_owned() } else { format!("`{token}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_from_a_message() {
        let (said, location) = located("Expected: ), found: 'x at Line: 1' at Line: 2, Column: 13");
        assert_eq!(said, "Expected: ), found: 'x at Line: 1'");
        assert_eq!(location, Some(Location::new(2, 13)));
        assert_eq!(located("Expected: ), found: EOF"), ("Expected: ), found: EOF", None));
    }
}
