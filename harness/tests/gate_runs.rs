//! Whole runs simulated with known truth: floors, A/A blocks and blocks run again included.
//!
//! `gate_coverage` tries looks and bounds alone; here made-up trials go through everything that
//! stands between a trial and a verdict, in the order in which a run gathers them. Seeds are fixed,
//! so these are exact facts about the code; tolerances are binomial, four standard deviations.

use equivalence::gate::{
    Block, Direction, Estimate, Evidence, Interval, Limit, Reason, Redos, Side, Verdict, VoidTrial,
    busy, judge, order,
};
use equivalence::plan::gates::Metric;
use equivalence::plan::{Bus, TrialKind};
use equivalence::record::{HostLoad, Latency, TearDown, Trial, TrialFigures, Validity};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// Simulated runs per setting.
const RUNS: u32 = 400;
const MOST_BLOCKS: usize = 10;
const CPU: Limit = Limit { direction: Direction::AtMost, ratio: 1.2 };

/// What is true of the two buses and of the host they are measured on.
#[derive(Debug, Clone, Copy)]
struct World {
    /// Candidate ÷ baseline, of what the buses themselves cost.
    ratio: f64,
    /// Half the width of the noise of a trial's logarithm.
    noise: f64,
    /// What the instrument costs in every trial, the baseline's own cost being 1.
    floor: f64,
    /// Half the width of the noise of a void's logarithm.
    floor_noise: f64,
    /// Factor on whatever is measured in the candidate's places, A/A blocks included.
    bias: f64,
    /// Chance that a quiet host becomes busy at the next block; it stays so 3 times in 5.
    busy: f64,
}

const WORLD: World =
    World { ratio: 1.0, noise: 0.03, floor: 0.0, floor_noise: 0.0, bias: 1.0, busy: 0.0 };
/// The candidate's cost is the limit exactly.
const ON_THE_LIMIT: World = World { ratio: CPU.ratio, ..WORLD };
/// How a busy host distorts: noise is wider by this factor,
const BUSY_NOISE: f64 = 8.0;
/// and the candidate, with more processes, looks worse by this one.
const BUSY_BIAS: f64 = 1.3;

/// Which rule decides that a block is run again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Again {
    /// What the host did, at most twice a look.
    ByHost,
    Never,
    /// A rule that nobody may have: whenever the candidate looks bad.
    ByRatio,
}

struct Simulated {
    world: World,
    again: Again,
    screened: bool,
    /// Whether blocks go on after the gate is decided, as they do for another gate of the case.
    runs_on: bool,
    is_busy: bool,
    random: ChaCha8Rng,
}

impl Simulated {
    fn new(world: World, seed: u32) -> Self {
        let random = ChaCha8Rng::seed_from_u64(u64::from(seed));
        Self { world, again: Again::ByHost, screened: true, runs_on: false, is_busy: false, random }
    }

    /// One run, gathered as the runner does, to its verdict.
    fn verdict(mut self) -> Verdict {
        let mut evidence = Evidence::new("perf/any".to_owned(), Bus::Crossbeam, Bus::Process);
        loop {
            let Some(blocks) = evidence.until_next_look(MOST_BLOCKS) else {
                return judge(Metric::Cpu, CPU, &evidence).verdict;
            };
            let mut redos =
                if self.again == Again::ByHost { Redos::of_a_look() } else { Redos::none() };
            self.voids(&mut evidence, &mut redos);
            while self.screened && self.null(&mut evidence, &mut redos) {}
            for _ in 0..blocks {
                while self.block(&mut evidence, &mut redos) {}
            }
            let verdict = judge(Metric::Cpu, CPU, &evidence).verdict;
            let decided = matches!(verdict, Verdict::Pass | Verdict::Fail);
            if decided && !self.runs_on {
                return verdict;
            }
        }
    }

    fn voids(&mut self, evidence: &mut Evidence, redos: &mut Redos) {
        for side in [Side::Baseline, Side::Candidate] {
            while self.world.floor > 0.0 && self.void(side, evidence, redos) {}
        }
    }

    /// Measures a floor; whether it is to be run again.
    fn void(&mut self, side: Side, evidence: &mut Evidence, redos: &mut Redos) -> bool {
        self.turn();
        let cost = self.world.floor * self.distorted(side, self.world.floor_noise);
        let bus = evidence.bus(side);
        let trial = trial(bus, cost, self.outside());
        let mut void = VoidTrial::new(Trial { bus: None, void_of: Some(bus), ..trial });
        void.redone = redos.grant(void.host_busy.as_deref());
        let again = void.redone;
        evidence.voids.push(void);
        again
    }

