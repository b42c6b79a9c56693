//! What no measurement may contradict; a trial that does is invalid, and said to be.
//!
//! METHOD §2. Nothing is arrival before its call; the parts of a latency are ordered as their
//! definitions are; throughput times mean latency is what was in flight (Little's law), and at
//! saturation that is bounded by the window. The figures of an invalid trial stay in the report.

mod backlog;

pub use backlog::BacklogError;

use crate::plan::TrialKind;
use crate::record::{Latency, Trial, Validity};

/// By how much the in-flight estimate may exceed the window: both factors are averages over a
/// window whose ends cut through events.
const IN_FLIGHT_TOLERANCE: f64 = 1.1;
/// By how much throughput may differ from deliveries ÷ window: rounding only.
const RATE_TOLERANCE: f64 = 0.01;
/// Longest latency the recorders hold, nanoseconds; anything above was a negative one wrapped.
const LONGEST_NS: u64 = 60_000_000_000;

/// What a trial contradicts.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PhysicsError {
    /// An arrival was stamped before its call.
    #[error("an event was received at {receive_ns} ns, before its call at {call_ns} ns")]
    ReceivedBeforeCall {
        /// When `publish` was called.
        call_ns: u64,
        /// When the event arrived.
        receive_ns: u64,
    },
    /// A recorder holds what it cannot hold.
    #[error("{recorder} has {min_ns} ns .. {max_ns} ns with a mean of {mean_ns} ns, out of order")]
    Disordered {
        /// Which recorder.
        recorder: &'static str,
        /// Its smallest value.
        min_ns: u64,
        /// Its largest value.
        max_ns: u64,
        /// Its mean.
        mean_ns: u64,
    },
    /// A part of a time is longer than the whole.
    #[error("{part} is longer than {whole}, of which it is a part")]
    PartExceedsWhole {
        /// The part.
        part: &'static str,
        /// The whole.
        whole: &'static str,
    },
    /// More was in flight than the window lets through.
    #[error(
        "throughput x mean latency is {in_flight:.1} deliveries in flight, but at most {most} \
         can be"
    )]
    TooMuchInFlight {
        /// Throughput times mean latency.
        in_flight: f64,
        /// What the window allows.
        most: u64,
    },
    /// What was counted in flight contradicts the stamps.
    #[error(transparent)]
    Backlog(#[from] BacklogError),
    /// Throughput is not deliveries ÷ window.
    #[error("{throughput_per_s:.0}/s is not {deliveries} deliveries in {window_s} s")]
    RateDisagrees {
        /// Deliveries per second as reported.
        throughput_per_s: f64,
        /// Deliveries.
        deliveries: u64,
        /// Length of the window.
        window_s: f64,
    },
}

/// Nanoseconds from a call to its arrival.
pub fn flight_ns(call_ns: u64, receive_ns: u64) -> Result<u64, PhysicsError> {
    receive_ns.checked_sub(call_ns).ok_or(PhysicsError::ReceivedBeforeCall { call_ns, receive_ns })
}

/// Whether a trial's figures can be true.
///
/// `most_in_flight`: deliveries (window × subscribers) the credits of a saturation trial allow.
pub fn check(trial: &Trial, most_in_flight: Option<u64>) -> Result<(), PhysicsError> {
    let figures = &trial.figures;
    for (recorder, latency) in [
        ("latency", &figures.latency),
        ("response", &figures.response),
        ("service", &figures.service),
        ("lateness", &figures.lateness),
    ] {
        latency.as_ref().map_or(Ok(()), |latency| ordered(recorder, latency))?;
    }
    part_of("service", figures.service.as_ref(), "latency", figures.latency.as_ref())?;
    part_of("latency", figures.latency.as_ref(), "response", figures.response.as_ref())?;
    rate_agrees(trial)?;
    backlog::check(figures)?;
    match most_in_flight {
        Some(most) if trial.kind == TrialKind::Saturation => in_flight(trial, most),
        _ => Ok(()),
    }
}

/// The validity a trial keeps after [`check`]; an earlier finding of the driver stands.
pub fn validity(trial: &Trial, most_in_flight: Option<u64>) -> Validity {
    match (&trial.validity, check(trial, most_in_flight)) {
        (Validity::Invalid(why), _) => Validity::Invalid(why.clone()),
        (_, Err(broken)) => Validity::Invalid(broken.to_string()),
        (as_it_was, Ok(())) => as_it_was.clone(),
    }
}

fn ordered(recorder: &'static str, latency: &Latency) -> Result<(), PhysicsError> {
    let Latency { samples, min_ns, mean_ns, max_ns, .. } = *latency;
    let named = [latency.p50_ns, latency.p90_ns, latency.p99_ns, latency.p999_ns];
    let rising = [&[min_ns], &named[..], &[max_ns]].concat().is_sorted()
        && latency.percentiles_ns.is_sorted();
    let holds = rising && (min_ns..=max_ns).contains(&mean_ns) && max_ns <= LONGEST_NS;
    if samples == 0 || holds {
        return Ok(());
    }
    Err(PhysicsError::Disordered { recorder, min_ns, max_ns, mean_ns })
}

/// Every sample of the part is within one of the whole, hence every quantile is.
fn part_of(
    part: &'static str,
    of_part: Option<&Latency>,
    whole: &'static str,
    of_whole: Option<&Latency>,
) -> Result<(), PhysicsError> {
    let (Some(short), Some(long)) = (of_part, of_whole) else { return Ok(()) };
    let comparable = short.samples == long.samples;
    let within = short.min_ns <= long.min_ns
        && short.p50_ns <= long.p50_ns
        && short.p99_ns <= long.p99_ns
        && short.max_ns <= long.max_ns;
    if comparable && !within {
        return Err(PhysicsError::PartExceedsWhole { part, whole });
    }
    Ok(())
}

fn rate_agrees(trial: &Trial) -> Result<(), PhysicsError> {
    let (deliveries, window_s) = (trial.figures.deliveries, trial.figures.window_s);
    let Some(throughput_per_s) = trial.figures.throughput_per_s else { return Ok(()) };
    let expected = deliveries as f64 / window_s;
    // Written so that a window of zero, whose quotient is no number, disagrees.
    if (throughput_per_s - expected).abs() <= RATE_TOLERANCE * expected && expected.is_finite() {
        return Ok(());
    }
    Err(PhysicsError::RateDisagrees { throughput_per_s, deliveries, window_s })
}

/// A void has no credits: nothing of it is ever in flight.
fn in_flight(trial: &Trial, most: u64) -> Result<(), PhysicsError> {
    let is_void = trial.void_of.is_some();
    match trial.figures.mean_in_flight.filter(|_| !is_void) {
        Some(in_flight) if in_flight > IN_FLIGHT_TOLERANCE * most as f64 => {
            Err(PhysicsError::TooMuchInFlight { in_flight, most })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
