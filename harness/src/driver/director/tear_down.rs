//! The end of a trial: drain, close, and check that nothing remains (C13).

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::{BEFORE, Director, Ended};
use crate::driver::actor::assignment::Part;
use crate::driver::actor::protocol::{Done, Notice, Order};
use crate::driver::bus::remove_socket;
use crate::driver::error::{DriveError, Stage};
use crate::driver::processes::EXIT_LIMIT;
use crate::plan::{Bus, Operation};
use crate::record::TearDown;

/// What a bus gets to hand over what it accepted, milliseconds.
const SHUTDOWN_DEADLINE_MS: u64 = 10_000;
/// Receivers end within this time after their bus has been shut down.
const DRAIN_LIMIT: Duration = Duration::from_secs(15);
/// Roles close and write their files within this time.
const FINISH_LIMIT: Duration = Duration::from_mins(1);

impl<'t> Director<'t> {
    /// Drains, closes and ends everything; what remains of the trial knows what was left behind.
    pub(in crate::driver) async fn wind_down(
        mut self,
        socket: &Path,
    ) -> Result<Ended<'t>, DriveError> {
        self.session.stage = Stage::Ending;
        self.session.meter.everything_is_drained();
        let mut left = TearDown::default();
        let (publishing, others): (Vec<usize>, Vec<usize>) =
            self.session.living().into_iter().partition(|actor| self.session.leaves_first(*actor));
        self.finish(&publishing, &mut left).await?;
        self.drain().await?;
        let rest: Vec<usize> = others.iter().copied().filter(|actor| *actor != 0).collect();
        self.finish(&rest, &mut left).await?;
        if !self.attendance.is_gone() {
            self.finish(&[0], &mut left).await?;
        }
        self.await_exits(&mut left).await;
        if self.attendance.is_gone() {
            remove_socket(socket);
        } else if socket.exists() {
            left.sockets.push(socket.display().to_string());
            remove_socket(socket);
        }
        Ok(self.ended(left))
    }

    /// Everybody reads on, the bus is shut down, receivers end when they are drained.
    async fn drain(&mut self) -> Result<(), DriveError> {
        let mut draining = self.attendance.living_subscribers();
        // The old bus ends receivers only when it is dropped (V4).
        let ends_receivers = self.bus != Bus::CrossbeamFaithful && !self.void;
        if self.attendance.is_shut_down() && ends_receivers {
            self.await_ends(&mut draining).await?;
        }
        let mut leaving = self.attendance.leaving_subscribers();
        draining.retain(|subscriber| !leaving.contains(subscriber));
        self.await_ends(&mut leaving).await?;
        // Whoever has not ended by now ends by tear-down, and is to say so.
        draining.extend(leaving);
        self.all_drain(&mut draining, false).await?;
        if !ends_receivers || self.attendance.is_gone() {
            return Ok(());
        }
        let mut shut = false;
        let id = self.begin(Operation::Shutdown(SHUTDOWN_DEADLINE_MS), BEFORE, None).await?;
        let until = Instant::now() + DRAIN_LIMIT;
        while !shut || !draining.is_empty() {
            let heard = self.session.hear("receivers to end", DRAIN_LIMIT, until).await;
            match heard {
                Ok((_, Notice::Drained { subscriber })) => {
                    draining.remove(&subscriber);
                }
                Ok((_, Notice::Operated { id: done, outcome, .. })) if done == id => {
                    shut = true;
                    if outcome != "ok" {
                        self.journal.doubt(format!("the final shutdown ended with {outcome:?}"));
                    }
                }
                Ok((_, other)) => self.note(&other),
                Err(DriveError::Limit { .. }) => {
                    self.journal.doubt(format!(
                        "{} receivers had not ended {DRAIN_LIMIT:?} after shutdown",
                        draining.len()
                    ));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The case has shut the bus down, or ended these subscriptions: receivers are given time to end
    /// by that alone (C13).
    async fn await_ends(&mut self, draining: &mut BTreeSet<usize>) -> Result<(), DriveError> {
        self.all_drain(draining, true).await?;
        let until = Instant::now() + DRAIN_LIMIT;
        while !draining.is_empty() {
            match self.session.hear("receivers to end", DRAIN_LIMIT, until).await {
                Ok((_, Notice::Drained { subscriber })) => {
                    draining.remove(&subscriber);
                }
                Ok((_, other)) => self.note(&other),
                // Whoever has not ended by now is for the checkers to name.
                Err(DriveError::Limit { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells every subscriber to drain, and waits until all know; those with nothing left are
    /// drained already.
    async fn all_drain(
        &mut self,
        draining: &mut BTreeSet<usize>,
        by_case: bool,
    ) -> Result<(), DriveError> {
        let mut unaware = draining.clone();
        for subscriber in unaware.clone() {
            let order = Order::Drain { subscriber, by_case };
            self.session.tell(Part::Subscriber(subscriber), &order).await?;
        }
        let until = Instant::now() + DRAIN_LIMIT;
        while !unaware.is_empty() {
            let (_, notice) = self.session.hear("subscribers to drain", DRAIN_LIMIT, until).await?;
            match notice {
                Notice::Draining { subscriber } => {
                    unaware.remove(&subscriber);
                }
                Notice::Drained { subscriber } => {
                    draining.remove(&subscriber);
                }
                other => self.note(&other),
            }
        }
        Ok(())
    }

    async fn finish(&mut self, actors: &[usize], left: &mut TearDown) -> Result<(), DriveError> {
        for actor in actors {
            self.session.tell_actor(*actor, &Order::Finish).await?;
        }
        let mut silent: BTreeSet<usize> = actors.iter().copied().collect();
        let until = Instant::now() + FINISH_LIMIT;
        while !silent.is_empty() {
            let (actor, notice) =
                self.session.hear("actors to say goodbye", FINISH_LIMIT, until).await?;
            if let Notice::Done(done) = notice {
                silent.remove(&actor);
                self.session.meter.said(actor, done.context_switches);
                self.check(actor, &done, left);
            } else {
                self.note(&notice);
            }
        }
        Ok(())
    }

    fn check(&self, actor: usize, done: &Done, left: &mut TearDown) {
        let name = &self.session.actors[actor].name;
        if done.extra_descriptors > 0 {
            left.descriptors.push(format!("{name}: {}", done.extra_descriptors));
        }
        if done.extra_threads > 0 {
            left.failed.push(format!("{name}: {} threads remained", done.extra_threads));
        }
        left.killed.extend(done.left_children.iter().map(|child| format!("{name}: {child}")));
        left.failed.extend(done.complaints.iter().map(|complaint| format!("{name}: {complaint}")));
    }

    async fn await_exits(&mut self, left: &mut TearDown) {
        for index in self.session.living() {
            let actor = &mut self.session.actors[index];
            match actor.exited(EXIT_LIMIT).await {
                Some(true) => {}
                Some(false) => {
                    let words = actor.last_words();
                    let last = words.lines().last().unwrap_or("it said nothing");
                    left.failed.push(format!("{}: {last}", actor.name));
                }
                None => left.killed.push(actor.name.clone()),
            }
        }
        self.session.end_all().await;
    }
}
