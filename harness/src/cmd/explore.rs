//! `explore`: random scenarios until the time is up; what fails is confirmed, shrunk and written.

pub(super) mod hunt;
pub(super) mod trials;

use std::collections::BTreeSet;
use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::folder_or_default;
use super::run::interrupt;
use crate::driver::{Fault, Interrupt};
use crate::explore::generate::{generate, generate_faulty};
use crate::plan::Bus;
use crate::report::{Exit, counted};
pub use hunt::Found;
use hunt::{Prey, hunt};
use trials::{TrialError, Trials};

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);
/// One in so many scenarios has faults, and runs in separate processes instead: they take longer.
const FAULTY_ONE_IN: u64 = 8;
/// Different failures of one exploration, at most: by then somebody should look.
const MAX_FOUND: usize = 5;

/// Make up scenarios, run them, and shrink what fails to a scenario file.
#[derive(Debug, Clone, Args)]
pub struct ExploreArgs {
    /// How long, minutes; a failure that is being shrunk then is still shrunk to its end.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub minutes: u64,
    /// Run so many scenarios at most.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    pub cases: u64,
    /// Seed of everything random.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The bus the others are compared with.
    #[arg(long, value_name = "BUS", default_value = "crossbeam", value_parser = bus)]
    pub baseline: Bus,
    /// A bus in question, several times for several.
    #[arg(long, value_name = "BUS", default_value = "embedded", value_parser = bus)]
    pub candidate: Vec<Bus>,
    /// Folder of the scenarios, instead of the project's own; files go to its `regressions/`.
    #[arg(long, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    /// The fault in-process buses are put behind, to see whether it is found. No command line says it.
    #[arg(skip)]
    pub fault: Option<Fault>,
}

/// What an exploration came to.
#[derive(Debug, Default)]
pub struct Explored {
    /// Scenarios run.
    pub cases: u64,
    /// Failures of different rules or buses, each with its file.
    pub found: Vec<Found>,
    /// Failures of rules and buses that were found before.
    pub again: u64,
    /// Runs in which a fault or a race missed its window, and nothing was found.
    pub missed: u64,
    /// Scenarios nobody could judge: a trigger or a fence was not reached.
    pub doubtful: Vec<String>,
    /// Scenarios the harness could not run or judge, with the reason.
    pub broken: Vec<String>,
    /// Whether the user ended it.
    pub interrupted: bool,
}

/// A bus by its name.
pub(super) fn bus(name: &str) -> Result<Bus, String> {
    let known = Bus::ALL.into_iter().find(|bus| bus.as_str() == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = Bus::ALL.into_iter().map(Bus::as_str).collect();
        format!("there is {}", names.join(", "))
    })
}

/// Explores and says what was found.
pub fn run(arguments: &ExploreArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    let explored = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        Box::pin(explore(arguments, &executable, interrupt)).await
    })?;
    conclude(&explored)
}

/// Explores until the time is up, the user ends it, or enough is found. Call within a Tokio runtime
/// with time and input/output.
pub async fn explore(
    arguments: &ExploreArgs,
    executable: &Path,
    interrupt: Interrupt,
) -> anyhow::Result<Explored> {
    let folder = folder_or_default(arguments.scenarios.as_deref());
    let mut trials =
        Trials::new(executable, interrupt, arguments.seed, arguments.baseline, &folder)?;
    trials.fault = arguments.fault;
    let mut buses = vec![arguments.baseline];
    buses.extend(arguments.candidate.iter().filter(|bus| **bus != arguments.baseline));
    let mut explored = Explored::default();
    let mut seen = BTreeSet::new();
    let (begun, mut told) = (Instant::now(), Instant::now());
    let time = Duration::from_secs(arguments.minutes.saturating_mul(60));
    while begun.elapsed() < time
        && explored.cases < arguments.cases
        && explored.found.len() < MAX_FOUND
        && !explored.interrupted
    {
        if let Err(error) = one(&mut trials, &buses, &mut explored, &mut seen).await {
            explored.note(&error);
        }
        explored.cases += 1;
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            explored.tell(begun.elapsed());
        }
    }
    // A hunt ends with what it has, so that the interrupt may have been seen there alone.
    explored.interrupted |= trials.is_interrupted();
    explored.tell(begun.elapsed());
    Ok(explored)
}

