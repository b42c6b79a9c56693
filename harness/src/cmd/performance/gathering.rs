//! Trials of one case until every pair is decided or the profile's limit is reached.
//!
//! All pairs go side by side: a round serves those that are still open, and who takes part in several
//! of them is measured once for all. Each pair has its evidence for itself, which reads as if it
//! had been alone.

use super::pair::{Entrant, Pair, Seat, seats};
use super::round::Round;
use super::{Failure, Gathered, Plan, Promises, discard_stamps, in_flight};
use crate::check::check_counts;
use crate::cmd::behaviour::CasePlan;
use crate::driver::{DriveError, Interrupt, TrialRequest, run_trial};
use crate::gate::{self, Block, Evidence, Look, Reason, Redos, Side, Verdict, VoidTrial, physics};
use crate::plan::{Bus, Case};
use crate::record::{TearDown, Trial, Validity};
use crate::report::{PerformanceRow, Progress, Standing};

/// The stream of A/A blocks, apart from that of the rounds they screen.
const NULL_STREAM: u64 = 0x4e55_4c4c;

/// One pair, and what is known about it.
struct Contest<'a> {
    pair: Pair<'a>,
    evidence: Evidence,
    /// Whether more is to be measured.
    is_open: bool,
}

/// A trial that came to nothing.
struct Broken<'a> {
    seat: Seat<'a>,
    error: DriveError,
}

