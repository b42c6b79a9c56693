//! What the table says, and by which row: a refusal names it (A5).

use std::fmt;

use thiserror::Error;

use super::role::Role;
use super::rule::Action;

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may, by the row of this number, counted from 1.
    Allowed {
        /// The row.
        rule: usize,
    },
    /// It may not: by a row, or because none allows it.
    Denied {
        /// The row; `None` for the default.
        rule: Option<usize>,
    },
}

impl Decision {
    /// Whether it may.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// A refusal: who, what, and by which row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Denial {
    /// The role of whoever asked.
    pub role: Role,
    /// What it wanted to do.
    pub action: Action,
    /// With which topic or pattern.
    pub topics: String,
    /// The row that denies it, counted from 1; `None` where none allows it.
    pub rule: Option<usize>,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, topics, rule } = self;
        let verb = match action {
            Action::Publish => "publish on",
            Action::Subscribe => "subscribe to",
        };
        write!(f, "{role} may not {verb} {topics}: ")?;
        match rule {
            Some(rule) => write!(f, "rule {rule} denies it"),
            None => f.write_str("no rule allows it"),
        }
    }
}