    /// Measures a block; whether it is to be run again.
    fn block(&mut self, evidence: &mut Evidence, redos: &mut Redos) -> bool {
        let mut block = self.four(evidence.blocks.len(), self.world.ratio);
        block.redone = redos.grant(block.host_busy.as_deref());
        if self.again == Again::ByRatio {
            block.redone = looks_bad(&block);
        }
        let again = block.redone;
        evidence.blocks.push(block);
        again
    }

    fn null(&mut self, evidence: &mut Evidence, redos: &mut Redos) -> bool {
        let mut null = self.four(evidence.nulls.len(), 1.0);
        null.redone = redos.grant(null.host_busy.as_deref());
        let again = null.redone;
        evidence.nulls.push(null);
        again
    }

    fn four(&mut self, number: usize, ratio: f64) -> Block {
        self.turn();
        let order = order(7, u32::try_from(number).expect("few blocks"));
        let trials = order.map(|side| {
            let (own, place) = match side {
                Side::Baseline => (1.0, 1.0),
                Side::Candidate => (ratio, self.world.bias),
            };
            let distorted = self.distorted(side, self.world.noise);
            let cost = (own + self.world.floor) * place * distorted;
            trial(Bus::Crossbeam, cost, self.outside())
        });
        let host_busy = busy::busy(&trials);
        Block { order, trials, host_busy, redone: false }
    }

    /// The host becomes busy, or quiet again.
    fn turn(&mut self) {
        let stays = if self.is_busy { 0.6 } else { self.world.busy };
        self.is_busy = self.random.random::<f64>() < stays;
    }

    /// What the host does to a figure: noise, and when busy more of it, to the candidate's cost.
    fn distorted(&mut self, side: Side, noise: f64) -> f64 {
        let wider = if self.is_busy { BUSY_NOISE } else { 1.0 };
        let bias = if self.is_busy && side == Side::Candidate { BUSY_BIAS } else { 1.0 };
        bias * self.noise(noise * wider)
    }

    /// The share of the host's CPU time that goes to others.
    fn outside(&self) -> f64 {
        if self.is_busy { 0.4 } else { 0.01 }
    }

    fn noise(&mut self, half_width: f64) -> f64 {
        (half_width * (2.0 * self.random.random::<f64>() - 1.0)).exp()
    }
}

fn looks_bad(block: &Block) -> bool {
    let cost = |wanted| -> f64 {
        let own = block.order.iter().zip(&block.trials).filter(|(side, _)| **side == wanted);
        own.filter_map(|(_, trial)| trial.figures.cpu_s_per_million).map(f64::ln).sum()
    };
    (cost(Side::Candidate) - cost(Side::Baseline)) / 2.0 > CPU.ratio.ln() + 0.005
}

