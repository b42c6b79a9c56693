//! Slow buses measured like any candidate, against the sound bus behind the same wrapper.

use std::io::{Write as _, stdout};

use anyhow::Context as _;

use crate::cmd::performance::{self, Entrant, Plan};
use crate::cmd::run::interrupt;
use crate::cmd::selection::Selection;
use crate::driver::{Fault, raise_descriptor_limit};
use crate::gate::Look;
use crate::mutants::{GateSaid, SlowMutant, SlowRow};
use crate::plan::gates::{GateCell, GateTable};
use crate::plan::{Bus, Case};
use crate::report::{PerformanceRow, Progress};

/// The bus whose limits slow ones are held to.
const HELD_LIKE: Bus = Bus::Process;
/// The sound bus of both sides.
const SOUND: Entrant = Entrant { bus: Bus::Crossbeam, fault: Some(Fault::Nothing) };

/// Measures every mutant so many times.
pub(super) fn run(
    mutants: &[&SlowMutant],
    selection: &Selection,
    runs: u64,
) -> anyhow::Result<Vec<SlowRow>> {
    raise_descriptor_limit();
    let table = held_alike(&selection.table);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for run in 1..=runs {
        for mutant in mutants {
            let case = selection.cases.iter().find(|case| case.id == mutant.case);
            let case =
                case.with_context(|| format!("the scenarios have no case {}", mutant.case))?;
            let gates = runtime.block_on(measure(mutant, case, &table, run))?;
            let row = SlowRow::new(mutant, gates);
            tell(&row, run)?;
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The limits of [`HELD_LIKE`] for the bus the mutants are made of.
fn held_alike(table: &GateTable) -> GateTable {
    let own = table.cells.iter().filter(|cell| cell.bus == HELD_LIKE);
    GateTable { cells: own.map(|cell| GateCell { bus: SOUND.bus, ..cell.clone() }).collect() }
}

async fn measure(
    mutant: &SlowMutant,
    case: &Case,
    table: &GateTable,
    run: u64,
) -> anyhow::Result<Vec<GateSaid>> {
    let executable = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let plan = Plan {
        executable: &executable,
        baseline: SOUND,
        candidate: Entrant { fault: Some(mutant.fault), ..SOUND },
        most_blocks: Look::Third.blocks(),
        concludes: true,
        share_by_clone: false,
        directory: folder.path().to_owned(),
        table,
        seed: case.seed.wrapping_add(run),
    };
    let interrupt = interrupt::on_signals()?;
    let gathered = performance::run(case, &plan, interrupt, &mut Progress::silent()).await;
    if let Some(error) = gathered.error {
        return Err(error.into());
    }
    let rows = PerformanceRow::of(&gathered.evidence, table).into_iter();
    let said = |row: PerformanceRow| GateSaid { metric: row.metric, judgement: row.judgement };
    Ok(rows.filter(|row| row.gated).map(said).collect())
}

fn tell(row: &SlowRow, run: u64) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for gate in &row.gates {
        let own = if gate.metric == row.metric { "its own" } else { "" };
        let ratio = gate.judgement.estimate().map_or_else(String::new, |estimate| {
            let bounds = estimate.interval.map_or_else(String::new, |interval| {
                format!(" [{:.2}, {:.2}]", interval.low, interval.high)
            });
            format!("{:.2}{bounds} in {} blocks", estimate.ratio, estimate.blocks)
        });
        writeln!(
            out,
            "{:<20} run {run}  {:<12} {own:<8} {:<24} {ratio}",
            row.name,
            gate.metric.as_str(),
            gate.judgement.verdict.to_string(),
        )?;
    }
    Ok(())
}
