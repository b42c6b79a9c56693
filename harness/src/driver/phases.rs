//! One phase: announce it, let everybody publish, act when triggers say so, fence, be quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::actor::assignment::Part;
use super::actor::protocol::{Notice, Order};
use super::director::Director;
use super::error::DriveError;
use crate::plan::{Action, Phase, Rate, TrialKind, Trigger};

/// Subscribers answer an announcement within this time, however much waits to be received.
const ANNOUNCE_LIMIT: Duration = Duration::from_secs(20);
/// What a phase may take beyond its own plan: publish limits, a busy host, a debug build.
const SLACK: Duration = Duration::from_mins(2);
/// After the last publish, triggers that wait for arrivals get so long to be reached.
const TRIGGER_LIMIT: Duration = Duration::from_secs(5);

impl Director {
    /// Runs one phase.
    pub(super) async fn phase(&mut self, index: u32) -> Result<(), DriveError> {
        let plan = self.case.phases[index as usize].clone();
        self.announce(index).await?;
        self.act(index, &plan, Trigger::Start).await?;
        if plan.measured {
            self.session.meter.window_begins();
            self.session.keep_answers(self.case.kind == TrialKind::Paced);
        }
        self.publish(index, &plan).await?;
        self.session.keep_answers(false);
        self.act(index, &plan, Trigger::End).await?;
        if self.void {
            self.announce(super::director::BEFORE).await?;
        } else if plan.fence {
            self.fence(index).await?;
        }
        if plan.measured {
            self.session.meter.window_ends();
        }
        if plan.idle_ms > 0 {
            self.idle(Duration::from_millis(plan.idle_ms)).await?;
        }
        if self.case.kind == TrialKind::Behaviour && !self.shut_down {
            let sample = if plan.fence {
                let at_rest = self.statistics_at_rest().await?;
                self.after_fence.clone_from(&at_rest);
                at_rest
            } else {
                self.statistics().await?
            };
            self.samples.extend(sample);
        }
        Ok(())
    }

    /// Tells every subscriber which phase it is, and waits until all know.
    async fn announce(&mut self, phase: u32) -> Result<(), DriveError> {
        let mut silent: BTreeSet<usize> = (0..self.case.topology.subscribers.len()).collect();
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
        self.sent.fill(0);
        let mut running = Running::new(self, plan);
        for publish in &plan.publish {
            let publisher = publish.publisher;
            let order = Order::Run { publisher, phase: index };
            self.session.tell(Part::Publisher(publisher), &order).await?;
        }
        self.grant_credit(&mut running).await?;
        let limit = limit(plan);
        let mut until = Instant::now() + limit;
        loop {
            self.fire(index, &mut running).await?;
            if running.publishers.is_empty() && !self.is_pending() && running.waiting.is_empty() {
                return Ok(());
            }
            let heard = self.session.hear("the end of a phase", limit, until).await;
            match heard {
                Ok((_, notice)) => {
                    if self.take_in(index, &mut running, &notice).await? {
                        until = until.min(Instant::now() + TRIGGER_LIMIT);
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
                running.finished += share.called;
                self.shares.push((index, *publisher, *share));
                self.grant_credit(running).await?;
                return Ok(running.publishers.is_empty() && !self.is_pending());
            }
            Notice::Progress { .. } => self.grant_credit(running).await?,
            Notice::Sent { .. } if self.void => self.grant_void_events().await?,
            _ => {}
        }
        Ok(false)
    }

    /// Credit is the same in every deployment: what all readers have received, plus the window.
    ///
    /// Nothing is said when nothing has changed: with several subscribers only the slowest's
    /// progress grants anything, and lines nobody needs would wake the publisher's process.
    async fn grant_credit(&mut self, running: &mut Running) -> Result<(), DriveError> {
        let open: Vec<(usize, u64)> = running
            .windows
            .iter()
            .copied()
            .filter(|(publisher, _)| running.publishers.contains(publisher))
            .collect();
        let received = self.slowest(&running.baseline);
        for (publisher, window) in &open {
            let share = received.map_or(u64::MAX, |received| {
                received.saturating_sub(running.finished) / open.len() as u64 + window
            });
            if running.granted.insert(*publisher, share) == Some(share) {
                continue;
            }
            let order = Order::Credit { publisher: *publisher, allowed: share };
            self.session.tell(Part::Publisher(*publisher), &order).await?;
        }
        Ok(())
    }

    /// Events of this phase that every reading subscriber has received; `None` without readers.
    fn slowest(&self, baseline: &[u64]) -> Option<u64> {
        let readers = self.readers();
        readers.into_iter().map(|reader| self.totals[reader] - baseline[reader]).min()
    }

    async fn grant_void_events(&mut self) -> Result<(), DriveError> {
        let events = self.sent.iter().sum();
        for subscriber in 0..self.case.topology.subscribers.len() {
            let order = Order::Grant { subscriber, events };
            self.session.tell(Part::Subscriber(subscriber), &order).await?;
        }
        Ok(())
    }

    /// Begins every action whose trigger is reached.
    async fn fire(&mut self, index: u32, running: &mut Running) -> Result<(), DriveError> {
        let (due, waiting) = std::mem::take(&mut running.waiting)
            .into_iter()
            .partition(|action: &Action| self.is_reached(action.trigger));
        running.waiting = waiting;
        let due: Vec<Action> = due;
        for action in due {
            self.begin(action.operation, index, Some(action.expect)).await?;
        }
        Ok(())
    }

    fn is_reached(&self, trigger: Trigger) -> bool {
        match trigger {
            Trigger::AfterPublished(publisher, count) => self.sent[publisher] >= count,
            Trigger::AfterReceived(subscriber, count) => self.totals[subscriber] >= count,
            Trigger::Start | Trigger::End => false,
        }
    }

    fn doubt_triggers(&mut self, plan: &Phase, running: &mut Running) {
        for action in running.waiting.drain(..) {
            self.doubts.push(format!(
                "phase {:?}: {:?} was never reached, so {:?} was not done",
                plan.name, action.trigger, action.operation
            ));
        }
    }
}

/// What is still to come in a phase.
struct Running {
    publishers: BTreeSet<usize>,
    /// Publishers of closed loops with their windows.
    windows: Vec<(usize, u64)>,
    /// Events of publishers that have finished.
    finished: u64,
    /// Credit as last told, by publisher.
    granted: BTreeMap<usize, u64>,
    /// Totals at the beginning of the phase, by subscriber.
    baseline: Vec<u64>,
    /// Actions whose trigger is not reached yet.
    waiting: Vec<Action>,
}

impl Running {
    fn new(director: &Director, plan: &Phase) -> Self {
        let window = |rate| match rate {
            Rate::Window(window) => Some(window),
            Rate::Max | Rate::PerSecond(..) => None,
        };
        let meanwhile = |action: &&Action| !matches!(action.trigger, Trigger::Start | Trigger::End);
        Self {
            publishers: plan.publish.iter().map(|publish| publish.publisher).collect(),
            windows: plan
                .publish
                .iter()
                .filter_map(|publish| Some((publish.publisher, window(publish.rate)?)))
                .collect(),
            finished: 0,
            granted: BTreeMap::new(),
            baseline: director.totals.clone(),
            waiting: plan.actions.iter().filter(meanwhile).cloned().collect(),
        }
    }
}

/// How long a phase may take at most.
fn limit(plan: &Phase) -> Duration {
    plan.planned() + SLACK
}
