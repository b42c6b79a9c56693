//! Thousands of simulated experiments with known truth: how often do gates err, and do they decide?
//!
//! Seeds are fixed, so these are exact facts about the code, not chances. Tolerances are binomial:
//! four standard deviations around what the exact distribution says.

use equivalence::gate::{ALPHA_PER_LOOK, Concluding, Direction, Estimate, Limit, Look, Verdict};
use rand::{RngExt, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Experiments per setting.
const EXPERIMENTS: u32 = 2_000;
/// Most blocks a run may use.
const MOST_BLOCKS: usize = 16;

/// Symmetric noise of a block's log ratio, by its shape.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Uniform,
    Laplace,
    /// Mostly quiet, one block in ten fifty times as wide.
    Spiky,
}

impl Noise {
    const ALL: [Self; 3] = [Self::Uniform, Self::Laplace, Self::Spiky];

    fn draw(self, random: &mut impl RngExt) -> f64 {
        let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
        let share: f64 = random.random();
        match self {
            Self::Laplace => -sign * (1.0 - share).ln(),
            Self::Spiky if random.random::<f64>() < 0.1 => sign * share * 50.0,
            Self::Uniform | Self::Spiky => sign * share,
        }
    }
}

/// One experiment as the runner does it: look, stop when decided, go on otherwise.
fn experiment(truth: f64, scale: f64, noise: Noise, limit: Limit, seed: u64) -> (Verdict, usize) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ratios = Vec::new();
    let mut verdict = None;
    while let Some(look) = Look::next(ratios.len(), MOST_BLOCKS) {
        while ratios.len() < look.blocks() {
            ratios.push(truth.ln() + scale * noise.draw(&mut random));
        }
        let judged = limit.judge(&Estimate::of(&ratios).expect("finite blocks estimate"));
        let decided = matches!(judged, Verdict::Pass | Verdict::Fail);
        verdict = Some(judged);
        if decided {
            break;
        }
    }
    (verdict.expect("at least one look"), ratios.len())
}

/// How many of the experiments end in this verdict.
fn count(truth: f64, scale: f64, noise: Noise, limit: Limit, wanted: &Verdict) -> u32 {
    let ends = |seed: &u32| experiment(truth, scale, noise, limit, u64::from(*seed)).0 == *wanted;
    u32::try_from((0..EXPERIMENTS).filter(ends).count()).expect("at most 2000")
}

/// Four standard deviations above what so many experiments of chance `p` are expected to show.
fn at_most(p: f64) -> f64 {
    let n = f64::from(EXPERIMENTS);
    n * p + 4.0 * (n * p * (1.0 - p)).sqrt()
}

const LATENCY: Limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
const THROUGHPUT: Limit = Limit { direction: Direction::AtLeast, ratio: 0.8 };

#[test]
fn on_the_limit_each_wrong_verdict_stays_below_five_percent_over_all_looks() {
    for noise in Noise::ALL {
        for limit in [LATENCY, THROUGHPUT] {
            for verdict in [Verdict::Pass, Verdict::Fail] {
                let wrong = count(limit.ratio, 0.3, noise, limit, &verdict);
                assert!(
                    f64::from(wrong) <= at_most(0.05),
                    "{noise:?} {limit:?} {verdict}: {wrong}"
                );
                assert!(
                    wrong > 0,
                    "{noise:?} {limit:?} {verdict}: a test that never errs is blind"
                );
            }
        }
    }
}

#[test]
fn one_sided_bounds_miss_the_truth_as_often_as_the_exact_distribution_says() {
    // P(T <= c) / 2^n for c = 0, 6 and 26: the levels attained at each look.
    for (look, attained) in
        [(Look::First, 1.0 / 64.0), (Look::Second, 14.0 / 1024.0), (Look::Third, 950.0 / 65536.0)]
    {
        assert!(attained <= ALPHA_PER_LOOK, "{look:?}");
        for noise in Noise::ALL {
            let (mut below, mut above) = (0_u32, 0_u32);
            for seed in 0..EXPERIMENTS {
                let mut random = ChaCha8Rng::seed_from_u64(u64::from(seed));
                let ratios: Vec<f64> =
                    (0..look.blocks()).map(|_| noise.draw(&mut random)).collect();
                let estimate = Concluding::new(&ratios).expect("a whole look").estimate();
                let interval = estimate.interval.expect("a look has bounds");
                below += u32::from(interval.low > 1.0);
                above += u32::from(interval.high < 1.0);
            }
            let n = f64::from(EXPERIMENTS);
            let spread = 4.0 * (n * attained * (1.0 - attained)).sqrt();
            for missed in [below, above] {
                let off = (f64::from(missed) - n * attained).abs();
                assert!(off <= spread, "{look:?} {noise:?}: {missed}, not {}", n * attained);
            }
        }
    }
}

#[test]
fn a_clear_difference_is_decided_at_the_first_look_and_rightly() {
    for (truth, limit, verdict) in [
        (1.1, LATENCY, Verdict::Pass),
        (4.0, LATENCY, Verdict::Fail),
        (1.3, THROUGHPUT, Verdict::Pass),
        (0.5, THROUGHPUT, Verdict::Fail),
    ] {
        for seed in 0..200 {
            let (found, blocks) = experiment(truth, 0.05, Noise::Uniform, limit, seed);
            assert_eq!((found, blocks), (verdict.clone(), 6), "{truth} against {limit:?}");
        }
    }
}

