//! Durations as people type them: `250ms`, `30s`, `5m`, `1h`.

use std::time::Duration;

/// The longest one, seconds: a week, so that a sum with a clock's time never overflows.
const MAX_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Reads one; for clap.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let advice = "write a whole number and a unit: 250ms, 30s, 5m or 1h";
    let number: u64 = number.parse().map_err(|_| advice.to_owned())?;
    let scale_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return Err(advice.to_owned()),
    };
    let ms = number.saturating_mul(scale_ms);
    if ms == 0 || ms > MAX_SECONDS * 1000 {
        return Err("it must be above zero and at most a week".to_owned());
    }
    Ok(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn a_number_with_a_unit_is_a_duration() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        for wrong in ["", "5", "s", "1.5s", "0s", "-1s", "5 s", "9999h", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
