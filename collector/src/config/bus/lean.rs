//! A build without the feature `legacy`: the broker is its only bus.
//!
//! It has no code of the buses inside a process, but configurations may still name them, or have
//! sections with their limits. What they say of such a bus is refused with that reason, and never
//! taken for a misspelt key.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::EventBusConfig;
use crate::config::bounds::OutOfBounds;

/// The name of the one bus.
const DAEMONEYE: &str = "daemoneye";
/// The names of those that other builds have.
const ELSEWHERE: [&str; 3] = ["local", "broadcast", "sharing"];
/// Why a bus cannot be had.
const NO_BUS: &str = "this build has no in-process bus; use `daemoneye`, or build it with \
                      `--features legacy`";
/// Why a section cannot be there.
const NO_SECTION: &str = "this build has no in-process bus; take this section out, or build it \
                          with `--features legacy`";

/// The buses there are: one. A build with the feature `legacy` has others beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum EventBusType {
    /// `daemoneye`: the broker, in the agent's process.
    #[default]
    #[serde(rename = "daemoneye")]
    DaemonEye,
}

/// The section of a bus that this build does not have: there is no value of it, and none is read.
#[derive(Debug, Clone, PartialEq)]
pub enum NoSuchBus {}

/// No settings of `local`.
pub type CrossbeamConfig = NoSuchBus;
/// No settings of `broadcast`.
pub type BroadcastConfig = NoSuchBus;
/// No settings of `sharing`.
pub type SharingConfig = NoSuchBus;

impl EventBusType {
    /// Its name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DaemonEye => DAEMONEYE,
        }
    }

    /// The section with its limits, in `[event_bus]`.
    pub(in crate::config) fn section(self) -> &'static str {
        self.as_str()
    }
}

impl<'de> Deserialize<'de> for EventBusType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            DAEMONEYE => Ok(Self::DaemonEye),
            name if ELSEWHERE.contains(&name) => Err(de::Error::custom(NO_BUS)),
            name => Err(de::Error::unknown_variant(name, &[DAEMONEYE])),
        }
    }
}

impl<'de> Deserialize<'de> for NoSuchBus {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(de::Error::custom(NO_SECTION))
    }
}

/// The same: there are no sections of such buses.
pub(super) fn with_sections(config: EventBusConfig) -> EventBusConfig {
    config
}

/// Nothing can be out of bounds.
pub(super) fn problems(_config: &EventBusConfig) -> Vec<Option<OutOfBounds>> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Layers, Settings};

    /// What is wrong with a file.
    fn told(text: &str) -> String {
        let refused = Layers::new().text(Path::new("agent.toml"), text.to_owned());
        refused.expect_err("it names what is not here").to_string()
    }

    #[test]
    fn a_bus_of_another_build_is_refused_at_its_place() {
        assert_eq!(
            told("[event_bus]\nbus_type = \"local\"\n"),
            "\
error: this build has no in-process bus; use `daemoneye`, or build it with `--features legacy`
 --> agent.toml:2:12
  |
2 | bus_type = \"local\"
  |            ^^^^^^^"
        );
        for name in ELSEWHERE {
            let refused = Layers::new().flag("--bus", "event_bus.bus_type", name);
            let expected = format!("error: flag --bus: {NO_BUS}");
            assert_eq!(refused.unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_section_of_another_build_is_refused_at_its_place_whatever_is_in_it() {
        for section in ["crossbeam", "broadcast", "sharing"] {
            let told = told(&format!("[collector]\n[event_bus.{section}]\ncolour = 7\n"));
            let first = format!("error: {NO_SECTION}\n --> agent.toml:2:");
            assert!(told.starts_with(&first), "{told}");
            let assignment = format!("event_bus.{section}.subscriber_limit=7");
            let refused = Layers::new().assignment("--set", &assignment).unwrap_err().to_string();
            assert_eq!(refused, format!("error: flag --set {assignment}: {NO_SECTION}"));
        }
    }

    #[test]
    fn a_name_that_no_build_has_is_an_unknown_one() {
        let told = told("[event_bus]\nbus_type = \"daemonaye\"\n");
        let first = "error: unknown variant `daemonaye`, expected `daemoneye`\n";
        assert!(told.starts_with(first), "{told}");
        assert!(told.ends_with("did you mean `daemoneye`?"), "{told}");
    }

    #[test]
    fn the_one_bus_can_be_named_and_what_an_agent_of_another_build_leaves_open_is_no_mistake() {
        let text = r#"{"event_bus":{"bus_type":"daemoneye","crossbeam":null,"sharing":null}}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn what_is_written_knows_no_other_bus() {
        let text = serde_json::to_string(&Settings::default()).unwrap();
        for name in ["crossbeam", "broadcast", "sharing"] {
            assert!(!text.contains(name), "{text}");
        }
    }
}
