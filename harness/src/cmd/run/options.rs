//! What a user asks of a run.

use std::path::PathBuf;

use crate::cmd::selection::Wanted;
use crate::plan::Bus;
use crate::scenario::Profile;

/// The options of a run, as resolved.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Which cases, and the seed of everything random.
    pub wanted: Wanted,
    /// The bus the others are compared with.
    pub baseline: Bus,
    /// The buses in question; empty for the profile's own.
    pub candidates: Vec<Bus>,
    /// Folder of the report; made if missing.
    pub out: PathBuf,
    /// Whether open questions only warn.
    pub warn_inconclusive: bool,
    /// Whether only gates marked `enforced` can fail the run.
    pub enforced_only: bool,
    /// The command that repeats the run, for the report.
    pub command: String,
}

impl RunOptions {
    /// Buses whose behaviour is checked, baseline first.
    pub fn behaviour_buses(&self) -> Vec<Bus> {
        let own: &[Bus] = if self.candidates.is_empty() {
            match self.wanted.profile {
                Profile::Smoke | Profile::Pr => &[Bus::Embedded, Bus::Process],
                Profile::Nightly | Profile::Release => &[Bus::Embedded, Bus::Agent, Bus::Process],
            }
        } else {
            &self.candidates
        };
        let others = own.iter().copied().filter(|bus| *bus != self.baseline);
        std::iter::once(self.baseline).chain(others).collect()
    }

    /// Buses whose performance is compared with the baseline's.
    pub fn performance_candidates(&self) -> Vec<Bus> {
        if !self.candidates.is_empty() {
            return self.candidates.clone();
        }
        match self.wanted.profile {
            Profile::Smoke | Profile::Pr => vec![Bus::Process],
            Profile::Nightly | Profile::Release => {
                vec![Bus::Process, Bus::Agent, Bus::Embedded]
            }
        }
    }

    /// Most blocks per performance case.
    pub fn most_blocks(&self) -> usize {
        match self.wanted.profile {
            Profile::Smoke => 1,
            Profile::Pr => 10,
            Profile::Nightly | Profile::Release => 16,
        }
    }

    /// Whether performance verdicts may be given.
    pub fn concludes(&self) -> bool {
        self.wanted.profile != Profile::Smoke
    }
}
