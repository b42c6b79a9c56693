//! The credit of closed loops: the same in every deployment, what all readers have received plus
//! the window (METHOD §1). Numbers in, numbers out.

use std::collections::BTreeMap;

use crate::plan::{Phase, Rate};

/// What the publishers of one phase may have sent.
pub(in crate::driver) struct Credit {
    /// By publisher of a closed loop that still runs: its window.
    windows: BTreeMap<usize, u64>,
    /// By the same: what it was told last.
    granted: BTreeMap<usize, u64>,
    /// Totals at the beginning of the phase, by subscriber.
    baseline: Vec<u64>,
    /// Events of publishers that have finished.
    finished: u64,
}

impl Credit {
    /// Nothing was granted yet; `received` is what each subscriber had before the phase.
    pub(in crate::driver) fn new(plan: &Phase, received: &[u64]) -> Self {
        let window = |rate| match rate {
            Rate::Window(window) => Some(window),
            Rate::Max | Rate::PerSecond(..) | Rate::AsRecorded(_) => None,
        };
        let publish = plan.publish.iter();
        let windows =
            publish.filter_map(|publish| Some((publish.publisher, window(publish.rate)?)));
        Self {
            windows: windows.collect(),
            granted: BTreeMap::new(),
            baseline: received.to_vec(),
            finished: 0,
        }
    }

    /// A publisher has done its share, and this was all of it.
    pub(in crate::driver) fn finished(&mut self, publisher: usize, events: u64) {
        self.windows.remove(&publisher);
        self.finished += events;
    }

    /// What publishers are to be told now that the readers have received so much.
    ///
    /// Nothing is said when nothing has changed: with several subscribers only the slowest's
    /// progress grants anything, and lines nobody needs would wake the publisher's process.
    pub(in crate::driver) fn grants(
        &mut self,
        received: &[u64],
        readers: &[usize],
    ) -> Vec<(usize, u64)> {
        let slowest = readers.iter().map(|reader| received[*reader] - self.baseline[*reader]).min();
        let loops = self.windows.len() as u64;
        let mut grants = Vec::new();
        for (publisher, window) in &self.windows {
            let allowed = slowest.map_or(u64::MAX, |received| {
                received.saturating_sub(self.finished) / loops + window
            });
            if self.granted.insert(*publisher, allowed) != Some(allowed) {
                grants.push((*publisher, allowed));
            }
        }
        grants
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Count, Publish};

    fn credit() -> Credit {
        let publish = (0..2).map(|publisher| Publish {
            publisher,
            count: Count::ForMs(1),
            rate: Rate::Window(64),
        });
        let plan = Phase {
            name: "all".to_owned(),
            publish: publish.collect(),
            actions: Vec::new(),
            idle_ms: 0,
            fence: true,
            measured: true,
        };
        Credit::new(&plan, &[10, 1_000])
    }

    #[test]
    fn the_slowest_reader_grants_and_nothing_is_said_twice() {
        let mut credit = credit();
        assert_eq!(credit.grants(&[10, 1_000], &[0, 1]), [(0, 64), (1, 64)]);
        assert_eq!(credit.grants(&[10, 5_000], &[0, 1]), []);
        assert_eq!(credit.grants(&[30, 5_000], &[0, 1]), [(0, 74), (1, 74)]);
    }

    #[test]
    fn who_has_finished_leaves_its_share_of_the_deliveries_to_nobody() {
        let mut credit = credit();
        credit.finished(0, 20);
        assert_eq!(credit.grants(&[40, 1_030], &[0, 1]), [(1, 74)]);
    }

    #[test]
    fn without_readers_nothing_holds_a_publisher_back() {
        assert_eq!(credit().grants(&[10, 1_000], &[]), [(0, u64::MAX), (1, u64::MAX)]);
    }
}
