//! Where a value stands in a panel: logarithmic or even spans, their ticks, and the pixels between.

/// Room beyond the outermost values, as a share of the span's logarithm.
const MARGIN: f64 = 0.05;
/// Least factor between the ends of a span: an even line is drawn in the middle of something.
const LEAST: f64 = 4.0;
/// Most ticks of a side; with more, decades alone are marked.
const MOST_TICKS: usize = 9;

/// Most steps between zero and the end of an even span.
const MOST_STEPS: f64 = 5.0;

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    low: f64,
    high: f64,
    spacing: Spacing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// Equal factors are equal distances; both ends are above zero.
    Logarithmic,
    /// Equal differences are equal distances.
    Even,
}

/// The place of a panel, and what it spans.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) along: Span,
    pub(super) up: Span,
}

impl Span {
    /// Around all values above zero, with a margin; `None` without any.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let known: Vec<f64> = values.filter(|value| value.is_finite() && *value > 0.0).collect();
        let low = known.iter().copied().reduce(f64::min)?;
        let high = known.iter().copied().reduce(f64::max)?;
        let wider = (LEAST / (high / low)).max(1.0).sqrt();
        let (low, high) = (low / wider, high * wider);
        let margin = (high / low).powf(MARGIN);
        Some(Self { low: low / margin, high: high * margin, spacing: Spacing::Logarithmic })
    }

    /// Evenly from zero to the largest value, with a margin; `None` without any above zero.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>) -> Option<Self> {
        let high = values.filter(|value| value.is_finite() && *value > 0.0).reduce(f64::max)?;
        Some(Self { low: 0.0, high: high * (1.0 + MARGIN), spacing: Spacing::Even })
    }

    /// Where a value is between the ends, 0 to 1; what is below the lower end is at it.
    fn share(self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        match self.spacing {
            Spacing::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
            Spacing::Even => (value - self.low) / (self.high - self.low),
        }
    }

    /// Values to mark: 1, 2 and 5 of every decade, or decades alone where those are too many; of an even
    /// span steps of a 1, a 2 or a 5.
    pub(super) fn ticks(self) -> Vec<f64> {
        if self.spacing == Spacing::Even {
            return self.steps();
        }
        let all = self.within(&[1, 2, 5]);
        if all.len() > MOST_TICKS { self.within(&[1]) } else { all }
    }

    fn steps(self) -> Vec<f64> {
        let exponent = (self.high / MOST_STEPS).log10().floor();
        let fits = |step: &u32| decimal(*step, exponent) * MOST_STEPS >= self.high;
        let step = [1, 2, 5].into_iter().find(fits).unwrap_or(10);
        let ticks = (0..).map(|number| decimal(number * step, exponent));
        ticks.take_while(|tick| *tick <= self.high).collect()
    }

    fn within(self, steps: &[u32]) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut exponent = self.low.log10().floor();
        while exponent <= self.high.log10() {
            let decade = steps.iter().map(|step| decimal(*step, exponent));
            ticks.extend(decade.filter(|tick| (self.low..=self.high).contains(tick)));
            exponent += 1.0;
        }
        ticks
    }
}

/// So many of a power of ten. Decimal text is exact where a power of ten below one is not.
fn decimal(many: u32, exponent: f64) -> f64 {
    format!("{many}e{exponent}").parse().unwrap_or(f64::INFINITY)
}

impl Frame {
    pub(super) fn x(&self, at: f64) -> f64 {
        self.left + self.along.share(at) * (self.right - self.left)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - self.up.share(value) * (self.bottom - self.top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(values: &[f64]) -> Span {
        Span::of(values.iter().copied()).expect("values above zero")
    }

    #[test]
    fn equal_factors_are_equal_distances() {
        let own = span(&[1.0, 100.0]);
        let [one, ten, hundred] = [1.0, 10.0, 100.0].map(|value| own.share(value));
        assert!((ten - one - (hundred - ten)).abs() < 1e-9);
        assert!(one > 0.0 && hundred < 1.0, "there is a margin");
    }

    #[test]
    fn an_even_line_is_drawn_in_the_middle() {
        assert!((span(&[3.0]).share(3.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_few_and_exact() {
        assert_eq!(span(&[0.6, 4.0]).ticks(), [1.0, 2.0]);
        assert_eq!(span(&[0.03, 0.3]).ticks(), [0.05, 0.1, 0.2]);
        assert_eq!(span(&[1.0, 1e6]).ticks(), [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6]);
    }

    #[test]
    fn even_spans_begin_at_zero_and_have_few_steps() {
        let own = Span::from_zero([3.0, 12.0].into_iter()).expect("values above zero");
        assert_eq!(own.ticks(), [0.0, 5.0, 10.0]);
        assert!((own.share(6.3) - 0.5).abs() < 1e-9, "half of 12 and its margin");
        assert_eq!(Span::from_zero([0.0, f64::NAN].into_iter()), None);
    }

    #[test]
    fn what_has_no_logarithm_takes_no_part() {
        assert_eq!(Span::of([0.0, -1.0, f64::NAN, f64::INFINITY].into_iter()), None);
        let own = span(&[0.0, 1.0, 10.0]);
        assert_eq!(own, span(&[1.0, 10.0]));
        assert!(own.share(0.0).abs() < f64::EPSILON);
    }
}
