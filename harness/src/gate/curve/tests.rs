//! Lines of a curve from doctored trials.

use super::*;
use crate::gate::WhyMissed;
use crate::plan::Scale;
use crate::record::Latency;

const PLACES: [f64; 4] = [1.0, 10.0, 100.0, 1_000.0];

fn axis(asks: Asks) -> Axis {
    Axis { name: "subs".to_owned(), label: "subscriptions".to_owned(), scale: Scale::Count, asks }
}

/// Six rounds of saturation whose cost follows a law.
fn saturated(law: impl Fn(f64) -> f64) -> Vec<CurveTrial> {
    let trial = |round: u32, at: f64| CurveTrial {
        round,
        bus: Bus::Process,
        at,
        case: format!("perf/x[subs={at}]"),
        validity: Validity::Valid,
        figures: TrialFigures {
            throughput_per_s: Some(1e6 / law(at)),
            cpu_s_per_million: Some(law(at) * (1.0 + 0.01 * f64::from(round))),
            host: Some(HostLoad::default()),
            ..TrialFigures::default()
        },
    };
    (0..6).flat_map(|round| PLACES.map(|at| trial(round, at))).collect()
}

fn line(trials: &[CurveTrial]) -> CurveLine {
    CurveLine::of(&axis(Asks::Flat), Bus::Process, trials, true)
}

#[test]
fn a_flat_cost_passes_and_a_growing_one_fails() {
    assert_eq!(line(&saturated(|_| 2.0)).verdict, Some(Verdict::Pass));
    let growing = line(&saturated(|at| 2.0 * at.powf(0.5)));
    assert_eq!(growing.verdict, Some(Verdict::Fail));
    assert!((growing.growth.expect("costs").whole.estimate - 0.5).abs() < 1e-9);
}

#[test]
fn a_point_has_the_median_and_the_range_of_its_trials() {
    let line = line(&saturated(|_| 2.0));
    let point = &line.points[3];
    let cost = point.cpu_s_per_million.expect("read");
    assert_eq!((point.at, point.trials, line.points.len()), (1_000.0, 6, 4));
    assert!((cost.low - 2.0).abs() < 1e-9 && (cost.high - 2.1).abs() < 1e-9, "{cost:?}");
    assert!((cost.median - 2.05).abs() < 1e-9, "{cost:?}");
    assert_eq!((point.p50_ns, point.p99_ns), (None, None));
}

#[test]
fn a_round_with_an_invalid_trial_is_left_out_and_said_to_be() {
    let mut trials = saturated(|_| 2.0);
    trials[5].validity = Validity::Invalid("negative time".to_owned());
    let line = line(&trials);
    assert_eq!(line.verdict, Some(Verdict::Inconclusive(Reason::Budget)), "five are too few");
    assert_eq!(line.growth.expect("costs").rounds, 5);
    assert_eq!(line.notes, ["1 trial(s) are invalid, the first of perf/x[subs=10]: negative time"]);
}

#[test]
fn a_busy_host_concludes_nothing_and_is_named() {
    let mut trials = saturated(|at| at);
    for trial in &mut trials[..4] {
        trial.figures.host = Some(HostLoad { outside: 0.3, ..HostLoad::default() });
    }
    let line = line(&trials);
    assert_eq!(line.verdict, Some(Verdict::Inconclusive(Reason::HostBusy)));
    assert!(line.notes[0].starts_with("during a round 30.0 % of the host's CPU time"), "{line:?}");
    assert!(line.growth.is_some(), "the estimate is given all the same");
}

#[test]
fn smoke_and_curves_for_information_have_no_verdict() {
    let trials = saturated(|at| at);
    let smoke = CurveLine::of(&axis(Asks::Flat), Bus::Process, &trials, false);
    assert_eq!(smoke.verdict, Some(Verdict::Inconclusive(Reason::Smoke)));
    let told = CurveLine::of(&axis(Asks::Growth), Bus::Process, &trials, true);
    assert_eq!(told.verdict, None);
    assert!(told.growth.is_some());
}

