//! `equivalence footprint`: the agent and its collectors as they are shipped, beside idle processes,
//! and what each uses beside its budget (METHOD §12).

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::answer;
use super::run::interrupt;
use crate::driver::{FootprintPlan, agent_beside, run_footprint};
use crate::gate::{BudgetRow, Standing, judge_footprint};
use crate::record::FootprintRecord;
use crate::report::Exit;

const SECONDS_PER_MINUTE: f64 = 60.0;
/// Most minutes: a day, in which figures of a host do not stay of one kind.
const MOST_MINUTES: f64 = 1440.0;
/// Most idle processes: hosts have some 32 000 process ids, and others need some.
const MOST_PROCESSES: usize = 10_000;
const NO_AGENT: &str = "daemoneye-agent is not built beside the harness; \
                        `cargo xtask equivalence footprint` builds both";

/// Run the real agent with all of its collectors beside idle processes, and tell what each uses beside
/// the budget it has.
///
/// Every setting is its default, whatever this host or this user has set; only no collector outlives
/// its agent. Measured are the time until the agent says that all collectors have told their first
/// scan, and from then on the CPU time of each process, of one core, and its memory. The longest
/// interval of a collector is 30 s: a window of less than a few of these says little.
#[derive(Debug, Clone, Args)]
pub struct FootprintArgs {
    /// How long is measured once everything is ready, minutes; parts of one are allowed.
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = minutes)]
    pub minutes: f64,
    /// Idle processes that are started beside them, and ended.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = processes)]
    pub processes: usize,
    /// Print everything as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What was measured, and how it stands.
#[derive(Debug, Serialize)]
struct Measured {
    rows: Vec<BudgetRow>,
    record: FootprintRecord,
}

fn minutes(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number <= MOST_MINUTES {
        Ok(number)
    } else {
        Err(format!("not above 0 and at most {MOST_MINUTES}"))
    }
}

fn processes(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "not a whole number".to_owned())?;
    if number <= MOST_PROCESSES { Ok(number) } else { Err(format!("more than {MOST_PROCESSES}")) }
}

/// Measures, and prints what was found.
pub fn run(arguments: &FootprintArgs) -> anyhow::Result<ExitCode> {
    let agent = agent_beside(&std::env::current_exe()?).context(NO_AGENT)?;
    let plan = FootprintPlan {
        idle_processes: arguments.processes,
        window: Duration::from_secs_f64(arguments.minutes * SECONDS_PER_MINUTE),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        let record = run_footprint(&agent, plan, interrupt).await?;
        anyhow::Ok(Measured { rows: judge_footprint(&record), record })
    })?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&measured).context("the footprint as JSON")?
    } else {
        measured.told()
    };
    Ok(ExitCode::from(answer(&text, measured.exit()).code()))
}

impl Measured {
    fn told(&self) -> String {
        let record = &self.record;
        let mut lines = vec![format!(
            "beside {} idle processes, every setting its default; CPU over the {:.0} s from ready on",
            record.idle_processes, record.window_s
        )];
        if let Some(host) = record.host {
            lines.push(format!(
                "meanwhile others used {:.1} % of the host's CPU time, and a hypervisor took {:.1} %",
                100.0 * host.outside,
                100.0 * host.stolen
            ));
        }
        for process in &record.processes {
            let told = process.first_scan_events;
            lines.extend(told.map(|events| format!("{}: {events} events at first", process.name)));
        }
        lines.extend(self.rows.iter().map(|row| {
            let BudgetRow { about, budget, found, standing } = row;
            format!("{about:<24} {:<13} {budget:<9} {found}", standing.as_str())
        }));
        if !record.left.is_clean() {
            lines.push(format!("left behind: {:?}", record.left));
        }
        lines.join("\n")
    }

    /// What something left behind is worth; a budget that is missed is no failure.
    fn exit(&self) -> Exit {
        if !self.record.left.is_clean() {
            Exit::Fail
        } else if self.rows.iter().any(|row| row.standing == Standing::NotMeasured) {
            Exit::Inconclusive
        } else {
            Exit::Pass
        }
    }
}
