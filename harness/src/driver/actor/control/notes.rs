//! What a role tells the harness, with its moment.

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::rpc::HealthStatus;

use crate::driver::actor::link::Link;
use crate::driver::actor::protocol::Notice;
use crate::plan::control::Health;
use crate::record::{Fact, Noted, Noter};

/// Notes facts for one role.
#[derive(Clone)]
pub(super) struct Notes {
    link: Link,
    by: Noter,
}

impl Notes {
    pub(super) fn desk(link: Link) -> Self {
        Self { link, by: Noter::Desk }
    }

    pub(super) fn member(link: Link, index: usize) -> Self {
        Self { link, by: Noter::Member(index) }
    }

    pub(super) fn caller(link: Link, group: usize, index: usize) -> Self {
        Self { link, by: Noter::Caller(group, index) }
    }

    /// Notes a fact of this moment.
    pub(super) fn note(&self, fact: Fact) {
        let noted = Noted { at_ns: monotonic_ns(), by: self.by, fact };
        self.link.tell(&Notice::Noted(noted));
    }
}

/// A health as the record has it.
pub(super) fn noted(status: HealthStatus) -> Health {
    match status {
        HealthStatus::Healthy => Health::Healthy,
        HealthStatus::Degraded => Health::Degraded,
        HealthStatus::Unhealthy => Health::Unhealthy,
    }
}

/// The same the other way.
pub(super) fn said(health: Health) -> HealthStatus {
    match health {
        Health::Healthy => HealthStatus::Healthy,
        Health::Degraded => HealthStatus::Degraded,
        Health::Unhealthy => HealthStatus::Unhealthy,
    }
}
