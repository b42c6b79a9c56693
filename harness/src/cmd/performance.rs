//! One performance case on pairs of buses: rounds of trials until the gates are decided or the profile's
//! limit is reached, with void floors and A/A blocks (METHOD §4).

mod gathering;
mod pair;
mod promises;
mod round;
mod traced;

use std::path::{Path, PathBuf};

use self::gathering::Gathering;
pub use self::pair::{Earlier, Entrant, Pair};
pub use self::promises::Promises;
pub use self::traced::{most_traced, traceable, traced};
use crate::driver::{DriveError, Interrupt};
use crate::gate::{self, Evidence, Look, Side};
use crate::plan::gates::GateTable;
use crate::plan::{Bus, Case, Phase, Rate};
use crate::record::TearDown;
use crate::report::Progress;

/// How often everybody runs in a round.
const TRIALS_PER_SEAT: usize = gate::TRIALS_PER_BLOCK / 2;

/// How one performance case is run.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The executable that has the verb `actor`.
    pub executable: &'a Path,
    /// Who is compared with whom; who is in several pairs is measured once for all of them.
    pub pairs: Vec<Pair<'a>>,
    /// Most blocks; fewer than six can never conclude.
    pub most_blocks: usize,
    /// Whether verdicts may be given at all; the smoke profile only estimates.
    pub concludes: bool,
    /// Whether the crossbeam reference clones events instead of sharing them.
    pub share_by_clone: bool,
    /// Folder for the files of all trials of the case.
    pub directory: PathBuf,
    /// The gates.
    pub table: &'a GateTable,
    /// Seed of the order of trials.
    pub seed: u64,
}

impl Plan<'_> {
    /// What tells a pair from the others of the case: the bus on the side they differ on, or both. `None`
    /// for the only one.
    pub fn called(&self, pair: Pair<'_>) -> Option<String> {
        let [baseline, candidate] = [pair.baseline.bus, pair.candidate.bus].map(Bus::as_str);
        let is_same = |entrant: fn(&Pair<'_>) -> Bus| {
            self.pairs.iter().all(|other| entrant(other) == entrant(&pair))
        };
        match (is_same(|one| one.baseline.bus), is_same(|one| one.candidate.bus)) {
            (true, true) => None,
            (true, false) => Some(candidate.to_owned()),
            (false, true) => Some(baseline.to_owned()),
            (false, false) => Some(format!("{candidate} against {baseline}")),
        }
    }
}

/// Why somebody was measured no further.
#[derive(Debug)]
pub struct Failure {
    /// Where it happened.
    pub bus: Bus,
    /// What happened.
    pub error: DriveError,
}

/// Evidence gathered so far, whole or cut short.
#[derive(Debug)]
pub struct Gathered {
    /// Every trial, pair by pair in the order of the plan.
    pub evidence: Vec<Evidence>,
    /// What the counts of the trials say about promises.
    pub promises: Promises,
    /// What trials left behind, by bus; `None` for a void floor.
    pub left_behind: Vec<(Option<Bus>, TearDown)>,
    /// What broke down, in that order.
    pub failures: Vec<Failure>,
}

/// Trials of one case at most, rounds run again for what the host did left out.
pub fn most_trials(pairs: &[Pair<'_>], most_blocks: usize, concludes: bool) -> usize {
    let seats = pair::seats(pairs.iter().copied());
    let (all, baselines) =
        (seats.len(), seats.iter().filter(|seat| seat.side == Side::Baseline).count());
    let round = all * TRIALS_PER_SEAT;
    if !concludes {
        return most_blocks * round + all;
    }
    let looks = Look::ALL.iter().filter(|look| look.blocks() <= most_blocks);
    let rounds = looks.clone().map(|look| look.blocks()).max().unwrap_or_default();
    rounds * round + looks.count() * (all + baselines * gate::TRIALS_PER_BLOCK)
}

/// Runs a performance case; what was measured is kept whatever happens.
pub async fn run(
    case: &Case,
    plan: &Plan<'_>,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Gathered {
    Gathering::new(case, plan, interrupt, progress).gather().await
}

/// Runs so many blocks of each baseline against itself and nothing else, to learn the noise.
pub async fn nulls(
    case: &Case,
    plan: &Plan<'_>,
    blocks: usize,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Gathered {
    Gathering::new(case, plan, interrupt, progress).gather_nulls(blocks).await
}

/// Deliveries the credits of a closed loop allow at once.
pub fn in_flight(case: &Case) -> Option<u64> {
    let window = |phase: &Phase| -> u64 {
        let windows = phase.publish.iter().filter_map(|publish| match publish.rate {
            Rate::Window(window) => Some(window),
            Rate::Max | Rate::PerSecond(..) | Rate::AsRecorded(_) => None,
        });
        windows.sum()
    };
    let measured = case.phases.iter().filter(|phase| phase.measured);
    let window = measured.map(window).max().unwrap_or_default();
    (window > 0).then(|| window * case.topology.subscribers.len() as u64)
}

/// Stamps of single events are joined into histograms by now; a run of hundreds of trials keeps
/// the `.hlog` alone.
pub(super) fn discard_stamps(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "timing" || end == "arrivals") {
            // What cannot be removed only takes room.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(baseline: Bus, candidate: Bus) -> Pair<'static> {
        Pair { baseline: baseline.into(), candidate: candidate.into() }
    }

    #[test]
    fn every_look_brings_its_floors_and_its_null_block() {
        let one = [pair(Bus::Crossbeam, Bus::Process)];
        assert_eq!(most_trials(&one, 10, true), 10 * 4 + 2 * (2 + 4));
        assert_eq!(most_trials(&one, 16, true), 16 * 4 + 3 * (2 + 4));
        assert_eq!(most_trials(&one, 1, false), 4 + 2);
        assert_eq!(most_trials(&one, 5, true), 0, "no look is reached, so nothing is run");
    }

    #[test]
    fn a_baseline_of_three_is_measured_once() {
        let ours = [Bus::Process, Bus::Agent, Bus::Embedded].map(|bus| pair(Bus::Crossbeam, bus));
        assert_eq!(most_trials(&ours, 16, true), 16 * 8 + 3 * (4 + 4));
        let peers = Bus::PEERS.map(|peer| pair(peer, Bus::Process));
        assert_eq!(most_trials(&peers, 16, true), 16 * 8 + 3 * (4 + 3 * 4));
    }

    #[test]
    fn a_pair_is_called_by_what_it_has_for_itself() {
        let plan = |pairs: Vec<Pair<'static>>| Plan {
            executable: Path::new("equivalence"),
            pairs,
            most_blocks: 6,
            concludes: true,
            share_by_clone: false,
            directory: PathBuf::new(),
            table: Box::leak(Box::new(GateTable { cells: Vec::new() })),
            seed: 1,
        };
        let alone = pair(Bus::Crossbeam, Bus::Process);
        assert_eq!(plan(vec![alone]).called(alone), None);
        let agent = pair(Bus::Crossbeam, Bus::Agent);
        assert_eq!(plan(vec![alone, agent]).called(agent).as_deref(), Some("agent"));
        let peers = Bus::PEERS.map(|peer| pair(peer, Bus::Process));
        assert_eq!(plan(peers.to_vec()).called(peers[0]).as_deref(), Some("nats"));
        let both = vec![peers[0], peers[1], pair(Bus::Nats, Bus::Agent)];
        assert_eq!(plan(both).called(peers[1]).as_deref(), Some("process against redis"));
    }
}
