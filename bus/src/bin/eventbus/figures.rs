//! How figures of the broker are written in tables.

use daemoneye_eventbus::contract::BreakerState;

/// The state of a circuit.
pub(crate) fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
    }
}
