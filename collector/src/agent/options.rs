//! [`AgentOptions`]: what the agent is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::Settings;

/// What the agent is started with.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The resolved configuration, which collectors are told as it is here.
    pub settings: Settings,
    /// Folder of the collectors' executables.
    pub program_folder: PathBuf,
    /// Where to append every received event as a line of JSON.
    pub record: Option<PathBuf>,
    /// What to subscribe to (M1); every event of collectors if empty.
    pub patterns: Vec<String>,
    /// Loopback address to serve the broker's metrics on.
    pub metrics: Option<SocketAddr>,
}
