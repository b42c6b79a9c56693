//! `equivalence soak`: a broker, publishers and readers for half an hour, with churn; nothing may be
//! lost and nothing may grow (METHOD §9).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::run::folder::SOAK_FILE;
use super::run::{folder, interrupt};
use super::{answer, complain};
use crate::driver::{DriveError, Fault, SoakPlan, run_soak};
use crate::gate::{SoakRow, Verdict, judge_soak};
use crate::record::{SoakRecord, SoakSample};
use crate::report::Exit;

/// Publishers and readers that stay.
const PUBLISHERS: usize = 2;
const READERS: usize = 2;
/// A round of churn, and the time between two looks.
const ROUND: Duration = Duration::from_secs(5);
/// A line of progress for so many looks: one a minute.
const LOOKS_PER_LINE: u64 = 12;
const SECONDS_PER_MINUTE: f64 = 60.0;
/// Most minutes, and most events a second: two years, and more than any bus takes.
const MOST: f64 = 1e6;

/// Let real processes exchange events while others come and go, and see that nothing is lost and
/// nothing grows.
///
/// A broker, two publishers and two readers stay. Every five seconds two readers come; one leaves, one
/// is killed, and a publisher connects again. Passes when nobody lost an event or had one twice,
/// and when the upper 95 % bounds stay below 0.2 bytes of anonymous memory an event and below one
/// descriptor in all, for each process that stays. Less than some minutes conclude nothing on growth.
#[derive(Debug, Clone, Args)]
pub struct SoakArgs {
    /// How long events are published, minutes; parts of one are allowed.
    #[arg(long, value_name = "N", default_value_t = 30.0, value_parser = positive)]
    pub minutes: f64,
    /// Events a second, of all publishers together.
    #[arg(long, value_name = "EVENTS_PER_SECOND", default_value_t = 5000.0, value_parser = positive)]
    pub rate: f64,
    /// Folder of `soak.json`: every look, every count, every verdict.
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    pub out: PathBuf,
    /// The fault the bus is put behind, to see whether it is told. No command line says it.
    #[arg(skip)]
    pub fault: Option<Fault>,
}

/// What a soak came to.
#[derive(Debug, Serialize)]
pub struct Soaked {
    /// The questions and their verdicts.
    pub rows: Vec<SoakRow>,
    /// What they were judged from.
    pub record: SoakRecord,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number <= MOST {
        Ok(number)
    } else {
        Err(format!("not above 0 and at most {MOST}"))
    }
}

/// Soaks, prints the verdicts and writes them.
pub fn run(arguments: &SoakArgs) -> anyhow::Result<ExitCode> {
    // Held until the file is written.
    let _claim = match folder::claim(&arguments.out, "cargo xtask equivalence soak") {
        Ok(claim) => claim,
        Err(error) => {
            complain(&format_args!("error: {error}"));
            return Ok(error.exit());
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    let soaked = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        let record = run_soak(&executable, &plan(arguments), interrupt, progress).await?;
        anyhow::Ok(judged(record))
    })?;
    let path = arguments.out.join(SOAK_FILE);
    write(&path, &soaked)?;
    let exit = answer(&told(&soaked, &path), soaked.exit());
    Ok(ExitCode::from(exit.code()))
}

/// Soaks after a plan and judges it. Call within a Tokio runtime with time and input/output.
pub async fn soak(
    executable: &Path,
    plan: &SoakPlan,
    interrupt: crate::driver::Interrupt,
) -> Result<Soaked, DriveError> {
    Ok(judged(run_soak(executable, plan, interrupt, |_| ()).await?))
}

fn judged(record: SoakRecord) -> Soaked {
    Soaked { rows: judge_soak(&record), record }
}

fn plan(arguments: &SoakArgs) -> SoakPlan {
    SoakPlan {
        time: Duration::from_secs_f64(arguments.minutes * SECONDS_PER_MINUTE),
        rate: arguments.rate,
        round: ROUND,
        publishers: PUBLISHERS,
        readers: READERS,
        fault: arguments.fault,
    }
}

fn progress(sample: &SoakSample) {
    if !sample.rounds.is_multiple_of(LOOKS_PER_LINE) {
        return;
    }
    if let Some(Some(broker)) = sample.held.first() {
        let minutes = sample.at_s / SECONDS_PER_MINUTE;
        let kib = broker.anonymous_bytes / 1024;
        let (events, descriptors) = (sample.events, broker.descriptors);
        complain(&format_args!(
            "{minutes:.1} min: {events} events; the broker holds {kib} KiB, {descriptors} descriptors"
        ));
    }
}

fn write(path: &Path, soaked: &Soaked) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(soaked).context("the soak as JSON")?;
    fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
}

fn told(soaked: &Soaked, path: &Path) -> String {
    let line = |row: &SoakRow| format!("{:<18} {} {}", row.about, row.verdict, row.found);
    let rows: Vec<String> = soaked.rows.iter().map(line).collect();
    format!("{}\nreport: {}", rows.join("\n"), path.display())
}

impl Soaked {
    /// The row about something.
    pub fn row(&self, about: &str) -> Option<&SoakRow> {
        self.rows.iter().find(|row| row.about == about)
    }

    /// The exit code: a failure found is the more useful news, and what is open is not passed.
    pub fn exit(&self) -> Exit {
        let all = |wanted: fn(&Verdict) -> bool| self.rows.iter().all(|row| wanted(&row.verdict));
        if !all(|verdict| *verdict != Verdict::Fail) {
            Exit::Fail
        } else if all(|verdict| *verdict == Verdict::Pass) {
            Exit::Pass
        } else {
            Exit::Inconclusive
        }
    }
}
