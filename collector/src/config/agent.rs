//! `[agent]`: which collectors the agent runs, and its limits.

use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::rpc::DEFAULT_HEARTBEAT;
use serde::{Deserialize, Serialize};

use super::bounds::{Conflict, OutOfBounds, readable, zero};
use super::{CollectorName, duration, format_duration};
use crate::backoff::doubled;

/// Ends after which a pause doubles no further, as numbers have an end.
const DOUBLINGS: u32 = 32;

/// What the agent runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// Collectors to run, each once; none for an agent that only hosts the bus. Default all there
    /// are.
    pub collectors: Vec<CollectorName>,
    /// Folder of the collectors' executables; by default the one of the agent's own.
    pub program_folder: Option<PathBuf>,
    /// How long a collector may take until it is ready. Default 30 s.
    #[serde(with = "duration")]
    pub ready_timeout: Duration,
    /// How long a collector may take to end before it is killed. Default 15 s.
    #[serde(with = "duration")]
    pub stop_timeout: Duration,
    /// How often a collector that ended unasked is started again within `restart_window`; at its
    /// next end it is given up as failed. 0 never starts one again. Default 5.
    pub restart_limit: u32,
    /// How far back ends count towards `restart_limit`; longer than the pauses before as many
    /// restarts. Default 5 min.
    #[serde(with = "duration")]
    pub restart_window: Duration,
    /// Longest pause before the first restart; it doubles with each further end in the window.
    /// Default 500 ms.
    #[serde(with = "duration")]
    pub restart_pause: Duration,
    /// Longest pause before any restart. Default 30 s.
    #[serde(with = "duration")]
    pub restart_pause_limit: Duration,
    /// How often collectors show life (R2). Default 30 s.
    #[serde(with = "duration")]
    pub heartbeat_interval: Duration,
    /// How long a collector that has missed three heartbeats may go on without one before it is
    /// killed and started again (R5). 0 leaves it alone, as whoever debugs it wants. Default 2 min.
    #[serde(with = "duration")]
    pub unresponsive_limit: Duration,
    /// How long a collector whose agent died goes on and looks for its broker before it ends (R5).
    /// 0 ends it with its agent. Default 2 min.
    #[serde(with = "duration")]
    pub orphan_limit: Duration,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            collectors: CollectorName::ALL.to_vec(),
            program_folder: None,
            ready_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(15),
            restart_limit: 5,
            restart_window: Duration::from_mins(5),
            restart_pause: Duration::from_millis(500),
            restart_pause_limit: Duration::from_secs(30),
            heartbeat_interval: DEFAULT_HEARTBEAT,
            unresponsive_limit: Duration::from_mins(2),
            orphan_limit: Duration::from_mins(2),
        }
    }
}

impl AgentConfig {
    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let mut problems = Vec::new();
        for (index, name) in self.collectors.iter().enumerate() {
            if self.collectors[..index].contains(name) {
                problems.push(("collectors", format!("`{name}` stands there twice")));
            }
        }
        for (key, limit) in [
            ("ready_timeout", self.ready_timeout),
            ("stop_timeout", self.stop_timeout),
            ("restart_pause", self.restart_pause),
            ("restart_pause_limit", self.restart_pause_limit),
            ("heartbeat_interval", self.heartbeat_interval),
        ] {
            problems.extend(zero(key, limit));
        }
        problems
    }

    /// What does not go together.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        let pauses = self.all_pauses();
        let message = || {
            let window = format_duration(self.restart_window);
            let (restarts, pauses) = (self.restart_limit, readable(pauses));
            format!(
                "`restart_window` ({window}) is no longer than all pauses before `restart_limit` \
                 ({restarts}) restarts, {pauses}: none of them would ever be the last"
            )
        };
        let keys = ["restart_window", "restart_limit", "restart_pause", "restart_pause_limit"];
        let is_too_short = self.restart_window <= pauses;
        is_too_short.then(|| Conflict { keys: keys.to_vec(), message: message() })
    }

    /// The longest pause before a restart when so many ends are in the window already.
    pub(crate) fn pause_after(&self, ends: u32) -> Duration {
        doubled(self.restart_pause, self.restart_pause_limit, ends)
    }

    /// All pauses before as many restarts as there may be, together.
    fn all_pauses(&self) -> Duration {
        let doubling = (0..self.restart_limit.min(DOUBLINGS)).map(|ends| self.pause_after(ends));
        let rest = self.restart_limit.saturating_sub(DOUBLINGS);
        let together = doubling.fold(Duration::ZERO, Duration::saturating_add);
        together.saturating_add(self.pause_after(DOUBLINGS).saturating_mul(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_no_longer_than_the_pauses_in_it_is_a_problem() {
        let pauses = Duration::from_secs(1 + 2 + 4 + 4);
        let mut config = AgentConfig {
            restart_limit: 4,
            restart_pause: Duration::from_secs(1),
            restart_pause_limit: Duration::from_secs(4),
            restart_window: pauses,
            ..AgentConfig::default()
        };
        let conflict = config.conflict().unwrap();
        assert_eq!(conflict.keys[0], "restart_window");
        let expected = "`restart_window` (11s) is no longer than all pauses before `restart_limit` \
                        (4) restarts, 11s: ";
        assert!(conflict.message.starts_with(expected), "{conflict:?}");
        config.restart_window += Duration::from_nanos(1);
        assert_eq!(config.conflict(), None);
    }

    #[test]
    fn a_collector_named_twice_is_a_problem() {
        let collectors = vec![CollectorName::Fsmond, CollectorName::Fsmond];
        let config = AgentConfig { collectors, ..AgentConfig::default() };
        let twice = "`fsmond` stands there twice".to_owned();
        assert_eq!(config.problems(), [("collectors", twice)]);
    }

    #[test]
    fn an_agent_may_run_no_collector() {
        let config = AgentConfig { collectors: Vec::new(), ..AgentConfig::default() };
        assert_eq!(config.problems(), []);
    }

    #[test]
    fn collectors_may_be_told_to_end_with_an_agent_that_died() {
        let config = AgentConfig { orphan_limit: Duration::ZERO, ..AgentConfig::default() };
        assert_eq!(config.problems(), []);
    }

    #[test]
    fn the_defaults_have_no_problem_and_the_greatest_numbers_do_not_overflow() {
        assert_eq!(AgentConfig::default().problems(), []);
        assert_eq!(AgentConfig::default().conflict(), None);
        let config = AgentConfig { restart_limit: u32::MAX, ..AgentConfig::default() };
        assert!(config.conflict().is_some());
    }
}
