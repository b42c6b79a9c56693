//! The buses the harness can run, and how their roles are spread over processes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A bus under test, as `--baseline` and `--candidate` name it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Bus {
    /// The reference: crossbeam in one process, blocking hand-off, contract-obeying.
    Crossbeam,
    /// The same with a spinning routing thread; burns a core, never gated.
    CrossbeamSpinning,
    /// The crossbeam bus of old with its divergences V1–V5.
    CrossbeamFaithful,
    /// The new broker with all roles as threads of its process.
    Embedded,
    /// The new broker with the subscribers in its process, publishers in their own.
    Agent,
    /// The new broker, each publisher and each subscriber in processes of their own.
    Process,
}

/// How roles are spread over operating system processes (METHOD §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    /// Everything in one process, around an in-process bus.
    InProcess,
    /// Everything in one process, around a broker.
    Embedded,
    /// Broker and subscribers in one process, each publisher in its own.
    Agent,
    /// Broker, each publisher and each subscriber in their own.
    Process,
}

impl Bus {
    /// Every bus, reference first.
    pub const ALL: [Self; 6] = [
        Self::Crossbeam,
        Self::CrossbeamSpinning,
        Self::CrossbeamFaithful,
        Self::Embedded,
        Self::Agent,
        Self::Process,
    ];

    /// The name a user types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crossbeam => "crossbeam",
            Self::CrossbeamSpinning => "crossbeam-spinning",
            Self::CrossbeamFaithful => "crossbeam-faithful",
            Self::Embedded => "embedded",
            Self::Agent => "agent",
            Self::Process => "process",
        }
    }

    /// The process layout this bus is run in.
    pub fn deployment(self) -> Deployment {
        match self {
            Self::Crossbeam | Self::CrossbeamSpinning | Self::CrossbeamFaithful => {
                Deployment::InProcess
            }
            Self::Embedded => Deployment::Embedded,
            Self::Agent => Deployment::Agent,
            Self::Process => Deployment::Process,
        }
    }

    /// Whether events cross a socket on their way.
    pub fn crosses_processes(self) -> bool {
        matches!(self, Self::Agent | Self::Process)
    }
}
