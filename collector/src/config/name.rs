//! Names of what people define in a file: they travel in messages, and as levels of topics.

/// Length of a name, bytes.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// What is wrong with a name; `None` when it is one.
pub(super) fn problem(name: &str) -> Option<String> {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_allowed) {
        return None;
    }
    Some(format!("{name:?} is not 1 to {MAX_NAME_BYTES} of a-z 0-9 _ -"))
}