#[test]
fn what_was_not_read_is_neither_flat_nor_growing() {
    let mut trials = saturated(|_| 2.0);
    trials[0].figures.cpu_s_per_million = None;
    let line = line(&trials);
    assert!(matches!(line.verdict, Some(Verdict::NotApplicable(_))), "{line:?}");
    assert_eq!(line.points[0].cpu_s_per_million, None);
    assert!(line.points[1].cpu_s_per_million.is_some());
}

#[test]
fn the_trials_of_another_bus_are_its_own() {
    let mut trials = saturated(|_| 2.0);
    trials.extend(
        saturated(|at| at).into_iter().map(|trial| CurveTrial { bus: Bus::Crossbeam, ..trial }),
    );
    assert_eq!(line(&trials).verdict, Some(Verdict::Pass));
}

fn paced(at: f64, p99_us: u64, samples: u64) -> CurveTrial {
    let latency = Latency { samples, p99_ns: p99_us * 1_000, ..Latency::default() };
    CurveTrial {
        round: 0,
        bus: Bus::Process,
        at,
        case: format!("perf/knee[rate={at}/s]"),
        validity: Validity::Valid,
        figures: TrialFigures {
            response: Some(latency.clone()),
            latency: Some(latency),
            deliveries: 20_000,
            window_s: 2.0,
            ..TrialFigures::default()
        },
    }
}

#[test]
fn a_knee_is_climbed_from_the_latencies_whose_samples_carry_it() {
    let asked = axis(Asks::Knee(1_000_000));
    let trials = [paced(1e3, 90, 10_000), paced(2e3, 5_000, 20_000)];
    let line = CurveLine::of(&asked, Bus::Process, &trials, true);
    let knee = line.knee.expect("asked for");
    assert_eq!((knee.kept_per_s, line.verdict), (Some(1e3), None));
    assert_eq!(knee.missed.map(|missed| missed.why), Some(WhyMissed::OverLimit(1)));
    assert_eq!(line.points[0].throughput_per_s.map(|own| own.median), Some(10_000.0));
    let few = CurveLine::of(&asked, Bus::Process, &[paced(1e3, 90, 9_999)], true);
    let why = few.knee.and_then(|knee| knee.missed).map(|missed| missed.why);
    assert_eq!(why, Some(WhyMissed::Unknown), "too few samples say nothing");
    assert_eq!(few.points[0].p99_ns, None);
}

#[test]
fn a_bus_that_keeps_its_publisher_waiting_has_not_kept_the_rate() {
    let mut slow = paced(2e3, 90, 20_000);
    let waited = Latency { samples: 20_000, p99_ns: 400_000_000, ..Latency::default() };
    slow.figures.response = Some(waited);
    let trials = [paced(1e3, 90, 10_000), slow];
    let line = CurveLine::of(&axis(Asks::Knee(1_000_000)), Bus::Process, &trials, true);
    let knee = line.knee.expect("asked for");
    assert_eq!(knee.kept_per_s, Some(1e3));
    assert_eq!(knee.missed.map(|missed| missed.why), Some(WhyMissed::OverLimit(1)));
}

#[test]
fn a_late_generator_is_told_and_is_nobodys_latency() {
    let mut late = paced(2e3, 50, 20_000);
    late.validity = Validity::GeneratorLate;
    let trials = [paced(1e3, 90, 10_000), late];
    let line = CurveLine::of(&axis(Asks::Knee(1_000_000)), Bus::Process, &trials, true);
    assert_eq!(line.notes, ["the generator missed its schedule in 1 trial(s)"]);
    assert!(line.knee.expect("asked for").is_at_least());
    assert_eq!((line.points[1].trials, line.points[1].p99_ns), (0, None));
}

#[test]
fn a_knee_on_a_busy_host_says_so() {
    let mut trial = paced(1e3, 5_000, 10_000);
    trial.figures.host = Some(HostLoad { outside: 0.3, ..HostLoad::default() });
    let line = CurveLine::of(&axis(Asks::Knee(1_000_000)), Bus::Process, &[trial], true);
    assert!(line.notes[0].starts_with("during a round 30.0 %"), "{line:?}");
}
