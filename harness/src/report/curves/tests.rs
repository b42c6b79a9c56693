//! Curves by their exact text.

use super::*;
use crate::gate::{Bounds, Missed};
use crate::report::sample::{flat_curve, knee_curve, run};
use crate::report::{summary, table};

#[test]
fn a_curve_reads_like_this() {
    let expected = "
curve perf/curves/topics: topics published on
topics  bus                    deliveries                       CPU  p50  p99
1       crossbeam                 500 k/s                  2.00 s/M    -    -
1       process    1.00 M/s (900 k/s–1.10 M/s)  1.00 s/M (0.90 s/M–1.10 s/M)    -    -
10000   crossbeam                 500 k/s                  2.00 s/M    -    -
10000   process    1.00 M/s (900 k/s–1.10 M/s)  1.00 s/M (0.90 s/M–1.10 s/M)    -    -
";
    let text = lines(&[flat_curve()]).join("\n");
    let words = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(words(&text)[..7], words(expected), "{text}");
    let widths: Vec<usize> =
        text.lines().skip(2).take(5).map(|line| line.chars().count()).collect();
    assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "columns are aligned: {text}");
    assert!(
        text.ends_with(
            "\
crossbeam: a delivery's CPU time grows as n^0.52 [0.50, 0.55], at last as n^0.98 [0.90, 1.00], \
in 6 rounds; flat is at most n^0.10, at last n^0.20: FAIL
process: a delivery's CPU time is flat: n^0.01 [-0.02, 0.04], at last n^0.03 [-0.01, 0.08], in \
6 rounds; flat is at most n^0.10, at last n^0.20: PASS
note: process: the generator missed its schedule in 1 trial(s)"
        ),
        "{text}"
    );
}

#[test]
fn a_knee_is_told_with_what_ended_the_climb() {
    let row = knee_curve();
    let told: Vec<String> = row.lines.iter().map(said_of).collect();
    let expected = [
        "crossbeam: kept up to ≥ 100 k/s by each of 6 trials a rate, and 200 k/s could not be \
         offered",
        "process: kept up to 50.0 k/s by each of 6 trials a rate, by the median up to 100 k/s, \
         first missed at 100 k/s, where 1 trial was over it",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_climb_that_nothing_ended_or_that_never_began_says_so() {
    let mut knee =
        Knee { kept_per_s: Some(1e3), kept_by_median_per_s: Some(1e3), missed: None, trials: 1 };
    let told = "kept up to ≥ 1.00 k/s by each of 1 trial a rate, nothing faster was asked";
    assert_eq!(climbed(&knee), told);
    knee = Knee { kept_per_s: None, kept_by_median_per_s: None, ..knee };
    knee.missed = Some(Missed { rate_per_s: 1e3, why: WhyMissed::Unknown });
    assert_eq!(climbed(&knee), "kept at no rate, and of 1.00 k/s too little is known");
}

#[test]
fn a_shape_is_named_by_bounds_and_never_by_an_estimate_alone() {
    let exponent = |estimate, bounds: Option<(f64, f64)>| Exponent {
        estimate,
        bounds: bounds.map(|(low, high)| Bounds { low, high }),
    };
    let named = |whole, last, expected: &str| {
        let told = in_words(&Growth { whole, last, rounds: 6 });
        assert!(told.starts_with(&format!("a delivery's CPU time {expected}")), "{told}");
    };
    let flat = exponent(0.0, Some((-0.01, 0.01)));
    named(flat, flat, "is flat: n^0.00 [-0.01, 0.01], at last n^0.00");
    named(exponent(0.3, None), exponent(0.3, None), "is estimated: n^0.30, at last n^0.30, in 6");
    named(exponent(0.3, Some((0.2, 0.4))), flat, "grows as n^0.30 [0.20, 0.40], at last as n^0.00");
    let end = exponent(0.9, Some((0.8, 1.0)));
    named(flat, end, "grows at last, as n^0.90 [0.80, 1.00]; over all it is n^0.00");
    named(exponent(-0.5, Some((-0.6, -0.4))), flat, "falls: n^-0.50");
    let wide = exponent(0.05, Some((-0.1, 0.3)));
    named(wide, flat, "is neither flat nor grown for certain: n^0.05 [-0.10, 0.30]");
}

#[test]
fn places_have_their_unit() {
    assert_eq!(place(Scale::Count, 10_000.0), "10000");
    assert_eq!(place(Scale::Bytes, 65_536.0), "64.0 KiB");
    assert_eq!(place(Scale::PerSecond, 12_500.0), "12.5 k/s");
}

#[test]
fn table_and_summary_both_have_the_curves() {
    let mut run = run();
    run.curves = vec![flat_curve(), knee_curve()];
    let sentence = said_of(&run.curves[0].lines[1]);
    assert!(table(&run).contains(&sentence));
    let page = summary(&run);
    assert!(page.contains(&sentence) && page.contains("## Curve: `perf/curves/topics`"), "{page}");
    let header = "| topics | bus | deliveries | CPU | p50 | p99 |";
    assert!(page.contains(header), "{page}");
    assert!(page.contains("stays below 1.00 ms."), "{page}");
}
