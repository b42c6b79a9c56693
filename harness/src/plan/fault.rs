//! Faults: what a case does to a process instead of asking it (METHOD §5).
//!
//! A fault needs a process of its own to befall. It never reaches more than the one role it names:
//! where that role shares its process with others, the case does not apply.

use serde::{Deserialize, Serialize};

use super::Deployment;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What is done.
    pub deed: Deed,
    /// To whose process.
    pub victim: Victim,
}

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It is ended at once, without a word (SIGKILL).
    Kill,
    /// It stops running (SIGSTOP), until it is thawed.
    Freeze,
    /// It runs again (SIGCONT).
    Thaw,
}

/// Whose process it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Victim {
    /// The broker's.
    Broker,
    /// That of the publisher with this index.
    Publisher(usize),
    /// That of the subscriber with this index.
    Subscriber(usize),
}

impl Victim {
    /// Whether a deployment gives it a process of its own.
    pub fn is_alone_in(self, deployment: Deployment) -> bool {
        match deployment {
            Deployment::Process => true,
            Deployment::Agent => matches!(self, Self::Publisher(_)),
            Deployment::Embedded | Deployment::InProcess => false,
        }
    }
}

impl Deed {
    /// As a scenario writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;

    #[test]
    fn only_a_role_with_a_process_of_its_own_can_be_a_victim() {
        let alone = |victim: Victim| {
            let buses = Bus::ALL.into_iter().filter(|bus| victim.is_alone_in(bus.deployment()));
            buses.collect::<Vec<_>>()
        };
        assert_eq!(alone(Victim::Broker), [Bus::Process]);
        assert_eq!(alone(Victim::Subscriber(0)), [Bus::Process]);
        assert_eq!(alone(Victim::Publisher(0)), [Bus::Agent, Bus::Process]);
    }
}
