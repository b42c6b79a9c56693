//! Several of a kind in few words.

use std::ops::Range;

/// Names told one by one; of more the first ones, and how many there are besides.
const TOLD: usize = 3;

/// `a`, `a and b`, `a, b, c and 97 more`.
pub(super) fn named<T: AsRef<str>>(names: &[T]) -> String {
    let all: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match all.as_slice() {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] if all.len() <= TOLD + 1 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", all[..TOLD].join(", "), all.len() - TOLD),
    }
}

/// The same as somebody who does something: `a`, or `each of a and b`.
pub(super) fn each<T: AsRef<str>>(names: &[T]) -> String {
    let told = named(names);
    if names.len() > 1 { format!("each of {told}") } else { told }
}

/// Neighbours that are alike, as ranges.
pub(super) fn alike<T>(items: &[T], are_alike: impl Fn(&T, &T) -> bool) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for at in 0..items.len() {
        match groups.last_mut() {
            Some(group) if are_alike(&items[group.start], &items[at]) => group.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_named_and_many_are_counted() {
        assert_eq!(named(&["a"]), "a");
        assert_eq!(named(&["a", "b"]), "a and b");
        assert_eq!(named(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(named(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!(each(&["a", "b"]), "each of a and b");
        assert_eq!(each(&["a"]), "a");
    }

    #[test]
    fn neighbours_that_are_alike_are_one_group() {
        let groups = alike(&[1, 1, 2, 1], |one, other| one == other);
        assert_eq!(groups, [0..2, 2..3, 3..4]);
        assert!(alike(&[] as &[u8], |_, _| true).is_empty());
    }
}
