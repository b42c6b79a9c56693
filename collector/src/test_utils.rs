//! For tests of sources and collectors, ours and others': a source that does as told,
//! a collector that runs beside the test, and a configuration that does not dawdle.

mod collector;
#[cfg(test)]
mod scripted_bus;
mod source;

use std::time::Duration;

use crate::config::CollectorConfig;

pub use collector::TestCollector;
#[cfg(test)]
pub(crate) use scripted_bus::ScriptedBus;
pub use source::{MockEnding, MockEventSource};

/// The defaults with short waits: batches of 10 within 5 ms, health checks every 20 ms, a stop
/// within 5 s.
pub fn create_test_config() -> CollectorConfig {
    CollectorConfig::new()
        .with_component_name("test-collector")
        .with_max_batch_size(10)
        .with_batch_timeout(Duration::from_millis(5))
        .with_health_check_interval(Duration::from_millis(20))
        .with_shutdown_timeout(Duration::from_secs(5))
}
