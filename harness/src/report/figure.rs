//! Numbers as people read them: three significant digits and a unit.

use std::time::Duration;

use crate::plan::gates::Metric;

const NANOSECONDS_PER_SECOND: u128 = 1_000_000_000;
const SECONDS_PER_MINUTE: u128 = 60;

/// A metric's figure with its unit, for example `2.74 M/s` or `41.2 µs`.
pub fn figure(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Throughput => scaled(value, &[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")]),
        Metric::LatencyP50 | Metric::LatencyP99 => {
            scaled(value, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
        }
        Metric::Cpu => scaled(value, &[(1.0, "s/M")]),
        Metric::Memory | Metric::Backlog => scaled(
            value,
            &[(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB"), (1.0, "B")],
        ),
    }
}

/// A number and its noun: `1 block`, `2 blocks`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The longest that something takes: seconds below a minute, whole minutes from there on, both rounded up.
pub fn at_most(time: Duration) -> String {
    match time.as_nanos().div_ceil(NANOSECONDS_PER_SECOND) {
        seconds @ 0..SECONDS_PER_MINUTE => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(SECONDS_PER_MINUTE)),
    }
}

/// A ratio with two decimals, more when it is small.
pub(super) fn ratio(value: f64) -> String {
    if value.abs() < 0.1 { format!("{value:.4}") } else { format!("{value:.2}") }
}

/// In the largest unit not above the value, else in the last.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = |unit: &&(f64, &str)| value.abs() >= unit.0;
    let (size, name) = units.iter().find(fits).or(units.last()).copied().unwrap_or((1.0, ""));
    format!("{} {name}", significant(value / size))
}

/// Three significant digits of a value of everyday size.
fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_carry_three_digits_and_a_unit() {
        assert_eq!(figure(Metric::Throughput, 2_742_000.0), "2.74 M/s");
        assert_eq!(figure(Metric::Throughput, 912_345.0), "912 k/s");
        assert_eq!(figure(Metric::LatencyP99, 41_234.0), "41.2 µs");
        assert_eq!(figure(Metric::LatencyP50, 3_000_000.0), "3.00 ms");
        assert_eq!(figure(Metric::Cpu, 0.714), "0.71 s/M");
        assert_eq!(figure(Metric::Memory, 2_621_440.0), "2.50 MiB");
        assert_eq!(figure(Metric::Backlog, 312.0), "312 B");
        assert_eq!(figure(Metric::Backlog, 0.0), "0.00 B");
    }

    #[test]
    fn the_longest_time_is_rounded_up() {
        for (ms, told) in [
            (0, "0 s"),
            (1, "1 s"),
            (8_000, "8 s"),
            (8_001, "9 s"),
            (59_000, "59 s"),
            (59_001, "1 min"),
            (60_001, "2 min"),
            (7_200_000, "120 min"),
        ] {
            assert_eq!(at_most(Duration::from_millis(ms)), told, "{ms}");
        }
        assert_eq!(at_most(Duration::from_nanos(1)), "1 s", "something is left");
    }

    #[test]
    fn ratios_near_zero_keep_their_digits() {
        assert_eq!(ratio(1.5), "1.50");
        assert_eq!(ratio(0.012_34), "0.0123");
    }
}
