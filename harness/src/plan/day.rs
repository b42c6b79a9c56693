//! A day of the calendar, as scenarios write one. It is compared with the day of the run, which is
//! handed in: nothing here asks a clock.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::At;

/// Seconds of a day; the wall clock leaps over leap seconds.
const DAY_S: u64 = 24 * 60 * 60;
/// The years a day is accepted in; far enough for any date somebody answers for.
const YEARS: std::ops::RangeInclusive<u16> = 2000..=9999;

/// A day in UTC; earlier days are smaller.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day `2027-12-31` names; `None` for anything else, the 30th of February included.
    pub fn of(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let widths = (year.len(), month.len(), day.len(), parts.next());
        let day =
            Self { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        let is_day = YEARS.contains(&day.year)
            && (1..=12).contains(&day.month)
            && (1..=days_of(day.year, day.month)).contains(&day.day);
        (is_day && widths == (4, 2, 2, None)).then_some(day)
    }

    /// Reads one where a file says it; anything else is refused there.
    pub(crate) fn at(at: &At<'_>) -> Option<Self> {
        let text = at.text()?;
        let day = Self::of(&text);
        if day.is_none() {
            at.refuse(format!("{text:?} is no day"), "expected a day such as \"2027-12-31\"");
        }
        day
    }

    /// The day this many seconds after the beginning of 1970 fall on.
    pub fn of_unix_s(unix_s: u64) -> Self {
        let (mut year, mut month) = (1970, 1);
        let mut left = unix_s / DAY_S;
        while left >= u64::from(days_of(year, month)) {
            left -= u64::from(days_of(year, month));
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        let day = u8::try_from(left + 1).expect("a month has at most 31 days");
        Self { year, month, day }
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::of(&text).ok_or_else(|| format!("{text:?} is no day such as \"2027-12-31\""))
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn only_days_of_the_calendar_are_days() {
        for text in ["2027-12-31", "2028-02-29", "2000-01-01"] {
            assert_eq!(Day::of(text).map(|day| day.to_string()).as_deref(), Some(text));
        }
        for text in ["2027-02-29", "2027-13-01", "2027-1-5", "2027-04-31", "2027-04-05-06", "soon"]
        {
            assert_eq!(Day::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_and_days_are_ordered() {
        assert_eq!(Day::of_unix_s(0).to_string(), "1970-01-01");
        assert_eq!(Day::of_unix_s(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Day::of_unix_s(4_107_542_399).to_string(), "2100-02-28");
        assert_eq!(Day::of_unix_s(4_107_542_400).to_string(), "2100-03-01");
        assert!(Day::of("2027-12-31") < Day::of("2028-01-01"));
    }
}
