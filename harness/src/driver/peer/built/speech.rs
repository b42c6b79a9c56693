//! What is said to a server and heard from it, as bytes: the few words a trial needs.
//!
//! Sound as far as it goes, and no client for anybody else: nobody logs in, and what a trial never
//! causes is an error.

use std::ops::Range;

use daemoneye_eventbus::{Topic, TopicPattern, TopicSegment};

/// What stands first in a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// An event; where in the buffer its payload is.
    Event(Range<usize>),
    /// The answer to a question: everything said before it was dealt with.
    Answer,
    /// The server asks for a sign of life.
    Question,
    /// Nothing of interest.
    Courtesy,
}

/// What was heard and the bytes it takes up, `None` while it is not whole; an error is the server's, or
/// about what it said.
pub(super) type Next = Result<Option<(Heard, usize)>, String>;

/// One protocol.
pub(super) trait Speech: Send + Sync {
    /// Said first on every connection; `name` is that of the role.
    fn hello(&self, out: &mut Vec<u8>, name: &str);

    /// What stands before the payload of a publish, of so many bytes.
    fn publish_head(&self, out: &mut Vec<u8>, topic: &Topic, payload_bytes: usize);

    /// What stands after it.
    fn publish_tail(&self, out: &mut Vec<u8>);

    /// Asks for a pattern's events; refused where the protocol has no such pattern.
    fn subscribe(&self, out: &mut Vec<u8>, pattern: &TopicPattern) -> Result<(), String>;

    /// Asks for an [`Answer`](Heard::Answer).
    fn question(&self, out: &mut Vec<u8>);

    /// Answers a [`Question`](Heard::Question).
    fn answer(&self, out: &mut Vec<u8>);

    /// Reads what stands first in a buffer.
    fn next(&self, buffer: &[u8]) -> Next;
}

/// Levels as another protocol writes them: with its own separator, and its own words for `+` and `#`.
pub(super) fn spelled(pattern: &TopicPattern, separator: &str, [one, all]: [&str; 2]) -> String {
    let levels = pattern.segments().iter().map(|segment| match segment {
        TopicSegment::Literal(text) => text,
        TopicSegment::SingleWildcard => one,
        TopicSegment::MultiWildcard => all,
    });
    levels.collect::<Vec<_>>().join(separator)
}

/// The levels before a `#`, dotted, where a pattern ends in one: it matches them alone as well, which
/// not every protocol's wildcard does. Nothing where `#` is all there is.
pub(super) fn before_all(pattern: &TopicPattern, one: &str) -> Option<String> {
    let text = spelled(pattern, ".", [one, "#"]);
    text.strip_suffix(".#").map(str::to_owned)
}

/// A line without its end, and the bytes it takes up with it.
pub(super) fn line(buffer: &[u8]) -> Option<(&[u8], usize)> {
    let end = buffer.iter().position(|byte| *byte == b'\n')?;
    Some((buffer[..end].strip_suffix(b"\r").unwrap_or(&buffer[..end]), end + 1))
}

/// A decimal number; lengths on a hot path are not worth a check for UTF-8.
pub(super) fn number(digits: &[u8]) -> Result<usize, String> {
    let grown = |so_far: usize, digit: &u8| {
        let value = usize::from(digit.wrapping_sub(b'0'));
        (value < 10).then(|| so_far.checked_mul(10)?.checked_add(value)).flatten()
    };
    let read = digits.iter().try_fold(0, grown).filter(|_| !digits.is_empty());
    read.ok_or_else(|| format!("{:?} is no number", String::from_utf8_lossy(digits)))
}

/// Appends a decimal number.
pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
    let mut digits = [0; 20];
    let (mut at, mut left) = (digits.len(), number);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).expect("a digit");
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
