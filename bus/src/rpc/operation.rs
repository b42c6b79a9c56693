//! Operations by name: what a request asks, without its details.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What can be asked (CONTRACT §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// A member joins.
    Register,
    /// A member leaves.
    Deregister,
    /// Begin to collect.
    Start,
    /// Cease to collect.
    Stop,
    /// Both, with the configuration read anew.
    Restart,
    /// Cease for a while; what was gathered is kept.
    Pause,
    /// Go on after a pause.
    Resume,
    /// How are you?
    HealthCheck,
    /// What can you do?
    GetCapabilities,
    /// How are you and your members, and what have they done?
    GetStatus,
    /// Check, change or restore configuration.
    UpdateConfig,
    /// Do one piece of work.
    ExecuteTask,
    /// End the process.
    Shutdown,
}

/// There is no operation of this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no operation {found:?}")]
pub struct UnknownOperation {
    /// The name.
    pub found: String,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::Register,
        Self::Deregister,
        Self::Start,
        Self::Stop,
        Self::Restart,
        Self::Pause,
        Self::Resume,
        Self::HealthCheck,
        Self::GetCapabilities,
        Self::GetStatus,
        Self::UpdateConfig,
        Self::ExecuteTask,
        Self::Shutdown,
    ];

    /// As messages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Deregister => "deregister",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::HealthCheck => "health_check",
            Self::GetCapabilities => "get_capabilities",
            Self::GetStatus => "get_status",
            Self::UpdateConfig => "update_config",
            Self::ExecuteTask => "execute_task",
            Self::Shutdown => "shutdown",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|operation| operation.as_str() == name);
        known.ok_or_else(|| UnknownOperation { found: name.to_owned() })
    }
}
