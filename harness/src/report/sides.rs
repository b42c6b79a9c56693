//! What the two buses of a comparison are called.

use super::Run;
use crate::gate::Runner;
use crate::plan::Bus;

/// Characters of a revision that are shown.
const REVISION_SHOWN: usize = 12;

/// Names of baseline and candidate. A baseline of another revision is called by both; a bus against itself
/// (A/A) gets a letter for each side.
pub fn sides(baseline: Bus, revision: Option<&str>, candidate: Bus) -> [String; 2] {
    if revision.is_some() {
        let baseline = Runner { bus: baseline, revision };
        return [called(baseline), candidate.as_str().to_owned()];
    }
    if baseline == candidate {
        ["A", "B"].map(|side| format!("{} ({side})", baseline.as_str()))
    } else {
        [baseline, candidate].map(|bus| bus.as_str().to_owned())
    }
}

/// What whoever ran a trial is called.
pub(super) fn called(runner: Runner<'_>) -> String {
    let bus = runner.bus.as_str();
    let short = |revision: &str| revision.chars().take(REVISION_SHOWN).collect::<String>();
    runner.revision.map_or_else(|| bus.to_owned(), |revision| format!("{bus}@{}", short(revision)))
}

/// The same for a run.
pub(super) fn sides_of(run: &Run, candidate: Bus) -> [String; 2] {
    sides(run.baseline, run.baseline_revision.as_deref(), candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_against_itself_has_two_names() {
        assert_eq!(sides(Bus::Crossbeam, None, Bus::Process), ["crossbeam", "process"]);
        assert_eq!(sides(Bus::Agent, None, Bus::Agent), ["agent (A)", "agent (B)"]);
    }

    #[test]
    fn a_baseline_of_another_revision_is_called_by_it() {
        let named = sides(Bus::Process, Some("0123456789abcdef"), Bus::Process);
        assert_eq!(named, ["process@0123456789ab", "process"]);
    }
}
