//! A condition's words and signs, with everything refused by name that conditions do not have.
//!
//! What the parser gets is no more than it needs: only our own keywords are keywords to it, every
//! other word is a name. So it has no way into the rest of SQL, whose clauses it would find only at
//! their end, and some of which take it exponential time.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::dialect::ConditionDialect;
use super::error::{ConditionError, ConditionFault, MAX_TEXT_BYTES, MAX_TOKENS};
use super::place;

/// The keywords of conditions.
const OURS: [Keyword; 15] = [
    Keyword::SELECT,
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::IN,
    Keyword::BETWEEN,
    Keyword::LIKE,
    Keyword::ESCAPE,
    Keyword::IS,
    Keyword::NULL,
    Keyword::TRUE,
    Keyword::FALSE,
    Keyword::UNKNOWN,
];
/// Those of them that a parenthesis may follow; behind any other word it begins arguments.
const BEFORE_PARENTHESIS: [Keyword; 7] = [
    Keyword::SELECT,
    Keyword::WHERE,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::IN,
    Keyword::BETWEEN,
];
/// Why a word is no part of conditions.
const REFUSED: [(&[&str], &str); 9] = [
    (
        &["JOIN", "INNER", "OUTER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "ON", "USING"],
        ONE_EVENT,
    ),
    (&["GROUP", "HAVING", "OVER", "WINDOW", "PARTITION", "QUALIFY"], ONE_EVENT),
    (
        &["ORDER", "LIMIT", "OFFSET", "FETCH", "TOP", "DISTINCT"],
        "it is true of an event or not; there are no rows to put in order",
    ),
    (
        &["UNION", "INTERSECT", "EXCEPT", "MINUS", "WITH", "VALUES"],
        "each is one question; write OR, or a second trigger",
    ),
    (&["EXISTS", "ANY", "ALL", "SOME"], NO_SUBQUERY),
    (&["CASE", "WHEN", "THEN", "ELSE", "END"], "write AND, OR and NOT"),
    (&["CAST", "CONVERT", "COLLATE", "INTERVAL"], "every field has its type"),
    (
        &["ILIKE", "SIMILAR", "RLIKE", "REGEXP", "GLOB", "MATCH"],
        "texts are compared by LIKE, in which upper and lower case differ",
    ),
    (&["AS", "XOR", "DIV", "MOD"], NOT_HERE),
];
const ONE_EVENT: &str = "they look at one event at a time";
const NO_SUBQUERY: &str = "they have no subqueries";
const NOT_HERE: &str = "nothing of them is written so";

/// Takes a text apart.
pub(super) fn read(text: &str) -> Result<Vec<TokenWithSpan>, ConditionError> {
    if text.len() > MAX_TEXT_BYTES {
        // The text itself would fill the screen.
        return Err(ConditionError::whole("", ConditionFault::TooLong { bytes: text.len() }));
    }
    let mut tokens =
        Tokenizer::new(&ConditionDialect, text).tokenize_with_location().map_err(|error| {
            let place = place::word_at(text, error.location);
            let message = uncapitalised(&error.message);
            ConditionError::at(text, place, ConditionFault::Syntax { message })
        })?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    match tokens.len() {
        0 => Err(ConditionError::whole(text, ConditionFault::Empty)),
        1..=MAX_TOKENS => vetted(text, &tokens),
        tokens => Err(ConditionError::whole(text, ConditionFault::TooManyTokens { tokens })),
    }
}

/// A message of the tokenizer as ours begin.
fn uncapitalised(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn vetted(text: &str, tokens: &[TokenWithSpan]) -> Result<Vec<TokenWithSpan>, ConditionError> {
    let mut vetted = Vec::with_capacity(tokens.len());
    for (index, token) in tokens.iter().enumerate() {
        let neighbours = Neighbours {
            before: index.checked_sub(1).map(|before| &tokens[before].token),
            after: tokens.get(index + 1).map(|after| &after.token),
        };
        let kept = neighbours.vet(&token.token).map_err(|why| {
            let place = place::range(text, token.span);
            let what = text.get(place.clone()).unwrap_or_default().to_owned();
            ConditionError::at(text, place, ConditionFault::NotPart { what, why })
                .with_help("`collector/TRIGGERS.md` shows what is")
        })?;
        vetted.push(TokenWithSpan::new(kept, token.span));
    }
    Ok(vetted)
}

/// What stands beside a token.
struct Neighbours<'t> {
    before: Option<&'t Token>,
    after: Option<&'t Token>,
}

impl Neighbours<'_> {
    /// The token as the parser shall see it, or why it is no part of conditions.
    fn vet(&self, token: &Token) -> Result<Token, &'static str> {
        match token {
            Token::Word(word) => self.vet_word(word).map(Token::Word),
            Token::Number(_, false)
            | Token::SingleQuotedString(_)
            | Token::Comma
            | Token::Period
            | Token::SemiColon
            | Token::LParen
            | Token::RParen
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div => Ok(token.clone()),
            Token::DoubleEq => Err("equality is written `=`"),
            Token::Mod => Err("their arithmetic is `+`, `-`, `*` and `/`"),
            Token::StringConcat => Err("texts are compared as they are"),
            Token::NationalStringLiteral(_) | Token::HexStringLiteral(_) => {
                Err("a text is written 'so', a number in decimal")
            }
            Token::LBracket | Token::RBracket | Token::LBrace | Token::RBrace => {
                Err("a list is written (1, 2)")
            }
            _ => Err(NOT_HERE),
        }
    }

    fn vet_word(&self, word: &Word) -> Result<Word, &'static str> {
        // In quotes, or behind a period, every word is a name.
        let is_name = word.quote_style.is_some() || self.before == Some(&Token::Period);
        let is_ours = !is_name && OURS.contains(&word.keyword);
        if !is_name && let Some(why) = refusal(&word.value) {
            return Err(why);
        }
        if is_ours && word.keyword == Keyword::SELECT && self.before.is_some() {
            return Err(NO_SUBQUERY);
        }
        let may_precede = is_ours && BEFORE_PARENTHESIS.contains(&word.keyword);
        if self.after == Some(&Token::LParen) && !may_precede {
            return Err("they have no functions");
        }
        let keyword = if is_ours { word.keyword } else { Keyword::NoKeyword };
        Ok(Word { keyword, ..word.clone() })
    }
}

