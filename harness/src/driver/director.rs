//! Leads one trial: tells actors what to do, and passes what they say to whoever keeps it.
//!
//! A trial can be led in one order only. [`Director::open`] subscribes whoever is there from the
//! start; then come the phases; [`wind_down`](Director::wind_down) consumes the director, and only
//! the [`Ended`] it leaves can be read.
//!
//! Orders go out through `session`, which has every limit and the user's interrupt. What comes in
//! is noted once, here, and changes `attendance`, `progress` and `actions`; what is worth keeping
//! goes on to `journal`. Nothing flows back.

mod actions;
mod attendance;
mod control;
mod counters;
mod credit;
mod faults;
mod fences;
mod journal;
mod phases;
mod progress;
mod tear_down;
mod volley;

use std::time::Duration;

use tokio::time::Instant;

use self::actions::{Action, Actions, doer};
use self::attendance::Attendance;
use self::journal::Journal;
use self::progress::Progress;
use super::actor::protocol::{Notice, Order};
use super::error::DriveError;
use super::processes::Session;
use crate::plan::{Bus, Case, Operation};
use crate::record::TearDown;

/// An action ends within the publish limit of any bus plus a shutdown's deadline.
pub(super) const OPERATION_LIMIT: Duration = Duration::from_mins(1);
/// Phase number of what happens before the first phase.
pub(super) const BEFORE: u32 = u32::MAX;

/// The id of what was done at once: no action under way has it.
const DONE: u64 = u64::MAX;

/// One trial while it runs.
pub(super) struct Director<'t> {
    pub(super) case: &'t Case,
    pub(super) bus: Bus,
    /// The void floor instead of the bus.
    pub(super) void: bool,
    /// The line to the actors.
    pub(super) session: &'t mut Session,
    /// Who is subscribed and reads.
    pub(super) attendance: Attendance,
    /// How far everybody is.
    pub(super) progress: Progress,
    /// What was begun and not answered.
    pub(super) actions: Actions,
    /// Publishers that were done while the director waited for somebody to come back; whoever waits
    /// for them has still to be told.
    pub(super) finished: Vec<Notice>,
    /// Rounds of fences so far: the number of the next one's.
    pub(super) fence_rounds: u64,
    /// What was recorded.
    pub(super) journal: Journal,
}

/// One trial whose actors have gone: what is left to be read.
pub(super) struct Ended<'t> {
    pub(super) case: &'t Case,
    pub(super) void: bool,
    /// What was measured from outside; nobody is on the line any more.
    pub(super) session: &'t mut Session,
    pub(super) attendance: Attendance,
    pub(super) journal: Journal,
    pub(super) tear_down: TearDown,
}

impl<'t> Director<'t> {
    /// Begins a trial whose actors are up: whoever subscribes from the start does so.
    pub(super) async fn open(
        case: &'t Case,
        bus: Bus,
        void: bool,
        session: &'t mut Session,
    ) -> Result<Self, DriveError> {
        session.meter.everybody_is_ready();
        let mut director = Self {
            case,
            bus,
            void,
            session,
            attendance: Attendance::new(case),
            progress: Progress::new(case),
            actions: Actions::default(),
            finished: Vec::new(),
            fence_rounds: 0,
            journal: Journal::default(),
        };
        for (index, spec) in case.topology.subscribers.iter().enumerate() {
            if spec.from_start {
                let expect = Some("ok".to_owned());
                director.operate(Operation::Subscribe(index), BEFORE, expect).await?;
            }
        }
        Ok(director)
    }

    /// Begins an action; its answer is noted when it comes.
    pub(super) async fn begin(
        &mut self,
        operation: Operation,
        phase: u32,
        expect: Option<String>,
    ) -> Result<u64, DriveError> {
        if let Some(fault) = operation.fault() {
            self.inflict(fault, phase, expect).await?;
            return Ok(DONE);
        }
        let part = doer(&operation);
        let action = Action { operation: operation.clone(), phase, expect };
        let id = self.actions.begin(action);
        self.session.tell(part, &Order::Operate { id, operation, phase }).await?;
        Ok(id)
    }

    /// Does an action and waits for its answer.
    pub(super) async fn operate(
        &mut self,
        operation: Operation,
        phase: u32,
        expect: Option<String>,
    ) -> Result<(), DriveError> {
        let id = self.begin(operation, phase, expect).await?;
        let until = Instant::now() + OPERATION_LIMIT;
        while self.actions.has(id) {
            let (_, notice) =
                self.session.hear("the end of an action", OPERATION_LIMIT, until).await?;
            self.note(&notice);
        }
        Ok(())
    }

    /// Takes in whatever an actor said. What only one wait is about (fences, counters, goodbyes)
    /// is taken by that wait; coming later it changes nothing, and the history has it.
    pub(super) fn note(&mut self, notice: &Notice) {
        self.progress.note(notice);
        if let Notice::Noted(noted) = notice {
            self.journal.control.facts.push(noted.clone());
        }
        if let Notice::Operated { id, call_ns, return_ns, outcome } = notice
            && let Some(action) = self.actions.end(*id)
        {
            self.attendance.done(&action.operation, outcome == "ok");
            self.journal.operated(action, *call_ns, *return_ns, outcome.clone());
        }
    }

    /// Lets time pass that belongs to the workload.
    pub(super) async fn idle(&mut self, time: Duration) -> Result<(), DriveError> {
        let until = Instant::now() + time;
        loop {
            match self.session.hear("quiet time", time, until).await {
                Ok((_, notice)) => self.note(&notice),
                Err(DriveError::Limit { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// The trial is over and everybody has gone.
    pub(super) fn ended(self, tear_down: TearDown) -> Ended<'t> {
        let Self { case, void, session, attendance, journal, .. } = self;
        Ended { case, void, session, attendance, journal, tear_down }
    }
}
