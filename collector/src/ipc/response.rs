//! What a collector answers.

use std::time::Duration;

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::rpc::HealthReport;

use super::{IpcRefusal, StatusReport};
use crate::analysis::Findings;
use crate::config::IpcConfig;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpcResponse {
    /// To [`Negotiate`](super::IpcRequest::Negotiate).
    Granted(Grant),
    /// To [`Capabilities`](super::IpcRequest::Capabilities).
    Capabilities(CapabilityReport),
    /// To [`Health`](super::IpcRequest::Health); the whole is as its worst part.
    Health(HealthReport),
    /// To [`Status`](super::IpcRequest::Status).
    Status(StatusReport),
    /// To [`Task`](super::IpcRequest::Task).
    Task(TaskReport),
    /// It was not done.
    Refused(IpcRefusal),
}

/// What holds on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The newest version both speak.
    pub version: u32,
    /// What the client may use: all that it requires, and what there is of what it wants.
    pub granted: SourceCaps,
    /// What it must keep to.
    pub limits: GrantedLimits,
}

/// What the clients of a server must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantedLimits {
    /// Longest message of a request.
    pub frame_bytes: u64,
    /// Requests without an answer, at most.
    pub outstanding: u32,
    /// How long a request may take; whole milliseconds travel.
    pub request: Duration,
    /// After so long without any the connection ends; whole milliseconds travel.
    pub idle: Duration,
}

/// What a collector can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityReport {
    /// Its name.
    pub collector: String,
    /// Version of its program, for people.
    pub version: String,
    /// What its sources can do, all together.
    pub capabilities: SourceCaps,
    /// The analyses it does.
    pub analysis_types: Vec<String>,
}

/// What came of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskReport {
    /// What it found, or why it did not work this time.
    pub outcome: Result<Findings, String>,
}

impl From<&IpcConfig> for GrantedLimits {
    fn from(config: &IpcConfig) -> Self {
        Self {
            frame_bytes: u64::try_from(config.frame_limit_bytes).unwrap_or(u64::MAX),
            outstanding: u32::try_from(config.outstanding_limit).unwrap_or(u32::MAX),
            request: config.request_limit,
            idle: config.idle_limit,
        }
    }
}
