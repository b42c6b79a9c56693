//! One phase: announce it, let everybody publish, act when triggers say so, fence, be quiet.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::credit::Credit;
use super::{BEFORE, Director};
use crate::driver::actor::assignment::Part;
use crate::driver::actor::protocol::{Notice, Order};
use crate::driver::error::{DriveError, Stage};
use crate::plan::{Action, Case, Deed, Fault, Phase, TrialKind, Trigger, Victim};

/// Subscribers answer an announcement within this time, however much waits to be received.
const ANNOUNCE_LIMIT: Duration = Duration::from_secs(20);
/// What publishing may take beyond its plan: publish limits, a busy host, a debug build.
const SLACK: Duration = Duration::from_mins(2);
/// After the last publish, triggers that wait for arrivals get so long to be reached, and what
/// subscribers with a pace need.
const TRIGGER_LIMIT: Duration = Duration::from_secs(5);

impl Director<'_> {
    /// Runs every phase of the case, in order.
    pub(in crate::driver) async fn phases(&mut self) -> Result<(), DriveError> {
        for (index, plan) in (0..).zip(&self.case.phases) {
            self.session.stage = Stage::Phase(plan.name.clone());
            self.phase(index, plan).await?;
        }
        Ok(())
    }

    async fn phase(&mut self, index: u32, plan: &Phase) -> Result<(), DriveError> {
        self.announce(index).await?;
        self.act(index, plan, Trigger::Start).await?;
        if plan.measured {
            self.session.meter.window_begins();
            self.session.keep_answers(self.case.kind == TrialKind::Paced);
        }
        self.publish(index, plan).await?;
        self.session.keep_answers(false);
        self.act(index, plan, Trigger::End).await?;
        self.undo_what_lasts().await;
        if self.void {
            self.announce(BEFORE).await?;
        } else if self.fences(plan) {
            self.fence(index).await?;
        }
        if plan.measured {
            self.session.meter.window_ends();
        }
        if plan.idle_ms > 0 {
            self.idle(Duration::from_millis(plan.idle_ms)).await?;
        }
        self.read_counters(plan).await
    }

    /// Whether fences end a phase; after the first fault of a wild case nothing is waited for.
    fn fences(&self, plan: &Phase) -> bool {
        plan.fence && !(self.case.wild && self.attendance.is_struck())
    }

    /// Counters after a phase of a behaviour trial; those of a bus at rest where fences say so.
    async fn read_counters(&mut self, plan: &Phase) -> Result<(), DriveError> {
        let is_up = !self.attendance.is_shut_down() && !self.attendance.is_gone();
        if self.case.kind != TrialKind::Behaviour || !is_up {
            return Ok(());
        }
        let sample = if self.fences(plan) {
            let at_rest = self.statistics_at_rest().await?;
            self.journal.after_fence.clone_from(&at_rest);
            at_rest
        } else {
            self.statistics().await?
        };
        self.journal.samples.extend(sample);
        Ok(())
    }

    /// Tells every subscriber which phase it is, and waits until all know.
    async fn announce(&mut self, phase: u32) -> Result<(), DriveError> {
        let mut silent = self.attendance.living_subscribers();
        for subscriber in silent.clone() {
            let order = Order::Phase { subscriber, phase };
            self.session.tell(Part::Subscriber(subscriber), &order).await?;
        }
        let until = Instant::now() + ANNOUNCE_LIMIT;
        while !silent.is_empty() {
            let (_, notice) =
                self.session.hear("subscribers to enter a phase", ANNOUNCE_LIMIT, until).await?;
            if let Notice::Phased { subscriber, .. } = notice {
                silent.remove(&subscriber);
            }
            self.note(&notice);
        }
        Ok(())
    }

    /// The actions of one of the two quiet moments of a phase, one after the other.
    async fn act(&mut self, index: u32, plan: &Phase, when: Trigger) -> Result<(), DriveError> {
        for action in plan.actions.iter().filter(|action| action.trigger == when) {
            self.operate(action.operation.clone(), index, Some(action.expect.clone())).await?;
        }
        Ok(())
    }

    /// Everybody publishes; triggered actions are begun as soon as they are due.
    async fn publish(&mut self, index: u32, plan: &Phase) -> Result<(), DriveError> {
        self.progress.begin_phase();
        let mut running = Running::new(plan, self.progress.received());
        for publish in &plan.publish {
            let publisher = publish.publisher;
            let order = Order::Run { publisher, phase: index };
            self.session.tell(Part::Publisher(publisher), &order).await?;
        }
        self.grant_credit(&mut running.credit).await?;
        let Patience { limit, triggers } = Patience::of(self.case, index);
        let mut until = Instant::now() + limit;
        loop {
            self.fire(index, &mut running).await?;
            for notice in std::mem::take(&mut self.finished) {
                self.take_in(index, &mut running, &notice).await?;
            }
            if running.publishers.is_empty()
                && running.waiting.is_empty()
                && self.actions.is_empty()
            {
                return Ok(());
            }
            let heard = self.session.hear("the end of a phase", limit, until).await;
            match heard {
                Ok((_, notice)) => {
                    if self.take_in(index, &mut running, &notice).await? {
                        until = until.min(Instant::now() + triggers);
                    }
                }
                Err(DriveError::Limit { .. }) if running.publishers.is_empty() => {
                    self.doubt_triggers(plan, &mut running);
                    until = Instant::now() + limit;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns whether the last publisher has just finished and only triggers are left.
    async fn take_in(
        &mut self,
        index: u32,
        running: &mut Running,
        notice: &Notice,
    ) -> Result<bool, DriveError> {
        self.note(notice);
        match notice {
            Notice::Finished { publisher, share } => {
                running.publishers.remove(publisher);
                running.credit.finished(*publisher, share.called);
                self.journal.shares.push((index, *publisher, *share));
                self.grant_credit(&mut running.credit).await?;
                return Ok(running.publishers.is_empty() && self.actions.is_empty());
            }
            Notice::Progress { .. } => self.grant_credit(&mut running.credit).await?,
            Notice::Sent { .. } if self.void => self.grant_void_events().await?,
            _ => {}
        }
        Ok(false)
    }

    async fn grant_credit(&mut self, credit: &mut Credit) -> Result<(), DriveError> {
        let grants = credit.grants(self.progress.received(), &self.attendance.readers());
        for (publisher, allowed) in grants {
            let order = Order::Credit { publisher, allowed };
            self.session.tell(Part::Publisher(publisher), &order).await?;
        }
        Ok(())
    }

    async fn grant_void_events(&mut self) -> Result<(), DriveError> {
        let events = self.progress.sent();
        for subscriber in 0..self.case.topology.subscribers.len() {
            let order = Order::Grant { subscriber, events };
            self.session.tell(Part::Subscriber(subscriber), &order).await?;
        }
        Ok(())
    }

    /// Begins every action whose trigger is reached.
    async fn fire(&mut self, index: u32, running: &mut Running) -> Result<(), DriveError> {
        let waiting = std::mem::take(&mut running.waiting);
        let (due, waiting): (Vec<Action>, Vec<Action>) =
            waiting.into_iter().partition(|action| self.progress.is_reached(action.trigger));
        running.waiting = waiting;
        for action in due {
            if let Some(Fault { deed: Deed::Kill, victim: Victim::Publisher(publisher) }) =
                action.operation.fault()
            {
                running.publishers.remove(&publisher);
            }
            self.begin(action.operation, index, Some(action.expect)).await?;
        }
        Ok(())
    }

    fn doubt_triggers(&mut self, plan: &Phase, running: &mut Running) {
        for action in running.waiting.drain(..) {
            let (when, what) = (action.trigger.told(self.case), action.operation.told(self.case));
            let name = &plan.name;
            self.journal
                .doubt(format!("phase {name:?}: {when} was never reached, so {what} was not done"));
        }
    }
}

/// How long a phase is waited for.
struct Patience {
    /// From its first publish to its last.
    limit: Duration,
    /// From there to the last trigger.
    triggers: Duration,
}

impl Patience {
    fn of(case: &Case, phase: u32) -> Self {
        let phase = phase as usize;
        let held_up = case.held_up(phase);
        let limit = case.phases[phase].planned() + held_up + SLACK;
        Self { limit, triggers: TRIGGER_LIMIT + held_up }
    }
}

/// What is still to come in a phase.
struct Running {
    publishers: BTreeSet<usize>,
    credit: Credit,
    /// Actions whose trigger is not reached yet.
    waiting: Vec<Action>,
}

impl Running {
    fn new(plan: &Phase, received: &[u64]) -> Self {
        let meanwhile = |action: &&Action| !matches!(action.trigger, Trigger::Start | Trigger::End);
        Self {
            publishers: plan.publish.iter().map(|publish| publish.publisher).collect(),
            credit: Credit::new(plan, received),
            waiting: plan.actions.iter().filter(meanwhile).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::{Count, Publish, Rate, fence_case};

    #[test]
    fn a_phase_is_given_the_time_that_its_slowest_reader_takes() {
        let mut case = fence_case(EventSubscription::new("s").with_pattern("#"), &[None]);
        let publish = vec![Publish { publisher: 0, count: Count::Events(600), rate: Rate::Max }];
        case.phases = vec![Phase { publish, ..Phase::bare("only") }];
        let prompt = Patience::of(&case, 0);
        assert_eq!((prompt.limit, prompt.triggers), (SLACK, TRIGGER_LIMIT));
        case.topology.subscribers[0].pace_per_s = Some(2.0);
        let (slow, takes) = (Patience::of(&case, 0), Duration::from_mins(5));
        assert_eq!((slow.limit, slow.triggers), (SLACK + takes, TRIGGER_LIMIT + takes));
    }
}
