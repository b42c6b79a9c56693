//! Forecasts held against runs that were then simulated from the truth.

use super::*;
use crate::gate::{ALPHA_PER_LOOK, Direction};

const CPU: Limit = Limit { direction: Direction::AtMost, ratio: 1.2 };
const THROUGHPUT: Limit = Limit { direction: Direction::AtLeast, ratio: 0.8 };

fn blocks(centre: f64, spread: f64, number: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..number).map(|_| centre + spread * normal(random)).collect()
}

#[test]
fn the_resolved_distances_are_those_of_simulated_blocks() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (look, spreads) in Look::ALL.into_iter().zip(RESOLVED_SPREADS) {
        let mut upper: Vec<f64> = (0..4_000)
            .map(|_| {
                let sample = blocks(0.0, 1.0, look.blocks(), &mut random);
                signed_rank::bounds(&sample, ALPHA_PER_LOOK).expect("a look bounds").1
            })
            .collect();
        upper.sort_by(f64::total_cmp);
        let found = upper[3_200];
        assert!((found - spreads).abs() < 0.04, "{look:?}: {found}, not {spreads}");
    }
}

#[test]
fn what_is_foretold_happens_about_as_often() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for (distance, spread, most) in
        [(0.5, 0.1, 10), (0.1, 0.06, 10), (0.1, 0.06, 16), (0.03, 0.05, 10)]
    {
        let centre = CPU.ratio.ln() - distance;
        let truth = Next { centre, spread };
        let happened =
            (0..400).filter(|_| truth.decides(CPU, most, &mut random)).count() as f64 / 400.0;
        let foretold: f64 = (0..40)
            .filter_map(|_| {
                Outlook::of(&blocks(centre, spread, 10, &mut random), CPU, most)?.decides
            })
            .sum::<f64>()
            / 40.0;
        assert!(
            (foretold - happened).abs() < 0.12,
            "{distance} at {spread} in {most}: foretold {foretold}, happened {happened}"
        );
    }
}

#[test]
fn a_far_ratio_is_conclusive_and_a_near_one_is_doubtful() {
    let quiet = [0.0, 0.01, -0.01, 0.02, -0.02, 0.0];
    let at = |ratio: f64| quiet.map(|noise| ratio.ln() + noise);
    let foretold =
        |ratio, limit| Outlook::of(&at(ratio), limit, 10).and_then(|o| o.is_conclusive());
    assert_eq!(foretold(1.0, CPU), Some(true));
    assert_eq!(foretold(1.5, CPU), Some(true), "a clear FAIL is a conclusion too");
    assert_eq!(foretold(1.2, CPU), Some(false));
    assert_eq!(foretold(3.0, THROUGHPUT), Some(true));
    assert_eq!(foretold(0.8, THROUGHPUT), Some(false));
}

#[test]
fn noise_that_the_screen_would_catch_is_doubtful_however_far_the_ratio() {
    let loud = [2.0, 2.3, 1.8, 1.7, 2.2, 2.0];
    assert_eq!(Outlook::of(&loud, CPU, 16).and_then(|o| o.is_conclusive()), Some(false));
    assert_eq!(
        Outlook::of(&loud, Limit { ratio: 100.0, ..CPU }, 16).and_then(|o| o.is_conclusive()),
        Some(true)
    );
}

#[test]
fn below_the_first_look_nothing_is_ever_decided() {
    let outlook = Outlook::of(&[0.0; 6], CPU, 5).expect("six blocks");
    assert_eq!(outlook.decides, Some(0.0));
}

#[test]
fn two_blocks_or_a_broken_one_foretell_nothing() {
    assert_eq!(Outlook::of(&[0.0, 0.1], CPU, 10), None);
    assert_eq!(Outlook::of(&[0.0, 0.1, f64::NAN], CPU, 10), None);
    assert_eq!(Outlook::of_nulls(&[0.0, 0.1]), None);
    assert_eq!(Outlook::of_nulls(&[0.0, f64::INFINITY, 0.1]), None);
}

#[test]
fn a_a_blocks_tell_how_fine_and_never_whether() {
    let outlook = Outlook::of_nulls(&[0.1, -0.1, 0.1]).expect("three blocks");
    assert!((outlook.spread - 0.1).abs() < 1e-12);
    assert_eq!(outlook.is_conclusive(), None);
    let [six, ten, sixteen] = Look::ALL.map(|look| outlook.resolves(look));
    assert!(six > ten && ten > sixteen && sixteen > 1.0, "{six} {ten} {sixteen}");
}

#[test]
fn the_more_doubtful_of_raw_and_corrected_speaks() {
    let one = Outlook { spread: 0.1, decides: Some(0.9) };
    let two = Outlook { spread: 0.2, decides: Some(0.5) };
    assert_eq!(one.and(two), Outlook { spread: 0.2, decides: Some(0.5) });
}
