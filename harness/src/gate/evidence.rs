//! Everything measured of one case on two buses, good or not, and what may still be run.
//!
//! METHOD §4. A block or a void trial is redone only for what the host's telemetry showed, by
//! constants fixed beforehand, at most twice a look; what it replaces stays here. Nothing is ever
//! removed. While one that counts was measured on a busy host, nothing that rests on it concludes:
//! so error rates are those of a host that is always quiet, however noise and load hang together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Look, Reason, Side, TRIALS_PER_BLOCK, busy};
use crate::plan::Bus;
use crate::record::{Trial, Validity};

/// Redone blocks and void trials allowed for one look, A/A blocks included.
pub const REDOS_PER_LOOK: usize = 2;

/// Both sides have a floor of their own at each look.
const SIDES: usize = 2;

/// How many blocks and void trials may still be run again for one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redos {
    left: usize,
}

impl Redos {
    /// As many as a look allows.
    pub fn of_a_look() -> Self {
        Self { left: REDOS_PER_LOOK }
    }

    /// None: what is measured is kept as it is.
    pub fn none() -> Self {
        Self { left: 0 }
    }

    /// Whether what was just measured is run again: only for what the host did, while some are
    /// left. Figures are not looked at: they are not shown.
    pub fn grant(&mut self, host_busy: Option<&str>) -> bool {
        let granted = host_busy.is_some() && self.left > 0;
        self.left -= usize::from(granted);
        granted
    }
}

/// Four trials in the order they were run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Which side each trial was for.
    pub order: [Side; TRIALS_PER_BLOCK],
    /// The trials.
    pub trials: [Trial; TRIALS_PER_BLOCK],
    /// What else the host was doing, when it was too busy; the block counts if not redone.
    pub host_busy: Option<String>,
    /// Whether a later block was run in its place: the host was too busy during it, or during the block of
    /// another pair in the same round.
    pub redone: bool,
}

impl Block {
    /// A block just measured.
    pub fn new(order: [Side; TRIALS_PER_BLOCK], trials: [Trial; TRIALS_PER_BLOCK]) -> Self {
        let host_busy = busy::busy(&trials);
        Self { order, trials, host_busy, redone: false }
    }
}

/// A trial without hand-off: what the instrument costs on one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VoidTrial {
    /// The trial; its `void_of` says whose floor it is.
    #[serde(flatten)]
    pub trial: Trial,
    /// What else the host was doing, when it was too busy; the floor counts if not redone.
    #[serde(default)]
    pub host_busy: Option<String>,
    /// Whether a later one was run in its place.
    #[serde(default)]
    pub redone: bool,
}

impl VoidTrial {
    /// A void trial just measured.
    pub fn new(trial: Trial) -> Self {
        let host_busy = busy::busy(std::slice::from_ref(&trial));
        Self { trial, host_busy, redone: false }
    }
}

/// The trials of one case on a baseline and a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Case id.
    pub case: String,
    /// Side A.
    pub baseline: Bus,
    /// Side B.
    pub candidate: Bus,
    /// The revision of the project that side A's bus is of, where it is another than side B's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Blocks in the order they were run.
    pub blocks: Vec<Block>,
    /// Void trials in the order they were run.
    pub voids: Vec<VoidTrial>,
    /// Blocks of the baseline against itself.
    pub nulls: Vec<Block>,
    /// Why nothing may conclude whatever was measured (smoke, a fault not reached), and in words.
    pub barred: Option<(Reason, String)>,
    /// Whether time or blocks ran out.
    pub stopped: bool,
}

impl Evidence {
    /// Nothing measured yet.
    pub fn new(case: String, baseline: Bus, candidate: Bus) -> Self {
        Self {
            case,
            baseline,
            candidate,
            revision: None,
            blocks: Vec::new(),
            voids: Vec::new(),
            nulls: Vec::new(),
            barred: None,
            stopped: false,
        }
    }

    /// The bus of a side.
    pub fn bus(&self, side: Side) -> Bus {
        match side {
            Side::Baseline => self.baseline,
            Side::Candidate => self.candidate,
        }
    }

