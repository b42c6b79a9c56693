//! Each law of physics, kept and broken.

use super::*;
use crate::plan::Bus;
use crate::record::{TearDown, TrialFigures};

/// 1 000 deliveries/s with 1 ms in flight each: one delivery in flight on average.
fn saturation() -> Trial {
    let latency = |scale: u64| Latency {
        samples: 10_000,
        min_ns: 400_000 * scale,
        mean_ns: 1_000_000 * scale,
        p50_ns: 900_000 * scale,
        p90_ns: 1_500_000 * scale,
        p99_ns: 2_000_000 * scale,
        p999_ns: 3_000_000 * scale,
        max_ns: 4_000_000 * scale,
        percentiles_ns: Vec::new(),
    };
    Trial {
        case: "perf/saturation".to_owned(),
        bus: Some(Bus::Process),
        void_of: None,
        kind: TrialKind::Saturation,
        seed: 1,
        validity: Validity::Valid,
        figures: TrialFigures {
            deliveries: 10_000,
            window_s: 10.0,
            throughput_per_s: Some(1_000.0),
            mean_in_flight: Some(1.0),
            service: Some(latency(1)),
            latency: Some(latency(2)),
            response: Some(latency(3)),
            ..TrialFigures::default()
        },
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}

#[test]
fn a_trial_that_keeps_the_laws_stays_as_valid_as_it_was() {
    assert_eq!(check(&saturation(), Some(1)), Ok(()));
    assert_eq!(validity(&saturation(), Some(1)), Validity::Valid);
    let late = Trial { validity: Validity::GeneratorLate, ..saturation() };
    assert_eq!(validity(&late, Some(1)), Validity::GeneratorLate);
}

#[test]
fn an_arrival_before_its_call_is_an_error() {
    assert_eq!(flight_ns(5, 9), Ok(4));
    assert_eq!(flight_ns(9, 9), Ok(0));
    let error = flight_ns(9, 5).expect_err("5 is before 9");
    assert_eq!(error.to_string(), "an event was received at 5 ns, before its call at 9 ns");
}

#[test]
fn a_negative_latency_shows_as_one_beyond_the_recorders_range() {
    let mut trial = saturation();
    let wrapped = trial.figures.latency.as_mut().expect("it has one");
    wrapped.max_ns = u64::MAX - 3;
    assert!(matches!(check(&trial, None), Err(PhysicsError::Disordered { recorder, .. })
        if recorder == "latency"));
}

#[test]
fn more_in_flight_than_the_window_allows_is_invalid_by_name() {
    let mut trial = saturation();
    trial.figures.mean_in_flight = Some(1.12);
    assert_eq!(
        validity(&trial, Some(1)),
        Validity::Invalid(
            "throughput x mean latency is 1.1 deliveries in flight, but at most 1 can be"
                .to_owned()
        )
    );
    assert_eq!(check(&trial, Some(2)), Ok(()));
    let void = Trial { bus: None, void_of: Some(Bus::Process), ..trial };
    assert_eq!(check(&void, Some(1)), Ok(()), "a void has no credits");
}

#[test]
fn the_window_bounds_saturation_alone() {
    let mut trial = saturation();
    trial.figures.mean_in_flight = Some(2.0);
    trial.kind = TrialKind::Paced;
    assert_eq!(check(&trial, Some(1)), Ok(()));
}

#[test]
fn a_part_longer_than_its_whole_is_invalid() {
    let mut trial = saturation();
    trial.figures.response.clone_from(&trial.figures.service);
    assert_eq!(
        check(&trial, None),
        Err(PhysicsError::PartExceedsWhole { part: "latency", whole: "response" })
    );
}

#[test]
fn throughput_must_be_deliveries_over_the_window() {
    let mut trial = saturation();
    trial.figures.throughput_per_s = Some(1_020.0);
    assert!(matches!(check(&trial, None), Err(PhysicsError::RateDisagrees { .. })));
    trial.figures.window_s = 0.0;
    assert!(matches!(check(&trial, None), Err(PhysicsError::RateDisagrees { .. })));
}

#[test]
fn an_earlier_finding_of_the_driver_stands() {
    let why = "the tree lost a process".to_owned();
    let trial = Trial { validity: Validity::Invalid(why.clone()), ..saturation() };
    assert_eq!(validity(&trial, Some(1)), Validity::Invalid(why));
}
