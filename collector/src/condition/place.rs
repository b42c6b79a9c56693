//! Places in a condition's text: its parser's lines and columns as bytes, and bytes as those.

use std::ops::Range;

use sqlparser::ast::{Expr, Spanned as _};
use sqlparser::tokenizer::{Location, Span};

/// Bytes of a span; the end of the text for one that is nowhere.
pub(super) fn range(text: &str, span: Span) -> Range<usize> {
    let start = offset(text, span.start);
    start..offset(text, span.end).max(start)
}

/// Bytes of the word or sign that begins at a location.
pub(super) fn word_at(text: &str, location: Location) -> Range<usize> {
    let start = offset(text, location);
    let rest = &text[start..];
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let sign = rest.chars().next().map_or(0, char::len_utf8);
    start..start + word.max(sign)
}

/// Bytes of an expression. In a loop: chains of operators are deep, and the parser's own way is
/// recursion.
pub(super) fn of(text: &str, expr: &Expr) -> Range<usize> {
    let start = range(text, first_leaf(expr).span()).start;
    let end = range(text, last_leaf(expr).span()).end;
    start..end.max(start)
}

/// Line and column of a byte, from 1; a column is a character.
pub(super) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

fn offset(text: &str, location: Location) -> usize {
    // Line 0 is what the parser says of the end of its text.
    let Some(lines_before) = location.line.checked_sub(1) else { return text.len() };
    let lines_before = usize::try_from(lines_before).unwrap_or(usize::MAX);
    let chars_before = usize::try_from(location.column.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    let mut chars = text[start..].char_indices();
    chars.nth(chars_before).map_or(text.len(), |(at, _)| start + at)
}

fn first_leaf(mut expr: &Expr) -> &Expr {
    loop {
        match expr {
            Expr::BinaryOp { left: inner, .. }
            | Expr::Like { expr: inner, .. }
            | Expr::Between { expr: inner, .. }
            | Expr::InList { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Nested(inner) => expr = inner,
            _ => match tested(expr) {
                Some(inner) => expr = inner,
                None => return expr,
            },
        }
    }
}

fn last_leaf(mut expr: &Expr) -> &Expr {
    loop {
        match expr {
            Expr::BinaryOp { right: inner, .. }
            | Expr::Like { pattern: inner, .. }
            | Expr::Between { high: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Nested(inner) => expr = inner,
            Expr::InList { expr: inner, list, .. } => expr = list.last().unwrap_or(inner),
            _ => match tested(expr) {
                Some(inner) => expr = inner,
                None => return expr,
            },
        }
    }
}

/// What stands before an IS.
fn tested(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner) => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64, column: u64) -> Location {
        Location::new(line, column)
    }

    #[test]
    fn columns_are_characters_and_places_bytes() {
        let text = "é = 'ü'\nname = 'x'";
        assert_eq!(range(text, Span::new(at(1, 5), at(1, 8))), 5..9);
        assert_eq!(&text[range(text, Span::new(at(2, 1), at(2, 5)))], "name");
        assert_eq!(line_column(text, 5), (1, 5));
        assert_eq!(line_column(text, text.len()), (2, 11));
    }

    #[test]
    fn a_place_outside_the_text_is_its_end() {
        for location in [Location::empty(), at(3, 1), at(1, 99), at(9, 9)] {
            assert_eq!(offset("name", location), 4, "{location:?}");
        }
        assert_eq!(range("name", Span::empty()), 4..4);
    }

    #[test]
    fn a_word_ends_where_it_does_and_a_sign_is_one_character() {
        assert_eq!(word_at("cpu_usage>5", at(1, 1)), 0..9);
        assert_eq!(word_at("cpu_usage>5", at(1, 10)), 9..10);
        assert_eq!(word_at("a", at(1, 2)), 1..1);
    }
}
