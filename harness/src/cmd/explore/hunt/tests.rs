//! A hunt that is interrupted, or that cannot be driven, keeps what was found.

use std::path::Path;

use super::*;
use crate::driver::Interrupt;
use crate::explore::generate::{generate, generate_faulty};
use crate::scenario::load;

const SEED: u64 = 1;

/// The hunt for a failure said to be on the embedded bus, by an executable that is not there.
fn hunted(folder: &Path, interrupt: Interrupt, sketch: Sketch) -> Found {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let nowhere = folder.join("nowhere");
    let mut trials =
        Trials::new(&nowhere, interrupt, SEED, Bus::Crossbeam, folder).expect("a folder");
    let failure = Failure { rule: "C1".to_owned(), bus: Bus::Process, sentence: "lost".to_owned() };
    let prey = Prey { sketch, failure, name: "regressions/kept".to_owned() };
    let found = runtime.expect("a runtime").block_on(hunt(&mut trials, prey));
    found.expect("it is written")
}

#[test]
fn an_interrupt_loses_nothing_that_was_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let (teller, interrupt) = Interrupt::new();
    teller.tell();
    let found = hunted(folder.path(), interrupt, generate(SEED, 0));
    assert!(found.interrupted, "{found}");
    assert_eq!(found.reproduced, Rate { failed: 0, of: 0 });
    assert!(found.to_string().contains("not shrunk, interrupted: "), "{found}");
    assert_eq!(load(&found.path).expect("a scenario").name, "regressions/kept");
}

#[test]
fn a_run_that_cannot_be_driven_counts_as_not_failed_and_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_teller, interrupt) = Interrupt::new();
    let found = hunted(folder.path(), interrupt, generate(SEED, 0));
    assert_eq!(found.reproduced, Rate { failed: 0, of: FINAL_RUNS });
    assert_eq!(found.undriven.len(), FINAL_RUNS);
    assert!(found.to_string().contains("10 runs could not be driven"), "{found}");
    assert_eq!(load(&found.path).expect("a scenario").name, "regressions/kept");
}

#[test]
fn what_a_wild_scenario_cannot_claim_is_written_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (teller, interrupt) = Interrupt::new();
    teller.tell();
    let mut faulty = (0..).map(|number| generate_faulty(SEED, number));
    let found = hunted(folder.path(), interrupt, faulty.find(|one| one.wild).expect("some are"));
    assert_eq!((found.failure.rule.as_str(), found.sketch.wild), ("C1", true));
    assert_eq!(found.sketch.claims, [ALWAYS_JUDGED]);
    assert_eq!(load(&found.path).expect("a scenario").name, "regressions/kept");
}
