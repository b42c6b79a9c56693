//! `shrink CASE`: a failing case of the folder, made as small as it still fails.

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::explore::hunt::{Found, Prey, Rate, hunt};
use super::explore::trials::{Failure, TrialError, Trials};
use super::run::interrupt;
use super::selection::Wanted;
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::explore::Sketch;
use crate::explore::generate::ALWAYS_JUDGED;
use crate::plan::{Bus, Case};
use crate::report::Exit;
use crate::scenario::Profile;

/// Buses a case is tried on where none is named, the quickest first.
const BUSES: [Bus; 3] = [Bus::Embedded, Bus::Process, Bus::Crossbeam];
/// Runs on a bus before it is said not to fail there: some failures are seldom.
const RUNS: usize = 5;

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
    let sought = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        let baseline = Bus::Crossbeam;
        let mut trials = Trials::new(&executable, interrupt, arguments.seed, baseline, &folder)?;
        let buses = arguments.bus.map_or(BUSES.to_vec(), |bus| vec![bus]);
        anyhow::Ok(seek(&mut trials, &sketch, &buses).await?)
    })?;
    let mut out = stdout().lock();
    for line in sought.lines(&arguments.case) {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::from(sought.exit().code()))
}

/// The case with this id, in whichever profile has it.
fn find(arguments: &ShrinkArgs) -> Result<Case, String> {
    let mut wanted = Wanted {
        folder: arguments.scenarios.clone(),
        profile: Profile::Pr,
        patterns: vec![arguments.case.clone()],
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

/// The sketch of a case. What it claims is said anew once it is small: until then no claim may keep a
/// filter that could go.
fn sketch(case: &Case) -> Result<Sketch, String> {
    let sketch = Sketch::of_case(case).map_err(|error| error.to_string())?;
    Ok(Sketch { claims: vec![ALWAYS_JUDGED], ..sketch })
}

/// What came of looking for a failure.
#[derive(Default)]
struct Sought {
    found: Option<Found>,
    /// How often it failed, by bus; where it did, no further run was made but by the hunt.
    rates: Vec<(Bus, Rate)>,
    /// Why runs could not be driven.
    undriven: Vec<String>,
    interrupted: bool,
}

/// Runs a sketch several times on each bus; shrinks it on the first it fails on.
async fn seek(
    trials: &mut Trials<'_>,
    sketch: &Sketch,
    buses: &[Bus],
) -> Result<Sought, TrialError> {
    let mut sought = Sought::default();
    for bus in buses {
        let mut rate = Rate { failed: 0, of: 0 };
        let mut failure = None;
        while rate.of < RUNS && failure.is_none() && !sought.interrupted {
            match trials.run(sketch, &[*bus]).await {
                Ok(judged) => failure = judged.failures.into_iter().next(),
                Err(error) if error.is_interrupt() => {
                    sought.interrupted = true;
                    continue;
                }
                Err(error) => sought.undriven.push(error.to_string()),
            }
            rate.of += 1;
            rate.failed += usize::from(failure.is_some());
        }
        sought.rates.push((*bus, rate));
        if let Some(failure) = failure {
            sought.found = Some(hunt(trials, prey(sketch, failure)).await?);
        }
        if sought.found.is_some() || sought.interrupted {
            break;
        }
    }
    Ok(sought)
}

fn prey(sketch: &Sketch, failure: Failure) -> Prey {
    let word = sketch.name.rsplit('/').next().unwrap_or_default();
    let rule = failure.rule.to_lowercase();
    let name = format!("regressions/{word}-{rule}-{}", failure.bus.as_str());
    Prey { sketch: sketch.clone(), failure, name }
}

impl Sought {
    fn lines(&self, case: &str) -> Vec<String> {
        let rate = |(bus, rate): &(Bus, Rate)| format!("{}: failed in {rate}", bus.as_str());
        let mut lines: Vec<String> = self.rates.iter().map(rate).collect();
        lines.push(match &self.found {
            Some(found) => found.to_string(),
            None if self.exit() == Exit::Pass => {
                format!("{case} does not fail, its expectations left out")
            }
            None => format!("{case} was not judged often enough to say that it does not fail"),
        });
        lines.extend(self.undriven.iter().map(|why| format!("not driven: {why}")));
        lines.extend(self.interrupted.then(|| "interrupted".to_owned()));
        lines
    }

    /// A run that was not driven shows nothing: neither that the case fails nor that it holds.
    fn exit(&self) -> Exit {
        match &self.found {
            Some(_) => Exit::Fail,
            None if self.interrupted || !self.undriven.is_empty() => Exit::Infrastructure,
            None => Exit::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(rate: Rate) -> Sought {
        Sought { rates: vec![(Bus::Embedded, rate)], ..Sought::default() }
    }

    #[test]
    fn what_was_not_driven_is_not_said_to_hold() {
        let sound = sought(Rate { failed: 0, of: RUNS });
        assert_eq!(sound.exit(), Exit::Pass);
        let told =
            ["embedded: failed in 0 of 5 runs", "a/b does not fail, its expectations left out"];
        assert_eq!(sound.lines("a/b"), told);
        let undriven =
            Sought { undriven: vec!["why".to_owned()], ..sought(Rate { failed: 0, of: RUNS }) };
        assert_eq!(undriven.exit(), Exit::Infrastructure);
        let lines = undriven.lines("a/b");
        assert!(
            lines[1].contains("not judged often enough") && lines[2] == "not driven: why",
            "{lines:?}"
        );
        let interrupted = Sought { interrupted: true, ..sought(Rate { failed: 0, of: 1 }) };
        assert_eq!(interrupted.exit(), Exit::Infrastructure);
    }
}