fn refusal(word: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    REFUSED.iter().find(|(words, _)| has(words)).map(|(_, why)| *why)
}

/// Whether a word is a keyword of conditions: as a name it means that a value is missing before it.
pub(super) fn is_keyword(word: &str) -> bool {
    OURS.iter().any(|keyword| format!("{keyword:?}").eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::fields;

    #[test]
    fn no_field_has_the_name_of_a_keyword_or_of_what_is_refused() {
        for field in fields::kinds().flat_map(fields::all) {
            for name in [field.name].iter().chain(field.aliases) {
                assert!(!is_keyword(name), "{name}");
                assert_eq!(refusal(name), None, "{name}");
            }
        }
    }

    #[test]
    fn only_our_keywords_are_keywords_and_behind_a_period_or_in_quotes_none_is() {
        let tokens = read("path = metadata.order AND \"and\" = name").unwrap();
        let keywords = tokens.iter().filter_map(|token| match &token.token {
            Token::Word(word) => Some((word.value.as_str(), word.keyword)),
            _ => None,
        });
        let expected = [
            ("path", Keyword::NoKeyword),
            ("metadata", Keyword::NoKeyword),
            ("order", Keyword::NoKeyword),
            ("AND", Keyword::AND),
            ("and", Keyword::NoKeyword),
            ("name", Keyword::NoKeyword),
        ];
        assert_eq!(keywords.collect::<Vec<_>>(), expected);
    }
}
