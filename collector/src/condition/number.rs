//! Numbers: whole ones exactly, fractions as 64-bit floating point. Infinity and its like are none.

use std::cmp::Ordering;

/// A number of an event or of a condition; finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Wide enough for every whole field, and for sums of them.
    Whole(i128),
    /// Finite.
    Fraction(f64),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    /// Always with a fraction: 7 / 2 is 3.5.
    Divided,
}

impl Number {
    pub(super) fn whole(value: impl Into<i128>) -> Self {
        Self::Whole(value.into())
    }

    /// `None` for what is not finite: nobody measured that.
    pub(super) fn fraction(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Fraction(value))
    }

    /// Reads a literal or a text of an event.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let whole = text.parse().ok().map(Self::Whole);
        whole.or_else(|| text.parse().ok().and_then(Self::fraction))
    }

    /// Whole numbers exactly, anything else as floating point.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (one, other) => one.to_f64().partial_cmp(&other.to_f64()).expect("they are finite"),
        }
    }

    /// `None` where the result is no number: division by zero, or an overflow.
    pub(super) fn apply(self, operation: Operation, other: Self) -> Option<Self> {
        match (self, operation, other) {
            (Self::Whole(one), Operation::Plus, Self::Whole(other)) => {
                one.checked_add(other).map(Self::Whole)
            }
            (Self::Whole(one), Operation::Minus, Self::Whole(other)) => {
                one.checked_sub(other).map(Self::Whole)
            }
            (Self::Whole(one), Operation::Times, Self::Whole(other)) => {
                one.checked_mul(other).map(Self::Whole)
            }
            _ => Self::fraction(operation.of(self.to_f64(), other.to_f64())),
        }
    }

    /// `None` for the one number that has no negative.
    pub(super) fn negated(self) -> Option<Self> {
        match self {
            Self::Whole(value) => value.checked_neg().map(Self::Whole),
            Self::Fraction(value) => Some(Self::Fraction(-value)),
        }
    }

    fn to_f64(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Fraction(value) => value,
        }
    }
}

impl Operation {
    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Plus => one + other,
            Self::Minus => one - other,
            Self::Times => one * other,
            Self::Divided => one / other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn whole_numbers_are_compared_exactly() {
        let (one, other) = (Number::whole(u64::MAX), Number::whole(u64::MAX - 1));
        assert_eq!(one.compare(other), Ordering::Greater);
        assert_eq!(one.compare(one), Ordering::Equal);
        assert_eq!(Number::whole(-1).compare(Number::whole(0_u32)), Ordering::Less);
    }

    #[test]
    fn a_fraction_is_compared_with_a_whole_number() {
        assert_eq!(number("50").compare(number("50.0")), Ordering::Equal);
        assert_eq!(number("50").compare(number("50.5")), Ordering::Less);
        assert_eq!(number("-0.0").compare(number("0")), Ordering::Equal);
    }

    #[test]
    fn literals_are_read_in_every_form() {
        let rows = [("7", Number::Whole(7)), ("-7", Number::Whole(-7)), ("1e3", number("1000.0"))];
        for (text, expected) in rows {
            assert_eq!(number(text), expected, "{text}");
        }
        assert_eq!(number(".5"), Number::Fraction(0.5));
        assert_eq!(number("5."), Number::Fraction(5.0));
        for text in ["", "x", "1x", "inf", "NaN", "1e999", " 1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_finite_is_no_number() {
        assert_eq!(Number::fraction(f64::NAN), None);
        assert_eq!(Number::fraction(f64::INFINITY), None);
    }

    #[test]
    fn arithmetic_is_exact_for_whole_numbers_and_division_never_whole() {
        let apply = |one: &str, operation, other: &str| number(one).apply(operation, number(other));
        assert_eq!(apply("7", Operation::Plus, "2"), Some(Number::Whole(9)));
        assert_eq!(apply("7", Operation::Minus, "9"), Some(Number::Whole(-2)));
        assert_eq!(apply("7", Operation::Times, "2"), Some(Number::Whole(14)));
        assert_eq!(apply("7", Operation::Divided, "2"), Some(Number::Fraction(3.5)));
        assert_eq!(apply("7", Operation::Plus, "0.5"), Some(Number::Fraction(7.5)));
    }

    #[test]
    fn arithmetic_without_a_result_has_none() {
        let most = Number::Whole(i128::MAX);
        assert_eq!(most.apply(Operation::Plus, Number::Whole(1)), None);
        assert_eq!(most.apply(Operation::Times, most), None);
        assert_eq!(Number::Whole(1).apply(Operation::Divided, Number::Whole(0)), None);
        assert_eq!(Number::Whole(0).apply(Operation::Divided, Number::Whole(0)), None);
        assert_eq!(Number::Whole(i128::MIN).negated(), None);
        let greatest = Number::Fraction(f64::MAX);
        assert_eq!(greatest.apply(Operation::Plus, greatest), None);
    }
}
