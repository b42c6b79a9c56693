//! The trials of mutants: ordinary cases, an ordinary tree of processes, the ordinary checks.

use std::collections::BTreeSet;
use std::io::{Write as _, stdout};
use std::path::Path;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::check::{Report, check};
use crate::cmd::behaviour::CasePlan;
use crate::cmd::run::interrupt;
use crate::cmd::{control, switch};
use crate::driver::{DriveError, Fault, Interrupt, TrialRequest, run_trial};
use crate::mutants::{
    Catch, CheckerMatrix, Flaw, KillMatrix, MUTANTS, Mutant, MutantRow, Shown, TrialRow, caught,
};
use crate::plan::{Bus, Case, TrialKind};
use crate::report;

/// Trials at the same time. One trial is mostly waiting; more would disturb each other's pace.
const TRIALS_AT_ONCE: usize = 2;

/// One trial to run.
struct Job<'a> {
    name: &'a str,
    fault: Option<Flaw>,
    case: &'a Case,
    /// The bus it runs on: that of the fault, or of the faults it is the reference of.
    bus: Bus,
    /// `None` for the sound bus.
    mutant: Option<Mutant>,
}

/// Runs every mutant on its case, and the sound bus on all of these.
pub(super) fn run(mutants: &[Mutant], cases: &[Case]) -> anyhow::Result<KillMatrix> {
    let jobs = jobs(mutants, cases)?;
    let executable = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let shown = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        let trials = jobs.iter().enumerate().map(|(number, job)| {
            let directory = folder.path().join(number.to_string());
            let (executable, interrupt) = (executable.as_path(), interrupt.clone());
            async move {
                let shown = trial(job, executable, &directory, interrupt).await;
                tell(job, &shown);
                shown
            }
        });
        anyhow::Ok(stream::iter(trials).buffered(TRIALS_AT_ONCE).collect::<Vec<Shown>>().await)
    })?;
    let checkers = CheckerMatrix::of_corpus();
    let revision = report::revision(Path::new(env!("CARGO_MANIFEST_DIR")));
    let mut matrix = KillMatrix { revision, checkers, ..KillMatrix::default() };
    for (job, shown) in jobs.iter().zip(shown) {
        match &job.mutant {
            Some(mutant) => matrix.mutants.push(MutantRow::new(mutant, shown)),
            None => matrix.reference.push(TrialRow {
                name: job.name.to_owned(),
                case: job.case.id.clone(),
                shown,
            }),
        }
    }
    matrix.settle(MUTANTS.iter().all(|mutant| mutants.contains(mutant)));
    Ok(matrix)
}

fn jobs<'a>(mutants: &[Mutant], cases: &'a [Case]) -> anyhow::Result<Vec<Job<'a>>> {
    let find = |id: &str| {
        let found = cases.iter().find(|case| case.id == id);
        found.with_context(|| format!("the scenarios have no case {id}"))
    };
    let used: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.case).collect();
    let mut jobs = Vec::new();
    for id in used {
        let case = find(id)?;
        let on = mutants.iter().find(|mutant| mutant.case == id).map(|mutant| bus_of(mutant.fault));
        let bus = on.unwrap_or(Bus::Crossbeam);
        jobs.push(Job { name: "the reference", fault: None, case, bus, mutant: None });
        if bus == Bus::Crossbeam {
            let (name, fault) = ("the wrapped reference", Some(Flaw::Bus(Fault::Nothing)));
            jobs.push(Job { name, fault, case, bus, mutant: None });
        }
    }
    for mutant in mutants {
        let (name, case) = (mutant.fault.name(), find(mutant.case)?);
        let (fault, bus) = (Some(mutant.fault), bus_of(mutant.fault));
        jobs.push(Job { name, fault, case, bus, mutant: Some(*mutant) });
    }
    Ok(jobs)
}

/// Where a fault shows. Of the control plane members are frozen and killed, so each has a process. A
/// switch is judged where it leads to.
fn bus_of(fault: Flaw) -> Bus {
    match fault {
        Flaw::Bus(_) => Bus::Crossbeam,
        Flaw::Control(_) | Flaw::Remote(_) | Flaw::Switch(_) => Bus::Process,
    }
}

async fn trial(job: &Job<'_>, executable: &Path, directory: &Path, interrupt: Interrupt) -> Shown {
    let mut case = job.case.clone();
    case.topology.bus.fault = job.fault.map(|fault| fault.name().to_owned());
    match judged(&case, job.bus, executable, directory, interrupt).await {
        Ok(catch) => Shown::Judged(catch),
        Err(DriveError::Interrupted) => Shown::Interrupted,
        Err(error) => Shown::NotRun(error.to_string()),
    }
}

async fn judged(
    case: &Case,
    bus: Bus,
    executable: &Path,
    directory: &Path,
    interrupt: Interrupt,
) -> Result<Catch, DriveError> {
    if case.kind == TrialKind::Switch {
        let driven = switch::drive(executable, case, directory, interrupt).await?;
        return Ok(caught(&switch::report(case, &driven), &driven.tear_down));
    }
    let request =
        TrialRequest { executable, case, bus, void: false, share_by_clone: false, directory };
    let driven = run_trial(request, interrupt).await?;
    if case.kind == TrialKind::Control {
        return Ok(caught(&control::report(case, bus, &driven), &driven.trial.tear_down));
    }
    let history = driven.history.unwrap_or_default();
    let report = match CasePlan::new(case) {
        Ok(plan) => check(case, bus, &history, &plan),
        Err(cause) => Report::Broken(vec![cause.to_string()]),
    };
    Ok(caught(&report, &driven.trial.tear_down))
}

fn tell(job: &Job<'_>, shown: &Shown) {
    let what = match shown {
        // Said once, at the end.
        Shown::Interrupted => return,
        Shown::NotRun(why) => format!("not run: {why}"),
        Shown::Judged(catch) if catch.kills.is_empty() => "nothing is caught".to_owned(),
        Shown::Judged(catch) => {
            let names: Vec<&str> = catch.kills.keys().map(|guard| guard.name()).collect();
            format!("caught by {}", names.join(", "))
        }
    };
    // A closed standard output must not hide the verdict in the exit code.
    let _ = writeln!(stdout().lock(), "{:<28} {:<44} {what}", job.name, job.case.id);
}
