//! One block of a performance case of this repository, as short as the smoke profile has it.

use std::path::Path;

use equivalence::cmd::performance::{self, Gathered, Pair, Plan};
use equivalence::cmd::selection::{Selection, Wanted};
use equivalence::driver::Interrupt;
use equivalence::plan::{Bus, Case};
use equivalence::report::Progress;
use equivalence::scenario::Profile;

/// The cases that match.
pub(crate) fn wanted(case: &str) -> Wanted {
    Wanted {
        folder: None,
        profile: Profile::Smoke,
        patterns: vec![case.to_owned()],
        baseline: Bus::Crossbeam,
        seed: 1,
    }
}

/// One block for each of these pairs, in the first case that was selected.
pub(crate) fn plan<'a>(
    selection: &'a Selection,
    pairs: Vec<Pair<'a>>,
    directory: &Path,
) -> Plan<'a> {
    Plan {
        executable: Path::new(env!("CARGO_BIN_EXE_equivalence")),
        pairs,
        most_blocks: 1,
        concludes: false,
        share_by_clone: false,
        directory: directory.to_owned(),
        table: &selection.table,
        seed: selection.cases[0].seed,
    }
}

/// Runs it.
pub(crate) fn run(case: &Case, plan: &Plan<'_>) -> Gathered {
    let (_teller, interrupt) = Interrupt::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("rt");
    runtime.block_on(performance::run(case, plan, interrupt, &mut Progress::silent()))
}
