//! Configuration of collectors and the agent: what can be set, where from, and what is wrong.
//!
//! [`Settings`] is the file as a whole. [`Layers`] overlays files, environment and flags, checks
//! each layer strictly, and remembers where every value came from. This room never reads the
//! environment or the command line by itself: binaries hand them in.

mod agent;
mod bounds;
mod bus;
mod collector;
mod collector_name;
mod error;
mod fsmond;
mod health;
mod ipc;
mod keys;
mod layers;
mod live;
mod name;
mod netmond;
mod origin;
mod paths;
mod perfmond;
mod procmond;
mod refusals;
mod shape;
mod shown;
mod spool;
mod trigger;
mod violation;
mod wording;
mod workflow;

use daemoneye_eventbus::duration;
use serde::{Deserialize, Serialize};

use bounds::Conflict;
use violation::Violation;

pub use agent::AgentConfig;
pub use bus::{
    BroadcastConfig, CrossbeamConfig, DaemoneyeConfig, EventBusConfig, EventBusType, SharingConfig,
};
pub use collector::CollectorConfig;
pub use collector_name::CollectorName;
pub use daemoneye_eventbus::duration::{DurationError, format_duration, parse_duration};
pub use error::{ConfigError, Problem};
pub use fsmond::FsmondConfig;
pub use health::HealthConfig;
pub use ipc::IpcConfig;
pub use layers::{Layers, Resolved};
pub use live::LiveSection;
pub use netmond::{NetmondConfig, TransportProtocol};
pub use origin::Origin;
pub(crate) use paths::prepare_folder_of;
pub use paths::{FolderError, Places, prepare_private_folder};
pub use perfmond::PerfmondConfig;
pub use procmond::{AnomalyRule, ProcmondConfig};
pub use spool::{SpoolConfig, SpoolSync};
pub use trigger::{
    DEFAULT_DEDUP_WINDOW, MAX_TRIGGERS, TriggerConfig, TriggerPriority, TriggerResourceLimits,
};
pub use workflow::{MAX_WORKFLOWS, WorkflowConfig, WorkflowStageConfig};

/// A configuration file as a whole; every section and key is optional.
///
/// ```
/// use std::time::Duration;
///
/// use collector_core::config::{EventBusType, Settings};
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [event_bus]
///     bus_type = "daemoneye"
///
///     [procmond]
///     scan_interval = "5s"
///     "#,
/// )?;
/// assert_eq!(settings.event_bus.bus_type, EventBusType::DaemonEye);
/// assert_eq!(settings.procmond.scan_interval, Duration::from_secs(5));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The runtime of every collector.
    pub collector: CollectorConfig,
    /// What every collector may fail and use.
    pub health: HealthConfig,
    /// Which bus, and how it is reached.
    pub event_bus: EventBusConfig,
    /// The process collector.
    pub procmond: ProcmondConfig,
    /// The network collector.
    pub netmond: NetmondConfig,
    /// The filesystem collector.
    pub fsmond: FsmondConfig,
    /// The performance collector.
    pub perfmond: PerfmondConfig,
    /// Where collectors keep events while the bus does not take them.
    pub spool: SpoolConfig,
    /// The door of every collector for programs that are not on the bus.
    pub ipc: IpcConfig,
    /// The agent.
    pub agent: AgentConfig,
    /// What is asked of collectors where a condition holds; `[[trigger]]` in a file. Those of a
    /// later file stand for those of an earlier one.
    #[serde(rename = "trigger")]
    pub triggers: Vec<TriggerConfig>,
    /// Analyses of several stages; `[[workflow]]` in a file. Those of a later file stand for those
    /// of an earlier one.
    #[serde(rename = "workflow")]
    pub workflows: Vec<WorkflowConfig>,
}

impl Settings {
    /// The runtime's configuration for one component, its bus and its limits included.
    pub fn collector_named(&self, component_name: &str) -> CollectorConfig {
        self.collector
            .clone()
            .with_component_name(component_name)
            .with_event_bus(self.event_bus.clone())
            .with_health(self.health.clone())
    }

    /// What is out of bounds.
    fn violations(&self) -> Vec<Violation> {
        let sections = [
            ("collector", self.collector.problems()),
            ("health", self.health.problems()),
            ("event_bus", self.event_bus.problems()),
            ("procmond", self.procmond.problems()),
            ("netmond", self.netmond.problems()),
            ("fsmond", self.fsmond.problems()),
            ("perfmond", self.perfmond.problems()),
            ("spool", self.spool.problems()),
            ("ipc", self.ipc.problems()),
            ("agent", self.agent.problems()),
        ];
        let in_sections = sections.into_iter().flat_map(|(section, problems)| {
            problems
                .into_iter()
                .map(move |(key, message)| Violation::new(format!("{section}.{key}"), message))
        });
        let together = self.conflicts();
        let in_workflows = workflow::violations(&self.workflows);
        let in_triggers = trigger::violations(&self.triggers, &self.workflows);
        in_sections.chain(together).chain(in_workflows).chain(in_triggers).collect()
    }

    /// What does not go together.
    fn conflicts(&self) -> Vec<Violation> {
        let sections: [(_, Vec<Conflict>); 4] = [
            ("health", self.health.conflict().into_iter().collect()),
            ("fsmond", self.fsmond.conflict().into_iter().collect()),
            ("perfmond", self.perfmond.conflicts()),
            ("agent", self.agent.conflict().into_iter().collect()),
        ];
        let of_section = |(section, conflicts): (&str, Vec<Conflict>)| {
            conflicts.into_iter().map(|conflict| conflict.in_section(section)).collect::<Vec<_>>()
        };
        sections.into_iter().flat_map(of_section).collect()
    }
}
