//! A/A blocks on the spot: the baseline against itself, to learn the noise and nothing else.

use std::io::Write;
use std::path::Path;

use super::cell::Nulls;
use crate::cmd::performance::{self, Gathered, Pair, Plan};
use crate::cmd::run::{RunOptions, interrupt};
use crate::cmd::selection::Selection;
use crate::driver::Interrupt;
use crate::gate::{Block, FEWEST_BLOCKS, Limit, judge};
use crate::plan::gates::Metric;
use crate::plan::{Case, TrialKind};
use crate::record::Validity;
use crate::report::Progress;

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
    let interrupt = runtime.block_on(async { interrupt::on_signals() })?;
    let executable = std::env::current_exe()?;
    for kind in [TrialKind::Saturation, TrialKind::Paced] {
        let Some(case) =
            selection.cases.iter().find(|case| case.kind == kind && case.curve.is_none())
        else {
            continue;
        };
        writeln!(out, "measuring {FEWEST_BLOCKS} A/A blocks of {}", case.id)?;
        let asked = blocks(&executable, (run, selection), case, interrupt.clone());
        let gathered = runtime.block_on(asked)?;
        for doubt in doubts(&gathered) {
            writeln!(out, "warning: {doubt}")?;
        }
        let judged = Metric::ALL.into_iter().filter(|metric| metric.is_judged_by(kind));
        nulls.extend(judged.map(|metric| {
            let of_it = |evidence| judge(metric, Limit::none(metric), evidence).block_ratios.nulls;
            (metric, gathered.evidence.iter().flat_map(of_it).collect())
        }));
    }
    Ok(nulls)
}

/// A/A blocks as a run measures them: physics checked, redone when the host was busy.
async fn blocks(
    executable: &Path,
    (run, selection): (&RunOptions, &Selection),
    case: &Case,
    interrupt: Interrupt,
) -> anyhow::Result<Gathered> {
    let folder = tempfile::Builder::new().prefix("eq-plan-").tempdir()?;
    let baseline = run.wanted.baseline.into();
    let plan = Plan {
        executable,
        pairs: vec![Pair { baseline, candidate: baseline }],
        most_blocks: FEWEST_BLOCKS,
        concludes: false,
        share_by_clone: false,
        directory: folder.path().to_owned(),
        table: &selection.table,
        seed: case.seed,
    };
    let progress = &mut Progress::silent();
    let mut gathered = performance::nulls(case, &plan, FEWEST_BLOCKS, interrupt, progress).await;
    match gathered.failures.pop() {
        Some(failure) => Err(failure.error.into()),
        None => Ok(gathered),
    }
}

/// What makes the noise that was measured less certain, one sentence each.
fn doubts(gathered: &Gathered) -> Vec<String> {
    let nulls: Vec<&Block> = gathered.evidence.iter().flat_map(|pair| &pair.nulls).collect();
    let kept = || nulls.iter().filter(|block| !block.redone);
    let busy = kept().filter_map(|block| block.host_busy.clone());
    let redone = nulls.iter().filter(|block| block.redone).count();
    let redone = (redone > 0).then(|| format!("{redone} block(s) redone: the host was busy"));
    let spoilt = kept().flat_map(|block| &block.trials);
    let spoilt = spoilt.filter(|trial| trial.validity != Validity::Valid).count();
    let spoilt = (spoilt > 0)
        .then(|| format!("{spoilt} trial(s) were late or invalid: the noise may be less"));
    let broken = gathered.promises.sentences();
    busy.chain(redone).chain(spoilt).chain(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::performance::Promises;
    use crate::gate::{Evidence, order};
    use crate::plan::Bus;
    use crate::record::{TearDown, Trial, TrialFigures};

    fn gathered(change: impl Fn(&mut Block)) -> Gathered {
        let mut evidence = Evidence::new("perf/any".to_owned(), Bus::Crossbeam, Bus::Crossbeam);
        let order = order(1, 0);
        let trials = order.map(|_| Trial {
            case: "perf/any".to_owned(),
            bus: Some(Bus::Crossbeam),
            void_of: None,
            kind: TrialKind::Paced,
            seed: 1,
            validity: Validity::Valid,
            figures: TrialFigures::default(),
            delivered: Vec::new(),
            processes: Vec::new(),
            tear_down: TearDown::default(),
        });
        let mut block = Block::new(order, trials);
        change(&mut block);
        evidence.nulls.push(block);
        Gathered {
            evidence: vec![evidence],
            promises: Promises::default(),
            left_behind: Vec::new(),
            failures: Vec::new(),
        }
    }

    #[test]
    fn what_makes_the_noise_uncertain_is_told_and_nothing_else() {
        assert_eq!(doubts(&gathered(|_| {})), Vec::<String>::new());
        let invalid = doubts(&gathered(|block| {
            block.trials[2].validity = Validity::Invalid("negative time".to_owned());
        }));
        assert_eq!(invalid, ["1 trial(s) were late or invalid: the noise may be less"]);
        let busy = Some("12 % of the CPU was stolen".to_owned());
        let busy_block = doubts(&gathered(|block| block.host_busy.clone_from(&busy)));
        assert_eq!(busy_block, ["12 % of the CPU was stolen"]);
        let redone = doubts(&gathered(|block| {
            block.host_busy.clone_from(&busy);
            block.redone = true;
        }));
        assert_eq!(redone, ["1 block(s) redone: the host was busy"]);
    }
}
