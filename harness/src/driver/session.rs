//! The actors of one trial: who hosts what, orders out, notices in, every wait with a limit.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::actor::assignment::{Assignment, Part};
use super::actor::protocol::{Notice, Order};
use super::deploy::{Group, groups};
use super::error::DriveError;
use super::interrupt::Interrupt;
use super::measure::Meter;
use super::spawn::{Actor, Heard};

/// Notices waiting for the driver; actors wait beyond them.
const HEARD: usize = 4096;
/// An actor is up within this time, debug builds on a busy host included.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// How long an actor gets to obey the end of its input, and again to obey a request.
const END_GRACE: Duration = Duration::from_secs(2);

/// The running actors of one trial.
pub(super) struct Session {
    pub(super) actors: Vec<Actor>,
    groups: Vec<Group>,
    heard: mpsc::Receiver<(usize, Heard)>,
    /// Actors that have said goodbye: the end of their output is no news.
    gone: BTreeSet<usize>,
    interrupt: Interrupt,
    /// Samples memory while the driver waits.
    pub(super) meter: Meter,
}

impl Session {
    /// Starts all processes of a case, the one that hosts the bus first; returns when every
    /// role is up and connected.
    pub(super) async fn start(
        executable: &Path,
        template: &Assignment,
        interrupt: Interrupt,
        meter: Meter,
    ) -> Result<Self, DriveError> {
        let groups = groups(&template.case, template.bus.deployment());
        let (sender, heard) = mpsc::channel(HEARD);
        let mut session =
            Self { actors: Vec::new(), groups, heard, gone: BTreeSet::new(), interrupt, meter };
        let started = session.start_all(executable, template, &sender).await;
        match started {
            Ok(()) => Ok(session),
            Err(error) => {
                session.end_all().await;
                Err(error)
            }
        }
    }

    async fn start_all(
        &mut self,
        executable: &Path,
        template: &Assignment,
        sender: &mpsc::Sender<(usize, Heard)>,
    ) -> Result<(), DriveError> {
        for index in 0..self.groups.len() {
            let group = &self.groups[index];
            let assignment = Assignment {
                name: group.name.clone(),
                roles: group.parts.clone(),
                ..template.clone()
            };
            let actor = Actor::start(executable, &assignment, group, index, sender.clone()).await?;
            self.meter.watch(&actor);
            self.actors.push(actor);
            if index == 0 {
                self.all_say("ready", READY_LIMIT, &[0], |notice| *notice == Notice::Ready).await?;
            }
        }
        let rest: Vec<usize> = (1..self.actors.len()).collect();
        self.all_say("ready", READY_LIMIT, &rest, |notice| *notice == Notice::Ready).await
    }

    /// The actor that hosts a role.
    pub(super) fn host_of(&self, part: Part) -> usize {
        let found = self.groups.iter().position(|group| group.parts.contains(&part));
        found.expect("every role of the case is hosted")
    }

    /// Whether an actor hosts publishers only.
    pub(super) fn only_publishes(&self, actor: usize) -> bool {
        self.groups[actor].parts.iter().all(|part| matches!(part, Part::Publisher(_)))
    }

    /// Sends an order to the actor that hosts a role.
    pub(super) async fn tell(&mut self, part: Part, order: &Order) -> Result<(), DriveError> {
        let actor = self.host_of(part);
        self.actors[actor].tell(order).await
    }

    /// The next notice, by an actor.
    pub(super) async fn hear(
        &mut self,
        what: &str,
        limit: Duration,
        until: Instant,
    ) -> Result<(usize, Notice), DriveError> {
        loop {
            let (actor, heard) = tokio::select! {
                heard = self.heard.recv() => heard.ok_or(DriveError::Interrupted)?,
                () = self.meter.tick() => continue,
                () = self.interrupt.told() => return Err(DriveError::Interrupted),
                () = tokio::time::sleep_until(until) => return Err(self.silence(what, limit)),
            };
            match heard {
                Heard::Notice(Notice::Failed { reason }) => {
                    return Err(self.actors[actor].gone(&format!("gave up: {reason}")));
                }
                Heard::Notice(notice) => {
                    if matches!(notice, Notice::Done(_)) {
                        self.gone.insert(actor);
                    }
                    return Ok((actor, notice));
                }
                Heard::Closed if self.gone.contains(&actor) => {}
                Heard::Garbled(why) => {
                    return Err(self.actors[actor].gone(&format!("is not understood: {why}")));
                }
                Heard::Closed => return Err(self.actors[actor].gone("went away")),
            }
        }
    }

    /// Waits until each of these actors has said something; other notices are dropped.
    pub(super) async fn all_say(
        &mut self,
        what: &str,
        limit: Duration,
        actors: &[usize],
        is_it: impl Fn(&Notice) -> bool,
    ) -> Result<(), DriveError> {
        let until = Instant::now() + limit;
        let mut silent: Vec<usize> = actors.to_vec();
        while !silent.is_empty() {
            let (actor, notice) = self.hear(what, limit, until).await?;
            if is_it(&notice) {
                silent.retain(|one| *one != actor);
            }
        }
        Ok(())
    }

    /// Lets time pass that belongs to the workload.
    pub(super) async fn idle(&mut self, time: Duration) -> Result<(), DriveError> {
        let until = Instant::now() + time;
        loop {
            tokio::select! {
                () = self.meter.tick() => {}
                () = self.interrupt.told() => return Err(DriveError::Interrupted),
                () = tokio::time::sleep_until(until) => return Ok(()),
            }
        }
    }

    /// The error of a wait that reached its limit.
    pub(super) fn silence(&self, what: &str, limit: Duration) -> DriveError {
        let names: Vec<&str> = self.actors.iter().map(|actor| actor.name.as_str()).collect();
        let words: Vec<String> =
            self.actors.iter().map(Actor::last_words).filter(|words| !words.is_empty()).collect();
        DriveError::Limit {
            what: what.to_owned(),
            limit,
            silent: names.join(", "),
            stderr: words.join("\n"),
        }
    }

    /// Ends every process that is left, by force if need be.
    pub(super) async fn end_all(&mut self) {
        for actor in &mut self.actors {
            actor.close_input();
        }
        for actor in &mut self.actors {
            actor.end(END_GRACE).await;
        }
    }
}
