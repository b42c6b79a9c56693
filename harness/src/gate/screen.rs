//! The A/A screen: the baseline against itself must not look like a difference.
//!
//! METHOD §4. One block per look runs the baseline on both sides. Its ratio is 1 by construction, so
//! whatever it shows is bias or noise of the instrument. Beyond half the log distance from 1 to the
//! limit no verdict of that gate may be trusted. The threshold depends on the limit alone, never on
//! the ratio that was measured. It is a screen for magnitude, not a test: one block proves no null.

/// The largest A/A log ratio beyond half the log distance to `limit`; `None` when all are within.
pub(super) fn biased(null_log_ratios: &[f64], limit: f64) -> Option<f64> {
    let allowed = limit.ln().abs() / 2.0;
    let worst = null_log_ratios.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    (worst.is_nan() || worst.abs() > allowed).then_some(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_log_distance_to_the_gate_is_still_allowed() {
        let half = 2.0_f64.ln() / 2.0;
        assert_eq!(biased(&[half, -half], 2.0), None);
        assert_eq!(biased(&[0.1, half + 1e-9], 2.0), Some(half + 1e-9));
        assert_eq!(biased(&[-half - 1e-9, 0.1], 2.0), Some(-half - 1e-9));
    }

    #[test]
    fn a_limit_below_one_is_as_far_as_its_inverse() {
        assert_eq!(biased(&[0.11], 0.8), None);
        assert_eq!(biased(&[0.12], 0.8), Some(0.12));
        assert_eq!(biased(&[0.12], 1.25), Some(0.12));
    }

    #[test]
    fn without_a_block_there_is_nothing_to_screen() {
        assert_eq!(biased(&[], 2.0), None);
    }
}