#[test]
fn seventy_percent_throughput_fails_and_ninety_five_passes_mostly_and_never_the_reverse() {
    let (noise, scale) = (Noise::Uniform, 0.1);
    let fails = count(0.70, scale, noise, THROUGHPUT, &Verdict::Fail);
    let passes = count(0.95, scale, noise, THROUGHPUT, &Verdict::Pass);
    assert!(fails >= EXPERIMENTS * 9 / 10, "{fails}");
    assert!(passes >= EXPERIMENTS * 9 / 10, "{passes}");
    assert_eq!(count(0.70, scale, noise, THROUGHPUT, &Verdict::Pass), 0);
    assert_eq!(count(0.95, scale, noise, THROUGHPUT, &Verdict::Fail), 0);
}

#[test]
fn noise_that_hides_the_limit_stays_inconclusive() {
    let open = EXPERIMENTS
        - count(1.9, 2.0, Noise::Laplace, LATENCY, &Verdict::Pass)
        - count(1.9, 2.0, Noise::Laplace, LATENCY, &Verdict::Fail);
    assert!(open >= EXPERIMENTS * 8 / 10, "{open}");
}

/// How many runs on the limit of 2 end in PASS and in FAIL, block by block as `noise` draws.
fn wrong_on_the_limit<N: FnMut(&mut ChaCha8Rng) -> f64>(noise: impl Fn() -> N) -> (u32, u32) {
    let (mut passes, mut fails) = (0, 0);
    for seed in 0..EXPERIMENTS {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(seed));
        let (mut noise, mut ratios) = (noise(), Vec::new());
        while let Some(look) = Look::next(ratios.len(), MOST_BLOCKS) {
            while ratios.len() < look.blocks() {
                ratios.push(LATENCY.ratio.ln() + noise(&mut random));
            }
            let verdict = LATENCY.judge(&Estimate::of(&ratios).expect("finite blocks estimate"));
            passes += u32::from(verdict == Verdict::Pass);
            fails += u32::from(verdict == Verdict::Fail);
            if matches!(verdict, Verdict::Pass | Verdict::Fail) {
                break;
            }
        }
    }
    (passes, fails)
}

/// The test asks for symmetric noise; a candidate that alone is now and then slow is not. What is
/// on the limit then is the pseudomedian, which the estimate converges to.
#[test]
fn noise_that_is_skewed_on_one_side_alone_keeps_the_level() {
    let exponential = |random: &mut ChaCha8Rng| -(1.0 - random.random::<f64>()).ln();
    let draw = move |random: &mut ChaCha8Rng| 0.15 * (exponential(random) + exponential(random));
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut pairs: Vec<f64> =
        (0..20_001).map(|_| f64::midpoint(draw(&mut random), draw(&mut random))).collect();
    pairs.sort_by(f64::total_cmp);
    let pseudomedian = pairs[10_000];
    let (passes, fails) =
        wrong_on_the_limit(|| |random: &mut ChaCha8Rng| draw(random) - pseudomedian);
    for wrong in [passes, fails] {
        assert!(wrong > 0 && f64::from(wrong) <= at_most(0.05), "{passes} {fails}");
    }
}

/// Blocks are taken to be independent: every trial has processes of its own, and what drifts does
/// so under both sides of a block. Ratios that remember the block before cost level: one fifth of
/// it little, one half makes 5 % to 15 %.
#[test]
fn blocks_that_hang_together_a_little_cost_little() {
    let remembering = |share: f64| {
        move || {
            let mut state = 0.0;
            move |random: &mut ChaCha8Rng| {
                state = share * state + 0.1 * Noise::Uniform.draw(random);
                state
            }
        }
    };
    let (passes, fails) = wrong_on_the_limit(remembering(0.2));
    assert!(f64::from(passes.max(fails)) <= at_most(0.08), "{passes} {fails}");
    let (passes, fails) = wrong_on_the_limit(remembering(0.5));
    assert!(f64::from(passes.max(fails)) <= at_most(0.20), "{passes} {fails}");
}

#[test]
fn a_ratio_as_far_as_the_detectable_factor_is_decided_about_every_other_time() {
    let (mut random, noise) = (ChaCha8Rng::seed_from_u64(3), Noise::Uniform);
    for look in Look::ALL {
        let mut sample = |centre: f64| -> Vec<f64> {
            (0..look.blocks()).map(|_| centre + 0.1 * noise.draw(&mut random)).collect()
        };
        let mut factors: Vec<f64> = (0..EXPERIMENTS)
            .filter_map(|_| Estimate::of(&sample(0.0))?.interval)
            .map(|interval| interval.detectable)
            .collect();
        factors.sort_by(f64::total_cmp);
        let factor = factors[factors.len() / 2];
        let centre = (LATENCY.ratio / factor).ln();
        let passes = (0..EXPERIMENTS)
            .filter(|_| {
                Estimate::of(&sample(centre)).map(|e| LATENCY.judge(&e)) == Some(Verdict::Pass)
            })
            .count() as f64;
        let share = passes / f64::from(EXPERIMENTS);
        assert!((0.45..0.75).contains(&share), "{look:?}: {share}");
    }
}
