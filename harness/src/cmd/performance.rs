//! One performance case on a pair of buses: blocks of four trials until the gates are decided
//! or the profile's limit is reached, with void floors and A/A blocks (METHOD §4).

mod promises;
mod traced;

use std::path::{Path, PathBuf};

pub use self::promises::Promises;
pub use self::traced::{most_traced, traceable, traced};
use super::behaviour::CasePlan;
use crate::check::check_counts;
use crate::driver::{DriveError, Fault, Interrupt, TrialRequest, run_trial};
use crate::gate::{
    self, Block, Estimate, Evidence, Limit, Look, Reason, Redos, Side, Verdict, VoidTrial, physics,
};
use crate::plan::gates::{GateTable, Metric};
use crate::plan::{Bus, Case, Phase, Rate};
use crate::record::{TearDown, Trial, Validity};
use crate::report::{PerformanceRow, Progress};

/// The stream of A/A blocks, apart from that of the blocks they screen.
const NULL_STREAM: u64 = 0x4e55_4c4c;

/// How one performance case is run.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The executable that has the verb `actor`.
    pub executable: &'a Path,
    /// That of side A, where its bus is of another revision.
    pub earlier: Option<Earlier<'a>>,
    /// Side A.
    pub baseline: Entrant,
    /// Side B.
    pub candidate: Entrant,
    /// Most blocks; fewer than six can never conclude.
    pub most_blocks: usize,
    /// Whether verdicts may be given at all; the smoke profile only estimates.
    pub concludes: bool,
    /// Whether the crossbeam reference clones events instead of sharing them.
    pub share_by_clone: bool,
    /// Folder for the files of all trials of the case.
    pub directory: PathBuf,
    /// The gates.
    pub table: &'a GateTable,
    /// Seed of the order of trials.
    pub seed: u64,
}

/// Another revision of the project.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// Which.
    pub revision: &'a str,
    /// Its executable.
    pub executable: &'a Path,
}

/// What runs on one side.
#[derive(Debug, Clone, Copy)]
pub struct Entrant {
    /// The bus.
    pub bus: Bus,
    /// What is deliberately wrong with it, if anything.
    pub fault: Option<Fault>,
}

impl<'a> Plan<'a> {
    /// What runs on a side, and the executable of its actors.
    fn on(&self, side: Side) -> (Entrant, &'a Path) {
        match side {
            Side::Baseline => {
                let earlier = self.earlier.map(|earlier| earlier.executable);
                (self.baseline, earlier.unwrap_or(self.executable))
            }
            Side::Candidate => (self.candidate, self.executable),
        }
    }
}

impl From<Bus> for Entrant {
    fn from(bus: Bus) -> Self {
        Self { bus, fault: None }
    }
}

/// Evidence gathered so far, whole or cut short.
pub struct Gathered {
    /// Every trial.
    pub evidence: Evidence,
    /// What the counts of the trials say about promises.
    pub promises: Promises,
    /// What trials left behind, by bus; `None` for a void floor.
    pub left_behind: Vec<(Option<Bus>, TearDown)>,
    /// Why it was cut short.
    pub error: Option<DriveError>,
}

/// Trials of one case at most, blocks run again for what the host did left out.
pub fn most_trials(most_blocks: usize, concludes: bool) -> usize {
    let sides = 2;
    let looks = Look::ALL.iter().filter(|look| look.blocks() <= most_blocks);
    let blocks = looks.clone().map(|look| look.blocks()).max().unwrap_or_default();
    if concludes {
        blocks * gate::TRIALS_PER_BLOCK + looks.count() * (sides + gate::TRIALS_PER_BLOCK)
    } else {
        most_blocks * gate::TRIALS_PER_BLOCK + sides
    }
}

/// Runs a performance case; what was measured is kept whatever happens.
pub async fn run(
    case: &Case,
    plan: &Plan<'_>,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Gathered {
    let mut gathering = Gathering::new(case, plan, interrupt);
    if !plan.concludes {
        let why = "the smoke profile estimates and never concludes".to_owned();
        gathering.gathered.evidence.barred = Some((Reason::Smoke, why));
    }
    let ended = gathering.gather(progress).await;
    gathering.ended(ended)
}

