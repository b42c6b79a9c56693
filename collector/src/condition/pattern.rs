//! Patterns of LIKE, matched without going back.
//!
//! A pattern is what stands between its `%`: the first part at the start of the text, the last at
//! its end, each other where it is found first. Trying a later place for one of them finds nothing
//! that the first place does not. A part without `_` is searched for in linear time; one with it
//! takes at most its length times that of the text, which [`MAX_PATTERN_CHARS`] bounds.

use thiserror::Error;

/// Length of a pattern, characters: what an event may cost that somebody made to be costly.
pub const MAX_PATTERN_CHARS: usize = 256;

/// A pattern, taken apart at its `%`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// One more than there are `%`.
    parts: Vec<Part>,
}

/// What stands between two `%`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// No `_` in it; may be empty.
    Exact(String),
    /// `None` is a `_`; not empty.
    Holes(Vec<Option<char>>),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum PatternError {
    #[error("the pattern has {chars} characters, the limit is {MAX_PATTERN_CHARS}")]
    TooLong { chars: usize },
    #[error("behind the escape character stands `%`, `_` or itself")]
    Escape,
}

impl Pattern {
    /// `%` is any text, `_` any one character, unless `escape` stands before it. Without one there
    /// is no way to write them plainly: a backslash is a letter, as paths of Windows have it.
    pub(super) fn new(text: &str, escape: Option<char>) -> Result<Self, PatternError> {
        let chars = text.chars().count();
        if chars > MAX_PATTERN_CHARS {
            return Err(PatternError::TooLong { chars });
        }
        let (mut parts, mut part) = (Vec::new(), Vec::new());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if Some(letter) == escape {
                part.push(Some(escaped(letters.next(), letter)?));
            } else if letter == '%' {
                parts.push(Part::new(std::mem::take(&mut part)));
            } else {
                part.push((letter != '_').then_some(letter));
            }
        }
        parts.push(Part::new(part));
        Ok(Self { parts })
    }

    /// Whether the whole of a text matches. Upper and lower case differ.
    pub(super) fn matches(&self, text: &str) -> bool {
        match &self.parts[..] {
            [] => text.is_empty(),
            [only] => only.at_start(text) == Some(text.len()),
            [first, middle @ .., last] => in_order(first, middle, last, text),
        }
    }
}

fn escaped(letter: Option<char>, escape: char) -> Result<char, PatternError> {
    letter
        .filter(|letter| matches!(letter, '%' | '_') || *letter == escape)
        .ok_or(PatternError::Escape)
}

fn in_order(first: &Part, middle: &[Part], last: &Part, text: &str) -> bool {
    let Some(start) = first.at_start(text) else { return false };
    let text = &text[start..];
    let Some(end) = last.at_end(text) else { return false };
    let mut rest = &text[..text.len() - end];
    for part in middle {
        let Some(end) = part.first_end(rest) else { return false };
        rest = &rest[end..];
    }
    true
}

impl Part {
    fn new(letters: Vec<Option<char>>) -> Self {
        let exact: Option<String> = letters.iter().copied().collect();
        exact.map_or(Self::Holes(letters), Self::Exact)
    }

    /// Bytes it takes at the start of a text.
    fn at_start(&self, text: &str) -> Option<usize> {
        match self {
            Self::Exact(exact) => text.starts_with(exact.as_str()).then_some(exact.len()),
            Self::Holes(holes) => filled(holes, text),
        }
    }

    /// Bytes it takes at the end of a text.
    fn at_end(&self, text: &str) -> Option<usize> {
        match self {
            Self::Exact(exact) => text.ends_with(exact.as_str()).then_some(exact.len()),
            Self::Holes(holes) => {
                let mut letters = text.chars();
                for hole in holes.iter().rev() {
                    fits(*hole, letters.next_back()?)?;
                }
                Some(text.len() - letters.as_str().len())
            }
        }
    }

