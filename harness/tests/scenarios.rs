//! Every behaviour case on every bus, as a test of its own: `delivery/steady-small::crossbeam`.
//!
//! Listed and run by `cargo test` and `cargo nextest run` alike. Performance cases are listed as ignored, with
//! what measures them: a debug build on a shared machine concludes nothing. Asked for all the same, they fail.

use std::path::Path;
use std::process::ExitCode;

use equivalence::cmd::judged;
use equivalence::cmd::judging::Judging;
use equivalence::cmd::selection::Wanted;
use equivalence::driver::{Interrupt, agent_beside};
use equivalence::plan::{Bus, Case, TrialKind};
use equivalence::report::{Behaviour, BehaviourRow};
use equivalence::scenario::Profile;
use libtest_mimic::{Arguments, Failed, Trial};

/// The buses `cargo test` holds to every behaviour case.
const BUSES: [Bus; 3] = [Bus::Crossbeam, Bus::Embedded, Bus::Process];
/// The executable under test, which hosts the actors.
const EXECUTABLE: &str = env!("CARGO_BIN_EXE_equivalence");
/// Why a performance case is ignored, shown before its name.
const PERFORMANCE: &str = "performance: cargo xtask equivalence";
/// Why a host case is ignored where it is.
const NO_AGENT: &str = "host: cargo build --workspace";
/// Seed of everything random in the tests.
const SEED: u64 = 1;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match wanted().select() {
        Ok(selection) => {
            let trials = selection.cases.into_iter().flat_map(|case| trials(&case)).collect();
            libtest_mimic::run(&arguments, trials).exit_code()
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Every case of the project's own scenarios.
fn wanted() -> Wanted {
    let baseline = Bus::Crossbeam;
    Wanted { folder: None, profile: Profile::Pr, patterns: Vec::new(), seed: SEED, baseline }
}

fn trials(case: &Case) -> Vec<Trial> {
    match case.kind {
        TrialKind::Host => return host_trials(case, &[Bus::Crossbeam, Bus::Process]),
        // It has both buses, and is judged where it leads to.
        TrialKind::Switch => return host_trials(case, &[Bus::Process]),
        _ => {}
    }
    if case.kind.is_performance() {
        return vec![unmeasured(case)];
    }
    let test = |bus: Bus| {
        let case = case.clone();
        let name = format!("{}::{}", case.id, bus.as_str());
        Trial::test(name, move || holds(&case, bus))
    };
    // The bus of old is held to what a case declares about it.
    let declares = case.divergences.iter().any(|one| one.bus == Bus::CrossbeamFaithful);
    BUSES.into_iter().chain(declares.then_some(Bus::CrossbeamFaithful)).map(test).collect()
}

/// A case that no test measures: named, and ignored with the reason.
fn unmeasured(case: &Case) -> Trial {
    let id = case.id.clone();
    let test = Trial::test(&case.id, move || {
        let command = format!("cargo xtask equivalence --profile nightly --scenario '{id}'");
        Err(format!("a debug build concludes nothing about performance; `{command}` does").into())
    });
    test.with_kind(PERFORMANCE).with_ignored_flag(true)
}

/// Real processes; ignored where the agent was not built along with this test.
fn host_trials(case: &Case, buses: &[Bus]) -> Vec<Trial> {
    let is_missing = agent_beside(Path::new(EXECUTABLE)).is_none();
    let kind = if is_missing { NO_AGENT } else { "" };
    let test = |bus: Bus| {
        let case = case.clone();
        let name = format!("{}::{}", case.id, bus.as_str());
        let test = Trial::test(name, move || holds(&case, bus));
        test.with_kind(kind).with_ignored_flag(is_missing)
    };
    buses.iter().copied().map(test).collect()
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn holds(case: &Case, bus: Bus) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let (_teller, interrupt) = Interrupt::new();
    let (executable, directory, wanted) = (Path::new(EXECUTABLE), folder.path(), &wanted());
    let ran = judged::run(Judging { executable, case, bus, directory, wanted }, interrupt);
    let ran = runtime()?.block_on(ran)?;
    if !ran.tear_down.is_clean() {
        return Err(format!("left behind: {:?}", ran.tear_down).into());
    }
    verdict(&ran.row)
}

fn verdict(row: &BehaviourRow) -> Result<(), Failed> {
    match &row.outcome {
        Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_) => Ok(()),
        Behaviour::Fail => {
            let sentences: Vec<String> = row
                .violations
                .iter()
                .map(|witness| format!("{}: {}", witness.rule, witness.sentence))
                .collect();
            Err(format!("{}\n{}", sentences.join("\n"), row.rerun).into())
        }
        Behaviour::NotExercised(what) => Err(format!("not exercised: {what}").into()),
        Behaviour::Broken(why) => Err(format!("not judged: {why}").into()),
    }
}