/// Runs so many blocks of the baseline against itself and nothing else, to learn the noise.
pub async fn nulls(
    case: &Case,
    plan: &Plan<'_>,
    blocks: usize,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Gathered {
    let mut gathering = Gathering::new(case, plan, interrupt);
    gathering.redos = Redos::of_a_look();
    let ended = async {
        for _ in 0..blocks {
            gathering.null(progress).await?;
        }
        Ok(())
    };
    let ended = ended.await;
    gathering.ended(ended)
}

struct Gathering<'a> {
    case: &'a Case,
    /// Its events as checkers ask for them; without them nothing is judged, and said not to be.
    planned: Option<CasePlan<'a>>,
    plan: &'a Plan<'a>,
    interrupt: Interrupt,
    trials: u32,
    /// What may still be run again for this look; smoke runs nothing again.
    redos: Redos,
    gathered: Gathered,
}

impl<'a> Gathering<'a> {
    fn new(case: &'a Case, plan: &'a Plan<'a>, interrupt: Interrupt) -> Self {
        let evidence = Evidence {
            revision: plan.earlier.map(|earlier| earlier.revision.to_owned()),
            ..Evidence::new(case.id.clone(), plan.baseline.bus, plan.candidate.bus)
        };
        Self {
            case,
            planned: CasePlan::new(case).ok(),
            plan,
            interrupt,
            trials: 0,
            redos: Redos::none(),
            gathered: Gathered {
                evidence,
                promises: Promises::default(),
                left_behind: Vec::new(),
                error: None,
            },
        }
    }

    /// What there is, and what ended it.
    fn ended(mut self, ended: Result<(), DriveError>) -> Gathered {
        if let Err(error) = ended {
            self.gathered.error = Some(error);
            self.gathered.evidence.stopped = true;
        }
        self.gathered
    }

    async fn gather(&mut self, progress: &mut Progress) -> Result<(), DriveError> {
        if !self.plan.concludes {
            self.voids(progress).await?;
            for _ in 0..self.plan.most_blocks {
                self.block(progress).await?;
            }
            self.gathered.evidence.stopped = true;
            return Ok(());
        }
        while let Some(blocks) = self.gathered.evidence.until_next_look(self.plan.most_blocks) {
            self.look(blocks, progress).await?;
            if self.undecided().is_empty() {
                return Ok(());
            }
        }
        self.gathered.evidence.stopped = true;
        Ok(())
    }

    /// All that one look needs: floors, the baseline against itself, then blocks. Blocks come last:
    /// whatever ends a run early, no look is reached whose screen and floors were not run.
    async fn look(&mut self, blocks: usize, progress: &mut Progress) -> Result<(), DriveError> {
        self.redos = Redos::of_a_look();
        self.voids(progress).await?;
        self.null(progress).await?;
        for _ in 0..blocks {
            self.block(progress).await?;
            self.show(progress);
        }
        Ok(())
    }

    async fn null(&mut self, progress: &mut Progress) -> Result<(), DriveError> {
        loop {
            let order = self.null_order(self.gathered.evidence.nulls.len());
            let mut null = self.four(order, true, progress).await?;
            null.redone = self.redos.grant(null.host_busy.as_deref());
            let again = null.redone;
            self.gathered.evidence.nulls.push(null);
            if !again {
                return Ok(());
            }
        }
    }

    /// The floors of both process layouts, once each: more looks give more to take the median of.
    async fn voids(&mut self, progress: &mut Progress) -> Result<(), DriveError> {
        for side in [Side::Baseline, Side::Candidate] {
            while self.void(side, progress).await? {}
        }
        Ok(())
    }

    /// One floor of one side; whether it is to be run again.
    async fn void(&mut self, side: Side, progress: &mut Progress) -> Result<bool, DriveError> {
        let mut void = VoidTrial::new(self.trial(side, true, progress).await?);
        void.redone = self.redos.grant(void.host_busy.as_deref());
        let again = void.redone;
        self.gathered.evidence.voids.push(void);
        Ok(again)
    }

    async fn block(&mut self, progress: &mut Progress) -> Result<(), DriveError> {
        loop {
            let number = u32::try_from(self.gathered.evidence.blocks.len()).unwrap_or(u32::MAX);
            let order = gate::order(self.plan.seed, number);
            let mut block = self.four(order, false, progress).await?;
            block.redone = self.redos.grant(block.host_busy.as_deref());
            let again = block.redone;
            self.gathered.evidence.blocks.push(block);
            if !again {
                return Ok(());
            }
        }
    }

    fn null_order(&self, nulls: usize) -> [Side; gate::TRIALS_PER_BLOCK] {
        gate::order(self.plan.seed ^ NULL_STREAM, u32::try_from(nulls).unwrap_or(u32::MAX))
    }