    /// Where it ends, in bytes, the first time it is in a text.
    fn first_end(&self, text: &str) -> Option<usize> {
        match self {
            Self::Exact(exact) => text.find(exact.as_str()).map(|at| at + exact.len()),
            Self::Holes(holes) => {
                text.char_indices().find_map(|(at, _)| Some(at + filled(holes, &text[at..])?))
            }
        }
    }
}

/// Bytes that holes take at the start of a text.
fn filled(holes: &[Option<char>], text: &str) -> Option<usize> {
    let mut letters = text.chars();
    for hole in holes {
        fits(*hole, letters.next()?)?;
    }
    Some(text.len() - letters.as_str().len())
}

fn fits(hole: Option<char>, letter: char) -> Option<()> {
    hole.is_none_or(|wanted| wanted == letter).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, None).unwrap().matches(text)
    }

    #[test]
    fn a_pattern_without_wildcards_is_the_text_itself() {
        assert!(matches("nginx", "nginx"));
        assert!(!matches("nginx", "nginx2"));
        assert!(!matches("nginx", "Nginx"));
        assert!(matches("", ""));
        assert!(!matches("", "x"));
    }

    #[test]
    fn a_percent_sign_is_any_text_and_an_underscore_one_character() {
        let hits = [
            ("%", ""),
            ("%", "anything"),
            ("/usr/%", "/usr/"),
            ("%.sh", "/usr/a.sh"),
            ("/usr/%.sh", "/usr/a.sh"),
            ("%bin%sh%", "/usr/bin/bash"),
            ("_", "é"),
            ("b_sh", "bash"),
            ("%b_s_", "/bin/bash"),
            ("%%", ""),
            ("a%_b", "aab"),
        ];
        for (pattern, text) in hits {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        let misses = [
            ("_", ""),
            ("_", "ab"),
            ("/usr/%", "/usr"),
            ("ab%ba", "aba"),
            ("a%_b", "ab"),
            ("%a_", "a"),
        ];
        for (pattern, text) in misses {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn an_escaped_wildcard_is_a_letter() {
        let percent = Pattern::new("100!%", Some('!')).unwrap();
        assert!(percent.matches("100%") && !percent.matches("1000"));
        let line = Pattern::new("a!_b!!%", Some('!')).unwrap();
        assert!(line.matches("a_b!") && line.matches("a_b!c") && !line.matches("axb!"));
        let itself = Pattern::new("%%", Some('%')).unwrap();
        assert!(itself.matches("%") && !itself.matches(""));
    }

    #[test]
    fn an_escape_before_anything_else_is_refused() {
        for text in ["a!b", "a!"] {
            assert_eq!(Pattern::new(text, Some('!')), Err(PatternError::Escape), "{text}");
        }
    }

    #[test]
    fn a_pattern_ends_at_its_limit() {
        assert!(Pattern::new(&"é".repeat(MAX_PATTERN_CHARS), None).is_ok());
        let chars = MAX_PATTERN_CHARS + 1;
        let refused = Pattern::new(&"%".repeat(chars), None);
        assert_eq!(refused, Err(PatternError::TooLong { chars }));
    }

    /// What LIKE means, said as simply as can be.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', pattern @ ..] => (0..=text.len()).any(|skip| naive(pattern, &text[skip..])),
            ['_', pattern @ ..] => !text.is_empty() && naive(pattern, &text[1..]),
            [letter, pattern @ ..] => text.first() == Some(letter) && naive(pattern, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn every_pattern_matches_what_it_means(pattern in "[abé%_]{0,9}", text in "[abé]{0,12}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            let meant = naive(&letters(&pattern), &letters(&text));
            prop_assert_eq!(matches(&pattern, &text), meant);
        }

        #[test]
        fn any_text_matches_itself_when_it_is_escaped(text in "[ab%_!]{0,12}") {
            let escaped: String = text
                .chars()
                .flat_map(|letter| {
                    let escape = matches!(letter, '%' | '_' | '!').then_some('!');
                    escape.into_iter().chain([letter])
                })
                .collect();
            prop_assert!(Pattern::new(&escaped, Some('!')).unwrap().matches(&text));
        }
    }
}
