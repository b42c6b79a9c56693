//! Slow buses measured like any candidate, against the sound bus behind the same wrapper.

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::cmd::performance::{self, Entrant, Pair, Plan};
use crate::cmd::run::estimate;
use crate::cmd::run::interrupt;
use crate::cmd::selection::Selection;
use crate::driver::{DriveError, Fault, Interrupt, raise_descriptor_limit};
use crate::gate::Look;
use crate::mutants::{GateSaid, SlowMatrix, SlowMutant, SlowRow, Stopped};
use crate::plan::gates::{GateCell, GateTable};
use crate::plan::{Bus, Case};
use crate::report::{PerformanceRow, Progress, at_most};

/// The bus whose limits slow ones are held to.
const HELD_LIKE: Bus = Bus::Process;
/// The sound bus of both sides.
const SOUND: Entrant<'_> =
    Entrant { bus: Bus::Crossbeam, fault: Some(Fault::Nothing), earlier: None };

/// What is to be measured.
pub(super) struct Wish<'a> {
    pub(super) mutants: Vec<&'a SlowMutant>,
    /// How often each.
    pub(super) runs: u64,
    /// After so many minutes no measurement is begun.
    pub(super) minutes: Option<u64>,
}

/// Measures every mutant so many times; `keep` is shown what there is after each measurement.
///
/// What stops it is in the result, beside all that was measured before.
pub(super) fn run(
    wish: &Wish<'_>,
    selection: &Selection,
    mut keep: impl FnMut(&SlowMatrix) -> anyhow::Result<()>,
) -> anyhow::Result<SlowMatrix> {
    raise_descriptor_limit();
    let table = held_alike(&selection.table);
    let jobs = jobs(wish, &selection.cases)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut matrix = SlowMatrix { runs: wish.runs, ..SlowMatrix::default() };
    let mut progress = progress(&jobs);
    let began = Instant::now();
    let interrupt = runtime.block_on(async { interrupt::on_signals() })?;
    for job in &jobs {
        matrix.stopped = over(wish, began.elapsed());
        if matrix.stopped.is_some() {
            break;
        }
        match runtime.block_on(measure(job, &table, interrupt.clone(), &mut progress)) {
            Ok(row) => {
                tell(&row)?;
                matrix.rows.push(row);
                matrix.settle();
                keep(&matrix)?;
            }
            Err(DriveError::Interrupted) => matrix.stopped = Some(Stopped::Interrupted),
            Err(error) => {
                let why = format!("{}: {error}", job.mutant.fault.name());
                matrix.stopped = Some(Stopped::Broke(why));
            }
        }
        if matrix.stopped.is_some() {
            break;
        }
    }
    progress.finish();
    Ok(matrix)
}

/// One measurement to make.
struct Job<'a> {
    mutant: &'a SlowMutant,
    case: &'a Case,
    run: u64,
    executable: PathBuf,
}

/// Run after run, so that an early end leaves something of each bus.
fn jobs<'a>(wish: &Wish<'a>, cases: &'a [Case]) -> anyhow::Result<Vec<Job<'a>>> {
    let executable = std::env::current_exe().context("cannot tell where this program is")?;
    let mut jobs = Vec::new();
    for run in 1..=wish.runs {
        for mutant in &wish.mutants {
            let case = cases.iter().find(|case| case.id == mutant.case);
            let case =
                case.with_context(|| format!("the scenarios have no case {}", mutant.case))?;
            jobs.push(Job { mutant, case, run, executable: executable.clone() });
        }
    }
    Ok(jobs)
}

fn progress(jobs: &[Job<'_>]) -> Progress {
    let step = |job: &Job<'_>| {
        estimate::measured(job.case, &[against_sound(job.mutant)], Look::Third.blocks(), true)
    };
    let steps: Vec<Duration> = jobs.iter().map(step).collect();
    let (most, many) = (at_most(steps.iter().sum()), jobs.len());
    let mut progress = Progress::standard(steps);
    progress.begins(&format!("{many} measurement(s), at most {most} on a quiet host"));
    progress
}

/// A slow bus beside the sound one.
fn against_sound(mutant: &SlowMutant) -> Pair<'static> {
    Pair { baseline: SOUND, candidate: Entrant { fault: Some(mutant.fault), ..SOUND } }
}

fn over(wish: &Wish<'_>, passed: Duration) -> Option<Stopped> {
    let minutes = wish.minutes?;
    (passed >= Duration::from_mins(minutes)).then_some(Stopped::OutOfTime(minutes))
}

/// The limits of [`HELD_LIKE`] for the bus the mutants are made of.
fn held_alike(table: &GateTable) -> GateTable {
    let own = table.cells.iter().filter(|cell| cell.bus == HELD_LIKE);
    GateTable { cells: own.map(|cell| GateCell { bus: SOUND.bus, ..cell.clone() }).collect() }
}

async fn measure(
    job: &Job<'_>,
    table: &GateTable,
    interrupt: Interrupt,
    progress: &mut Progress,
) -> Result<SlowRow, DriveError> {
    let Job { mutant, case, run, executable } = job;
    progress.case_started(&case.id, &format!("{}, run {run}", mutant.fault.name()));
    let folder = tempfile::tempdir().map_err(DriveError::Prepare)?;
    let plan = Plan {
        executable,
        pairs: vec![against_sound(mutant)],
        most_blocks: Look::Third.blocks(),
        concludes: true,
        share_by_clone: false,
        directory: folder.path().to_owned(),
        table,
        seed: case.seed.wrapping_add(*run),
    };
    let gathered = performance::run(case, &plan, interrupt, progress).await;
    if let Some(failure) = gathered.failures.into_iter().next() {
        return Err(failure.error);
    }
    let rows = gathered.evidence.iter().flat_map(|pair| PerformanceRow::of(pair, table));
    let said = |row: PerformanceRow| GateSaid { metric: row.metric, judgement: row.judgement };
    let gates = rows.filter(|row| row.gated).map(said).collect();
    let row = SlowRow::new(mutant, *run, gates, gathered.promises.sentences());
    progress.case_done(if row.is_right() { "right" } else { "not right" });
    Ok(row)
}

fn tell(row: &SlowRow) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for gate in &row.gates {
        let own = if gate.metric == row.metric { "its own" } else { "" };
        let [verdict, ratio, limit, blocks, detectable] = gate.cells();
        writeln!(
            out,
            "{:<22} run {}  {:<12} {own:<8} {verdict:<24} {ratio}, limit {limit}, {blocks} blocks, \
             told apart from a factor {detectable} on",
            row.name,
            row.run,
            gate.metric.as_str(),
        )?;
    }
    Ok(())
}
