//! Roles, and who has one (A2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::topic::MAX_LEVEL_BYTES;

/// What a collector watches; the second level of its topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CollectorKind {
    /// `events.process.#`.
    Process,
    /// `events.network.#`.
    Network,
    /// `events.filesystem.#`.
    Filesystem,
    /// `events.performance.#`.
    Performance,
}

impl CollectorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Process, Self::Network, Self::Filesystem, Self::Performance];

    /// As topics and roles write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Network => "network",
            Self::Filesystem => "filesystem",
            Self::Performance => "performance",
        }
    }
}

/// What somebody is, and with it what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Role {
    /// The agent that hosts the broker: everything.
    Agent,
    /// A collector of one kind: its own events and results, and what it is told to do.
    Collector(CollectorKind),
    /// Whoever has proved nothing: reads events, and does nothing else.
    Observer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Agent,
        Self::Collector(CollectorKind::Process),
        Self::Collector(CollectorKind::Network),
        Self::Collector(CollectorKind::Filesystem),
        Self::Collector(CollectorKind::Performance),
        Self::Observer,
    ];

    /// What kind of collector it is, if it is one.
    pub fn kind(self) -> Option<CollectorKind> {
        match self {
            Self::Collector(kind) => Some(kind),
            Self::Agent | Self::Observer => None,
        }
    }
}

/// Why a text is no role.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "no role is called {found:?}; there are agent, collector:KIND (process, network, filesystem, performance) and observer"
)]
pub struct RoleError {
    /// What was found.
    pub found: String,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("agent"),
            Self::Collector(kind) => write!(f, "collector:{}", kind.as_str()),
            Self::Observer => f.write_str("observer"),
        }
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.to_string()
    }
}

impl TryFrom<String> for Role {
    type Error = RoleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|role| role.to_string() == text);
        known.ok_or_else(|| RoleError { found: text.to_owned() })
    }
}

/// Somebody at the other end of a connection: an id that can be a level of a topic, and a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    id: String,
    role: Role,
}

/// Why an id cannot be somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrincipalError {
    /// It could not be the last level of `control.rpc.reply.ID` (T1).
    #[error("id {found:?} is no level of a topic: 1 to {MAX_LEVEL_BYTES} of a-z 0-9 _ -")]
    NoLevel {
        /// The id.
        found: String,
    },
}

impl Principal {
    /// Somebody of this id and role.
    pub fn new(id: impl Into<String>, role: Role) -> Result<Self, PrincipalError> {
        let id = id.into();
        let is_allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if id.is_empty() || id.len() > MAX_LEVEL_BYTES || !id.bytes().all(is_allowed) {
            return Err(PrincipalError::NoLevel { found: id });
        }
        Ok(Self { id, role })
    }

    /// Its id: replies to it arrive on `control.rpc.reply.ID`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its role.
    pub fn role(&self) -> Role {
        self.role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(Role::try_from(String::from(role)), Ok(role));
        }
        let told = "collector".parse::<Role>().expect_err("no kind").to_string();
        assert!(told.contains("collector:KIND"), "{told}");
    }

    #[test]
    fn an_id_must_be_a_level_of_a_topic() {
        assert!(Principal::new("procmond-1", Role::Agent).is_ok());
        for id in ["", "Procmond", "a.b", "+", "#", &"x".repeat(65)] {
            assert!(Principal::new(id, Role::Agent).is_err(), "{id}");
        }
    }
}
