//! Members: who takes part in the control plane, and what each can do.

use std::time::Duration;

use super::Operation;
use crate::acl::CollectorKind;
use crate::event::SourceCaps;

/// How a member introduces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name, unique among members.
    pub member: String,
    /// What it watches, and hence which tasks it takes.
    pub kind: CollectorKind,
    /// What it can do.
    pub capabilities: SourceCaps,
    /// Its version, for people.
    pub version: String,
    /// Tasks it takes at once.
    pub task_limit: u32,
}

/// What a member is told when it has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// How often it shall show life (R2); whole milliseconds travel.
    pub heartbeat: Duration,
}

/// What a member can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// What it watches.
    pub kind: CollectorKind,
    /// What it can do.
    pub capabilities: SourceCaps,
    /// Its version, for people.
    pub version: String,
    /// What it can be asked.
    pub operations: Vec<Operation>,
}