    async fn four(
        &mut self,
        order: [Side; gate::TRIALS_PER_BLOCK],
        null: bool,
        progress: &mut Progress,
    ) -> Result<Block, DriveError> {
        let mut trials = Vec::with_capacity(order.len());
        for side in order {
            let side = if null { Side::Baseline } else { side };
            trials.push(self.trial(side, false, progress).await?);
        }
        let trials: [Trial; gate::TRIALS_PER_BLOCK] =
            trials.try_into().expect("one trial for each place in the order");
        let host_busy = gate::busy::busy(&trials);
        Ok(Block { order, trials, host_busy, redone: false })
    }

    async fn trial(
        &mut self,
        side: Side,
        void: bool,
        progress: &mut Progress,
    ) -> Result<Trial, DriveError> {
        self.trials += 1;
        let (Entrant { bus, fault }, executable) = self.plan.on(side);
        let mut case = self.case.clone();
        case.topology.bus.fault = fault.map(|fault| fault.name().to_owned());
        let kind = if void { "void" } else { "trial" };
        let earlier = match (side, self.plan.earlier) {
            (Side::Baseline, Some(_)) => "-earlier",
            _ => "",
        };
        let name = format!("{:03}-{kind}-{}{earlier}", self.trials, bus.as_str());
        let directory = self.plan.directory.join(name);
        let request = TrialRequest {
            executable,
            case: &case,
            bus,
            void,
            share_by_clone: self.plan.share_by_clone,
            directory: &directory,
        };
        let driven = run_trial(request, self.interrupt.clone()).await?;
        let mut trial = driven.trial;
        trial.validity = physics::validity(&trial, in_flight(self.case));
        if !void {
            self.count(bus, &mut trial);
        }
        if let Validity::Invalid(why) = &trial.validity {
            tracing::warn!(case = self.case.id, bus = bus.as_str(), void, why, "invalid trial");
        }
        if !trial.tear_down.is_clean() {
            self.gathered.left_behind.push((trial.bus, trial.tear_down.clone()));
        }
        discard_stamps(&directory);
        progress.trial_done(bus.as_str());
        Ok(trial)
    }

    /// Judges what a trial counted. Figures of a trial that breaks a promise decide nothing.
    fn count(&mut self, bus: Bus, trial: &mut Trial) {
        let Some(planned) = &self.planned else { return };
        let counted = check_counts(self.case, bus, &trial.delivered, planned);
        if let (Some(first), false) =
            (counted.violations.first(), matches!(trial.validity, Validity::Invalid(_)))
        {
            trial.validity = Validity::Invalid(first.sentence.clone());
        }
        // A broker of others promises nothing; what it lost makes the trial invalid.
        if !bus.is_peer() {
            self.gathered.promises.note(bus, counted);
        }
    }

    fn undecided(&self) -> Vec<(Metric, Limit, Option<Estimate>)> {
        PerformanceRow::of(&self.gathered.evidence, self.plan.table)
            .into_iter()
            .filter(|row| row.gated)
            .filter(|row| matches!(row.judgement.verdict, Verdict::Inconclusive(_)))
            .map(|row| (row.metric, row.judgement.limit, row.judgement.estimate().copied()))
            .collect()
    }

    fn show(&self, progress: &mut Progress) {
        progress.block_done(self.gathered.evidence.blocks.len(), &self.undecided());
    }
}

/// Deliveries the credits of a closed loop allow at once.
pub fn in_flight(case: &Case) -> Option<u64> {
    let window = |phase: &Phase| -> u64 {
        let windows = phase.publish.iter().filter_map(|publish| match publish.rate {
            Rate::Window(window) => Some(window),
            Rate::Max | Rate::PerSecond(..) => None,
        });
        windows.sum()
    };
    let measured = case.phases.iter().filter(|phase| phase.measured);
    let window = measured.map(window).max().unwrap_or_default();
    (window > 0).then(|| window * case.topology.subscribers.len() as u64)
}

/// Stamps of single events are joined into histograms by now; a run of hundreds of trials keeps
/// the `.hlog` alone.
pub(super) fn discard_stamps(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "timing" || end == "arrivals") {
            // What cannot be removed only takes room.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_brings_its_floor_and_its_null_block() {
        assert_eq!(most_trials(10, true), 10 * 4 + 2 * (2 + 4));
        assert_eq!(most_trials(16, true), 16 * 4 + 3 * (2 + 4));
        assert_eq!(most_trials(1, false), 4 + 2);
        assert_eq!(most_trials(5, true), 0, "no look is reached, so nothing is run");
    }
}
