//! Moments and times as people read them. For stamps alone: nothing is compared by the wall clock.

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;

/// How long something lasted: seconds below two minutes, from there on its two largest units.
pub(super) fn lasted(seconds: u64) -> String {
    let (hours, minutes) = (seconds / HOUR_S, seconds % HOUR_S / MINUTE_S);
    if seconds < 2 * MINUTE_S {
        format!("{seconds} s")
    } else if hours == 0 {
        format!("{minutes} min {} s", seconds % MINUTE_S)
    } else {
        format!("{hours} h {minutes} min")
    }
}

/// Seconds since the Unix epoch as a date and a time of day in UTC, to the minute.
pub fn utc(unix_s: u64) -> String {
    let (hour, minute) = (unix_s % DAY_S / HOUR_S, unix_s % HOUR_S / MINUTE_S);
    let (mut year, mut day) = (1970, unix_s / DAY_S);
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02} {hour:02}:{minute:02} UTC", day + 1)
}

fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::{lasted, utc};

    #[test]
    fn times_are_told_in_units_that_say_something() {
        let told = [0, 119, 120, 3_599, 3_600, 8_274].map(lasted);
        let wanted = ["0 s", "119 s", "2 min 0 s", "59 min 59 s", "1 h 0 min", "2 h 17 min"];
        assert_eq!(told, wanted);
    }

    #[test]
    fn moments_are_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(utc(1_795_268_674), "2026-11-21 13:44 UTC");
        assert_eq!(utc(4_107_542_399), "2100-02-28 23:59 UTC");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00 UTC");
        assert_eq!(utc(1_735_689_599), "2024-12-31 23:59 UTC");
    }
}
