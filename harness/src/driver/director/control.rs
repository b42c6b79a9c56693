//! The steps of a case of the control plane, one after the other.
//!
//! A step ends by what was seen. Where that does not come within its limit, the steps end there and
//! the record says so: what it means is for the checks.

use std::collections::BTreeSet;
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use tokio::time::Instant;

use super::Director;
use crate::driver::actor::assignment::Part;
use crate::driver::actor::protocol::{ControlOrder, Notice, Order};
use crate::driver::error::{DriveError, Stage};
use crate::plan::control::{Health, Member, Step};
use crate::record::{ControlHistory, Fact, Noted, Noter, Origin, StepTimes};

/// What a role does at once, it has done within this time; calls have a limit of their own below it.
const OBEYED_LIMIT: Duration = Duration::from_secs(20);
/// What a step waits for comes within this time: several times what three heartbeats take.
const AWAITED_LIMIT: Duration = Duration::from_secs(10);

impl Director<'_> {
    /// Lets every member join, then does every step until one of them waits in vain.
    pub(in crate::driver) async fn steps(&mut self) -> Result<(), DriveError> {
        self.session.stage = Stage::Phase("registration".to_owned());
        for member in 0..self.case.control.members.len() {
            self.obeyed(&[Part::Member(member)], &ControlOrder::Register, OBEYED_LIMIT).await?;
        }
        for (index, step) in self.case.control.steps.iter().enumerate() {
            self.session.stage = Stage::Phase(format!("step {} ({})", index + 1, step.name()));
            let times = StepTimes { began_ns: monotonic_ns(), ended_ns: None };
            self.journal.control.steps.push(times);
            if !self.step(index, step).await? {
                break;
            }
            if let Some(times) = self.journal.control.steps.last_mut() {
                times.ended_ns = Some(monotonic_ns());
            }
        }
        self.session.thaw_all();
        Ok(())
    }

    /// Does one step; whether what it waits for has come.
    async fn step(&mut self, index: usize, step: &Step) -> Result<bool, DriveError> {
        match step {
            Step::Call { member, rounds, together } => {
                self.call(index, *member, *rounds, *together).await
            }
            Step::Assign { tasks } => {
                let first = self.case.control.tasks_before(index);
                self.desk(ControlOrder::Assign { first, tasks: *tasks }).await
            }
            Step::AwaitResults => self.until(|noted| noted.assigned() == noted.ended()).await,
            Step::AwaitBegun { member, tasks } => {
                self.until(|noted| noted.begun(*member) >= *tasks).await
            }
            Step::Hold { member } => self.member(*member, ControlOrder::Hold).await,
            Step::Release { member } => self.member(*member, ControlOrder::Release).await,
            Step::Say { member, health } => self.member(*member, ControlOrder::Say(*health)).await,
            Step::Kill { member } | Step::Freeze { member } | Step::Thaw { member } => {
                self.befall(step, *member).await;
                Ok(true)
            }
            Step::AwaitHealth { member, health } => {
                let name = self.case.control.members[*member].name.clone();
                self.until(|noted| noted.health(&name) == Some(*health)).await
            }
            Step::AskHealth { .. } => self.callers(ControlOrder::AskHealth).await,
            Step::Configure { member, update } => {
                let member = self.case.control.members[*member].name.clone();
                let update = update.clone();
                self.desk(ControlOrder::Configure { step: index, member, update }).await
            }
            Step::Impersonate { member, .. } => {
                let member = self.case.control.members[*member].name.clone();
                let order = ControlOrder::Impersonate { step: index, member };
                Ok(self.callers(order).await? && self.audited().await?)
            }
            Step::Overstep { member, wanted, times } => {
                let order = ControlOrder::Overstep { wanted: wanted.clone(), times: *times };
                Ok(self.member(*member, order).await? && self.audited().await?)
            }
            Step::TellWorkflows => self.desk(ControlOrder::TellWorkflows { step: index }).await,
            Step::Gather { within_ms } => {
                let order = ControlOrder::Gather { step: index, within_ms: *within_ms };
                let limit = Duration::from_millis(*within_ms) + AWAITED_LIMIT;
                self.obeyed(&[Part::Desk], &order, limit).await
            }
        }
    }

    /// All callers at once, then one more request of each: by C4 its answer says that everything
    /// else the member sent before has arrived.
    async fn call(
        &mut self,
        step: usize,
        asked: usize,
        rounds: u64,
        together: usize,
    ) -> Result<bool, DriveError> {
        let member = self.case.control.members[asked].name.clone();
        if together > 1 {
            self.member(asked, ControlOrder::Together { askers: together }).await?;
        }
        let order = ControlOrder::Call { step, member: member.clone(), rounds };
        let called = self.callers(order).await?;
        let order = ControlOrder::Reckon { step, member, round: rounds };
        Ok(called && self.callers(order).await?)
    }

    /// Waits until the desk has heard of every refusal so far that it must hear of.
    async fn audited(&mut self) -> Result<bool, DriveError> {
        let members = &self.case.control.members;
        self.until(|noted| noted.is_audited(members)).await
    }

    async fn desk(&mut self, order: ControlOrder) -> Result<bool, DriveError> {
        self.obeyed(&[Part::Desk], &order, OBEYED_LIMIT).await
    }

    async fn member(&mut self, member: usize, order: ControlOrder) -> Result<bool, DriveError> {
        self.obeyed(&[Part::Member(member)], &order, OBEYED_LIMIT).await
    }

    async fn callers(&mut self, order: ControlOrder) -> Result<bool, DriveError> {
        let groups: Vec<Part> = (0..self.case.control.callers.len()).map(Part::Callers).collect();
        self.obeyed(&groups, &order, OBEYED_LIMIT).await
    }

    /// Tells roles what to do, all at once; whether all have done it within the limit.
    async fn obeyed(
        &mut self,
        parts: &[Part],
        order: &ControlOrder,
        limit: Duration,
    ) -> Result<bool, DriveError> {
        for part in parts {
            let order = Order::Control { part: *part, order: order.clone() };
            self.session.tell(*part, &order).await?;
        }
        let mut owing: BTreeSet<usize> = (0..parts.len()).collect();
        let until = Instant::now() + limit;
        while !owing.is_empty() {
            match self.session.hear("an order to be obeyed", limit, until).await {
                Ok((_, Notice::Obeyed { part })) => owing.retain(|index| parts[*index] != part),
                Ok((_, other)) => self.note(&other),
                Err(DriveError::Limit { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Waits until something holds of what was noted; whether it did within the limit.
    async fn until(&mut self, holds: impl Fn(&ControlHistory) -> bool) -> Result<bool, DriveError> {
        let until = Instant::now() + AWAITED_LIMIT;
        while !holds(&self.journal.control) {
            match self.session.hear("what a step waits for", AWAITED_LIMIT, until).await {
                Ok((_, notice)) => self.note(&notice),
                Err(DriveError::Limit { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// What happens to a member's process instead of asking it.
    async fn befall(&mut self, step: &Step, member: usize) {
        let actor = self.session.host_of(Part::Member(member));
        let before_ns = monotonic_ns();
        let (done, fact) = match step {
            Step::Kill { .. } => (self.session.kill(actor).await, Fact::Killed { member }),
            Step::Freeze { .. } => (self.session.freeze(actor).await, Fact::Frozen { member }),
            _ => (self.session.thaw(actor), Fact::Thawing { member }),
        };
        let runs_on = matches!(fact, Fact::Thawing { .. });
        let at_ns = if runs_on { before_ns } else { monotonic_ns() };
        if done {
            self.journal.control.facts.push(Noted { at_ns, by: Noter::Harness, fact });
        } else {
            let name = &self.case.control.members[member].name;
            self.journal.doubt(format!("{} of {name} could not be done", step.name()));
        }
    }
}

/// What a step waits for, in what was noted so far.
impl ControlHistory {
    fn count(&self, counts: impl Fn(&Noted) -> bool) -> u64 {
        self.facts.iter().filter(|noted| counts(noted)).count() as u64
    }

    fn assigned(&self) -> u64 {
        self.count(|noted| matches!(noted.fact, Fact::Assigned { .. }))
    }

    fn ended(&self) -> u64 {
        self.count(|noted| matches!(noted.fact, Fact::Ended { .. }))
    }

    fn begun(&self, member: usize) -> u64 {
        self.count(|noted| {
            noted.by == Noter::Member(member) && matches!(noted.fact, Fact::Begun { .. })
        })
    }

    /// Whether the desk has heard of every refusal that must be told.
    fn is_audited(&self, members: &[Member]) -> bool {
        let named = members.iter().enumerate();
        let members = named.map(|(index, member)| Origin::Member(index, &member.name));
        members
            .chain([Origin::Door])
            .all(|origin| self.count(|noted| noted.is_audit(origin)) >= self.audits_due(origin))
    }

    fn health(&self, name: &str) -> Option<Health> {
        let told = self.facts.iter().rev().find_map(|noted| match &noted.fact {
            Fact::Changed { member, health } if member == name => Some(*health),
            _ => None,
        });
        told.flatten()
    }
}