fn trial(bus: Bus, cost: f64, outside: f64) -> Trial {
    Trial {
        case: String::new(),
        bus: Some(bus),
        void_of: None,
        kind: TrialKind::Paced,
        seed: 1,
        validity: Validity::Valid,
        figures: TrialFigures {
            cpu_s_per_million: Some(cost),
            host: Some(HostLoad { outside, ..HostLoad::default() }),
            ..TrialFigures::default()
        },
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}

/// How many runs end in each of these verdicts.
fn count(world: World, change: impl Fn(&mut Simulated), wanted: &[Verdict]) -> Vec<u32> {
    let mut counts = vec![0; wanted.len()];
    for seed in 0..RUNS {
        let mut run = Simulated::new(world, seed);
        change(&mut run);
        let verdict = run.verdict();
        for (count, wanted) in counts.iter_mut().zip(wanted) {
            *count += u32::from(verdict == *wanted);
        }
    }
    counts
}

/// How many runs end in PASS and in FAIL.
fn errors(world: World, change: impl Fn(&mut Simulated)) -> (u32, u32) {
    let counts = count(world, change, &[Verdict::Pass, Verdict::Fail]);
    (counts[0], counts[1])
}

/// Four standard deviations above what so many runs of chance `p` are expected to show.
fn at_most(p: f64) -> u32 {
    let n = f64::from(RUNS);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
    let most = (n * p + 4.0 * (n * p * (1.0 - p)).sqrt()) as u32;
    most
}

#[test]
fn on_the_limit_a_whole_run_errs_in_less_than_five_percent_each_way() {
    let (passes, fails) = errors(ON_THE_LIMIT, |_| {});
    assert!(passes <= at_most(0.05) && fails <= at_most(0.05), "{passes} {fails}");
    assert!(passes > 0 && fails > 0, "a test that never errs is blind");
}

/// Too high a floor of the candidate flatters it: unless it is run again or bars the gate, a busy
/// host would let candidates pass that are beyond the limit.
#[test]
fn a_floor_of_a_busy_host_lets_nobody_pass() {
    let floor = 1.0;
    // The raw ratio is within the limit, the corrected one on it.
    let world = World { floor, busy: 0.3, ..ON_THE_LIMIT };
    let (passes, _) = errors(world, |_| {});
    assert!(passes <= at_most(0.05), "{passes}");
    let barred = [Verdict::Inconclusive(Reason::HostBusy)];
    let (counted, redone) = (
        count(world, |run| run.again = Again::Never, &barred)[0],
        count(world, |_| {}, &barred)[0],
    );
    assert!(redone < counted, "{redone} with, {counted} without");
}

/// Another gate of the case may need more blocks: what they show, trouble included, is not asked.
#[test]
fn blocks_run_on_for_another_gate_change_no_verdict() {
    for world in [ON_THE_LIMIT, World { busy: 0.1, ..WORLD }, World { noise: 0.16, ..WORLD }] {
        let mut decided = 0;
        for seed in 0..RUNS {
            let stopped = Simulated::new(world, seed).verdict();
            let mut run = Simulated::new(world, seed);
            run.runs_on = true;
            assert_eq!(run.verdict(), stopped, "{world:?} {seed}");
            decided += u32::from(matches!(stopped, Verdict::Pass | Verdict::Fail));
        }
        assert!(decided > 0, "{world:?} never decides");
    }
}

/// The blocks that count were all measured on a quiet host, and which ones those are does not
/// depend on their figures: they are as good as blocks of a host that is always quiet.
#[test]
fn running_again_for_what_the_host_did_leaves_error_rates_as_they_are() {
    let world = World { busy: 0.1, ..ON_THE_LIMIT };
    for again in [Again::ByHost, Again::Never] {
        let (passes, fails) = errors(world, |run| run.again = again);
        assert!(passes <= at_most(0.05) && fails <= at_most(0.05), "{again:?}: {passes} {fails}");
        assert!(passes + fails > 0, "{again:?} never concludes");
    }
}

#[test]
fn running_again_for_what_the_host_did_lets_more_runs_conclude() {
    let world = World { busy: 0.05, ..WORLD };
    let (with, wrong) = errors(world, |_| {});
    let (without, _) = errors(world, |run| run.again = Again::Never);
    assert!(with > without + RUNS / 20, "{with} with, {without} without");
    assert_eq!(wrong, 0, "a busy host makes the candidate look worse, and no run believed it");
}

#[test]
fn a_rule_that_looked_at_the_ratio_would_be_seen_here() {
    let (passes, _) = errors(ON_THE_LIMIT, |run| run.again = Again::ByRatio);
    assert!(passes > RUNS / 2, "{passes}");
}

#[test]
fn a_biased_instrument_convicts_nobody_once_screened() {
    let world = World { bias: 1.3, ..WORLD };
    let (_, believed) = errors(world, |run| run.screened = false);
    assert_eq!(believed, RUNS, "unscreened, every run blames the candidate");
    let barred = Verdict::Inconclusive(Reason::NullBiased);
    let counts = count(world, |_| {}, &[Verdict::Pass, Verdict::Fail, barred]);
    assert_eq!(counts, [0, 0, RUNS]);
}

/// Half the log distance to 1.2 is 0.09. The screen can only take verdicts away, and takes them
/// from gates whose blocks scatter about as widely.
#[test]
fn the_screen_is_free_for_quiet_gates_and_dear_for_noisy_ones() {
    let barred = [Verdict::Inconclusive(Reason::NullBiased)];
    assert_eq!(count(WORLD, |_| {}, &barred), [0]);
    let noisy = World { noise: 0.16, ..WORLD };
    let lost = count(noisy, |_| {}, &barred)[0];
    assert!((RUNS / 5..RUNS / 2).contains(&lost), "{lost}");
    let (passes, fails) = errors(World { ratio: 1.2, ..noisy }, |_| {});
    assert!(passes <= at_most(0.05) && fails <= at_most(0.05), "{passes} {fails}");
}

#[test]
fn whatever_the_floors_do_the_raw_ratio_keeps_its_level() {
    for floor_noise in [0.0, 0.1, 0.3] {
        let floor = 1.0;
        let ratio = CPU.ratio * (1.0 + floor) - floor;
        let (passes, _) = errors(World { ratio, floor, floor_noise, ..WORLD }, |_| {});
        assert!(passes <= at_most(0.05), "{floor_noise}: {passes}");
    }
}

/// A floor is one figure for all blocks of a look: its own error moves every block alike, and no
/// interval over blocks contains it. Steady floors are harmless. Wavering ones are a known gap:
/// as large as the bus's own cost and 10 % to either side, they let four runs in ten pass whose
/// corrected ratio is on the limit.
#[test]
fn the_corrected_ratio_keeps_its_level_while_floors_are_steady() {
    for (floor, floor_noise) in [(0.2, 0.0), (0.2, 0.03), (1.0, 0.0), (1.0, 0.01)] {
        let world = World { floor, floor_noise, ..ON_THE_LIMIT };
        let (passes, fails) = errors(world, |_| {});
        assert!(passes <= at_most(0.05), "{floor} {floor_noise}: {passes}");
        assert_eq!(fails, 0, "the raw ratio is below the limit and has to agree");
    }
    let (passes, _) = errors(World { floor: 1.0, floor_noise: 0.1, ..ON_THE_LIMIT }, |_| {});
    assert!(passes > at_most(0.05), "the gap is closed ({passes}): say so above and in `floor`");
}

fn interval() -> impl Strategy<Value = Estimate> {
    (0.1..4.0_f64, 1.0..3.0_f64, 1.0..3.0_f64, any::<bool>()).prop_map(
        |(ratio, down, up, whole)| {
            let interval =
                Interval { low: ratio / down, high: ratio * up, detectable: up.max(down) };
            Estimate { ratio, blocks: 6, interval: whole.then_some(interval) }
        },
    )
}

/// Evidence with fewer than six blocks that count, and any figures whatever.
fn little() -> impl Strategy<Value = (Evidence, bool)> {
    let figure = prop_oneof![0.5..2.0_f64, proptest::num::f64::ANY];
    let figures = proptest::collection::vec(figure, 4 * 9);
    let figures = (figures, any::<bool>(), any::<u64>());
    (0..6_usize, 0..4_usize, 0..3_usize, figures, any::<bool>()).prop_map(
        |(kept, redone, nulls, (figures, complete, hole), stopped)| {
            let mut evidence = Evidence::new("perf/any".to_owned(), Bus::Crossbeam, Bus::Process);
            let mut figures = figures.into_iter().cycle();
            let mut block = |redone| {
                let order = order(1, 0);
                let trials = order.map(|_| anything(figures.next().expect("endless")));
                Block { order, trials, host_busy: None, redone }
            };
            evidence.blocks.extend((0..kept + redone).map(|at| block(at < redone)));
            evidence.nulls.extend((0..nulls).map(|_| block(false)));
            for bus in [Bus::Crossbeam, Bus::Process] {
                let void = anything(figures.next().expect("endless"));
                evidence.voids.push(VoidTrial::new(Trial {
                    bus: None,
                    void_of: Some(bus),
                    ..void
                }));
            }
            if let (false, Some(block)) = (complete, evidence.blocks.last_mut()) {
                block.trials[usize::try_from(hole % 4).expect("below 4")].figures =
                    TrialFigures::default();
            }
            evidence.stopped = stopped;
            (evidence, complete)
        },
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any will do")]
fn anything(value: f64) -> Trial {
    let mut trial = trial(Bus::Crossbeam, value, 0.0);
    let ns = (value * 1e4) as u64;
    let latency =
        Latency { samples: 20_000, p50_ns: ns, p90_ns: ns, p99_ns: ns, ..Latency::default() };
    trial.figures = TrialFigures {
        throughput_per_s: Some(value),
        latency: Some(latency),
        memory_bytes: Some(value),
        backlog_bytes_per_event: Some(value),
        ..trial.figures
    };
    trial
}

proptest! {
    #[test]
    fn two_ratios_decide_only_what_each_of_them_decides(
        raw in interval(),
        corrected in interval(),
        ratio in 0.2..3.0_f64,
        at_least in any::<bool>(),
    ) {
        let direction = if at_least { Direction::AtLeast } else { Direction::AtMost };
        let limit = Limit { direction, ratio };
        let (one, two) = (limit.judge(&raw), limit.judge(&corrected));
        let both = limit.judge_both(&raw, &corrected);
        let bound = Verdict::Inconclusive(Reason::InstrumentBound);
        prop_assert_eq!(both, if one == two { one } else { bound });
    }

    #[test]
    fn fewer_than_six_blocks_never_decide_whatever_their_figures(
        (evidence, complete) in little(),
        metric in proptest::sample::select(Metric::ALL.to_vec()),
        ratio in prop_oneof![0.01..5.0_f64, Just(1.0), Just(f64::MIN_POSITIVE), Just(f64::MAX)],
    ) {
        let verdict = judge(metric, Limit { direction: metric.direction(), ratio }, &evidence).verdict;
        let open = matches!(verdict, Verdict::Inconclusive(_));
        let absent = matches!(verdict, Verdict::NotApplicable(_)) && !complete;
        prop_assert!(open || absent, "{verdict}");
    }
}
