//! Whether a figure has crossed its limits, without flickering around them.

use daemoneye_eventbus::rpc::HealthStatus;

/// Share of a limit below which a figure that has reached it counts as back: figures waver.
const CLEARS_BELOW: f64 = 0.8;

/// One figure against its limits.
#[derive(Debug)]
pub(super) struct Alarm {
    /// From which figure on it degrades; `None` never.
    degraded: Option<f64>,
    /// From which figure on it makes unhealthy; `None` never.
    unhealthy: Option<f64>,
    status: HealthStatus,
}

impl Alarm {
    /// With limits of which 0 is none.
    pub(super) fn new(degraded: f64, unhealthy: f64) -> Self {
        let limit = |limit: f64| (limit > 0.0).then_some(limit);
        let (degraded, unhealthy) = (limit(degraded), limit(unhealthy));
        Self { degraded, unhealthy, status: HealthStatus::Healthy }
    }

    /// Looks at the figure, and tells how it stands. Where nobody tells the figure it stands as it
    /// did.
    pub(super) fn look(&mut self, figure: Option<f64>) -> HealthStatus {
        if let Some(figure) = figure {
            let is_in = |status: HealthStatus, limit: Option<f64>| {
                let bar = if self.status >= status { CLEARS_BELOW } else { 1.0 };
                limit.is_some_and(|limit| figure >= limit * bar)
            };
            self.status = if is_in(HealthStatus::Unhealthy, self.unhealthy) {
                HealthStatus::Unhealthy
            } else if is_in(HealthStatus::Degraded, self.degraded) {
                HealthStatus::Degraded
            } else {
                HealthStatus::Healthy
            };
        }
        self.status
    }
}

#[cfg(test)]
mod tests {
    use HealthStatus::{Degraded, Healthy, Unhealthy};

    use super::*;

    fn course(alarm: &mut Alarm, figures: &[f64]) -> Vec<HealthStatus> {
        figures.iter().map(|figure| alarm.look(Some(*figure))).collect()
    }

    #[test]
    fn a_limit_is_reached_at_it_and_left_below_four_fifths_of_it() {
        let mut alarm = Alarm::new(10.0, 0.0);
        let told = course(&mut alarm, &[0.0, 9.9, 10.0, 9.0, 8.0, 7.9, 9.9, 10.0]);
        let expected = [Healthy, Healthy, Degraded, Degraded, Degraded, Healthy, Healthy, Degraded];
        assert_eq!(told, expected);
    }

    #[test]
    fn of_two_limits_each_has_a_way_back_of_its_own() {
        let mut alarm = Alarm::new(10.0, 50.0);
        let told = course(&mut alarm, &[50.0, 40.0, 39.9, 45.0, 8.0, 7.9, 60.0, 0.0]);
        let expected =
            [Unhealthy, Unhealthy, Degraded, Degraded, Degraded, Healthy, Unhealthy, Healthy];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_figure_that_nobody_tells_changes_nothing() {
        let mut alarm = Alarm::new(10.0, 0.0);
        assert_eq!(alarm.look(None), Healthy);
        alarm.look(Some(10.0));
        assert_eq!(alarm.look(None), Degraded);
    }

    #[test]
    fn without_limits_nothing_is_too_much() {
        let mut alarm = Alarm::new(0.0, 0.0);
        assert_eq!(course(&mut alarm, &[0.0, f64::MAX]), [Healthy, Healthy]);
    }
}
