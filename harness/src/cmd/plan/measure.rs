//! A/A blocks on the spot: the baseline against itself, to learn the noise and nothing else.

use std::io::Write;
use std::path::Path;

use super::cell::Nulls;
use crate::cmd::run::{RunOptions, interrupt};
use crate::cmd::selection::Selection;
use crate::driver::{Interrupt, TrialRequest, run_trial};
use crate::gate::{self, Block, Evidence, FEWEST_BLOCKS, Limit, judge};
use crate::plan::gates::Metric;
use crate::plan::{Bus, Case, TrialKind};
use crate::record::{Trial, Validity};

/// Measures the first saturation and the first paced case of the selection.
///
/// Nothing is measured where verdicts on performance do not exist.
pub(super) fn measure(
    run: &RunOptions,
    selection: &Selection,
    out: &mut impl Write,
) -> anyhow::Result<Nulls> {
    let mut nulls = Nulls::new();
    if !cfg!(target_os = "linux") {
        writeln!(out, "nothing is measured: performance is judged on Linux alone")?;
        return Ok(nulls);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for kind in [TrialKind::Saturation, TrialKind::Paced] {
        let Some(case) = selection.cases.iter().find(|case| case.kind == kind) else { continue };
        writeln!(out, "measuring {FEWEST_BLOCKS} A/A blocks of {}", case.id)?;
        let evidence = runtime.block_on(blocks(run, case))?;
        for busy in evidence.nulls.iter().filter_map(|block| block.host_busy.as_ref()) {
            writeln!(out, "warning: {busy}")?;
        }
        let spoilt = evidence.trials().filter(|trial| trial.validity != Validity::Valid).count();
        if spoilt > 0 {
            writeln!(
                out,
                "warning: {spoilt} trial(s) were late or invalid: the noise may be less"
            )?;
        }
        let judged = Metric::ALL.into_iter().filter(|metric| metric.is_judged_by(kind));
        nulls.extend(judged.map(|metric| {
            let judgement = judge(metric, Limit::none(metric), &evidence);
            (metric, judgement.block_ratios.nulls)
        }));
    }
    Ok(nulls)
}

async fn blocks(run: &RunOptions, case: &Case) -> anyhow::Result<Evidence> {
    let folder = tempfile::Builder::new().prefix("eq-plan-").tempdir()?;
    let interrupt = interrupt::on_signals()?;
    let mut evidence = Evidence::new(case.id.clone(), run.wanted.baseline, run.wanted.baseline);
    for number in 0..FEWEST_BLOCKS {
        let order = gate::order(case.seed, u32::try_from(number)?);
        let directory = folder.path().join(number.to_string());
        let trials = four(run.wanted.baseline, case, &directory, &interrupt).await?;
        let host_busy = gate::busy::busy(&trials);
        evidence.nulls.push(Block { order, trials, host_busy, redone: false });
    }
    Ok(evidence)
}

async fn four(
    bus: Bus,
    case: &Case,
    directory: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<[Trial; gate::TRIALS_PER_BLOCK]> {
    let executable = std::env::current_exe()?;
    let mut trials = Vec::with_capacity(gate::TRIALS_PER_BLOCK);
    for at in 0..gate::TRIALS_PER_BLOCK {
        let request = TrialRequest {
            executable: &executable,
            case,
            bus,
            void: false,
            share_by_clone: false,
            directory: &directory.join(at.to_string()),
        };
        trials.push(run_trial(request, interrupt.clone()).await?.trial);
    }
    Ok(trials.try_into().expect("one trial for each place in the order"))
}
