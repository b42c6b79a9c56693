//! The circuit breaker, driven by a clock of our own (C11).

use std::time::Duration;

use super::{Breaker, BreakerConfig, BreakerState};

const SECOND_NS: u64 = 1_000_000_000;

fn breaker(losses: u32) -> Breaker {
    Breaker::new(BreakerConfig {
        losses,
        window: Duration::from_secs(10),
        cool_down: Duration::from_secs(30),
    })
}

#[test]
fn the_documented_defaults_are_ten_losses_in_ten_seconds() {
    let config = BreakerConfig::default();
    assert_eq!((config.losses, config.window), (10, Duration::from_secs(10)));
    assert_eq!(config.cool_down, Duration::from_secs(30));
}

#[test]
fn enough_losses_within_the_window_open_the_circuit() {
    let mut breaker = breaker(3);
    for at in [1, 5] {
        breaker.failed(at * SECOND_NS);
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.allows(at * SECOND_NS));
    }
    breaker.failed(9 * SECOND_NS);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(!breaker.allows(9 * SECOND_NS));
}

#[test]
fn losses_further_apart_than_the_window_do_not_add_up() {
    let mut breaker = breaker(2);
    for at in [20, 40, 60, 80] {
        breaker.failed(at * SECOND_NS);
        assert_eq!(breaker.state(), BreakerState::Closed, "after {at} s");
    }
    breaker.failed(81 * SECOND_NS);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn a_success_while_closed_forgives_no_loss() {
    let mut breaker = breaker(2);
    breaker.failed(SECOND_NS);
    breaker.succeeded();
    breaker.failed(2 * SECOND_NS);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn an_open_circuit_half_opens_exactly_at_its_cool_down() {
    let mut breaker = breaker(1);
    breaker.failed(100 * SECOND_NS);
    assert!(!breaker.allows(130 * SECOND_NS - 1));
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(breaker.allows(130 * SECOND_NS));
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[test]
fn the_trial_event_decides() {
    let mut good = breaker(3);
    let mut bad = breaker(3);
    for breaker in [&mut good, &mut bad] {
        for _ in 0..3 {
            breaker.failed(100 * SECOND_NS);
        }
        assert!(breaker.allows(130 * SECOND_NS));
    }
    good.succeeded();
    assert_eq!(good.state(), BreakerState::Closed);
    // Its count began again: two more losses do not open it.
    good.failed(131 * SECOND_NS);
    good.failed(131 * SECOND_NS);
    assert_eq!(good.state(), BreakerState::Closed);
    // One failed trial is enough, and the cool-down begins again.
    bad.failed(131 * SECOND_NS);
    assert_eq!(bad.state(), BreakerState::Open);
    assert!(!bad.allows(160 * SECOND_NS));
    assert!(bad.allows(161 * SECOND_NS));
}

#[test]
fn a_clock_that_stands_still_or_goes_back_breaks_nothing() {
    let mut breaker = breaker(1);
    breaker.failed(100 * SECOND_NS);
    assert!(!breaker.allows(0));
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn an_endless_cool_down_never_ends() {
    let config = BreakerConfig { losses: 1, cool_down: Duration::MAX, ..BreakerConfig::default() };
    let mut breaker = Breaker::new(config);
    breaker.failed(0);
    assert!(!breaker.allows(u64::MAX - 1));
}
