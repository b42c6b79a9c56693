//! A round: everybody who takes part, twice; each pair finds its block in it.

use super::pair::{Pair, Seat};
use crate::gate::{Block, TRIALS_PER_BLOCK};
use crate::record::Trial;

/// The trials of a round, in the order they were run.
#[derive(Debug, Clone, Default)]
pub(super) struct Round<'a> {
    trials: Vec<(Seat<'a>, Trial)>,
}

impl<'a> Round<'a> {
    pub(super) fn push(&mut self, seat: Seat<'a>, trial: Trial) {
        self.trials.push((seat, trial));
    }

    /// The four trials of a pair that took part.
    pub(super) fn block_of(&self, pair: Pair<'a>) -> Block {
        let seats = pair.seats();
        let own = self.trials.iter().filter(|(seat, _)| seats.contains(seat));
        let (order, trials): (Vec<_>, Vec<_>) =
            own.map(|(seat, trial)| (seat.side, trial.clone())).unzip();
        let four = "both of a pair run twice in a round";
        Block::new(
            <[_; TRIALS_PER_BLOCK]>::try_from(order).expect(four),
            <[_; TRIALS_PER_BLOCK]>::try_from(trials).expect(four),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::performance::pair::seats;
    use crate::gate::{Side, round_order};
    use crate::plan::{Bus, TrialKind};
    use crate::record::{HostLoad, TearDown, TrialFigures, Validity};

    const CANDIDATES: [Bus; 3] = [Bus::Process, Bus::Agent, Bus::Embedded];

    fn trial(bus: Bus, place: u64) -> Trial {
        // Only who runs on `agent` has others on the host.
        let outside = if bus == Bus::Agent { 0.5 } else { 0.0 };
        let host = HostLoad { outside, ..HostLoad::default() };
        Trial {
            case: "perf/any".to_owned(),
            bus: Some(bus),
            void_of: None,
            kind: TrialKind::Paced,
            seed: place,
            validity: Validity::Valid,
            figures: TrialFigures { host: Some(host), ..TrialFigures::default() },
            delivered: Vec::new(),
            processes: Vec::new(),
            tear_down: TearDown::default(),
        }
    }

    fn round(pairs: &[Pair<'static>]) -> Round<'static> {
        let seats = seats(pairs.iter().copied());
        let mut round = Round::default();
        for (place, seat) in round_order(3, 0, seats.len()).into_iter().enumerate() {
            round.push(seats[seat], trial(seats[seat].entrant.bus, place as u64));
        }
        round
    }

    #[test]
    fn each_pair_has_its_own_four_in_the_order_they_were_run() {
        let pairs = CANDIDATES
            .map(|candidate| Pair { baseline: Bus::Crossbeam.into(), candidate: candidate.into() });
        let round = round(&pairs);
        for pair in pairs {
            let block = round.block_of(pair);
            let palindrome = [block.order[3], block.order[2], block.order[1], block.order[0]];
            assert_eq!(block.order, palindrome);
            assert_ne!(block.order[0], block.order[1], "ABBA or BAAB");
            let places = block.trials.each_ref().map(|trial| trial.seed);
            assert!(places.is_sorted(), "{places:?}");
            for (side, trial) in block.order.iter().zip(&block.trials) {
                let bus = match side {
                    Side::Baseline => Bus::Crossbeam,
                    Side::Candidate => pair.candidate.bus,
                };
                assert_eq!(trial.bus, Some(bus));
            }
        }
    }

    #[test]
    fn a_busy_host_is_a_matter_of_the_pair_it_met() {
        let pairs = CANDIDATES
            .map(|candidate| Pair { baseline: Bus::Crossbeam.into(), candidate: candidate.into() });
        let round = round(&pairs);
        let is_busy = pairs.map(|pair| round.block_of(pair).host_busy.is_some());
        assert_eq!(is_busy, [false, true, false]);
    }
}
