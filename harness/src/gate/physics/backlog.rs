//! What was in flight in a paced trial, counted over the harness's own channel, against its stamps.
//!
//! Two laws. At every moment the actors were asked, their counts lie within what the stamps allow
//! for that moment. Over the window, the mean count is rate × mean time in flight (Little's law);
//! a few samples stand for the whole window there, so that law has a tolerance and the first none.

use crate::record::{InFlight, TrialFigures};

/// Samples below which their mean stands for nothing: a second of asking.
const SAMPLES: usize = 5;
/// By what share of the larger one the two means may differ: samples are few, arrivals in bursts.
const SHARE: f64 = 0.5;
/// By how much time in flight they may differ besides: publishers and subscribers are not asked at
/// the same instant, and on a busy host the asking waits along with the asked. Seconds.
const SKEW_S: f64 = 0.02;

/// How counts and stamps contradict each other.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BacklogError {
    /// At one moment.
    #[error(
        "{} deliveries were counted in flight, the stamps allow {} to {}",
        .0.counted, .0.least, .0.most
    )]
    Moment(InFlight),
    /// Over the window.
    #[error(
        "{counted:.0} deliveries were in flight on average, but {rate_per_s:.0}/s x {mean_ns} ns \
         is {implied:.0}"
    )]
    Mean {
        /// Mean of the counts.
        counted: f64,
        /// Deliveries per second of the window.
        rate_per_s: f64,
        /// Mean time from call to arrival by the stamps.
        mean_ns: u64,
        /// Their product.
        implied: f64,
    },
}

/// Whether counts and stamps agree; nothing to say where nothing was counted.
pub(super) fn check(figures: &TrialFigures) -> Result<(), BacklogError> {
    let within = |sample: &&InFlight| (sample.least..=sample.most).contains(&sample.counted);
    match figures.in_flight.iter().find(|sample| !within(sample)) {
        Some(outside) => Err(BacklogError::Moment(*outside)),
        None => little(figures),
    }
}

fn little(figures: &TrialFigures) -> Result<(), BacklogError> {
    let samples = &figures.in_flight;
    let Some(service) = figures.service.as_ref().filter(|_| samples.len() >= SAMPLES) else {
        return Ok(());
    };
    let sum: i64 = samples.iter().map(|sample| sample.counted).sum();
    let counted = sum as f64 / samples.len() as f64;
    let rate_per_s = figures.deliveries as f64 / figures.window_s;
    let mean_ns = service.mean_ns;
    let implied = rate_per_s * mean_ns as f64 / 1e9;
    let most = SHARE * counted.max(implied) + SKEW_S * rate_per_s;
    // Written so that a window of zero, whose rate is no number, disagrees.
    if (counted - implied).abs() <= most && implied.is_finite() {
        return Ok(());
    }
    Err(BacklogError::Mean { counted, rate_per_s, mean_ns, implied })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Latency;

    /// 10 000 deliveries/s, `mean_ms` in flight by the stamps, and these counts.
    fn figures(mean_ms: u64, counts: &[i64]) -> TrialFigures {
        let sample =
            |counted: &i64| InFlight { counted: *counted, least: counted - 3, most: counted + 3 };
        TrialFigures {
            deliveries: 20_000,
            window_s: 2.0,
            service: Some(Latency { mean_ns: mean_ms * 1_000_000, ..Latency::default() }),
            in_flight: counts.iter().map(sample).collect(),
            ..TrialFigures::default()
        }
    }

    #[test]
    fn counts_and_stamps_that_agree_are_no_objection() {
        assert_eq!(check(&figures(100, &[1_000, 900, 1_100, 950, 1_050])), Ok(()));
        assert_eq!(check(&figures(1, &[10, 0, 20, 10, 180])), Ok(()), "asked at an unlucky moment");
        assert_eq!(check(&TrialFigures::default()), Ok(()), "nothing was counted");
    }

    #[test]
    fn one_count_beyond_its_bounds_is_enough() {
        let mut doctored = figures(1, &[10, 10, 10]);
        doctored.in_flight[1].most = 9;
        let expected = InFlight { counted: 10, least: 7, most: 9 };
        assert_eq!(check(&doctored), Err(BacklogError::Moment(expected)));
        doctored.in_flight[1] = InFlight { counted: 10, least: 11, most: 12 };
        assert!(matches!(check(&doctored), Err(BacklogError::Moment(_))));
    }

    #[test]
    fn latencies_too_short_or_too_long_for_what_was_in_flight_are_told_with_both() {
        let counts = [1_000, 900, 1_100, 950, 1_050];
        let short = check(&figures(10, &counts)).expect_err("1 000 in flight are 100 ms");
        assert_eq!(
            short.to_string(),
            "1000 deliveries were in flight on average, but 10000/s x 10000000 ns is 100"
        );
        assert!(matches!(check(&figures(300, &counts)), Err(BacklogError::Mean { .. })));
        assert_eq!(check(&figures(10, &counts[..4])), Ok(()), "too few to stand for the window");
    }

    #[test]
    fn a_window_of_no_length_disagrees() {
        let mut figures = figures(100, &[1_000; 5]);
        figures.window_s = 0.0;
        assert!(check(&figures).is_err());
    }
}
