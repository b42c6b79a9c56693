//! The actors of one trial: who hosts what, orders out, notices in.
//!
//! Every wait of a trial passes through here. Each has a limit, ends at the user's interrupt, and
//! ends when an actor gives up, goes away, or no longer answers the roll call.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::deploy::{Group, groups};
use super::roll::{Answer, Call, Roll, SILENCE};
use super::spawn::{Actor, Heard};
use super::ways::Ways;
use crate::driver::actor::assignment::{Assignment, Part};
use crate::driver::actor::protocol::{Notice, Order};
use crate::driver::error::{DriveError, Stage};
use crate::driver::interrupt::Interrupt;
use crate::driver::measure::Meter;

/// Notices waiting for the driver; actors wait beyond them.
const HEARD: usize = 4096;
/// An actor is up within this time, debug builds on a busy host included.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// How long all actors together get to obey the end of their input, and again to obey a request.
const END_GRACE: Duration = Duration::from_secs(2);

/// The running actors of one trial.
pub(in crate::driver) struct Session {
    pub(in crate::driver) actors: Vec<Actor>,
    groups: Vec<Group>,
    launch: Launch,
    heard: mpsc::Receiver<(usize, Heard)>,
    /// By actor: what marks the words of the process that is it now.
    marks: Vec<usize>,
    /// Actors that have said goodbye: the end of their output is no news.
    gone: BTreeSet<usize>,
    /// Actors that were killed as the case demands: nothing is sent to them or expected of them.
    killed: BTreeSet<usize>,
    /// Actors that are stopped as the case demands: they are not on the roll.
    frozen: BTreeSet<usize>,
    /// Who reaches the broker through the harness's hands.
    pub(in crate::driver) ways: Ways,
    interrupt: Interrupt,
    /// Samples memory while the driver waits.
    pub(in crate::driver) meter: Meter,
    /// Where the trial is, for whoever stops it.
    pub(in crate::driver) stage: Stage,
    roll: Roll,
}

/// What it takes to start a process of the trial.
struct Launch {
    executable: PathBuf,
    template: Assignment,
    said: mpsc::Sender<(usize, Heard)>,
    /// Processes started so far: the mark of the next one.
    started: usize,
}

impl Session {
    /// Starts all processes of a case, the one that hosts the bus first; returns when every
    /// role is up and connected.
    pub(in crate::driver) async fn start(
        executable: &Path,
        template: &Assignment,
        ways: Ways,
        interrupt: Interrupt,
        meter: Meter,
    ) -> Result<Self, DriveError> {
        let groups = groups(&template.case, template.bus.deployment());
        let (said, heard) = mpsc::channel(HEARD);
        let (executable, template) = (executable.to_owned(), template.clone());
        let mut session = Self {
            actors: Vec::new(),
            groups,
            launch: Launch { executable, template, said, started: 0 },
            heard,
            marks: Vec::new(),
            gone: BTreeSet::new(),
            killed: BTreeSet::new(),
            frozen: BTreeSet::new(),
            ways,
            interrupt,
            meter,
            stage: Stage::Starting,
            roll: Roll::new(),
        };
        let started = session.start_all().await;
        match started {
            Ok(()) => Ok(session),
            Err(error) => {
                session.end_all().await;
                Err(error)
            }
        }
    }

    async fn start_all(&mut self) -> Result<(), DriveError> {
        for index in 0..self.groups.len() {
            let (actor, mark, assignment) = self.launch(index)?;
            self.actors.push(actor);
            self.marks.push(mark);
            self.assign(index, &assignment).await?;
            if index == 0 {
                self.all_ready(&[0]).await?;
            }
        }
        let rest: Vec<usize> = (1..self.actors.len()).collect();
        self.all_ready(&rest).await
    }

    /// Starts the process of a group.
    fn launch(&mut self, index: usize) -> Result<(Actor, usize, Assignment), DriveError> {
        let Launch { executable, template, said, started } = &mut self.launch;
        let group = &self.groups[index];
        let assignment = Assignment {
            name: group.name.clone(),
            roles: group.parts.clone(),
            passes: template.passes_of(&group.parts),
            attempts: template.attempts_of(&group.parts),
            socket: self.ways.socket_of(&group.parts).unwrap_or_else(|| template.socket.clone()),
            ..template.clone()
        };
        let mark = *started;
        *started += 1;
        let directory = &template.directory;
        let actor = Actor::start(executable, group, directory, mark, said.clone())?;
        Ok((actor, mark, assignment))
    }

