//! Numbers of the contract, found as whole words; `M1–M5` is all five.

use std::fmt;

/// Letters that groups of promises have.
const GROUPS: &str = "CMTAWRV";

/// A group's letter and a running number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number {
    pub(super) group: char,
    pub(super) index: u8,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.group, self.index)
    }
}

impl Number {
    /// A letter and one or two digits, nothing else.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let group = word.chars().next().filter(|letter| GROUPS.contains(*letter))?;
        let digits = &word[1..];
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().map(|index| Self { group, index })
    }
}

/// Every number a line cites, ranges expanded.
pub(super) fn cited(line: &str) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    let mut after_last = 0;
    for (at, word) in words(line) {
        let Some(number) = Number::parse(word) else { continue };
        let is_range = &line[after_last..at] == "–";
        if let Some(first) = found.last().copied().filter(|last| is_range && same(*last, number)) {
            let between = first.index.saturating_add(1)..number.index;
            found.extend(between.map(|index| Number { index, ..number }));
        }
        found.push(number);
        after_last = at + word.len();
    }
    found
}

fn same(one: Number, other: Number) -> bool {
    one.group == other.group
}

/// Words with their places; letters, digits and `_` make a word.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        at += line[at..].find(is_part)?;
        let rest = &line[at..];
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = (at, &rest[..length]);
        at += length;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::cited;

    fn found(line: &str) -> Vec<String> {
        cited(line).into_iter().map(|number| number.to_string()).collect()
    }

    #[test]
    fn a_number_is_a_whole_word() {
        assert_eq!(found("(C4), `M3` and W2: \"T1\""), ["C4", "M3", "W2", "T1"]);
        assert!(found("V2Serializer AC4 C4x C_4 c4 C444 X1 C").is_empty());
    }

    #[test]
    fn a_range_is_all_between_its_ends() {
        assert_eq!(found("M1–M4, W8"), ["M1", "M2", "M3", "M4", "W8"]);
        assert_eq!(found("C1 – M4"), ["C1", "M4"]);
    }
}
