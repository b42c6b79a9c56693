//! Configuration of collectors and the agent: what can be set, where from, and what is wrong.
//!
//! [`Settings`] is the file as a whole. [`Layers`] overlays files, environment and flags, checks
//! each layer strictly, and remembers where every value came from. This room never reads the
//! environment or the command line by itself: binaries hand them in.

mod agent;
mod bus;
mod collector;
mod duration;
mod error;
mod layers;
mod origin;
mod paths;
mod procmond;

use serde::Deserialize;

pub use agent::AgentConfig;
pub use bus::{DaemoneyeConfig, EventBusConfig, EventBusType};
pub use collector::CollectorConfig;
pub use duration::{DurationError, parse_duration};
pub use error::{ConfigError, Problem};
pub use layers::{Layers, Resolved};
pub use legacy_buses::crossbeam::CrossbeamConfig;
pub use origin::Origin;
pub use paths::{FolderError, Places, prepare_private_folder};
pub use procmond::ProcmondConfig;

/// A configuration file as a whole; every section and key is optional.
///
/// ```
/// use collector_core::config::{EventBusType, Settings};
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [event_bus]
///     bus_type = "local"
///
///     [procmond]
///     scan_interval = "5s"
///     "#,
/// )?;
/// assert_eq!(settings.event_bus.bus_type, EventBusType::Local);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The runtime of every collector.
    pub collector: CollectorConfig,
    /// Which bus, and how it is reached.
    pub event_bus: EventBusConfig,
    /// The process collector.
    pub procmond: ProcmondConfig,
    /// The agent.
    pub agent: AgentConfig,
}

impl Settings {
    /// The runtime's configuration for one component, its bus included.
    pub fn collector_named(&self, component_name: &str) -> CollectorConfig {
        self.collector
            .clone()
            .with_component_name(component_name)
            .with_event_bus(self.event_bus.clone())
    }

    /// What is out of bounds, as (dotted key, sentence).
    fn problems(&self) -> Vec<(String, String)> {
        let sections = [
            ("collector", self.collector.problems()),
            ("procmond", self.procmond.problems()),
            ("agent", self.agent.problems()),
        ];
        sections
            .into_iter()
            .flat_map(|(section, problems)| {
                problems
                    .into_iter()
                    .map(move |(key, message)| (format!("{section}.{key}"), message))
            })
            .collect()
    }
}
