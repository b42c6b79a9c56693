//! How figures of the broker are written in tables.

use std::time::Duration;

use daemoneye_eventbus::OverflowPolicy;
use daemoneye_eventbus::contract::BreakerState;

use crate::table::NOTHING;

/// A policy's name, as `--policy` reads it.
pub(crate) fn policy(policy: OverflowPolicy) -> &'static str {
    match policy {
        OverflowPolicy::Block => "block",
        OverflowPolicy::DropNewest => "drop-newest",
        OverflowPolicy::DropOldest => "drop-oldest",
        OverflowPolicy::CircuitBreak(_) => "circuit-break",
    }
}

/// The state of a circuit.
pub(crate) fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
    }
}

/// How far behind somebody is.
pub(crate) fn lag(lag: Duration) -> String {
    match lag.as_millis() {
        _ if lag.is_zero() => NOTHING.to_owned(),
        0..=999 => format!("{} ms", lag.as_millis()),
        _ => format!("{:.1} s", lag.as_secs_f64()),
    }
}

/// Bytes, in the largest unit of which there is one.
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        MIB.. => format!("{:.1} MiB", bytes as f64 / MIB as f64),
        KIB.. => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        _ => format!("{bytes} B"),
    }
}

/// Something per second.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second < 10.0 { format!("{per_second:.1}") } else { format!("{per_second:.0}") }
}

#[cfg(test)]
mod tests {
    use super::{bytes, lag, rate};
    use std::time::Duration;

    #[test]
    fn figures_have_their_unit() {
        assert_eq!([bytes(0), bytes(1536), bytes(5 << 20)], ["0 B", "1.5 KiB", "5.0 MiB"]);
        assert_eq!([rate(0.25), rate(1234.5)], ["0.2", "1234"]);
        let lags = [0, 1, 250_000, 2_500_000].map(|us| lag(Duration::from_micros(us)));
        assert_eq!(lags, ["-", "0 ms", "250 ms", "2.5 s"]);
    }
}
