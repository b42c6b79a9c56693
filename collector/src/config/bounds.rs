//! What may be wrong with a single value, in the same words for every section.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::format_duration;

/// What is out of bounds, as (key, sentence).
pub(super) type OutOfBounds = (&'static str, String);

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
}
