//! Which budgets of the documents the agent and its collectors keep on this host (METHOD §12).
//!
//! These are absolute figures of one host: told as met or missed, and nothing fails by them.

use serde::Serialize;

use crate::record::{Footprint, FootprintRecord, Role};

/// A collector uses less than this of one core, percent.
pub const CPU_BUDGET_PERCENT: f64 = 5.0;
/// A collector has less than this resident, and so has the agent, in whose process the broker is; bytes.
pub const MEMORY_BUDGET_BYTES: u64 = 100_000_000;
/// The agent and all of its collectors are ready in less than this, seconds.
pub const READY_BUDGET_S: f64 = 2.0;
/// Of the documents' megabytes.
const BYTES_PER_MB: f64 = 1e6;

/// How a figure stands to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is below it.
    Met,
    /// It is not.
    Missed,
    /// The host does not tell it.
    NotMeasured,
    /// No document has one for it.
    NoBudget,
}

impl Standing {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
            Self::NoBudget => "no budget",
        }
    }

    fn below(value: Option<f64>, budget: f64) -> Self {
        match value {
            Some(value) if value < budget => Self::Met,
            Some(_) => Self::Missed,
            None => Self::NotMeasured,
        }
    }
}

/// One figure beside its budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetRow {
    /// What it is about: `ready`, `cpu procmond`, `memory procmond`.
    pub about: String,
    /// The budget, in words; empty without one.
    pub budget: String,
    /// What was found, in words; empty where nothing was.
    pub found: String,
    /// How that stands to the budget.
    pub standing: Standing,
}

/// Every figure beside its budget: of the start, then of each process.
pub fn judge_footprint(record: &FootprintRecord) -> Vec<BudgetRow> {
    let mut rows = vec![ready(record)];
    for process in &record.processes {
        rows.push(cpu(process, record.window_s));
        rows.push(memory(process));
    }
    rows
}

fn ready(record: &FootprintRecord) -> BudgetRow {
    BudgetRow {
        about: "ready".to_owned(),
        budget: format!("< {READY_BUDGET_S} s"),
        found: format!("{:.2} s", record.ready_s),
        standing: Standing::below(Some(record.ready_s), READY_BUDGET_S),
    }
}

/// The budget is of collectors; what the agent uses is told beside them.
fn cpu(process: &Footprint, window_s: f64) -> BudgetRow {
    let percent = process.cpu_percent;
    let within = percent.map(|percent| format!("{percent:.2} % of one core over {window_s:.0} s"));
    let before = process.start_cpu_s.map(|seconds| format!("{seconds:.2} s of CPU before"));
    let (budget, standing) = if process.role == Role::Collector {
        (format!("< {CPU_BUDGET_PERCENT} %"), Standing::below(percent, CPU_BUDGET_PERCENT))
    } else {
        (String::new(), Standing::NoBudget)
    };
    let about = format!("cpu {}", process.name);
    BudgetRow { about, budget, found: joined([within, before]), standing }
}

fn memory(process: &Footprint) -> BudgetRow {
    let mb = |bytes: u64| bytes as f64 / BYTES_PER_MB;
    let resident = process.peak_resident_bytes.map(mb);
    let most = resident.map(|mb| format!("{mb:.1} MB resident at most"));
    let share = process.peak_pss_bytes.map(|bytes| format!("a share of {:.1} MB", mb(bytes)));
    let budget = mb(MEMORY_BUDGET_BYTES);
    BudgetRow {
        about: format!("memory {}", process.name),
        budget: format!("< {budget:.0} MB"),
        found: joined([most, share]),
        standing: Standing::below(resident, budget),
    }
}

/// What there is of two figures.
fn joined(parts: [Option<String>; 2]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TearDown;

    fn process(role: Role) -> Footprint {
        Footprint {
            name: "one".to_owned(),
            role,
            first_scan_events: None,
            start_cpu_s: Some(0.25),
            cpu_percent: Some(1.5),
            peak_resident_bytes: Some(20_000_000),
            peak_pss_bytes: Some(15_500_000),
        }
    }

    fn judged(ready_s: f64, process: Footprint) -> Vec<BudgetRow> {
        judge_footprint(&FootprintRecord {
            idle_processes: 1000,
            ready_s,
            window_s: 120.0,
            processes: vec![process],
            host: None,
            left: TearDown::default(),
        })
    }

    fn standings(ready_s: f64, process: Footprint) -> Vec<Standing> {
        judged(ready_s, process).into_iter().map(|row| row.standing).collect()
    }

    #[test]
    fn a_figure_stands_beside_its_budget_with_what_it_is_of() {
        let rows = judged(0.5, process(Role::Collector));
        let told: Vec<[&str; 3]> =
            rows.iter().map(|row| [&*row.about, &*row.budget, &*row.found]).collect();
        let expected = [
            ["ready", "< 2 s", "0.50 s"],
            ["cpu one", "< 5 %", "1.50 % of one core over 120 s, 0.25 s of CPU before"],
            ["memory one", "< 100 MB", "20.0 MB resident at most, a share of 15.5 MB"],
        ];
        assert_eq!(told, expected);
        assert!(rows.iter().all(|row| row.standing == Standing::Met), "{rows:?}");
    }

    #[test]
    fn a_budget_that_is_reached_is_missed() {
        let process = Footprint {
            cpu_percent: Some(CPU_BUDGET_PERCENT),
            peak_resident_bytes: Some(MEMORY_BUDGET_BYTES),
            ..process(Role::Collector)
        };
        assert_eq!(standings(READY_BUDGET_S, process), [Standing::Missed; 3]);
    }

    #[test]
    fn what_the_host_does_not_tell_is_not_measured_and_never_met() {
        let process = Footprint {
            start_cpu_s: None,
            cpu_percent: None,
            peak_resident_bytes: None,
            peak_pss_bytes: None,
            ..process(Role::Collector)
        };
        let rows = judged(0.5, process);
        assert!(rows[1..].iter().all(|row| row.standing == Standing::NotMeasured), "{rows:?}");
        assert!(rows[1..].iter().all(|row| row.found.is_empty()), "{rows:?}");
    }

    #[test]
    fn the_agent_has_the_brokers_budget_of_memory_and_none_of_cpu() {
        let process = Footprint { cpu_percent: Some(50.0), ..process(Role::Agent) };
        let expected = [Standing::Met, Standing::NoBudget, Standing::Met];
        assert_eq!(standings(0.5, process), expected);
    }
}
