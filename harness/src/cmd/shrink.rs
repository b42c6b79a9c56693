//! `shrink CASE`: a failing case of the folder, made as small as it still fails.

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::explore::hunt::{Found, Prey, hunt};
use super::explore::trials::{TrialError, Trials};
use super::run::interrupt;
use super::selection::Wanted;
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::explore::Sketch;
use crate::plan::{Bus, Case};
use crate::report::Exit;
use crate::scenario::Profile;

/// Buses a case is tried on where none is named, the quickest first.
const BUSES: [Bus; 3] = [Bus::Embedded, Bus::Process, Bus::Crossbeam];

/// Make a failing case small and write it to `regressions/`. Exits 0 when it does not fail.
#[derive(Debug, Clone, Args)]
pub struct ShrinkArgs {
    /// The case, as `list` and reports name it.
    pub case: String,
    /// The bus it fails on; the first of embedded, process and crossbeam that fails if none is named.
    #[arg(long, value_name = "BUS", value_parser = super::explore::bus)]
    pub bus: Option<Bus>,
    /// Seed of the run it failed in.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder of the scenarios, instead of the project's own; the file goes to its `regressions/`.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
}

/// Shrinks and says what is left.
pub fn run(arguments: &ShrinkArgs) -> anyhow::Result<ExitCode> {
    let sketch = match find(arguments).and_then(|case| sketch(&case)) {
        Ok(sketch) => sketch,
        Err(why) => {
            complain(&format_args!("error: {why}"));
            return Ok(ExitCode::from(EXIT_INVALID));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    let folder = folder_or_default(arguments.scenarios.as_deref());
    let found = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        let baseline = Bus::Crossbeam;
        let mut trials = Trials::new(&executable, interrupt, arguments.seed, baseline, &folder)?;
        let buses = arguments.bus.map_or(BUSES.to_vec(), |bus| vec![bus]);
        anyhow::Ok(first(&mut trials, &sketch, &buses).await?)
    })?;
    let mut out = stdout().lock();
    let exit = if let Some(found) = found {
        writeln!(out, "{found}")?;
        Exit::Fail
    } else {
        writeln!(out, "{} does not fail, its expectations left out", arguments.case)?;
        Exit::Pass
    };
    Ok(ExitCode::from(exit.code()))
}

/// The case with this id, in whichever profile has it.
fn find(arguments: &ShrinkArgs) -> Result<Case, String> {
    let mut wanted = Wanted {
        folder: arguments.scenarios.clone(),
        profile: Profile::Pr,
        pattern: Some(arguments.case.clone()),
        seed: arguments.seed,
        baseline: Bus::Crossbeam,
    };
    for profile in Profile::ALL {
        wanted.profile = profile;
        let cases = wanted.select().map_err(|error| error.to_string())?.cases;
        if let Some(case) = cases.into_iter().find(|case| case.id == arguments.case) {
            return Ok(case);
        }
    }
    Err(format!("no case {:?}; `equivalence list` names them all", arguments.case))
}

/// The sketch of a case, under the name its file will have.
fn sketch(case: &Case) -> Result<Sketch, String> {
    Sketch::of_case(case).map_err(|error| error.to_string())
}

/// The first bus a sketch fails on, and what it was shrunk to there.
async fn first(
    trials: &mut Trials<'_>,
    sketch: &Sketch,
    buses: &[Bus],
) -> Result<Option<Found>, TrialError> {
    for bus in buses {
        let judged = trials.run(sketch, &[*bus]).await?;
        if let Some(failure) = judged.failures.into_iter().next() {
            let word = sketch.name.rsplit('/').next().unwrap_or_default();
            let rule = failure.rule.to_lowercase();
            let name = format!("regressions/{word}-{rule}-{}", bus.as_str());
            let prey = Prey { sketch: sketch.clone(), failure, name };
            return hunt(trials, prey).await.map(Some);
        }
    }
    Ok(None)
}
