//! Random sketches: valid, quick to run, and such that every failure is the bus's own.
//!
//! One seed and one number give one sketch, on every host. What is restricted, and why, stands at
//! its place: a case nobody can judge finds nothing, and a false alarm costs a day.

mod faults;
mod happenings;
mod publishers;
mod settings;
mod subscribers;

use proptest::prelude::{Just, Strategy};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::Sketch;
use crate::plan::{BusSettings, Claim, Topology};
use happenings::Happenings;

/// What every sketch puts to the test, since somebody subscribes in each. The others are judged
/// wherever they can be; a claim would only doubt a sketch that happens not to.
pub const ALWAYS_JUDGED: Claim = Claim::C9;

/// Publishers of a sketch, at most.
const MAX_PUBLISHERS: usize = 4;
/// Subscribers of a sketch, at most.
const MAX_SUBSCRIBERS: usize = 5;
/// How long one trial may take, milliseconds: hundreds of events take a fraction of a second.
pub const BUDGET_MS: u64 = 10_000;

/// The sketch with this number in an exploration with this seed.
pub fn generate(seed: u64, number: u64) -> Sketch {
    drawn(seed, number, sketches)
}

/// The same with faults in its last phase, for buses on which roles are processes; some are wild.
pub fn generate_faulty(seed: u64, number: u64) -> Sketch {
    drawn(seed, number, faulty_sketches)
}

fn drawn<S: Strategy<Value = Sketch>>(
    seed: u64,
    number: u64,
    strategy: impl FnOnce(String) -> S,
) -> Sketch {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = strategy(format!("explore/seed-{seed}-case-{number}")).new_tree(&mut runner);
    tree.expect("the strategy filters nothing, so it never gives up").current()
}

/// Any sketch without faults; it is generated with this name.
pub fn sketches(name: String) -> impl Strategy<Value = Sketch> {
    with(name, happenings::any())
}

/// Any sketch with faults, wild ones among them.
pub fn faulty_sketches(name: String) -> impl Strategy<Value = Sketch> {
    with(name, happenings::faulty())
}

fn with(name: String, what: impl Strategy<Value = Happenings>) -> impl Strategy<Value = Sketch> {
    let roles = (publishers::any(MAX_PUBLISHERS), subscribers::any(MAX_SUBSCRIBERS));
    (Just(name), roles, what, settings::any()).prop_map(|(name, roles, happenings, settings)| {
        let ((publishers, subscribers), bus) = (roles, BusSettings::default());
        let mut topology = Topology { bus, publishers, subscribers, subscribers_per_process: None };
        topology.bus = settings.told(&topology);
        let is_wild = happenings.is_wild();
        let (topology, phases) = happenings.told(topology);
        let mut actions = phases.iter().flat_map(|phase| &phase.actions);
        let wild = is_wild && actions.any(|action| action.operation.fault().is_some());
        Sketch {
            name,
            claims: vec![ALWAYS_JUDGED],
            summary: "Made up by `equivalence explore`.".to_owned(),
            topology,
            phases,
            wild,
            not_applicable: Vec::new(),
            budget_ms: BUDGET_MS,
        }
    })
}
