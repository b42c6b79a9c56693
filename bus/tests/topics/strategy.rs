//! Random topics and patterns over so few names that matches are common.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;

/// A valid topic of up to five levels.
pub(crate) fn topic() -> impl Strategy<Value = String> {
    (select(vec!["events", "control"]), vec(select(vec!["a", "b"]), 0..=4))
        .prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect::<Vec<_>>().join("."))
}

/// A valid pattern of up to six levels, often with wildcards.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    let first = select(vec!["events", "events", "control", "+"]);
    let rest = vec(select(vec!["a", "b", "+"]), 0..=4);
    (first, rest, any::<bool>()).prop_map(|(first, rest, hash)| {
        let last = hash.then_some("#");
        std::iter::once(first).chain(rest).chain(last).collect::<Vec<_>>().join(".")
    })
}

/// A string that is nearly a pattern: every character that matters, in any order.
pub(crate) fn nearly_a_pattern() -> impl Strategy<Value = String> {
    let pieces = ["events", "a", "A", "é", ".", ".", "..", "+", "#", "*", "-", "_", " ", "\0"];
    vec(proptest::prop_oneof![4 => select(pieces.to_vec()), 1 => Just("admin")], 0..12)
        .prop_map(|pieces| pieces.concat())
}
