//! Who shows life, and who has ceased to (R2). Told the time; waits for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::super::nanoseconds;
use super::{HealthPart, HealthReport, HealthStatus, Heartbeat};

/// How often a member shows life, by default (R2).
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(30);
/// Heartbeats that must be missing in a row before a member counts as unhealthy (R2).
pub const MISSED_LIMIT: u32 = 3;
/// Members a board has room for, by default: as many as a broker has subscribers.
const DEFAULT_MEMBER_LIMIT: usize = 1000;

/// Settings of a [`HealthBoard`].
#[derive(Debug, Clone, Copy)]
pub struct HealthConfig {
    /// How often members show life.
    pub heartbeat: Duration,
    /// How many heartbeats in a row make a member unhealthy when they are missing; at least 1.
    pub missed_limit: u32,
    /// How many members there may be; one more is refused.
    pub member_limit: usize,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            heartbeat: DEFAULT_HEARTBEAT,
            missed_limit: MISSED_LIMIT,
            member_limit: DEFAULT_MEMBER_LIMIT,
        }
    }
}

/// The health of every member, by what it says and by whether it says anything.
#[derive(Debug, Default)]
pub struct HealthBoard {
    config: HealthConfig,
    members: BTreeMap<String, Member>,
}

#[derive(Debug)]
struct Member {
    heard_ns: u64,
    said: HealthStatus,
    /// Silent for too long.
    is_lost: bool,
}

/// A member's health is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthChange {
    /// Whose.
    pub member: String,
    /// What it was; `None` for a new member.
    pub was: Option<HealthStatus>,
    /// What it is; `None` for one that left.
    pub now: Option<HealthStatus>,
}

/// There is no room for another member.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there are {limit} members, the limit")]
pub struct BoardFull {
    /// The limit.
    pub limit: usize,
}

impl HealthBoard {
    /// A board without members.
    pub fn new(config: HealthConfig) -> Self {
        Self { config, members: BTreeMap::new() }
    }

    /// Lets a member in; that it came is a sign of life. One that is in stays as it is.
    pub fn admit(&mut self, member: &str, now_ns: u64) -> Result<(), BoardFull> {
        if self.members.contains_key(member) {
            return Ok(());
        }
        let limit = self.config.member_limit;
        if self.members.len() >= limit {
            return Err(BoardFull { limit });
        }
        let new = Member { heard_ns: now_ns, said: HealthStatus::Healthy, is_lost: false };
        self.members.insert(member.to_owned(), new);
        Ok(())
    }

    /// Forgets a member that left.
    pub fn remove(&mut self, member: &str) {
        self.members.remove(member);
    }

    /// Takes a sign of life; whoever is not a member is not heard. Returns whether its health
    /// changed, or its silence is over.
    pub fn heard(&mut self, member: &str, heartbeat: &Heartbeat, now_ns: u64) -> bool {
        let Some(known) = self.members.get_mut(member) else { return false };
        let (before, was_lost) = (known.status(), known.is_lost);
        known.heard_ns = known.heard_ns.max(now_ns);
        known.said = heartbeat.status;
        known.is_lost = false;
        was_lost || known.status() != before
    }

    /// Looks who has been silent for too long. Returns whether that is news of anybody.
    pub fn look(&mut self, now_ns: u64) -> bool {
        let patience_ns = self.patience_ns();
        let mut is_news = false;
        for member in self.members.values_mut().filter(|member| !member.is_lost) {
            member.is_lost = now_ns.saturating_sub(member.heard_ns) >= patience_ns;
            is_news |= member.is_lost;
        }
        is_news
    }

    /// When [`look`](Self::look) may next have news, if everybody stays silent; `None` when not.
    pub fn next_look_ns(&self) -> Option<u64> {
        let heard = self.members.values().filter(|member| !member.is_lost);
        heard.map(|member| member.heard_ns.saturating_add(self.patience_ns())).min()
    }

    /// The health of a member; unhealthy when it is silent, otherwise what it said last.
    pub fn status(&self, member: &str) -> Option<HealthStatus> {
        self.members.get(member).map(Member::status)
    }

    /// Whether a member has been silent for too long, and not only said that it is unhealthy.
    pub fn is_lost(&self, member: &str) -> bool {
        self.members.get(member).is_some_and(|member| member.is_lost)
    }

    /// Whether a member may be given tasks: one that is unhealthy is excluded (R2).
    pub fn takes_tasks(&self, member: &str) -> bool {
        self.status(member).is_some_and(|status| status != HealthStatus::Unhealthy)
    }

    /// The whole is as its worst member (R1).
    pub fn overall(&self) -> HealthStatus {
        HealthStatus::worst_of(self.members.values().map(Member::status))
    }

    /// Every member as a part of the whole.
    pub fn report(&self) -> HealthReport {
        let part = |(name, member): (&String, &Member)| HealthPart {
            name: name.clone(),
            status: member.status(),
            reason: member.is_lost.then(|| "it does not show life".to_owned()),
        };
        HealthReport { parts: self.members.iter().map(part).collect() }
    }

    /// Every member's health.
    pub fn snapshot(&self) -> BTreeMap<String, HealthStatus> {
        self.members.iter().map(|(name, member)| (name.clone(), member.status())).collect()
    }

    fn patience_ns(&self) -> u64 {
        let patience = self.config.heartbeat.saturating_mul(self.config.missed_limit.max(1));
        nanoseconds(patience)
    }
}

impl Member {
    fn status(&self) -> HealthStatus {
        if self.is_lost { HealthStatus::Unhealthy } else { self.said }
    }
}

/// What differs between two snapshots, in order of the members' names.
pub(in super::super) fn changes(
    before: &BTreeMap<String, HealthStatus>,
    after: &BTreeMap<String, HealthStatus>,
) -> Vec<HealthChange> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| HealthChange {
        member: name.clone(),
        was: before.get(name).copied(),
        now: after.get(name).copied(),
    };
    names.into_iter().map(change).filter(|change| change.was != change.now).collect()
}
