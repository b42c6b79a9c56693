//! AND, OR and NOT over what is true, false and unknown, whatever is written.

use proptest::prelude::*;

use super::truth;
use crate::condition::{Condition, Truth};

/// Unknown: the process has no parent.
const UNKNOWN: &str = "ppid = 1";

const ATOMS: [(&str, Truth); 3] =
    [("TRUE", Truth::True), ("FALSE", Truth::False), (UNKNOWN, Truth::Unknown)];

#[test]
fn two_truth_values_are_compared() {
    for (one, first) in ATOMS {
        for (other, second) in ATOMS {
            let expected = first.equals(second);
            assert_eq!(truth(&format!("({one}) = ({other})")), expected, "{one}, {other}");
            assert_eq!(truth(&format!("({one}) <> ({other})")), !expected, "{one}, {other}");
        }
    }
}

#[test]
fn is_is_never_unknown() {
    for (one, is) in ATOMS {
        for (word, wanted) in
            [("TRUE", Truth::True), ("FALSE", Truth::False), ("UNKNOWN", Truth::Unknown)]
        {
            let expected = Truth::from(is == wanted);
            assert_eq!(truth(&format!("({one}) IS {word}")), expected, "{one} IS {word}");
            assert_eq!(truth(&format!("({one}) IS NOT {word}")), !expected, "{one} IS NOT {word}");
        }
    }
}

#[test]
fn and_binds_tighter_than_or_and_not_tighter_than_and() {
    let rows = [
        ("TRUE OR TRUE AND FALSE", Truth::True),
        ("(TRUE OR TRUE) AND FALSE", Truth::False),
        ("NOT FALSE AND FALSE", Truth::False),
        ("NOT (FALSE AND FALSE)", Truth::True),
        ("NOT pid = 1", Truth::True),
        ("ppid = 1 IS UNKNOWN", Truth::True),
    ];
    for (text, expected) in rows {
        assert_eq!(truth(text), expected, "{text}");
    }
}

/// A condition and what it is.
#[derive(Debug, Clone)]
enum Tree {
    Atom(&'static str, u8),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

impl Tree {
    fn text(&self) -> String {
        let all = |parts: &[Self], sign: &str| {
            let parts: Vec<_> = parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(sign)
        };
        match self {
            Self::Atom(text, _) => (*text).to_owned(),
            Self::Not(inner) => format!("NOT ({})", inner.text()),
            Self::And(parts) => all(parts, " AND "),
            Self::Or(parts) => all(parts, " OR "),
        }
    }

    /// False is 0, unknown 1, true 2: AND is the least of its parts, OR the greatest.
    fn degree(&self) -> u8 {
        match self {
            Self::Atom(_, degree) => *degree,
            Self::Not(inner) => 2 - inner.degree(),
            Self::And(parts) => parts.iter().map(Self::degree).min().unwrap_or(2),
            Self::Or(parts) => parts.iter().map(Self::degree).max().unwrap_or(0),
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let atoms = prop_oneof![
        Just(Tree::Atom("FALSE", 0)),
        Just(Tree::Atom(UNKNOWN, 1)),
        Just(Tree::Atom("TRUE", 2)),
    ];
    atoms.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Tree::And),
            proptest::collection::vec(inner, 1..4).prop_map(Tree::Or),
        ]
    })
}

/// Words that make some sense beside each other, and none together.
const WORDS: &str = "SELECT * FROM process WHERE AND OR NOT ( ) name pid = < 'x' 1 IN , BETWEEN \
                     LIKE IS NULL metadata.x -";

fn vocabulary() -> Vec<&'static str> {
    WORDS.split(' ').collect()
}

proptest! {
    #[test]
    fn every_combination_is_what_it_means(tree in trees()) {
        let expected = [Truth::False, Truth::Unknown, Truth::True][usize::from(tree.degree())];
        prop_assert_eq!(truth(&tree.text()), expected, "{}", tree.text());
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused_in_order(text in "\\PC{0,40}") {
        if let Err(error) = Condition::parse(&text) {
            prop_assert!(error.to_string().starts_with("error: "));
        }
    }

    #[test]
    fn no_order_of_words_is_too_odd_either(
        words in proptest::collection::vec(proptest::sample::select(vocabulary()), 0..40),
    ) {
        if let Err(error) = Condition::parse(&words.join(" ")) {
            prop_assert!(error.to_string().starts_with("error: "));
        }
    }
}
