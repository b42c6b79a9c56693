//! How much a scenario may ask for. Whatever is beyond is refused with its place, before anything
//! runs: a plan that is accepted fits a machine's memory and a person's patience.

use super::chaos::{Chaos, SourceSpec};
use super::{Bus, Case, Count, Deployment, Phase, Publish, Rate, TrialKind};

/// Events all publishers of a trial plan, at most: each is recorded, and checked in memory.
pub const MAX_TRIAL_EVENTS: u64 = 5_000_000;
/// Planned events times subscribers of a trial, at most: each arrival is a record of some 60 bytes,
/// in its actor and again in the checkers.
pub const MAX_TRIAL_DELIVERIES: u64 = 10_000_000;
/// Events a second that a publisher without a rate is taken to reach; no bus here is faster.
pub const FASTEST_PER_S: u64 = 1_000_000;
/// How long a phase may publish by its plan, milliseconds: longer windows tell nothing new.
pub const MAX_PHASE_MS: u64 = 10 * 60_000;
/// Quiet time of one phase, milliseconds: it is workload, and a minute of it shows any leak.
pub const MAX_IDLE_MS: u64 = 60_000;
/// A wait the case itself sets (publish limit, deadline of a shutdown), milliseconds: two of them
/// fit into the minute the harness gives an action.
pub const MAX_WAIT_MS: u64 = 30_000;
/// Longest delay of a connection, milliseconds: far below what heartbeats take for an end.
pub const MAX_DELAY_MS: u64 = 1_000;
/// Window and cool-down of a circuit breaker, milliseconds: no trial lasts longer.
pub const MAX_BREAKER_MS: u64 = MAX_BUDGET_MS;
/// Time of a trial whose scenario has no `[budget]`, milliseconds: the longest behaviour case takes
/// a tenth of it in a debug build on a busy host.
pub const DEFAULT_BUDGET_MS: u64 = 5 * 60_000;
/// Longest budget, milliseconds: a trial is one of dozens.
pub const MAX_BUDGET_MS: u64 = 60 * 60_000;
/// Publishers of a case, at most; so are its subscribers: the reference allows 1000 of these.
pub const MAX_ROLES: usize = 1000;
/// Publishers and subscribers over all points of all profiles, at most: `check` and `list` lay them
/// all out in memory.
pub const MAX_SCENARIO_ROLES: usize = 50_000;
/// Operating system processes of a trial, at most: each takes some megabytes and a share of a core.
pub const MAX_TRIAL_PROCESSES: usize = 256;
/// Shares and actions of a trial, groups counted member by member, at most.
pub const MAX_TRIAL_STEPS: usize = 10_000;
/// Requests all callers of a trial make, at most: each is a line of its record.
pub const MAX_CALLS: u64 = 100_000;
/// Longest heartbeat of a member, milliseconds: three missed are still within a person's patience.
pub const MAX_HEARTBEAT_MS: u64 = 10_000;
/// Largest payload, bytes: sixteen times the bus's own limit.
pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// Topics one part of a mix rotates over, at most: the registry has a hundred and a site thousands.
pub const MAX_TOPICS: u32 = 10_000;
/// Subscriptions of a case, at most; also those one connection may have: 10 000 that match nothing
/// and some that do.
pub const MAX_SUBSCRIPTIONS: usize = 16_384;
/// Points of a curve, at least: two are a line whatever lies between them.
pub const MIN_CURVE_POINTS: usize = 3;
/// Records all publishers of a case hold, at most: half a gigabyte, more than any collector has.
pub const MAX_TABLE_RECORDS: usize = 1_000_000;

impl Publish {
    /// Events of this share by the plan alone; without a rate as many as a publisher can reach.
    /// Nothing for what only the bus ends.
    pub fn planned_events(&self) -> u64 {
        match (self.count, self.rate) {
            (Count::Events(events), _) => events,
            (Count::ForMs(ms), Rate::PerSecond(per_second, _)) => {
                whole(per_second * ms as f64 / 1000.0)
            }
            (Count::ForMs(ms), Rate::Max | Rate::Window(_)) => {
                ms.saturating_mul(FASTEST_PER_S / 1000)
            }
            (Count::ForMs(_), Rate::AsRecorded(_)) | (Count::UntilRefused, _) => 0,
        }
    }

