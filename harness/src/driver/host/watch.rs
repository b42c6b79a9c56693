//! One agent as it runs: what happens before its eyes, and what it has recorded of it so far.

use std::collections::BTreeSet;
use std::time::Duration;

use collector_core::ready::AgentReady;
use tokio::time::Instant;

use super::agent::{AGENT, RunningAgent};
use super::left::Belongings;
use super::record::GrowingRecord;
use super::stage::{Stage, go_on};
use super::{HostRequest, ThingKind};
use crate::driver::error::DriveError;
use crate::driver::identity::Identity;
use crate::driver::measure::Meter;
use crate::record::{Deployed, Role, Step, Thing};

/// What was done to a batch is seen within this time.
const SEEN_LIMIT: Duration = Duration::from_mins(1);
/// Things held at once: enough that one scan sees many, few for a small host.
const BATCH: u64 = 50;
/// Time between two looks at a record that grows.
const LOOK: Duration = Duration::from_millis(20);

/// An agent as it runs.
pub(super) struct Watch {
    pub(super) agent: RunningAgent,
    pub(super) record: GrowingRecord,
    pub(super) things: Vec<Thing>,
    /// By thing: the steps seen.
    seen: Vec<BTreeSet<Step>>,
    pub(super) meter: Meter,
    pub(super) belongings: Belongings,
    /// How it runs; nothing before it is ready.
    pub(super) deployed: Deployed,
}

impl Watch {
    /// Begins to watch an agent that was started.
    pub(super) fn new(agent: RunningAgent, record: GrowingRecord) -> Self {
        Self {
            agent,
            record,
            things: Vec::new(),
            seen: Vec::new(),
            // Host trials are no performance trials, but what real processes use is worth telling.
            meter: Meter::new(true),
            belongings: Belongings::default(),
            deployed: Deployed::default(),
        }
    }

    /// Makes everything happen that was asked for, until it was seen or its time is over.
    pub(super) async fn watch(
        &mut self,
        request: &HostRequest<'_>,
        stage: &Stage,
    ) -> Result<(), DriveError> {
        let ready = self.agent.ready().await?;
        tracing::debug!(?ready, "the agent is ready");
        self.deployed = deployed(&ready);
        take_part(&ready, &mut self.agent, &mut self.meter, &mut self.belongings).await?;
        self.meter.everybody_is_ready();
        self.meter.window_begins();
        for (kind, count) in request.makes.iter().copied() {
            let mut left = count;
            while left > 0 {
                let batch = left.min(BATCH);
                left -= batch;
                if !self.batch(stage, kind, batch).await? {
                    break;
                }
            }
        }
        self.meter.window_ends();
        self.meter.everything_is_drained();
        Ok(())
    }

    /// Begins things and takes each through its acts; whether all was seen in time. Nothing of it
    /// is left either way.
    async fn batch(
        &mut self,
        stage: &Stage,
        kind: ThingKind,
        size: u64,
    ) -> Result<bool, DriveError> {
        let (first, mut held) = (self.things.len(), Vec::new());
        for _ in 0..size {
            let (one, things) = stage.begin(kind, self.things.len()).await?;
            self.belongings.hold(&one);
            self.seen.resize(self.seen.len() + things.len(), BTreeSet::new());
            self.things.extend(things);
            held.push(one);
        }
        let acts = self.things[first..].iter().map(|thing| thing.acts().len()).max().unwrap_or(0);
        let mut seen = self.until_seen(first, 0).await;
        for act in 1..acts {
            go_on(&mut held, act).await?;
            if matches!(seen, Ok(true)) {
                seen = self.until_seen(first, act).await;
            }
        }
        seen
    }

    /// Reads until every step of an act was seen of every thing from this on; whether in time.
    async fn until_seen(&mut self, first: usize, act: usize) -> Result<bool, DriveError> {
        let limit = Instant::now() + SEEN_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.read_on()?;
            if self.has_seen(first, act) {
                return Ok(true);
            }
            if Instant::now() >= limit {
                return Ok(false);
            }
            if let Some((name, pid)) = self.belongings.dead() {
                return Err(self.agent.lost_collector(name, pid).await);
            }
            let ended = tokio::select! {
                _ = look.tick() => continue,
                () = self.meter.tick() => continue,
                ended = self.agent.exited() => ended,
            };
            return Err(self.agent.ended_unasked(ended).await);
        }
    }

    /// Takes in what was recorded since.
    pub(super) fn read_on(&mut self) -> Result<(), DriveError> {
        let known = self.record.read_on();
        let what = |cause| format!("left a record that cannot be read: {cause}");
        let known = known.map_err(|cause| self.agent.error(&what(cause)))?;
        for received in &self.record.events[known..] {
            let thing = Thing::find(&self.things, &received.event);
            let Some(thing) = thing else { continue };
            self.seen[thing].extend(self.things[thing].step_told_by(&received.event));
        }
        Ok(())
    }

    fn has_seen(&self, first: usize, act: usize) -> bool {
        let mut both = self.things[first..].iter().zip(&self.seen[first..]);
        both.all(|(thing, seen)| {
            let steps = thing.acts().get(act).copied().unwrap_or_default();
            steps.iter().all(|step| seen.contains(step))
        })
    }
}

/// How an agent runs, by what it says of itself.
fn deployed(ready: &AgentReady) -> Deployed {
    let collectors = ready.collectors.iter();
    let collectors = collectors.map(|one| (one.ready.clone(), one.pid != ready.pid)).collect();
    Deployed { bus_type: ready.bus_type.clone(), collectors }
}

/// Measures the agent and each collector that is a process of its own.
pub(super) async fn take_part(
    ready: &AgentReady,
    agent: &mut RunningAgent,
    meter: &mut Meter,
    belongings: &mut Belongings,
) -> Result<(), DriveError> {
    meter.watch(AGENT, Role::Agent, ready.pid);
    for collector in ready.collectors.iter().filter(|one| one.pid != ready.pid) {
        meter.watch(&collector.ready, Role::Collector, collector.pid);
        match Identity::of(collector.pid) {
            Some(process) => belongings.collectors.push((collector.ready.clone(), process)),
            // Elsewhere nobody tells whether it runs.
            None if cfg!(unix) => {
                return Err(agent.lost_collector(&collector.ready, collector.pid).await);
            }
            None => {}
        }
    }
    Ok(())
}
