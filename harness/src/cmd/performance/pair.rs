//! Who is compared with whom, and who therefore takes part.

use std::path::Path;

use crate::driver::Fault;
use crate::gate::Side;
use crate::plan::Bus;

/// Another revision of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier<'a> {
    /// Which.
    pub revision: &'a str,
    /// Its executable.
    pub executable: &'a Path,
}

/// What runs on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entrant<'a> {
    /// The bus.
    pub bus: Bus,
    /// What is deliberately wrong with it, if anything.
    pub fault: Option<Fault>,
    /// The revision it is of, where that is not this one.
    pub earlier: Option<Earlier<'a>>,
}

impl From<Bus> for Entrant<'_> {
    fn from(bus: Bus) -> Self {
        Self { bus, fault: None, earlier: None }
    }
}

/// Two that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Side A.
    pub baseline: Entrant<'a>,
    /// Side B.
    pub candidate: Entrant<'a>,
}

impl<'a> Pair<'a> {
    /// Both of its seats, the baseline's first.
    pub(super) fn seats(self) -> [Seat<'a>; 2] {
        [Seat::new(Side::Baseline, self.baseline), Seat::new(Side::Candidate, self.candidate)]
    }
}

/// A place in a round: somebody on one side. A bus that is compared with itself has one on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat<'a> {
    pub(super) side: Side,
    pub(super) entrant: Entrant<'a>,
}

impl<'a> Seat<'a> {
    fn new(side: Side, entrant: Entrant<'a>) -> Self {
        Self { side, entrant }
    }
}

/// Everybody who takes part, once, however many they are compared with; baselines first.
pub(super) fn seats<'a>(pairs: impl IntoIterator<Item = Pair<'a>>) -> Vec<Seat<'a>> {
    let all: Vec<Seat<'a>> = pairs.into_iter().flat_map(Pair::seats).collect();
    let mut seats = Vec::new();
    for side in [Side::Baseline, Side::Candidate] {
        for seat in all.iter().filter(|seat| seat.side == side) {
            if !seats.contains(seat) {
                seats.push(*seat);
            }
        }
    }
    seats
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(baseline: Bus, candidate: Bus) -> Pair<'static> {
        Pair { baseline: baseline.into(), candidate: candidate.into() }
    }

    fn taking_part(pairs: &[Pair<'static>]) -> Vec<(Side, Bus)> {
        let seats = seats(pairs.iter().copied());
        seats.into_iter().map(|seat| (seat.side, seat.entrant.bus)).collect()
    }

    #[test]
    fn who_is_in_several_pairs_takes_part_once() {
        use Side::{Baseline, Candidate};

        let ours = [Bus::Process, Bus::Agent].map(|candidate| pair(Bus::Crossbeam, candidate));
        let part = [(Baseline, Bus::Crossbeam), (Candidate, Bus::Process), (Candidate, Bus::Agent)];
        assert_eq!(taking_part(&ours), part);
        let peers = [Bus::Nats, Bus::Redis].map(|baseline| pair(baseline, Bus::Process));
        let part = [(Baseline, Bus::Nats), (Baseline, Bus::Redis), (Candidate, Bus::Process)];
        assert_eq!(taking_part(&peers), part);
    }

    #[test]
    fn a_bus_against_itself_takes_part_on_both_sides() {
        assert_eq!(taking_part(&[pair(Bus::Agent, Bus::Agent)]).len(), 2);
    }
}