    /// Milliseconds this share takes by the plan alone; nothing where only the bus decides.
    pub fn planned_ms(&self) -> u64 {
        match (self.count, self.rate) {
            (Count::ForMs(ms), _) | (_, Rate::AsRecorded(ms)) => ms,
            (Count::Events(events), Rate::PerSecond(per_second, _)) => {
                whole(events as f64 * 1000.0 / per_second)
            }
            (Count::Events(_), Rate::Max | Rate::Window(_)) | (Count::UntilRefused, _) => 0,
        }
    }
}

impl Chaos {
    /// Milliseconds until everything is on its way by the plan alone: the slowest source sends, and what
    /// fills no batch waits. Nothing where there is no collector.
    pub fn planned_ms(&self) -> u64 {
        let sends_ms = |source: &SourceSpec| match source.rate_per_s {
            Some(per_second) => whole(source.sends() as f64 * 1000.0 / per_second),
            None => 0,
        };
        let slowest = self.sources.iter().map(sends_ms).max().unwrap_or_default();
        slowest.saturating_add(self.collector.batch_timeout_ms)
    }
}

impl Case {
    /// Milliseconds of the whole case by the plan alone, at least: of all phases publishing, or the
    /// slowest subscriber's pace, or the broker's absence, and quiet; of chaos until everything is on its way.
    pub fn planned_ms(&self) -> u64 {
        let phases = self.phases.iter().map(|phase| self.phase_ms(phase));
        phases.fold(self.chaos.planned_ms(), u64::saturating_add)
    }

    fn phase_ms(&self, phase: &Phase) -> u64 {
        self.publishing_ms(phase).max(phase.away_ms()).saturating_add(phase.idle_ms)
    }

    /// Milliseconds of a phase's publishing by the plan alone, until the slowest pace has taken it in.
    pub fn publishing_ms(&self, phase: &Phase) -> u64 {
        let longest = phase.publish.iter().map(Publish::planned_ms).max().unwrap_or_default();
        longest.max(self.paced_ms(phase))
    }

    /// Operating system processes of a trial on a bus, the harness left out.
    pub fn processes_on(&self, bus: Bus) -> usize {
        let publishers = self.topology.publishers.len();
        let asked = self.control.members.len() + self.control.callers.len();
        match bus.deployment() {
            Deployment::InProcess | Deployment::Embedded => 1,
            Deployment::Agent => 1 + publishers + asked,
            Deployment::Process => {
                let desk = usize::from(asked > 0);
                let subscribers = self.topology.subscribers.len();
                1 + publishers + subscribers.div_ceil(self.topology.per_process()) + desk + asked
            }
        }
    }
}

/// What a trial plans so far, share by share; refused totals are not added up further.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    events: u64,
    steps: usize,
}

/// What a share or an action would carry a trial beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Beyond {
    #[error("a trial has at most {MAX_TRIAL_STEPS} shares and actions, groups counted by member")]
    Steps,
    #[error("a phase publishes for at most {} s", MAX_PHASE_MS / 1000)]
    Phase,
    #[error(
        "a trial plans at most {MAX_TRIAL_EVENTS} events; without a rate, {FASTEST_PER_S} a second \
         are counted"
    )]
    Events,
    #[error("a trial plans at most {MAX_TRIAL_DELIVERIES} deliveries (events times subscribers)")]
    Deliveries,
}

impl Total {
    /// Adds so many equal steps without events.
    pub(super) fn add_steps(&mut self, steps: usize) -> Result<(), Beyond> {
        let sum = self.steps.saturating_add(steps);
        if sum > MAX_TRIAL_STEPS {
            return Err(Beyond::Steps);
        }
        self.steps = sum;
        Ok(())
    }

    /// Adds the share of one publisher. Closed loops and open loops are counted alike, but for
    /// saturation: it keeps no record of single events.
    pub(super) fn add(
        &mut self,
        share: &Publish,
        subscribers: usize,
        kind: TrialKind,
    ) -> Result<(), Beyond> {
        if share.planned_ms() > MAX_PHASE_MS {
            return Err(Beyond::Phase);
        }
        self.add_steps(1)?;
        let is_counted = kind != TrialKind::Saturation || matches!(share.count, Count::Events(_));
        let events = if is_counted { share.planned_events() } else { 0 };
        let sum = events.saturating_add(self.events);
        if sum > MAX_TRIAL_EVENTS {
            return Err(Beyond::Events);
        }
        if sum.saturating_mul(subscribers as u64) > MAX_TRIAL_DELIVERIES {
            return Err(Beyond::Deliveries);
        }
        self.events = sum;
        Ok(())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and counts are not negative, and the cast saturates"
)]
fn whole(number: f64) -> u64 {
    number.ceil() as u64
}