/// One scenario on every bus, and the hunt for what it shows.
async fn one(
    trials: &mut Trials<'_>,
    buses: &[Bus],
    explored: &mut Explored,
    seen: &mut BTreeSet<(String, &'static str)>,
) -> Result<(), TrialError> {
    let number = explored.cases;
    let is_faulty = trials.fault.is_none() && number % FAULTY_ONE_IN == FAULTY_ONE_IN - 1;
    let (sketch, buses) = if is_faulty {
        (generate_faulty(trials.seed, number), &[Bus::Process][..])
    } else {
        (generate(trials.seed, number), buses)
    };
    let judged = trials.run(&sketch, buses).await?;
    explored.missed += judged.missed;
    explored.doubtful.extend(judged.doubts.iter().map(|doubt| format!("{}: {doubt}", sketch.name)));
    explored.broken.extend(judged.broken.iter().map(|why| format!("{}: {why}", sketch.name)));
    // One fault breaks several rules of a case: the first is hunted, the others go with it.
    let mut failures = judged.failures.into_iter();
    if let Some(failure) = failures.next() {
        let rules = failures.map(|other| (other.rule, other.bus.as_str()));
        let is_new = seen.insert((failure.rule.clone(), failure.bus.as_str()));
        seen.extend(rules);
        if !is_new {
            explored.again += 1;
            return Ok(());
        }
        let rule = failure.rule.to_lowercase();
        let name =
            format!("regressions/{rule}-{}-seed{}-case{number}", failure.bus.as_str(), trials.seed);
        let prey = Prey { sketch: sketch.clone(), failure, name };
        explored.found.push(hunt(trials, prey).await?);
    }
    Ok(())
}

impl Explored {
    fn note(&mut self, error: &TrialError) {
        if error.is_interrupt() {
            self.interrupted = true;
        } else {
            self.broken.push(error.to_string());
        }
    }

    fn tell(&self, elapsed: Duration) {
        let per_second = self.cases as f64 / elapsed.as_secs_f64().max(0.001);
        // When nobody listens, the exit code still tells.
        let _ = writeln!(
            stderr(),
            "{}, {per_second:.1} a second; found {}, the same again {}, windows missed {}, doubtful \
             {}, not judged {}",
            counted(usize::try_from(self.cases).unwrap_or(usize::MAX), "case", "cases"),
            self.found.len(),
            self.again,
            self.missed,
            self.doubtful.len(),
            self.broken.len()
        );
    }

    /// The exit code: a failure found is the more useful news.
    pub fn exit(&self) -> Exit {
        match (self.found.is_empty(), self.broken.is_empty() && !self.interrupted) {
            (false, _) => Exit::Fail,
            (true, true) => Exit::Pass,
            (true, false) => Exit::Infrastructure,
        }
    }
}

fn conclude(explored: &Explored) -> anyhow::Result<ExitCode> {
    let mut out = stdout().lock();
    for found in &explored.found {
        writeln!(out, "{found}\n")?;
    }
    for why in &explored.broken {
        writeln!(out, "not judged: {why}")?;
    }
    for doubt in &explored.doubtful {
        writeln!(out, "doubtful: {doubt}")?;
    }
    if explored.interrupted {
        writeln!(out, "interrupted: this is what was found so far")?;
    }
    let cases = counted(usize::try_from(explored.cases).unwrap_or(usize::MAX), "case", "cases");
    writeln!(out, "{cases} explored, {} found", explored.found.len())?;
    Ok(ExitCode::from(explored.exit().code()))
}
