//! `plan`: before a run, what this host will be able to tell, and what stands in the way.
//!
//! It takes the options of a run and runs none: noise comes from an earlier report of this class of
//! host, or from a few A/A blocks measured on the spot. A forecast; verdicts come from runs alone.

mod cell;
mod host;
mod measure;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, Args};

use super::run::{RunArgs, RunOptions};
use super::selection::Selection;
use crate::driver::{descriptors_needed, raise_descriptor_limit};
use crate::gate::Look;
use crate::report::{self, Exit, Host, ReadError, counted};
use cell::{Cell, Earlier, Expected, Nulls, heads, percent};

/// Say before a run what this host will be able to tell, and what stands in the way.
// The line of a run may be planned as it is; what a plan makes nothing of, its help does not offer.
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("against", hidden),
    mut_arg("save_baseline", hidden),
    mut_arg("baseline_twice", hidden),
    mut_arg("enforced_only", |arg| arg.help("Plan for gates marked `enforced` alone")),
    mut_arg("inconclusive", |arg| arg.help("What a gate that may stay open does to the exit code"))
)]
pub struct PlanArgs {
    /// The run that is planned.
    #[command(flatten)]
    pub run: RunArgs,
    /// An earlier report, its folder or file; the one in `--out` if it is there.
    #[arg(long, value_name = "REPORT")]
    pub from: Option<PathBuf>,
    /// Measure A/A blocks of the first saturation and the first paced case.
    #[arg(long)]
    pub measure: bool,
}

/// An option that is taken and not offered.
fn hidden(arg: Arg) -> Arg {
    arg.hide(true)
}

/// What is meant by [`PlanArgs`].
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The run that is planned.
    pub run: RunOptions,
    /// An earlier report, its folder or file; `None` for the one that the run would replace.
    pub from: Option<PathBuf>,
    /// Whether to measure A/A blocks for gates without earlier figures.
    pub measure: bool,
}

impl PlanArgs {
    /// What is meant by it.
    pub fn resolved(self) -> PlanOptions {
        PlanOptions { run: self.run.resolved(), from: self.from, measure: self.measure }
    }
}

/// Prints the plan; exit 0 when every gate can be expected to conclude, 3 when not.
pub fn run(options: &PlanOptions) -> ExitCode {
    let selection = match options.run.wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            super::complain(&error);
            return error.exit();
        }
    };
    if let Some(why) = options.run.wanted.complaint(&selection) {
        super::complain(&why);
        return ExitCode::from(super::EXIT_INVALID);
    }
    match told(options, &selection) {
        Ok(exit) => ExitCode::from(exit),
        Err(error) => refuse(&format!("{error:#}"), Exit::Infrastructure.code()),
    }
}

fn refuse(why: &str, code: u8) -> ExitCode {
    super::complain(&format_args!("error: {why}"));
    ExitCode::from(code)
}

fn told(options: &PlanOptions, selection: &Selection) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    let here = Host::read();
    writeln!(out, "host: {}", here.class())?;
    for warning in warnings(options, selection) {
        writeln!(out, "warning: {warning}")?;
    }
    if !cfg!(target_os = "linux") {
        writeln!(out, "warning: performance is judged on Linux alone; here these gates are n/a")?;
    }
    let earlier = earlier(options, &here, &mut out)?;
    let nulls = if options.measure {
        measure::measure(&options.run, selection, &mut out)?
    } else {
        Nulls::new()
    };
    let cells = cells(&options.run, selection, (&earlier, &nulls));
    table(&mut out, options.run.most_blocks(), &cells)?;
    let open = cells.iter().any(|cell| cell.expected() != Expected::Conclusive);
    let counts = open && !options.run.warn_inconclusive;
    Ok(if counts { Exit::Inconclusive.code() } else { Exit::Pass.code() })
}

fn warnings(options: &PlanOptions, selection: &Selection) -> Vec<String> {
    let buses = options.run.behaviour_buses();
    let needed = |case| buses.iter().map(move |bus| descriptors_needed(case, *bus));
    let most = selection.cases.iter().flat_map(needed).max().unwrap_or_default();
    host::State::read(Path::new("/"), raise_descriptor_limit()).warnings(most)
}

/// The earlier report, if there is one of this class of host. One asked for by name must be there.
fn earlier(options: &PlanOptions, here: &Host, out: &mut impl Write) -> anyhow::Result<Earlier> {
    let named = options.from.as_deref().unwrap_or(&options.run.out);
    let is_file = options.from.is_some() && !named.is_dir();
    let read = if is_file { report::read_file(named) } else { report::read(named) };
    let run = match read {
        Ok(run) => run,
        Err(ReadError::File { .. }) if options.from.is_none() => {
            return Ok(Earlier::None("no earlier figures".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let (profile, planned) = (&run.profile, options.run.wanted.profile.as_str());
    writeln!(out, "earlier figures: {} (profile {profile})", named.display())?;
    if run.host.class() != here.class() {
        writeln!(out, "warning: they are of another host: {}", run.host.class())?;
        return Ok(Earlier::None("earlier figures are of another host".to_owned()));
    }
    if profile != planned {
        writeln!(
            out,
            "warning: trials of profile {planned} may be shorter or longer, hence noisier or quieter"
        )?;
    }
    Ok(Earlier::Report(Box::new(run)))
}

fn cells(run: &RunOptions, selection: &Selection, known: (&Earlier, &Nulls)) -> Vec<Cell> {
    let gates = (&selection.table, run.enforced_only);
    let most = if run.concludes() { run.most_blocks() } else { 0 };
    let of = |case| {
        let pairs = run.pairs(case).into_iter();
        pairs.flat_map(move |pair| Cell::of(case, pair, gates, known, most))
    };
    selection.cases.iter().flat_map(of).collect()
}

fn table(out: &mut impl Write, most: usize, cells: &[Cell]) -> std::io::Result<()> {
    if cells.is_empty() {
        return writeln!(out, "no gate is asked for: behaviour alone decides");
    }
    writeln!(out, "\n{}", heads(most))?;
    cells.iter().try_for_each(|cell| writeln!(out, "{}", cell.line()))?;
    writeln!(out, "\n{}", summary(cells))
}

/// How fine this host resolves, and which gates may stay open.
fn summary(cells: &[Cell]) -> String {
    let number = |wanted| cells.iter().filter(|cell| cell.expected() == wanted).count();
    let (sure, doubtful) = (number(Expected::Conclusive), number(Expected::Doubtful));
    let unknown = number(Expected::Unknown);
    let known = cells.iter().filter_map(|cell| cell.outlook);
    let mut factors: Vec<f64> = known.map(|outlook| outlook.resolves(Look::Third)).collect();
    factors.sort_by(f64::total_cmp);
    let blocks = Look::Third.blocks();
    let resolves = match factors.as_slice() {
        [] => "how fine this host resolves is not known; `--measure` finds out".to_owned(),
        [one] => format!("this host resolves {} in {blocks} blocks, 4 times in 5", percent(*one)),
        [finest, .., coarsest] => {
            let (finest, coarsest) = (percent(*finest), percent(*coarsest));
            format!("this host resolves {finest} to {coarsest} in {blocks} blocks, 4 times in 5")
        }
    };
    let sure = counted(sure, "gate", "gates");
    format!("{resolves}: {sure} conclusive, {doubtful} doubtful, {unknown} unknown")
}
