//! Durations in configuration files: a whole number and its unit, such as `200ms`.
//!
//! For `#[serde(with = "duration")]`, in whatever package a section is defined.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserializer, Serializer};
use thiserror::Error;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// No number in front.
    #[error("{text:?} has no number; write a whole number and a unit, such as `200ms` or `30s`")]
    NoNumber {
        /// The text.
        text: String,
    },
    /// No unit, or one that does not exist.
    #[error("{unit:?} is no unit of time; use `us`, `ms`, `s`, `m` or `h`, as in `30s`")]
    Unit {
        /// What stands after the number.
        unit: String,
    },
    /// More than a 64-bit number of microseconds.
    #[error("{text:?} is too long")]
    TooLong {
        /// The text.
        text: String,
    },
}

/// Parses a whole number and a unit: `us`, `ms`, `s`, `m` or `h`.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(DurationError::NoNumber { text: text.to_owned() });
    }
    let too_long = || DurationError::TooLong { text: text.to_owned() };
    let number: u64 = number.parse().map_err(|_| too_long())?;
    let unit_us: u64 = match unit.trim_start() {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        unit => return Err(DurationError::Unit { unit: unit.to_owned() }),
    };
    number.checked_mul(unit_us).map(Duration::from_micros).ok_or_else(too_long)
}

/// Writes a duration as [`parse_duration`] reads it, in the largest unit that needs no fraction;
/// what is finer than a microsecond is cut off.
pub fn format_duration(duration: Duration) -> String {
    let us = duration.as_micros();
    if us == 0 {
        return "0s".to_owned();
    }
    let units = [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];
    let whole = units.into_iter().find(|(_, unit_us)| us.is_multiple_of(*unit_us));
    let (unit, unit_us) = whole.unwrap_or(("us", 1));
    format!("{}{unit}", us / unit_us)
}

/// Writes one as a text.
pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format_duration(*duration))
}

/// Reads one from a text; a number without a unit is refused with what to write.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    from.deserialize_any(AsSaid)
}

/// A text, or what somebody has written instead.
struct AsSaid;

impl Visitor<'_> for AsSaid {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number and a unit in one text, such as \"30s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse_duration(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Duration, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Duration, E> {
        Err(E::custom(format_args!(
            "{number} has no unit of time; write \"{number}s\", or a text with `us`, `ms`, `m` or \
             `h`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn every_unit_is_read() {
        let rows = [
            ("7us", Duration::from_micros(7)),
            ("200ms", Duration::from_millis(200)),
            ("30 s", Duration::from_secs(30)),
            ("2m", Duration::from_mins(2)),
            ("1h", Duration::from_hours(1)),
        ];
        for (text, expected) in rows {
            assert_eq!(parse_duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_in_its_largest_whole_unit() {
        let rows = [
            (Duration::ZERO, "0s"),
            (Duration::from_micros(1_500), "1500us"),
            (Duration::from_millis(90_500), "90500ms"),
            (Duration::from_secs(90), "90s"),
            (Duration::from_mins(5), "5m"),
            (Duration::from_hours(48), "48h"),
        ];
        for (duration, expected) in rows {
            assert_eq!(format_duration(duration), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(us in 0..=u64::MAX) {
            let duration = Duration::from_micros(us);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        assert_eq!(parse_duration("30"), Err(DurationError::Unit { unit: String::new() }));
    }

    #[test]
    fn a_unit_without_a_number_is_refused() {
        assert_eq!(parse_duration("ms"), Err(DurationError::NoNumber { text: "ms".into() }));
    }

    #[test]
    fn an_overflow_is_refused() {
        let text = "18446744073709551615h";
        assert_eq!(parse_duration(text), Err(DurationError::TooLong { text: text.into() }));
    }
}
