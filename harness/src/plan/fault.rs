//! Faults: what a case does to a process, a connection or the broker's folder instead of asking
//! anybody (METHOD §5).
//!
//! A fault never reaches more than the one role it names: where that role shares its process with
//! others, or has no connection of its own, the case does not apply.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Deployment;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What is done.
    pub deed: Deed,
    /// To whom.
    pub victim: Victim,
}

/// What is done to a process, a connection or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// The process is ended at once, without a word (SIGKILL).
    Kill,
    /// The process stops running (SIGSTOP), until it is thawed.
    Freeze,
    /// The process runs again (SIGCONT).
    Thaw,
    /// What passes the connection is held for so long on its way, milliseconds, until it heals.
    Delay(u64),
    /// What passes the connection is written in pieces of so many bytes at most, until it heals.
    Split(u32),
    /// Nothing passes the connection, until it heals.
    Stall,
    /// The connection is as it was.
    Heal,
    /// One direction of the connection is shut, and the other end has answered by closing its own.
    HalfClose(Direction),
    /// The connection is gone, and whoever had it comes back by itself (W5).
    Break,
    /// The process is ended at once, and another takes its place after so long, milliseconds (W6).
    Restart(u64),
    /// The folder with the broker's socket is removed; what is connected stays connected.
    Vanish,
    /// The connection is gone, wherever it stood: in the middle of a frame, bytes unread.
    Reset,
}

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the role to the broker.
    ToBroker,
    /// From the broker to the role.
    FromBroker,
}

/// What a deed is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A process.
    Process,
    /// A connection to the broker.
    Connection,
    /// The folder the broker's socket lies in.
    Folder,
}

/// Whom it befalls.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Victim {
    /// The broker.
    Broker,
    /// The publisher with this index.
    Publisher(usize),
    /// The subscriber with this index.
    Subscriber(usize),
}

impl Victim {
    /// Whether a deployment gives it a process of its own, and with it a connection.
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
            Self::Delay(_) => "delay",
            Self::Split(_) => "split",
            Self::Stall => "stall",
            Self::Heal => "heal",
            Self::HalfClose(_) => "half-close",
            Self::Break => "break",
            Self::Restart(_) => "restart",
            Self::Vanish => "vanish",
            Self::Reset => "reset",
        }
    }

    /// What it is done to.
    pub fn target(self) -> Target {
        match self {
            Self::Kill | Self::Freeze | Self::Thaw | Self::Restart(_) => Target::Process,
            Self::Vanish => Target::Folder,
            _ => Target::Connection,
        }
    }

    /// Whether whom it befalls has no way to the broker any more.
    pub fn cuts_off(self) -> bool {
        matches!(self, Self::Kill | Self::HalfClose(_) | Self::Reset)
    }

    /// Whether everybody comes back from it by itself.
    pub fn returns(self) -> bool {
        matches!(self, Self::Break | Self::Restart(_))
    }

    /// What undoes it; `None` where nothing does, or where there is nothing to undo.
    pub fn undone_by(self) -> Option<Self> {
        match self {
            Self::Freeze => Some(Self::Thaw),
            Self::Delay(_) | Self::Split(_) | Self::Stall => Some(Self::Heal),
            _ => None,
        }
    }

    /// Whether it undoes another.
    pub fn undoes(self) -> bool {
        matches!(self, Self::Thaw | Self::Heal)
    }

    /// Whether nothing passes while it lasts.
    pub fn holds_up(self) -> bool {
        matches!(self, Self::Freeze | Self::Stall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Bus;

    #[test]
    fn only_a_role_with_a_process_of_its_own_can_be_a_victim() {
        let alone = |victim: Victim| {
            let buses = Bus::ALL
                .into_iter()
                .filter(|bus| !bus.is_peer() && victim.is_alone_in(bus.deployment()));
            buses.collect::<Vec<_>>()
        };
        assert_eq!(alone(Victim::Broker), [Bus::Process]);
        assert_eq!(alone(Victim::Subscriber(0)), [Bus::Process]);
        assert_eq!(alone(Victim::Publisher(0)), [Bus::Agent, Bus::Process]);
    }

    #[test]
    fn what_lasts_is_undone_by_what_is_done_to_the_same_thing() {
        let lasting = [Deed::Freeze, Deed::Delay(1), Deed::Split(1), Deed::Stall];
        for deed in lasting {
            let undo = deed.undone_by().expect("it lasts");
            assert!(undo.undoes() && undo.target() == deed.target(), "{deed:?}");
        }
        assert_eq!(Deed::Kill.undone_by(), None);
    }
}