    async fn assign(&mut self, index: usize, assignment: &Assignment) -> Result<(), DriveError> {
        let actor = &mut self.actors[index];
        self.meter.watch(&actor.name, actor.role, actor.pid);
        tokio::select! {
            assigned = actor.assign(assignment) => assigned,
            () = self.interrupt.told() => Err(DriveError::Interrupted),
        }
    }

    /// Puts a new process in the place of one that was killed. It is up once it has said so, and is to
    /// be [`welcomed`](Self::welcome) then.
    pub(in crate::driver) async fn revive(&mut self, index: usize) -> Result<(), DriveError> {
        let (actor, mark, assignment) = self.launch(index)?;
        self.actors[index] = actor;
        self.marks[index] = mark;
        self.killed.remove(&index);
        self.assign(index, &assignment).await
    }

    /// A process that was put in the place of another is up.
    pub(in crate::driver) fn welcome(&mut self, index: usize) {
        self.roll.enter(index);
    }

    /// Waits until these actors are up, and puts them on the roll.
    async fn all_ready(&mut self, actors: &[usize]) -> Result<(), DriveError> {
        let until = Instant::now() + READY_LIMIT;
        let mut silent: BTreeSet<usize> = actors.iter().copied().collect();
        while !silent.is_empty() {
            match self.hear("ready", READY_LIMIT, until).await {
                Ok((actor, Notice::Ready)) => {
                    silent.remove(&actor);
                    self.roll.enter(actor);
                }
                Ok(_) => {}
                Err(DriveError::Limit { .. }) => {
                    let silent: Vec<usize> = silent.into_iter().collect();
                    return Err(self.silence("ready", READY_LIMIT, &silent));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The actor that hosts a role.
    pub(in crate::driver) fn host_of(&self, part: Part) -> usize {
        let found = self.groups.iter().position(|group| group.parts.contains(&part));
        found.expect("every role of the case is hosted")
    }

    /// Whether an actor neither hosts the bus nor drains: it leaves while both are there.
    pub(in crate::driver) fn leaves_first(&self, actor: usize) -> bool {
        let stays = |part: &Part| matches!(part, Part::Bus | Part::Subscriber(_));
        !self.groups[actor].parts.iter().any(stays)
    }

    /// The roles an actor hosts.
    pub(in crate::driver) fn parts(&self, actor: usize) -> &[Part] {
        &self.groups[actor].parts
    }

    /// Sends an order to the actor that hosts a role.
    pub(in crate::driver) async fn tell(
        &mut self,
        part: Part,
        order: &Order,
    ) -> Result<(), DriveError> {
        let actor = self.host_of(part);
        self.tell_actor(actor, order).await
    }

    /// Sends an order to an actor.
    pub(in crate::driver) async fn tell_actor(
        &mut self,
        actor: usize,
        order: &Order,
    ) -> Result<(), DriveError> {
        if self.killed.contains(&actor) {
            return Ok(());
        }
        tokio::select! {
            told = self.actors[actor].tell(order) => told,
            () = self.interrupt.told() => Err(DriveError::Interrupted),
        }
    }

    /// The next notice, by an actor.
    pub(in crate::driver) async fn hear(
        &mut self,
        what: &str,
        limit: Duration,
        until: Instant,
    ) -> Result<(usize, Notice), DriveError> {
        loop {
            let (mark, heard) = tokio::select! {
                heard = self.heard.recv() => heard.ok_or(DriveError::Interrupted)?,
                () = self.roll.due() => {
                    self.call_the_roll().await?;
                    continue;
                }
                () = self.meter.tick() => continue,
                () = self.interrupt.told() => return Err(DriveError::Interrupted),
                () = tokio::time::sleep_until(until) => {
                    return Err(self.silence(what, limit, &self.roll.late()));
                }
            };
            // Last words of a process that has a successor are of no use.
            let Some(actor) = self.marks.iter().position(|own| *own == mark) else { continue };
            if let Some(notice) = self.take_in(actor, heard).await? {
                return Ok((actor, notice));
            }
        }
    }

    /// What an actor said, if it is for the driver; an error if it ends the trial.
    async fn take_in(&mut self, actor: usize, heard: Heard) -> Result<Option<Notice>, DriveError> {
        match heard {
            // Its last line may be torn.
            Heard::Garbled(_) | Heard::Closed if self.killed.contains(&actor) => Ok(None),
            Heard::Notice(Notice::Failed { reason }) => {
                Err(self.actors[actor].gone(&format!("gave up: {reason}")))
            }
            Heard::Notice(Notice::Counted { published, received }) => {
                self.roll.answered(actor, published, received, monotonic_ns());
                Ok(None)
            }
            Heard::Notice(Notice::Serves { pid }) => {
                self.meter.serves(actor, pid);
                Ok(None)
            }
            Heard::Notice(notice) => {
                if matches!(notice, Notice::Done(_)) {
                    self.gone.insert(actor);
                    self.roll.leave(actor);
                }
                Ok(Some(notice))
            }
            Heard::Closed if self.gone.contains(&actor) => Ok(None),
            Heard::Garbled(why) => {
                Err(self.actors[actor].gone(&format!("is not understood: {why}")))
            }
            Heard::Closed => Err(self.actors[actor].ended_unasked().await),
        }
    }

    /// Asks every actor that is up how far it is; an error when one has stopped answering.
    async fn call_the_roll(&mut self) -> Result<(), DriveError> {
        for actor in self.roll.begin() {
            match self.roll.call(actor, monotonic_ns()) {
                Call::Ask => tokio::select! {
                    asked = self.actors[actor].ask(&Order::Count) => asked?,
                    () = self.interrupt.told() => return Err(DriveError::Interrupted),
                },
                Call::Owes => {}
                Call::Silent => {
                    let what = format!("has stopped: it did not answer for {SILENCE:?}");
                    return Err(self.actors[actor].gone(&what));
                }
            }
        }
        Ok(())
    }

    /// Events received by all actors together, fences left out, as of the last roll call.
    pub(in crate::driver) fn received(&self) -> u64 {
        self.roll.received()
    }

    /// From now on the answers to the roll call are kept, or no longer.
    pub(in crate::driver) fn keep_answers(&mut self, keeping: bool) {
        self.roll.keep(keeping);
    }

    /// The answers that were kept.
    pub(in crate::driver) fn answers(&self) -> &[Answer] {
        self.roll.answers()
    }

    /// The error of a wait that reached its limit; without names of the silent, all are named.
    fn silence(&self, what: &str, limit: Duration, silent: &[usize]) -> DriveError {
        let is_silent = |index: &usize| silent.is_empty() || silent.contains(index);
        let actors = self.actors.iter().enumerate().filter(|(index, _)| is_silent(index));
        let names: Vec<&str> = actors.map(|(_, actor)| actor.name.as_str()).collect();
        let words: Vec<String> =
            self.actors.iter().map(Actor::last_words).filter(|words| !words.is_empty()).collect();
        DriveError::Limit {
            what: what.to_owned(),
            limit,
            silent: names.join(", "),
            stderr: words.join("\n"),
        }
    }

    /// Actors that were not killed.
    pub(in crate::driver) fn living(&self) -> Vec<usize> {
        (0..self.actors.len()).filter(|actor| !self.killed.contains(actor)).collect()
    }

    /// Kills an actor, and returns when the kernel has closed all that it held. Whether it was
    /// there to be killed.
    pub(in crate::driver) async fn kill(&mut self, actor: usize) -> bool {
        self.killed.insert(actor);
        self.roll.leave(actor);
        self.actors[actor].kill().await
    }

    /// Stops an actor; whether it has stopped.
    pub(in crate::driver) async fn freeze(&mut self, actor: usize) -> bool {
        self.roll.leave(actor);
        self.frozen.insert(actor);
        self.actors[actor].freeze().await
    }

    /// Lets an actor run on; whether it was frozen.
    pub(in crate::driver) fn thaw(&mut self, actor: usize) -> bool {
        let was_frozen = self.frozen.remove(&actor);
        if was_frozen {
            self.roll.enter(actor);
        }
        was_frozen && self.actors[actor].thaw()
    }

    /// Lets everybody run on who was frozen; returns them.
    pub(in crate::driver) fn thaw_all(&mut self) -> Vec<usize> {
        let frozen: Vec<usize> = self.frozen.iter().copied().collect();
        for actor in &frozen {
            self.thaw(*actor);
        }
        frozen
    }

    /// Ends every process that is left: no more input, then a request, then force. Takes as long
    /// for all as for one.
    pub(in crate::driver) async fn end_all(&mut self) {
        self.thaw_all();
        for actor in &mut self.actors {
            actor.close_input();
        }
        let until = Instant::now() + END_GRACE;
        for actor in &mut self.actors {
            actor.exited(until.saturating_duration_since(Instant::now())).await;
        }
        for actor in &mut self.actors {
            actor.request_end();
        }
        let until = Instant::now() + END_GRACE;
        for actor in &mut self.actors {
            actor.exited(until.saturating_duration_since(Instant::now())).await;
        }
        for actor in &mut self.actors {
            actor.kill().await;
            actor.heard_out().await;
        }
        self.ways.close();
    }
}
