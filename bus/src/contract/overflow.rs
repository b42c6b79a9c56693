//! What happens to an event whose subscriber has no room (C11).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The rule at a full queue. Per subscription; it affects nobody else except as `Block` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverflowPolicy {
    /// The publisher waits, up to the publish limit: nothing is lost.
    #[default]
    Block,
    /// The arriving event is lost.
    DropNewest,
    /// The event that waited longest is lost.
    DropOldest,
    /// Like `DropNewest`, and after repeated losses everything is lost for a while, room or not.
    /// The circuit is the subscription's: no publisher is ever refused because of it.
    CircuitBreak(BreakerConfig),
}

/// When a circuit opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Losses within `window` that open the circuit, at least 1.
    pub losses: u32,
    /// The window losses are counted in, above zero.
    pub window: Duration,
    /// How long an open circuit loses everything before it tries one event, above zero.
    pub cool_down: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { losses: 10, window: Duration::from_secs(10), cool_down: Duration::from_secs(30) }
    }
}

/// State of a circuit, visible in statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Events pass.
    #[default]
    Closed,
    /// Events are lost, and counted, until the cool-down ends.
    Open,
    /// One event is tried; it decides.
    HalfOpen,
}

/// A circuit breaker. Time is given to it (nanoseconds of a monotonic clock), never read.
#[derive(Debug)]
pub struct Breaker {
    config: BreakerConfig,
    state: BreakerState,
    losses_in_window: u32,
    window_began_ns: u64,
    opened_ns: u64,
}

impl Breaker {
    /// A closed circuit.
    pub fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            state: BreakerState::Closed,
            losses_in_window: 0,
            window_began_ns: 0,
            opened_ns: 0,
        }
    }

    /// Whether an event may be tried now. An open circuit half-opens after its cool-down.
    pub fn allows(&mut self, now_ns: u64) -> bool {
        if self.state == BreakerState::Open
            && now_ns.saturating_sub(self.opened_ns) >= nanoseconds(self.config.cool_down)
        {
            self.state = BreakerState::HalfOpen;
        }
        self.state != BreakerState::Open
    }

    /// An event found room: a half-open circuit closes.
    pub fn succeeded(&mut self) {
        if self.state == BreakerState::HalfOpen {
            self.state = BreakerState::Closed;
            self.losses_in_window = 0;
        }
    }

    /// An event found no room: counts, and opens the circuit when it was one too many.
    pub fn failed(&mut self, now_ns: u64) {
        if now_ns.saturating_sub(self.window_began_ns) > nanoseconds(self.config.window) {
            self.window_began_ns = now_ns;
            self.losses_in_window = 0;
        }
        self.losses_in_window = self.losses_in_window.saturating_add(1);
        if self.state == BreakerState::HalfOpen || self.losses_in_window >= self.config.losses {
            self.state = BreakerState::Open;
            self.opened_ns = now_ns;
        }
    }

    /// The state as of the last event.
    pub fn state(&self) -> BreakerState {
        self.state
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
