//! The dialect: standard SQL, and as little of it as the parser can be asked for.

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;

/// Names are ASCII, and in double quotes anything.
#[derive(Debug)]
pub(super) struct ConditionDialect;

impl Dialect for ConditionDialect {
    fn is_identifier_start(&self, letter: char) -> bool {
        letter.is_ascii_alphabetic() || letter == '_'
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        letter.is_ascii_alphanumeric() || letter == '_'
    }

    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        letter == '"'
    }

    /// Every one. What follows a keyword that is not reserved is read once more, as arguments of a
    /// function of its name; with one in the other that is twice as often for each level.
    fn is_reserved_for_identifier(&self, _keyword: Keyword) -> bool {
        true
    }
}
