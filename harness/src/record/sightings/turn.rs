//! The three agents of a switch, one after the other: on one bus, on the other, and on the first
//! again.

use std::fmt;

use super::Sightings;
use crate::plan::Bus;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first, on the bus of old.
    Before,
    /// The second, on the new bus.
    Switched,
    /// The third, on the bus of old again.
    RolledBack,
}

/// One of them: what it was told, how it runs, and what it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentTurn {
    /// Which.
    pub turn: Turn,
    /// Its configuration file as it was found.
    pub configuration: String,
    /// How it runs, as it said itself.
    pub deployed: Deployed,
    /// What it recorded, and what happened.
    pub sightings: Sightings,
}

/// How an agent runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Its bus, as configuration names it.
    pub bus_type: String,
    /// Its collectors, each with whether it is a process of its own.
    pub collectors: Vec<(String, bool)>,
}

impl Turn {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Before, Self::Switched, Self::RolledBack];

    /// The bus it is judged as.
    pub fn bus(self) -> Bus {
        match self {
            Self::Before | Self::RolledBack => Bus::Crossbeam,
            Self::Switched => Bus::Process,
        }
    }

    /// The same as configuration names it.
    pub fn bus_type(self) -> &'static str {
        match self {
            Self::Before | Self::RolledBack => "local",
            Self::Switched => "daemoneye",
        }
    }

    /// What its files are called.
    pub fn file_stem(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Switched => "switched",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// As sentences have it: something was seen "before the switch".
impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before the switch",
            Self::Switched => "after the switch",
            Self::RolledBack => "after the way back",
        })
    }
}
