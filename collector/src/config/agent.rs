//! `[agent]`: which collectors the agent runs, and its limits.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// Collectors this version knows.
const KNOWN_COLLECTORS: [&str; 1] = ["procmond"];

/// What the agent runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// Collectors to run, each once. Default `["procmond"]`, the only one so far.
    pub collectors: Vec<String>,
    /// Executable of procmond; by default the one beside the agent's own.
    pub procmond_path: Option<PathBuf>,
    /// How long a collector may take until it is ready. Default 30 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub ready_timeout: Duration,
    /// How long a collector may take to end before it is killed. Default 15 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub stop_timeout: Duration,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            collectors: KNOWN_COLLECTORS.map(str::to_owned).to_vec(),
            procmond_path: None,
            ready_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(15),
        }
    }
}

impl AgentConfig {
    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        for (index, name) in self.collectors.iter().enumerate() {
            if !KNOWN_COLLECTORS.contains(&name.as_str()) {
                let known = KNOWN_COLLECTORS.join(", ");
                problems.push(("collectors", format!("{name:?} is not one of: {known}")));
            }
            if self.collectors[..index].contains(name) {
                problems.push(("collectors", format!("{name:?} stands there twice")));
            }
        }
        for (key, limit) in
            [("ready_timeout", self.ready_timeout), ("stop_timeout", self.stop_timeout)]
        {
            if limit.is_zero() {
                problems.push((key, "it must be longer than zero".to_owned()));
            }
        }
        problems
    }
}
