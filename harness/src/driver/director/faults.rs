//! What the case does to a process, a connection or a folder instead of asking anybody (METHOD §5).
//!
//! Only to processes this harness has started, by their id, and to connections that lead through its
//! hands. A fault is done when it returns: a killed process holds nothing any more, a frozen one runs
//! no more, of a cut connection both ends have seen the end. What could not be done is no operation
//! of the history, and leaves a doubt.

use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use tokio::time::Instant;

use super::Director;
use super::actions::{Action, part_of};
use crate::driver::actor::protocol::Notice;
use crate::driver::error::DriveError;
use crate::plan::{Deed, Fault, Operation};

/// A broker's successor is up within this time, debug builds on a busy host included.
const UP_LIMIT: Duration = Duration::from_secs(30);
/// Everybody has come back within this time: some pauses of the clients, and what a busy host adds.
const RETURN_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks at who is back.
const RETURN_POLL: Duration = Duration::from_millis(2);

impl Director<'_> {
    /// Does a fault, and notes it with its moments.
    pub(in crate::driver) async fn inflict(
        &mut self,
        fault: Fault,
        phase: u32,
        expect: Option<String>,
    ) -> Result<(), DriveError> {
        let actor = self.session.host_of(part_of(fault.victim));
        let call_ns = monotonic_ns();
        let done = match fault.deed {
            Deed::Kill => self.session.kill(actor).await,
            Deed::Freeze => self.session.freeze(actor).await,
            Deed::Thaw => self.session.thaw(actor),
            Deed::Restart(pause_ms) => self.restart(actor, Duration::from_millis(pause_ms)).await?,
            Deed::Break => self.break_connection(fault, phase).await?,
            Deed::Vanish => self.session.ways.vanish(),
            _ => self.session.ways.inflict(fault, phase).await,
        };
        let return_ns = monotonic_ns();
        if !done {
            let (deed, name) = (fault.deed.as_str(), fault.victim.name(self.case));
            self.journal.doubt(format!("{deed} of {name} could not be done"));
            return Ok(());
        }
        let operation = Operation::Fault(fault);
        self.attendance.done(&operation, true);
        let action = Action { operation, phase, expect };
        self.journal.operated(action, call_ns, return_ns, "ok".to_owned());
        Ok(())
    }

    /// Kills the broker's process, and puts another one in its place after a pause; done once everybody
    /// has come back to it.
    async fn restart(&mut self, actor: usize, pause: Duration) -> Result<bool, DriveError> {
        if !self.session.kill(actor).await {
            return Ok(false);
        }
        self.linger_for(pause).await?;
        self.session.revive(actor).await?;
        let until = Instant::now() + UP_LIMIT;
        loop {
            match self.session.hear("a broker's successor", UP_LIMIT, until).await? {
                (who, Notice::Ready) if who == actor => break,
                (_, notice) => self.note_meanwhile(notice),
            }
        }
        self.session.welcome(actor);
        self.everybody_is_back().await
    }

    /// Cuts a connection; done once whoever had it has come back.
    async fn break_connection(&mut self, fault: Fault, phase: u32) -> Result<bool, DriveError> {
        let before = self.session.ways.connections(fault.victim);
        if !self.session.ways.inflict(fault, phase).await {
            return Ok(false);
        }
        let until = Instant::now() + RETURN_LIMIT;
        while self.session.ways.connections(fault.victim) == before {
            if Instant::now() >= until {
                return Ok(false);
            }
            self.linger().await?;
        }
        self.everybody_is_back().await
    }

    /// Lets a moment pass in which publishers may be done.
    async fn linger(&mut self) -> Result<(), DriveError> {
        self.linger_for(RETURN_POLL).await
    }

    async fn linger_for(&mut self, time: Duration) -> Result<(), DriveError> {
        let until = Instant::now() + time;
        loop {
            match self.session.hear("somebody to come back", time, until).await {
                Ok((_, notice)) => self.note_meanwhile(notice),
                Err(DriveError::Limit { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes in what comes while something else is waited for.
    pub(in crate::driver) fn note_meanwhile(&mut self, notice: Notice) {
        self.note(&notice);
        if matches!(notice, Notice::Finished { .. }) {
            self.finished.push(notice);
        }
    }

    /// Waits until the bus has every subscription that nobody ended; whether it has.
    async fn everybody_is_back(&mut self) -> Result<bool, DriveError> {
        let subscribers = self.case.topology.subscribers.iter().enumerate();
        let wanted: Vec<String> = subscribers
            .filter(|(index, _)| self.attendance.is_subscribed(*index))
            .map(|(_, spec)| spec.subscription.subscriber_id.clone())
            .collect();
        let until = Instant::now() + RETURN_LIMIT;
        loop {
            let Some(now) = self.statistics().await? else { return Ok(false) };
            let is_there =
                |id: &String| now.subscriptions.iter().any(|row| row.subscriber_id == *id);
            if wanted.iter().all(is_there) {
                return Ok(true);
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            self.linger().await?;
        }
    }

    /// Before a fence everybody runs and every connection is whole: what still lasts was not undone
    /// by its trigger. A wild case need not undo anything itself.
    pub(in crate::driver) async fn undo_what_lasts(&mut self) {
        let mut lasting: Vec<&str> = Vec::new();
        for actor in self.session.thaw_all() {
            lasting.push(&self.session.actors[actor].name);
        }
        for victim in self.session.ways.heal_all().await {
            lasting.push(victim.name(self.case));
        }
        if !self.case.wild {
            for name in lasting {
                self.journal.doubt(format!("a fault of {name} still lasted after its phase"));
            }
        }
    }
}