    /// Who runs on a side.
    pub fn runner(&self, side: Side) -> Runner<'_> {
        let revision = self.revision.as_deref().filter(|_| side == Side::Baseline);
        Runner { bus: self.bus(side), revision }
    }

    /// The blocks that count.
    pub fn kept(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| !block.redone)
    }

    /// The A/A blocks that count.
    pub fn kept_nulls(&self) -> impl Iterator<Item = &Block> {
        self.nulls.iter().filter(|block| !block.redone)
    }

    /// The void trials that count.
    pub fn kept_voids(&self) -> impl Iterator<Item = &VoidTrial> {
        self.voids.iter().filter(|void| !void.redone)
    }

    /// The latest look its blocks reach; `None` below the first.
    pub fn reached(&self) -> Option<Look> {
        Look::reached(self.kept().count())
    }

    /// Of how many looks the floors of both sides are there.
    pub fn floored_looks(&self) -> usize {
        self.kept_voids().count() / SIDES
    }

    /// Of how many looks the A/A blocks are there.
    pub fn screened_looks(&self) -> usize {
        self.kept_nulls().count()
    }

    /// What had been run when a look was reached: its blocks, and one A/A block and the floors of
    /// both sides for it and each look before.
    ///
    /// What was redone up to there is kept; where less was run, it is all of it.
    #[must_use]
    pub fn at(&self, look: Look) -> Self {
        let blocks_of = |blocks: &[Block], count| first(blocks, count, |block| !block.redone);
        Self {
            blocks: blocks_of(&self.blocks, look.blocks()),
            nulls: blocks_of(&self.nulls, look.number()),
            voids: first(&self.voids, SIDES * look.number(), |void| !void.redone),
            ..self.bare()
        }
    }

    /// The same without any trial.
    fn bare(&self) -> Self {
        Self {
            revision: self.revision.clone(),
            barred: self.barred.clone(),
            stopped: self.stopped,
            ..Self::new(self.case.clone(), self.baseline, self.candidate)
        }
    }

    /// How many blocks to run until the next look; `None` when `most` blocks allow no further one.
    pub fn until_next_look(&self, most: usize) -> Option<usize> {
        let kept = self.kept().count();
        Look::next(kept, most).map(|look| look.blocks() - kept)
    }

    /// Every trial, voids and A/A blocks included.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        let blocks = self.blocks.iter().chain(&self.nulls);
        blocks.flat_map(|block| &block.trials).chain(self.voids.iter().map(|void| &void.trial))
    }
}

/// Who ran a trial: a bus, and the revision of the project it is of where that is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runner<'e> {
    /// The bus.
    pub bus: Bus,
    /// The revision.
    pub revision: Option<&'e str>,
}

/// The valid trials of blocks that count, by who ran them. Each is there once, though pairs of a case share
/// those of their baseline.
pub fn valid_trials<'e>(
    pairs: impl IntoIterator<Item = &'e Evidence>,
) -> Vec<(Runner<'e>, Vec<&'e Trial>)> {
    let mut all: Vec<(Runner<'e>, Vec<&'e Trial>)> = Vec::new();
    for pair in pairs {
        let trials = pair.kept().flat_map(|block| block.order.iter().zip(&block.trials));
        for (side, trial) in trials.filter(|(_, trial)| trial.validity == Validity::Valid) {
            let runner = pair.runner(*side);
            match all.iter_mut().find(|(known, _)| *known == runner) {
                // The same figures to the last digit: it is the same trial.
                Some((_, own)) if own.contains(&trial) => {}
                Some((_, own)) => own.push(trial),
                None => all.push((runner, vec![trial])),
            }
        }
    }
    all
}

/// As many as it takes for `count` of them to be counted, or all.
fn first<T: Clone>(all: &[T], count: usize, counts: fn(&T) -> bool) -> Vec<T> {
    let counted = all.iter().enumerate().filter(|(_, one)| counts(one));
    let last = counted.take(count).last().map(|(at, _)| at);
    let end = last.map_or(0, |at| at + 1);
    all[..end].to_vec()
}
