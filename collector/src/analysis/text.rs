//! Texts that are told, none of them longer than a sentence.

use std::fmt;

/// Length of a reason, bytes: a sentence. What is longer is cut.
pub const MAX_REASON_BYTES: usize = 512;

/// A text, cut where it is longer than a reason may be.
pub(crate) fn sentence(text: impl fmt::Display) -> String {
    let mut text = text.to_string();
    text.truncate(text.floor_char_boundary(MAX_REASON_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_between_characters() {
        assert_eq!(sentence("short"), "short");
        let long = format!("x{}", "ä".repeat(MAX_REASON_BYTES));
        assert_eq!(sentence(long).len(), MAX_REASON_BYTES - 1);
    }
}
