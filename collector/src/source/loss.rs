//! [`Loss`]: how much is lost, as far as that is known.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// Events that are lost: how many were counted, and whether there may be more.
///
/// ```
/// use collector_core::source::Loss;
///
/// let held_back = Loss { events: 3, uncounted: false };
/// let overflow = Loss { events: 0, uncounted: true };
/// assert_eq!((held_back + overflow).to_string(), "at least 3");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loss {
    /// Events that were counted.
    pub events: u64,
    /// Whether there may be more, which nobody could count.
    pub uncounted: bool,
}

impl Loss {
    /// Whether nothing is lost.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl Add for Loss {
    type Output = Self;

    /// Both together. Numbers that come from elsewhere do not overflow.
    fn add(self, other: Self) -> Self {
        Self {
            events: self.events.saturating_add(other.events),
            uncounted: self.uncounted || other.uncounted,
        }
    }
}

impl Sum for Loss {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// What may stand before `events`, or alone.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.events, self.uncounted) {
            (0, true) => f.write_str("uncounted"),
            (events, true) => write!(f, "at least {events}"),
            (events, false) => write!(f, "{events}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_loss_that_nobody_counted_makes_a_sum_uncertain() {
        let counted = Loss { events: 3, uncounted: false };
        let uncounted = Loss { events: 0, uncounted: true };
        let rows: [(&[Loss], &str); 5] = [
            (&[], "0"),
            (&[counted], "3"),
            (&[counted, counted], "6"),
            (&[uncounted], "uncounted"),
            (&[counted, uncounted, counted], "at least 6"),
        ];
        for (losses, told) in rows {
            let sum: Loss = losses.iter().copied().sum();
            assert_eq!(sum.to_string(), told);
            assert_eq!(sum.is_none(), told == "0");
        }
    }
}
