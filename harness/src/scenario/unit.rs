//! Sizes, times and rates as people write them. A number without its unit is refused.

const UNITS_OF_SIZE: [(&str, u64); 4] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
const UNITS_OF_TIME: [(&str, u64); 4] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];
const UNITS_OF_RATE: [(&str, u64); 1] = [("/s", 1)];
/// Rates above this are a mistake: no bus here reaches a hundredth of it. Events per second.
const MAX_PER_SECOND: u64 = 1_000_000_000;

/// Bytes of `200B`, `1KiB`, `1MiB`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let bytes = amount(text, &UNITS_OF_SIZE, "a size such as \"1KiB\"")?;
    usize::try_from(bytes).map_err(|_| "more than this machine can address".to_owned())
}

/// Milliseconds of `250ms`, `2s`, `1min`.
pub(crate) fn duration_ms(text: &str) -> Result<u64, String> {
    amount(text, &UNITS_OF_TIME, "a duration such as \"2s\"")
}

/// Events per second of `1000/s`.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let per_second = amount(text, &UNITS_OF_RATE, "a rate such as \"1000/s\"")?;
    match per_second {
        0 => Err("a rate is above zero".to_owned()),
        1..=MAX_PER_SECOND => Ok(per_second as f64),
        _ => Err(format!("a rate is at most {MAX_PER_SECOND}/s")),
    }
}

/// Milliseconds in the largest unit that shows them whole.
pub(crate) fn shown_ms(ms: u64) -> String {
    shown(ms, &UNITS_OF_TIME)
}

/// Bytes, the same way.
pub(crate) fn shown_bytes(bytes: usize) -> String {
    shown(bytes as u64, &UNITS_OF_SIZE)
}

fn shown(amount: u64, units: &[(&str, u64)]) -> String {
    let whole = units.iter().rfind(|(_, factor)| amount.is_multiple_of(*factor));
    whole.map_or_else(|| amount.to_string(), |(name, factor)| format!("{}{name}", amount / factor))
}

fn amount(text: &str, units: &[(&str, u64)], wanted: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.replace('_', "").parse().map_err(|_| format!("expected {wanted}"))?;
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(wrong_unit(unit, units));
    };
    number.checked_mul(*factor).ok_or_else(|| "too large".to_owned())
}

fn wrong_unit(unit: &str, units: &[(&str, u64)]) -> String {
    if units.iter().any(|(name, _)| *name == unit.trim()) {
        return format!("leave out the space before `{}`", unit.trim());
    }
    let unit = unit.trim();
    let known: Vec<String> = units.iter().map(|(name, _)| format!("`{name}`")).collect();
    let known = match known.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    };
    if unit.is_empty() {
        return format!("the unit is missing: {known}");
    }
    // `KB` and `kb` are near `KiB`, but no typing mistake: say so by naming it.
    let meant = units.iter().map(|(name, _)| *name).find(|name| {
        let letters = |text: &str| text.to_lowercase().replace('i', "");
        letters(name) == letters(unit)
    });
    match meant {
        Some(meant) => format!("no unit `{unit}`; did you mean `{meant}`?"),
        None => format!("no unit `{unit}`; there is {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_their_units() {
        assert_eq!(size("200B"), Ok(200));
        assert_eq!(size("1MiB"), Ok(1 << 20));
        assert_eq!(duration_ms("250ms"), Ok(250));
        assert_eq!(duration_ms("2s"), Ok(2000));
        assert_eq!(rate("10_000/s"), Ok(10_000.0));
    }

    #[test]
    fn limits_are_shown_in_the_largest_unit_that_fits() {
        assert_eq!(shown_ms(600_000), "10min");
        assert_eq!(shown_ms(1500), "1500ms");
        assert_eq!(shown_bytes(16 << 20), "16MiB");
    }

    #[test]
    fn a_wrong_or_missing_unit_names_the_right_ones() {
        assert_eq!(size("1KB"), Err("no unit `KB`; did you mean `KiB`?".into()));
        assert_eq!(size("12"), Err("the unit is missing: `B`, `KiB`, `MiB` or `GiB`".into()));
        assert_eq!(
            duration_ms("2 weeks").expect_err("no such unit"),
            "no unit `weeks`; there is `ms`, `s`, `min` or `h`"
        );
        assert_eq!(duration_ms("2 s"), Err("leave out the space before `s`".into()));
        assert_eq!(rate("0/s"), Err("a rate is above zero".into()));
        assert_eq!(rate("fast"), Err("expected a rate such as \"1000/s\"".into()));
    }
}
