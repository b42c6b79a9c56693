//! From stamps of several processes to how long each hop of an event took.
//!
//! A hop lasts from the end of the one before it to its own, the first from the call of `publish`, and
//! the last ends when the event is received: so the hops of a delivery add up to its time. What cannot
//! be joined is counted, never guessed; stamps out of order say that the instrument is wrong.

use std::collections::BTreeMap;

use daemoneye_eventbus::hops::{Hop, HopStamp};
use rustc_hash::FxHashMap;

use crate::record::{HopTimes, Unjoined, WhyUnjoined, hop_name};

/// Samples that must lie beyond a percentile for it to be told.
const SAMPLES_BEYOND: usize = 10;

/// When hops of events ended, by hop, life of the publisher, number, and receiver where it is of one.
#[derive(Debug, Default)]
pub(super) struct Ends(FxHashMap<(Hop, u64, u64, u64), End>);

#[derive(Debug, Clone, Copy)]
enum End {
    At(u64),
    /// Of a hop that an event takes once, several: nobody knows which is meant.
    Several,
}

/// A delivery as its publisher and its subscriber saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Followed {
    /// The life of its publisher.
    pub(super) incarnation: u64,
    /// The bus's number of it.
    pub(super) number: u64,
    /// The life of the client that received it; 0 where that is none.
    pub(super) receiver: u64,
    /// When `publish` was called, if that was recorded.
    pub(super) call_ns: Option<u64>,
    /// When it was received.
    pub(super) receive_ns: u64,
}

/// Times of all deliveries together.
#[derive(Debug)]
pub(super) struct Joined {
    hops: &'static [Hop],
    /// Of each hop, that of every delivery, in the order these came.
    times_ns: Vec<Vec<u64>>,
    /// Of every delivery, all its hops together.
    whole_ns: Vec<u64>,
    unjoined: BTreeMap<(Hop, WhyUnjoined), u64>,
    disordered: u64,
    first_disorder: Option<String>,
}

/// Why a delivery has no times.
enum Flaw {
    Unjoined(Hop, WhyUnjoined),
    Disorder(String),
}

impl Ends {
    pub(super) fn add(&mut self, stamps: &[HopStamp]) {
        for HopStamp { hop, incarnation, sequence, receiver, at_ns } in stamps {
            self.0
                .entry((*hop, *incarnation, *sequence, *receiver))
                .and_modify(|end| *end = End::Several)
                .or_insert(End::At(*at_ns));
        }
    }

    fn of(&self, hop: Hop, followed: &Followed) -> Result<u64, Flaw> {
        let receiver = match hop {
            Hop::BrokerQueue | Hop::SubscriberWake | Hop::Decode => followed.receiver,
            Hop::Encode | Hop::SendQueue | Hop::BrokerWake | Hop::Route => 0,
        };
        match self.0.get(&(hop, followed.incarnation, followed.number, receiver)) {
            Some(End::At(at_ns)) => Ok(*at_ns),
            Some(End::Several) => Err(Flaw::Unjoined(hop, WhyUnjoined::Twice)),
            None => Err(Flaw::Unjoined(hop, WhyUnjoined::Missing)),
        }
    }
}

impl Joined {
    pub(super) fn new(hops: &'static [Hop]) -> Self {
        Self {
            hops,
            times_ns: vec![Vec::new(); hops.len()],
            whole_ns: Vec::new(),
            unjoined: BTreeMap::new(),
            disordered: 0,
            first_disorder: None,
        }
    }

    /// Takes in a delivery.
    pub(super) fn add(&mut self, ends: &Ends, followed: &Followed) {
        match self.way(ends, followed) {
            Ok(way) => {
                for (times_ns, ends_ns) in self.times_ns.iter_mut().zip(way.windows(2)) {
                    times_ns.push(ends_ns[1] - ends_ns[0]);
                }
                self.whole_ns.push(way[way.len() - 1] - way[0]);
            }
            Err(Flaw::Unjoined(hop, why)) => *self.unjoined.entry((hop, why)).or_default() += 1,
            Err(Flaw::Disorder(why)) => {
                self.disordered += 1;
                self.first_disorder.get_or_insert(why);
            }
        }
    }

    /// Its call, and the ends of all its hops in their order.
    fn way(&self, ends: &Ends, followed: &Followed) -> Result<Vec<u64>, Flaw> {
        let mut way = Vec::with_capacity(self.hops.len() + 1);
        let missing = |hop: &Hop| Flaw::Unjoined(*hop, WhyUnjoined::Missing);
        let mut last_ns = followed.call_ns.ok_or_else(|| missing(&self.hops[0]))?;
        way.push(last_ns);
        for (place, hop) in self.hops.iter().enumerate() {
            let is_last = place + 1 == self.hops.len();
            let end_ns = if is_last { followed.receive_ns } else { ends.of(*hop, followed)? };
            if end_ns < last_ns {
                let before = self.hops[..place].last().map_or("the call", |hop| hop_name(*hop));
                let (own, early_ns) = (hop_name(*hop), last_ns - end_ns);
                return Err(Flaw::Disorder(format!(
                    "{own} of event {} ended {early_ns} ns before {before}",
                    followed.number
                )));
            }
            way.push(end_ns);
            last_ns = end_ns;
        }
        Ok(way)
    }

    /// Deliveries with times, their mean and their median, ns.
    pub(super) fn whole(&self) -> (u64, f64, u64) {
        let sorted = sorted(&self.whole_ns);
        (sorted.len() as u64, mean(&sorted), at(&sorted, 0.5))
    }

    /// What each hop took.
    pub(super) fn times(&self) -> Vec<HopTimes> {
        let hops = self.hops.iter().zip(&self.times_ns);
        let times = hops.map(|(hop, times_ns)| {
            let sorted = sorted(times_ns);
            let is_supported = sorted.len() >= SAMPLES_BEYOND * 100;
            HopTimes {
                hop: *hop,
                mean_ns: mean(&sorted),
                p50_ns: at(&sorted, 0.5),
                p99_ns: is_supported.then(|| at(&sorted, 0.99)),
            }
        });
        times.collect()
    }

    /// Deliveries without times, by what is missing.
    pub(super) fn unjoined(&self) -> Vec<Unjoined> {
        let unjoined = self.unjoined.iter();
        let unjoined = unjoined.map(|((hop, why), deliveries)| Unjoined {
            hop: *hop,
            why: *why,
            deliveries: *deliveries,
        });
        unjoined.collect()
    }

    /// Whether the clocks, the stamps or the join are wrong, in a sentence.
    pub(super) fn disorder(&self) -> Option<String> {
        let first = self.first_disorder.as_ref()?;
        Some(format!("stamps of {} deliveries are out of order: {first}", self.disordered))
    }
}

fn sorted(times_ns: &[u64]) -> Vec<u64> {
    let mut sorted = times_ns.to_vec();
    sorted.sort_unstable();
    sorted
}

fn mean(times_ns: &[u64]) -> f64 {
    let sum: u64 = times_ns.iter().sum();
    sum as f64 / times_ns.len().max(1) as f64
}

/// The smallest value that such a share does not exceed; 0 of nothing.
fn at(sorted: &[u64], share: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length that is in memory"
    )]
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
