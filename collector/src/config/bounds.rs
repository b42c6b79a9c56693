//! What may be wrong with a single value, in the same words for every section; and values that do
//! not go together.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::format_duration;
use super::violation::Violation;

/// What is out of bounds, as (key, sentence).
pub(super) type OutOfBounds = (&'static str, String);

/// Values that do not go together, each of which may be within its own bounds.
#[derive(Debug, PartialEq)]
pub(super) struct Conflict {
    /// Their keys, all of one section; never empty.
    pub(super) keys: Vec<&'static str>,
    /// Why they do not, with every key it is about.
    pub(super) message: String,
}

impl Conflict {
    /// The same in a section, shown at the value that was set last.
    pub(super) fn in_section(self, section: &str) -> Violation {
        let keys = self.keys.iter().map(|key| format!("{section}.{key}")).collect();
        Violation::of_one(keys, self.message)
    }
}

/// A value that is not within its bounds.
pub(super) fn outside<T: PartialOrd + Debug>(
    key: &'static str,
    value: &T,
    bounds: &RangeInclusive<T>,
) -> Option<OutOfBounds> {
    let (least, most) = (bounds.start(), bounds.end());
    (!bounds.contains(value)).then(|| (key, format!("{value:?} is outside {least:?} to {most:?}")))
}

/// A time that is not within its bounds.
pub(super) fn time_outside(
    key: &'static str,
    time: Duration,
    bounds: &RangeInclusive<Duration>,
) -> Option<OutOfBounds> {
    let [time_said, least, most] = [time, *bounds.start(), *bounds.end()].map(format_duration);
    let message = format!("{time_said} is outside {least} to {most}");
    (!bounds.contains(&time)).then_some((key, message))
}

/// An interval that is shorter than the shortest there may be.
pub(super) fn too_short(
    key: &'static str,
    interval: Duration,
    least: Duration,
) -> Option<OutOfBounds> {
    let message =
        || format!("{} is shorter than {}", format_duration(interval), format_duration(least));
    (interval < least).then(|| (key, message()))
}

/// A time that is none.
pub(super) fn zero(key: &'static str, time: Duration) -> Option<OutOfBounds> {
    time.is_zero().then(|| (key, "it must be longer than zero".to_owned()))
}

/// A time for people to read, in its two greatest units; finer ones are cut off.
pub(super) fn readable(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format_duration(time),
        (0, _) => format!("{minutes}m {}s", seconds % 60),
        _ => format!("{hours}h {minutes}m"),
    }
}

/// A figure that is negative or no number at all.
pub(super) fn negative(key: &'static str, figure: f64) -> Option<OutOfBounds> {
    let is_figure = figure.is_finite() && figure >= 0.0;
    (!is_figure).then(|| (key, format!("{figure} is not a number from 0 up")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_a_file_says_them() {
        let bounds = Duration::from_millis(10)..=Duration::from_hours(1);
        for (time, expected) in [
            (Duration::ZERO, Some("0s is outside 10ms to 1h")),
            (Duration::from_mins(90), Some("90m is outside 10ms to 1h")),
            (Duration::from_millis(10), None),
        ] {
            let told = time_outside("key", time, &bounds).map(|(_, message)| message);
            assert_eq!(told.as_deref(), expected);
        }
        let told = too_short("key", Duration::ZERO, Duration::from_millis(10));
        assert_eq!(told, Some(("key", "0s is shorter than 10ms".to_owned())));
    }

    #[test]
    fn a_time_that_nobody_has_written_is_told_in_two_units() {
        for (time, expected) in [
            (Duration::from_secs(11), "11s"),
            (Duration::from_millis(1_500), "1500ms"),
            (Duration::from_millis(1_351_500), "22m 31s"),
            (Duration::from_hours(49), "49h 0m"),
        ] {
            assert_eq!(readable(time), expected);
        }
    }
}
