//! Pairs of one case go side by side: a shared baseline is measured once, and who breaks down leaves
//! the others whole.

#[path = "measured/case.rs"]
mod measured;

use std::path::Path;

use equivalence::cmd::performance::{Earlier, Entrant, Gathered, Pair, Plan};
use equivalence::driver::DriveError;
use equivalence::gate::Evidence;
use equivalence::plan::Bus;
use measured::{plan, wanted};

/// No executable of ours: whoever is to run it ends before it is ready.
fn without_actor(bus: Bus) -> Entrant<'static> {
    let nobody = Earlier { revision: "none", executable: Path::new("/bin/false") };
    Entrant { earlier: Some(nobody), ..bus.into() }
}

/// One block of a short case for each pair.
fn run(pairs: Vec<Pair<'_>>) -> Gathered {
    run_until(pairs, 1, false)
}

/// So many blocks of a short case for each pair, with what a look needs if it is to conclude.
fn run_until(pairs: Vec<Pair<'_>>, most_blocks: usize, concludes: bool) -> Gathered {
    let selection =
        wanted("perf/saturation*subs=1]").select().expect("the project's own scenarios");
    let folder = tempfile::tempdir().expect("a folder");
    let plan = Plan { most_blocks, concludes, ..plan(&selection, pairs, folder.path()) };
    measured::run(&selection.cases[0], &plan)
}

fn pair<'a>(candidate: impl Into<Entrant<'a>>) -> Pair<'a> {
    Pair { baseline: Bus::Crossbeam.into(), candidate: candidate.into() }
}

/// Throughputs of the baseline's trials in the only block of a pair.
fn of_baseline(evidence: &Evidence) -> Vec<f64> {
    let trials = evidence.blocks[0].trials.iter();
    let own = trials.filter(|trial| trial.bus == Some(Bus::Crossbeam));
    own.map(|trial| trial.figures.throughput_per_s.expect("a saturation trial has one")).collect()
}

#[test]
fn pairs_share_the_trials_of_their_baseline_and_have_their_own() {
    let gathered = run(vec![pair(Bus::Embedded), pair(Bus::Agent)]);
    assert!(gathered.failures.is_empty(), "{:?}", gathered.failures);
    let [first, second] = &gathered.evidence[..] else { panic!("two pairs") };
    assert_eq!(of_baseline(first).len(), 2);
    assert_eq!(of_baseline(first), of_baseline(second), "the same trials, not as good ones");
    for (evidence, bus) in [(first, Bus::Embedded), (second, Bus::Agent)] {
        assert_eq!((evidence.baseline, evidence.candidate), (Bus::Crossbeam, bus));
        let own = evidence.blocks[0].trials.iter().filter(|trial| trial.bus == Some(bus));
        assert_eq!(own.count(), 2);
        let floors: Vec<_> = evidence.voids.iter().map(|void| void.trial.void_of).collect();
        assert_eq!(floors, [Some(Bus::Crossbeam), Some(bus)]);
    }
}

#[test]
fn who_breaks_down_leaves_the_others_whole() {
    let broken = without_actor(Bus::Agent);
    let gathered = run(vec![pair(broken), pair(Bus::Embedded)]);
    let [failure] = &gathered.failures[..] else { panic!("{:?}", gathered.failures) };
    assert_eq!(failure.bus, Bus::Agent);
    assert!(!matches!(failure.error, DriveError::Interrupted));
    let [without, whole] = &gathered.evidence[..] else { panic!("two pairs") };
    assert_eq!((without.blocks.len(), without.stopped), (0, true));
    assert_eq!(whole.blocks.len(), 1);
    assert_eq!(whole.voids.len(), 2, "a floor that was run for both is not run twice into one");
}

#[test]
fn without_its_baseline_no_pair_goes_on() {
    let broken = without_actor(Bus::Crossbeam);
    let pairs = [Bus::Embedded, Bus::Agent];
    let gathered = run(pairs.map(|bus| Pair { baseline: broken, candidate: bus.into() }).to_vec());
    assert_eq!(gathered.failures.len(), 1, "{:?}", gathered.failures);
    assert_eq!(gathered.failures[0].bus, Bus::Crossbeam);
    assert!(gathered.evidence.iter().all(|pair| pair.stopped && pair.blocks.is_empty()));
}

/// An executable that does what ours does so often, and fails from then on.
#[cfg(unix)]
fn failing_after(starts: usize, folder: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let script = folder.join("failing");
    let ours = env!("CARGO_BIN_EXE_equivalence");
    let count = folder.join("starts");
    let text = format!(
        "#!/bin/sh\necho >> '{count}'\n\
         [ $(wc -l < '{count}') -le {starts} ] || exit 1\nexec '{ours}' \"$@\"\n",
        count = count.display()
    );
    std::fs::write(&script, text).expect("written");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&script, mode).expect("it is ours");
    script
}

/// One bus in a process of its own starts once a trial: its floor and three trials, so that it fails in the
/// second round.
#[cfg(unix)]
#[test]
fn who_breaks_down_within_a_look_costs_the_others_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = failing_after(4, folder.path());
    let broken = Earlier { revision: "failing", executable: &executable };
    let broken = Entrant { earlier: Some(broken), ..Bus::Embedded.into() };
    let gathered = run_until(vec![pair(broken), pair(Bus::Embedded)], 6, true);
    assert_eq!(gathered.failures.len(), 1, "{:?}", gathered.failures);
    let [ended, whole] = &gathered.evidence[..] else { panic!("two pairs") };
    assert_eq!((ended.kept().count(), ended.stopped), (1, true));
    assert_eq!(whole.kept().count(), 6, "the look was reached");
    let redone = whole.voids.iter().filter(|void| void.redone).count()
        + whole.nulls.iter().filter(|null| null.redone).count()
        + whole.blocks.iter().filter(|block| block.redone).count();
    assert!(redone <= equivalence::gate::REDOS_PER_LOOK, "{redone} in one look");
    assert_eq!(whole.kept_nulls().count(), 1, "one A/A block a look");
    assert_eq!(whole.kept_voids().count(), 2, "one floor of each side a look");
}
