//! One row of the table: for whom, for which action, for which topics, and what it says.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::role::{CollectorKind, Principal, Role, RoleError};
use crate::topic::{MAX_LEVEL_BYTES, PatternError, TopicPattern};

/// Stands in a template for the kind of a collector.
const KIND: &str = "{kind}";
/// Stands in a template for the id of whoever asks.
const ID: &str = "{id}";

/// What somebody wants to do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Publish on it.
    Publish,
    /// Receive what is published on it.
    Subscribe,
}

impl Action {
    /// As tables and refusals write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
        }
    }
}

/// What a row says of whatever it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It may.
    Allow,
    /// It may not, whatever later rows say.
    Deny,
}

/// For whom a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Roles {
    /// Everybody.
    Any,
    /// Collectors of every kind.
    Collectors,
    /// This role alone.
    Only(Role),
}

impl Roles {
    /// Whether a role is among them.
    pub fn include(self, role: Role) -> bool {
        match self {
            Self::Any => true,
            Self::Collectors => role.kind().is_some(),
            Self::Only(only) => only == role,
        }
    }
}

/// Topics of a row: a pattern in which `{kind}` and `{id}` stand for those of whoever asks.
///
/// A row with `{kind}` says nothing about who has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicTemplate(String);

/// Why a row cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleError {
    /// Its topics are no pattern.
    #[error("topics {topics:?}: {cause}")]
    Topics {
        /// As written.
        topics: String,
        /// Why not.
        cause: PatternError,
    },
    /// It names no role.
    #[error(transparent)]
    Role(#[from] RoleError),
}

impl TopicTemplate {
    /// Checks that it is a pattern whatever its names stand for.
    pub fn new(text: &str) -> Result<Self, RuleError> {
        // The longest there are: what fits with them fits with all.
        let id = "x".repeat(MAX_LEVEL_BYTES);
        match resolve(text, CollectorKind::Performance.as_str(), &id) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(cause) => Err(RuleError::Topics { topics: text.to_owned(), cause }),
        }
    }

    /// The pattern for somebody; `None` where it needs a kind that they do not have.
    pub fn pattern_for(&self, principal: &Principal) -> Option<TopicPattern> {
        let kind = match principal.role().kind() {
            Some(kind) => kind.as_str(),
            None if self.0.contains(KIND) => return None,
            None => "",
        };
        let pattern = resolve(&self.0, kind, principal.id());
        Some(pattern.expect("kinds and ids are levels, and the rest was checked"))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn resolve(text: &str, kind: &str, id: &str) -> Result<TopicPattern, PatternError> {
    TopicPattern::new(&text.replace(KIND, kind).replace(ID, id))
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// For whom.
    pub roles: Roles,
    /// For which action.
    pub action: Action,
    /// For which topics.
    pub topics: TopicTemplate,
    /// What it says.
    pub effect: Effect,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Collectors => f.write_str("collector"),
            Self::Only(role) => role.fmt(f),
        }
    }
}

impl FromStr for Roles {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "collector" => Ok(Self::Collectors),
            _ => text.parse().map(Self::Only),
        }
    }
}

/// As `eventbus acl` shows it: `collector publish events.{kind}.# allow`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roles, action, topics, effect } = self;
        write!(f, "{effect} {roles} {action} {}", topics.as_str())
    }
}
