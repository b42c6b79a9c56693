//! Names as scenarios have them: words of a–z, 0–9 and `-`, those of a scenario joined by `/`.

/// What a path of a scenario file may end in that its name does not.
const EXTENSION: &str = ".toml";

/// Whether a text is one word.
pub(crate) fn is_word(text: &str) -> bool {
    let is_letter = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !text.is_empty() && text.bytes().all(is_letter)
}

/// Whether a text can be the name of a scenario: its path below the scenarios folder.
pub(crate) fn is_name(text: &str) -> bool {
    text.split('/').all(is_word)
}

/// The word that was most likely meant; `None` where nothing of it is left.
pub(crate) fn nearest_word(text: &str) -> Option<String> {
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let parts: Vec<String> =
        parts.filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// The name that was most likely meant, the same way.
pub(crate) fn nearest_name(text: &str) -> Option<String> {
    let text = text.strip_suffix(EXTENSION).unwrap_or(text);
    let words: Vec<String> = text.split(['/', '\\']).filter_map(nearest_word).collect();
    (!words.is_empty()).then(|| words.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_words_between_slashes() {
        for name in ["a", "topics/truth-table", "perf/curves/knee", "a-1/2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a/", "/a", "a//b", "A", "a_b", "a.toml", "ä", "a b", "../a"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_near_one_unless_nothing_is_left() {
        for (text, meant) in [
            ("Topics/Truth_Table.toml", "topics/truth-table"),
            ("../two  words//x", "two-words/x"),
            (r"a\b", "a/b"),
            ("-a-", "a"),
        ] {
            assert_eq!(nearest_name(text).as_deref(), Some(meant), "{text}");
            assert!(is_name(meant));
        }
        assert_eq!(nearest_name("…/?"), None);
    }
}
