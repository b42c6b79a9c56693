//! The void floor: what the instrument itself costs, taken off both sides.
//!
//! METHOD §3. The void runs the same processes, payloads, stamps and recorders with no hand-off. Its
//! latency, CPU and memory are subtracted; of throughputs the times per event are, since those add.
//! A corrected value that is not positive says that the instrument cost as much as the bus did.
//!
//! The floor's own error is in no interval: it moves all blocks alike. Hence no verdict rests on a
//! corrected ratio alone, and the raw one keeps its level whatever the floors do; of a corrected
//! ratio that is worse than the raw one, the level holds only as far as floors are steady.

/// How a figure and the void's are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Floor {
    /// The figure is a cost: subtract.
    Cost,
    /// The figure is a rate: subtract times per event.
    Rate,
}

impl Floor {
    /// A figure without what the instrument cost; `None` when nothing positive remains.
    pub(crate) fn corrected(self, figure: f64, void: f64) -> Option<f64> {
        let rest = match self {
            Self::Cost => figure - void,
            Self::Rate => 1.0 / (1.0 / figure - 1.0 / void),
        };
        (rest.is_finite() && rest > 0.0).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_subtracted() {
        assert_eq!(Floor::Cost.corrected(50.0, 20.0), Some(30.0));
    }

    #[test]
    fn rates_combine_as_times_per_event() {
        // 1 µs an event of which the instrument takes half: 0.5 µs remain.
        let corrected = Floor::Rate.corrected(1e6, 2e6).expect("half remains");
        assert!((corrected - 2e6).abs() < 1.0, "{corrected}");
    }

    #[test]
    fn nothing_positive_is_no_figure() {
        assert_eq!(Floor::Cost.corrected(20.0, 20.0), None);
        assert_eq!(Floor::Cost.corrected(10.0, 20.0), None);
        assert_eq!(Floor::Rate.corrected(2e6, 1e6), None);
        assert_eq!(Floor::Rate.corrected(1e6, 1e6), None);
    }
}
