//! Who reaches the broker through the harness's hands, and what is done to their connections.
//!
//! Only roles whose connection the case does something to have such a way; everybody else connects
//! to the broker itself.

use std::io;
use std::path::{Path, PathBuf};

use crate::driver::actor::assignment::Part;
use crate::plan::{Bus, Case, Deed, Fault, Victim};
use crate::record::Touched;

#[cfg(unix)]
#[path = "ways/unix.rs"]
mod system;
#[cfg(not(unix))]
#[path = "ways/other.rs"]
mod system;

use system::Way;

/// The ways of one trial.
#[derive(Default)]
pub(in crate::driver) struct Ways {
    /// The private folder in which all sockets of the trial lie.
    folder: PathBuf,
    ways: Vec<(Victim, Way)>,
    /// What lasts, and has been begun: with the phase.
    lasting: Vec<(Fault, u32)>,
    /// What was undone again, with what it had in its hands.
    touched: Vec<Touched>,
}

impl Ways {
    /// Opens those a case needs on a bus, in `folder`, to a broker that will listen at `broker`.
    pub(in crate::driver) fn open(
        case: &Case,
        bus: Bus,
        folder: &Path,
        broker: &Path,
    ) -> io::Result<Self> {
        let mut ways = Self { folder: folder.to_owned(), ..Self::default() };
        let alone = |victim: &Victim| victim.is_alone_in(bus.deployment());
        for (number, victim) in case.connections_touched().into_iter().filter(alone).enumerate() {
            let path = folder.join(format!("way{number}"));
            match Way::open(path, broker.to_owned()) {
                Ok(way) => ways.ways.push((victim, way)),
                // Its faults are not done then, which is told.
                Err(cause) if cause.kind() == io::ErrorKind::Unsupported => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(ways)
    }

    /// Where these roles connect to; `None` for the broker itself.
    pub(in crate::driver) fn socket_of(&self, parts: &[Part]) -> Option<PathBuf> {
        let is_here = |victim: Victim| {
            parts.iter().any(|part| match *part {
                Part::Bus | Part::Desk | Part::Member(_) | Part::Callers(_) => false,
                Part::Publisher(index) => victim == Victim::Publisher(index),
                Part::Subscriber(index) => victim == Victim::Subscriber(index),
            })
        };
        let way = self.ways.iter().find(|(victim, _)| is_here(*victim));
        way.map(|(_, way)| way.path().to_owned())
    }

    /// Connections that came over the way of somebody so far.
    pub(in crate::driver) fn connections(&self, victim: Victim) -> usize {
        let way = self.ways.iter().find(|(whose, _)| *whose == victim);
        way.map_or(0, |(_, way)| way.connections())
    }

    /// Does something to a connection; whether it is done.
    pub(in crate::driver) async fn inflict(&mut self, fault: Fault, phase: u32) -> bool {
        let Some((_, way)) = self.ways.iter().find(|(victim, _)| *victim == fault.victim) else {
            return false;
        };
        let Some(bytes) = way.inflict(fault.deed).await else { return false };
        self.undone(fault.victim, bytes);
        if fault.deed.undone_by().is_some() {
            self.lasting.push((fault, phase));
        }
        true
    }

    /// Removes the folder with the broker's socket and all others; whether it was there.
    pub(in crate::driver) fn vanish(&self) -> bool {
        std::fs::remove_dir_all(&self.folder).is_ok()
    }

    /// Ends every way, and with it what is connected through it.
    pub(in crate::driver) fn close(&mut self) {
        self.ways.clear();
    }

    /// Undoes whatever still lasts; returns whose connections that were.
    pub(in crate::driver) async fn heal_all(&mut self) -> Vec<Victim> {
        let victims: Vec<Victim> = self.lasting.iter().map(|(fault, _)| fault.victim).collect();
        for victim in &victims {
            if let Some((_, way)) = self.ways.iter().find(|(one, _)| one == victim) {
                let bytes = way.inflict(Deed::Heal).await;
                self.undone(*victim, bytes.unwrap_or_default());
            }
        }
        victims
    }

    /// What faults had in their hands so far, those that still last left out.
    pub(in crate::driver) fn touched(&self) -> &[Touched] {
        &self.touched
    }

    fn undone(&mut self, victim: Victim, bytes: u64) {
        let ended = self.lasting.iter().position(|(fault, _)| fault.victim == victim);
        if let Some((fault, phase)) = ended.map(|at| self.lasting.remove(at)) {
            self.touched.push(Touched { fault, phase, bytes });
        }
    }
}
