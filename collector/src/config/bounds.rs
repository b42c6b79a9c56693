//! What may be wrong with a single value, in the same words for every section.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

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

/// An interval that is shorter than the shortest there may be.
pub(super) fn too_short(
    key: &'static str,
    interval: Duration,
    least: Duration,
) -> Option<OutOfBounds> {
    (interval < least).then(|| (key, format!("{interval:?} is shorter than {least:?}")))
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
