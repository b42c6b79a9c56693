//! Health: how well something works, how well its parts do (R1), and who shows life (R2).

mod board;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

pub(super) use board::changes;
pub use board::{
    BoardFull, DEFAULT_HEARTBEAT, HealthBoard, HealthChange, HealthConfig, MISSED_LIMIT,
};

/// How well something works, best first: the worse of two is the greater.
///
/// ```
/// use daemoneye_eventbus::rpc::HealthStatus;
///
/// let parts = [HealthStatus::Healthy, HealthStatus::Degraded];
/// assert_eq!(HealthStatus::worst_of(parts), HealthStatus::Degraded);
/// assert!(HealthStatus::Unhealthy > HealthStatus::Degraded);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HealthStatus {
    /// As it should.
    #[default]
    Healthy,
    /// Works, with something wrong that people should know.
    Degraded,
    /// Does not do its work.
    Unhealthy,
}

/// How a member is, part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthReport {
    /// Its parts; none when nothing can be wrong.
    pub parts: Vec<HealthPart>,
}

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPart {
    /// Which part.
    pub name: String,
    /// How it is.
    pub status: HealthStatus,
    /// Why, when there is something to say.
    pub reason: Option<String>,
}

/// One sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// The member's running number, from 1.
    pub sequence: u64,
    /// How it says it is.
    pub status: HealthStatus,
    /// Tasks it is at.
    pub running_tasks: u32,
}

impl HealthStatus {
    /// The worst of all parts; healthy when there are none (R1).
    pub fn worst_of(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or_default()
    }

    /// Its word, for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl HealthReport {
    /// The whole is as its worst part (R1).
    pub fn overall(&self) -> HealthStatus {
        HealthStatus::worst_of(self.parts.iter().map(|part| part.status))
    }

    /// What is wrong, part by part and the worst first, in one line; `None` when every part is
    /// healthy.
    pub fn reasons(&self) -> Option<String> {
        let wrong = self.parts.iter().filter(|part| part.status != HealthStatus::Healthy);
        let mut wrong: Vec<_> = wrong.collect();
        wrong.sort_by_key(|part| Reverse(part.status));
        let told: Vec<_> = wrong.into_iter().map(HealthPart::in_words).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

impl HealthPart {
    fn in_words(&self) -> String {
        let why = self.reason.as_deref().unwrap_or(self.status.as_str());
        format!("{}: {why}", self.name)
    }
}
