//! A pattern over topics, as subscribed to (T3–T6).

use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;

use super::name::{validate_level, validate_namespace, validate_size};
use super::{Lane, PatternError, Topic};

/// A valid pattern such as `events.+.lifecycle` or `events.process.#`.
///
/// ```
/// use daemoneye_eventbus::{Topic, TopicPattern};
///
/// let pattern: TopicPattern = "events.process.#".parse()?;
/// assert!(pattern.matches(&Topic::new("events.process").unwrap()));
/// assert!(pattern.matches(&Topic::new("events.process.tree.update").unwrap()));
/// # Ok::<(), daemoneye_eventbus::PatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicPattern {
    segments: Vec<TopicSegment>,
}

/// One level of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TopicSegment {
    /// Exactly this level.
    Literal(ByteString),
    /// `+`: exactly one level, whatever it is (T3).
    SingleWildcard,
    /// `#`: zero or more levels, last (T4).
    MultiWildcard,
}

impl TopicPattern {
    /// Checks T3–T5, and T1 and T2 level by level; only a literal first level is a namespace.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let levels = validate_size(text)?;
        let segments = text
            .split('.')
            .enumerate()
            .map(|(index, level)| segment(index + 1, level, index + 1 == levels))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(TopicSegment::Literal(_)) = segments.first() {
            validate_namespace(text)?;
        }
        Ok(Self { segments })
    }

    /// Whether a topic matches, level by level (T3, T4, T6).
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut levels = topic.levels();
        for segment in &self.segments {
            match segment {
                TopicSegment::MultiWildcard => return true,
                TopicSegment::SingleWildcard if levels.next().is_some() => {}
                TopicSegment::Literal(text) if levels.next() == Some(&**text) => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }

    /// Whether every topic that `other` matches is matched by this one, too (A3).
    ///
    /// ```
    /// use daemoneye_eventbus::TopicPattern;
    ///
    /// let pattern: TopicPattern = "events.#".parse()?;
    /// assert!(pattern.covers(&"events.+.lifecycle".parse()?));
    /// assert!(!pattern.covers(&"#".parse()?));
    /// # Ok::<(), daemoneye_eventbus::PatternError>(())
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        // No topic is empty, so `#` alone matches what `+.#` does.
        match &other.segments[..] {
            [TopicSegment::MultiWildcard] => {
                let some = [TopicSegment::SingleWildcard, TopicSegment::MultiWildcard];
                covers(&self.segments, &some)
            }
            narrow => covers(&self.segments, narrow),
        }
    }

    /// Whether some topic is matched by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.segments, &other.segments)
    }

    /// The lane of every topic it can match; `None` if they are of both (C4).
    pub fn lane(&self) -> Option<Lane> {
        match &self.segments[0] {
            TopicSegment::Literal(first) => Some(Lane::of(first.as_bytes())),
            _ => None,
        }
    }

    /// The levels of the pattern, first to last.
    pub fn segments(&self) -> &[TopicSegment] {
        &self.segments
    }

    /// The first wildcard with its level, counted from 1; `None` for a literal pattern (M2).
    pub fn first_wildcard(&self) -> Option<(usize, &TopicSegment)> {
        let is_wildcard = |segment: &&TopicSegment| !matches!(segment, TopicSegment::Literal(_));
        let index = self.segments.iter().position(|segment| is_wildcard(&segment))?;
        Some((index + 1, &self.segments[index]))
    }
}

fn covers(wide: &[TopicSegment], narrow: &[TopicSegment]) -> bool {
    use TopicSegment::{Literal, MultiWildcard, SingleWildcard};
    match (wide, narrow) {
        ([MultiWildcard, ..], _) | ([], []) => true,
        ([SingleWildcard, wide @ ..], [Literal(_) | SingleWildcard, narrow @ ..]) => {
            covers(wide, narrow)
        }
        ([Literal(one), wide @ ..], [Literal(other), narrow @ ..]) => {
            one == other && covers(wide, narrow)
        }
        _ => false,
    }
}

fn overlap(one: &[TopicSegment], other: &[TopicSegment]) -> bool {
    use TopicSegment::{Literal, MultiWildcard};
    match (one, other) {
        ([MultiWildcard, ..], _) | (_, [MultiWildcard, ..]) | ([], []) => true,
        ([Literal(first), ..], [Literal(second), ..]) if first != second => false,
        ([_, one @ ..], [_, other @ ..]) => overlap(one, other),
        _ => false,
    }
}

fn segment(level: usize, text: &str, last: bool) -> Result<TopicSegment, PatternError> {
    if text.contains('*') {
        return Err(PatternError::Asterisk { level, text: text.to_owned() });
    }
    match text {
        "+" => return Ok(TopicSegment::SingleWildcard),
        "#" if last => return Ok(TopicSegment::MultiWildcard),
        "#" => return Err(PatternError::HashNotLast { level }),
        _ => {}
    }
    if let Some(wildcard) = text.chars().find(|c| matches!(c, '+' | '#')) {
        return Err(PatternError::PartialWildcard { level, text: text.to_owned(), wildcard });
    }
    validate_level(level, text)?;
    Ok(TopicSegment::Literal(ByteString::from(text)))
}

impl FromStr for TopicPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for TopicSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::SingleWildcard => f.write_str("+"),
            Self::MultiWildcard => f.write_str("#"),
        }
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}