pub(super) struct Gathering<'a> {
    case: &'a Case,
    /// Its events as checkers ask for them; without them nothing is judged, and said not to be.
    planned: Option<CasePlan<'a>>,
    plan: &'a Plan<'a>,
    interrupt: Interrupt,
    progress: &'a mut Progress,
    trials: u32,
    rounds: u32,
    /// What may still be run again for this look; smoke runs nothing again.
    redos: Redos,
    /// The look that was begun last: one that is broken off has no more to run again when it goes on.
    begun: usize,
    contests: Vec<Contest<'a>>,
    promises: Promises,
    left_behind: Vec<(Option<Bus>, TearDown)>,
    failures: Vec<Failure>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(
        case: &'a Case,
        plan: &'a Plan<'a>,
        interrupt: Interrupt,
        progress: &'a mut Progress,
    ) -> Self {
        let barred = (!plan.concludes)
            .then(|| (Reason::Smoke, "the smoke profile estimates and never concludes".to_owned()));
        let contest = |pair: &Pair<'a>| Contest {
            pair: *pair,
            evidence: Evidence {
                revision: pair.baseline.earlier.map(|earlier| earlier.revision.to_owned()),
                barred: barred.clone(),
                ..Evidence::new(case.id.clone(), pair.baseline.bus, pair.candidate.bus)
            },
            is_open: true,
        };
        Self {
            case,
            planned: CasePlan::new(case).ok(),
            plan,
            interrupt,
            progress,
            trials: 0,
            rounds: 0,
            redos: Redos::none(),
            begun: 0,
            contests: plan.pairs.iter().map(contest).collect(),
            promises: Promises::default(),
            left_behind: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Look after look. Who breaks down leaves, and the others go on without.
    pub(super) async fn gather(mut self) -> Gathered {
        while let Some((look, rounds)) = self.next_look() {
            match self.look(look, rounds).await {
                Ok(()) => self.close_decided(),
                Err(broken) => self.leave_out(broken),
            }
        }
        for contest in self.contests.iter_mut().filter(|contest| contest.is_open) {
            contest.evidence.stopped = true;
        }
        self.gathered()
    }

    /// So many A/A blocks of every baseline and nothing else.
    pub(super) async fn gather_nulls(mut self, blocks: usize) -> Gathered {
        self.redos = Redos::of_a_look();
        for _ in 0..blocks {
            if let Err(broken) = self.nulls().await {
                self.leave_out(broken);
                break;
            }
        }
        self.gathered()
    }

    fn gathered(self) -> Gathered {
        let Self { contests, promises, left_behind, failures, .. } = self;
        let evidence = contests.into_iter().map(|contest| contest.evidence).collect();
        Gathered { evidence, promises, left_behind, failures }
    }

    fn open(&self) -> impl Iterator<Item = &Contest<'a>> {
        self.contests.iter().filter(|contest| contest.is_open)
    }

    /// Everybody who is still needed.
    fn seats(&self) -> Vec<Seat<'a>> {
        seats(self.open().map(|contest| contest.pair))
    }

    /// The evidence of every open pair that somebody is of.
    fn evidence_with(&mut self, seat: Seat<'a>) -> impl Iterator<Item = &mut Evidence> {
        let open = self.contests.iter_mut().filter(|contest| contest.is_open);
        let own = open.filter(move |contest| contest.pair.seats().contains(&seat));
        own.map(|contest| &mut contest.evidence)
    }

    /// The number of the next look, and the rounds until then. Open pairs have all had the same ones.
    fn next_look(&self) -> Option<(usize, usize)> {
        let kept = self.open().next()?.evidence.kept().count();
        let most = self.plan.most_blocks;
        if self.plan.concludes {
            let look = Look::next(kept, most)?;
            return Some((look.number(), look.blocks() - kept));
        }
        (kept < most).then(|| (1, most - kept))
    }

    /// All that one look needs: floors, the baselines against themselves, then rounds. Rounds come last:
    /// whatever ends a run early, no look is reached whose screen and floors were not run.
    async fn look(&mut self, look: usize, rounds: usize) -> Result<(), Broken<'a>> {
        if self.plan.concludes && self.begun < look {
            self.redos = Redos::of_a_look();
        }
        self.begun = look;
        // A look that was broken off goes on where it was.
        if self.open().any(|contest| contest.evidence.floored_looks() < look) {
            self.voids().await?;
        }
        if self.plan.concludes
            && self.open().any(|contest| contest.evidence.screened_looks() < look)
        {
            self.nulls().await?;
        }
        for _ in 0..rounds {
            self.round().await?;
            let blocks = self.open().map(|contest| contest.evidence.blocks.len()).max();
            let undecided = self.undecided();
            self.progress.block_done(blocks.unwrap_or_default(), &undecided);
        }
        Ok(())
    }

    /// The floors of all process layouts, once each: more looks give more to take the median of.
    async fn voids(&mut self) -> Result<(), Broken<'a>> {
        let mut voids = Vec::new();
        for seat in self.seats() {
            loop {
                let mut void = VoidTrial::new(self.trial(seat, true).await?);
                void.redone = self.redos.grant(void.host_busy.as_deref());
                let again = void.redone;
                voids.push((seat, void));
                if !again {
                    break;
                }
            }
        }
        // All or none: a pair with a floor of one side alone could not be corrected.
        for (seat, void) in voids {
            for evidence in self.evidence_with(seat) {
                evidence.voids.push(void.clone());
            }
        }
        Ok(())
    }

    /// An A/A block of every baseline.
    async fn nulls(&mut self) -> Result<(), Broken<'a>> {
        let mut nulls = Vec::new();
        for seat in self.seats().into_iter().filter(|seat| seat.side == Side::Baseline) {
            let mut number = self.evidence_with(seat).map(|pair| pair.nulls.len()).max();
            loop {
                let mut null = self.null(seat, number.unwrap_or_default()).await?;
                null.redone = self.redos.grant(null.host_busy.as_deref());
                let again = null.redone;
                nulls.push((seat, null));
                if !again {
                    break;
                }
                number = number.map(|number| number + 1);
            }
        }
        // All or none, as floors: a look that is broken off has each of them once.
        for (seat, null) in nulls {
            for evidence in self.evidence_with(seat) {
                evidence.nulls.push(null.clone());
            }
        }
        Ok(())
    }

    async fn null(&mut self, seat: Seat<'a>, number: usize) -> Result<Block, Broken<'a>> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let order = gate::order(self.plan.seed ^ NULL_STREAM, number);
        let mut trials = Vec::with_capacity(order.len());
        for _ in order {
            trials.push(self.trial(seat, false).await?);
        }
        let trials = trials.try_into().expect("one trial for each place in the order");
        Ok(Block::new(order, trials))
    }

    /// One round that counts for everybody.
    async fn round(&mut self) -> Result<(), Broken<'a>> {
        loop {
            let seats = self.seats();
            let order = gate::round_order(self.plan.seed, self.rounds, seats.len());
            self.rounds += 1;
            let mut round = Round::default();
            for place in order {
                let seat = seats[place];
                round.push(seat, self.trial(seat, false).await?);
            }
            if !self.keep(&round) {
                return Ok(());
            }
        }
    }

    /// Gives every open pair its block; whether the round is to be run again. It is for all of them if
    /// it is for one: they would not stay side by side otherwise.
    fn keep(&mut self, round: &Round<'a>) -> bool {
        let open: Vec<&mut Contest<'a>> =
            self.contests.iter_mut().filter(|contest| contest.is_open).collect();
        let blocks: Vec<Block> = open.iter().map(|contest| round.block_of(contest.pair)).collect();
        let busy = blocks.iter().find_map(|block| block.host_busy.clone());
        let again = self.redos.grant(busy.as_deref());
        for (contest, mut block) in open.into_iter().zip(blocks) {
            block.redone = again;
            contest.evidence.blocks.push(block);
        }
        again
    }

    async fn trial(&mut self, seat: Seat<'a>, void: bool) -> Result<Trial, Broken<'a>> {
        let ran = self.run(seat, void).await;
        ran.map_err(|error| Broken { seat, error })
    }

    async fn run(&mut self, seat: Seat<'a>, void: bool) -> Result<Trial, DriveError> {
        self.trials += 1;
        let entrant = seat.entrant;
        let bus = entrant.bus;
        let mut case = self.case.clone();
        case.topology.bus.fault = entrant.fault.map(|fault| fault.name().to_owned());
        let kind = if void { "void" } else { "trial" };
        let earlier = if entrant.earlier.is_some() { "-earlier" } else { "" };
        let name = format!("{:03}-{kind}-{}{earlier}", self.trials, bus.as_str());
        let directory = self.plan.directory.join(name);
        let request = TrialRequest {
            executable: entrant.earlier.map_or(self.plan.executable, |earlier| earlier.executable),
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
            self.count(entrant, &mut trial);
        }
        if let Validity::Invalid(why) = &trial.validity {
            tracing::warn!(case = self.case.id, bus = bus.as_str(), void, why, "invalid trial");
        }
        if !trial.tear_down.is_clean() {
            self.left_behind.push((trial.bus, trial.tear_down.clone()));
        }
        discard_stamps(&directory);
        self.progress.trial_done(bus.as_str());
        Ok(trial)
    }

    /// Judges what a trial counted. Figures of a trial that breaks a promise decide nothing.
    fn count(&mut self, entrant: Entrant<'a>, trial: &mut Trial) {
        let bus = entrant.bus;
        let Some(planned) = &self.planned else { return };
        let counted = check_counts(self.case, bus, &trial.delivered, planned);
        if let (Some(first), false) =
            (counted.violations.first(), matches!(trial.validity, Validity::Invalid(_)))
        {
            trial.validity = Validity::Invalid(first.sentence.clone());
        }
        // A broker of others promises nothing, and what another revision breaks is not this one's: it makes
        // the trial invalid, no more.
        if !bus.is_peer() && entrant.earlier.is_none() {
            self.promises.note(bus, counted);
        }
    }

    /// How the gates stand that are not decided yet, of all pairs.
    fn undecided(&self) -> Vec<Standing> {
        self.open().flat_map(|contest| self.undecided_of(contest)).collect()
    }

    fn undecided_of(&self, contest: &Contest<'a>) -> Vec<Standing> {
        let rows = PerformanceRow::of(&contest.evidence, self.plan.table).into_iter();
        let gates = rows.filter(|row| row.gated);
        let undecided =
            gates.filter(|row| matches!(row.judgement.verdict, Verdict::Inconclusive(_)));
        undecided
            .map(|row| Standing {
                of: self.plan.called(contest.pair),
                metric: row.metric,
                limit: row.judgement.limit,
                estimate: row.judgement.estimate().copied(),
            })
            .collect()
    }

    /// Pairs whose gates are all decided need no more rounds.
    fn close_decided(&mut self) {
        let is_open =
            |contest: &Contest<'a>| contest.is_open && !self.undecided_of(contest).is_empty();
        let open: Vec<bool> = self.contests.iter().map(is_open).collect();
        for (contest, is_open) in self.contests.iter_mut().zip(open) {
            contest.is_open = is_open;
        }
    }

    /// Ends every pair of whoever broke down; all of them if the user has stopped the run.
    fn leave_out(&mut self, Broken { seat, error }: Broken<'a>) {
        let is_over = matches!(error, DriveError::Interrupted);
        for contest in self.contests.iter_mut().filter(|contest| contest.is_open) {
            if is_over || contest.pair.seats().contains(&seat) {
                contest.is_open = false;
                contest.evidence.stopped = true;
            }
        }
        self.failures.push(Failure { bus: seat.entrant.bus, error });
    }
}
