//! What a broker's process holds, as the system and the broker itself tell.

use std::fmt::{self, Display, Formatter};

use daemoneye_eventbus::contract::{InspectionQuery, Sections};
use daemoneye_eventbus::{EventBus, EventBusClient};

/// At one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) connections: u64,
    pub(crate) subscriptions: u64,
    pub(crate) descriptors: u64,
}

impl Held {
    /// By the process of this id; `probe` asks its broker.
    pub(crate) async fn by(pid: u32, probe: &EventBusClient) -> Self {
        let asked = InspectionQuery::of(Sections::CONNECTIONS);
        let told = probe.inspect(&asked).await.unwrap();
        Self {
            connections: told.connections.len() as u64 + told.more_connections,
            subscriptions: probe.statistics().await.unwrap().active_subscribers as u64,
            descriptors: std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64,
        }
    }
}

impl Display for Held {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { connections, subscriptions, descriptors } = self;
        write!(
            formatter,
            "{connections} connections, {subscriptions} subscriptions, {descriptors} descriptors"
        )
    }
}

/// Memory of a process that no file backs, bytes.
pub(crate) fn anonymous_bytes(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}
