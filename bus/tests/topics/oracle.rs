//! What a match is (T3, T4, T6), said a second time: by recursion over split strings, sharing no
//! code and no type with the library. It trusts its input to be valid.

/// Whether `pattern` matches `topic`.
pub(crate) fn matches(pattern: &str, topic: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let topic: Vec<&str> = topic.split('.').collect();
    levels_match(&pattern, &topic)
}

fn levels_match(pattern: &[&str], topic: &[&str]) -> bool {
    if pattern.is_empty() {
        return topic.is_empty();
    }
    if pattern[0] == "#" {
        // Zero levels, or one level and `#` again.
        return levels_match(&pattern[1..], topic)
            || (!topic.is_empty() && levels_match(pattern, &topic[1..]));
    }
    if topic.is_empty() {
        return false;
    }
    (pattern[0] == "+" || pattern[0] == topic[0]) && levels_match(&pattern[1..], &topic[1..])
}
