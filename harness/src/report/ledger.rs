//! The documents' absolute budgets on this host: met, missed or not measured. Never a gate.
//!
//! METHOD §4: absolute numbers depend on the machine, so these rows inform and decide nothing.

use super::Run;
use crate::gate::Quantile;
use crate::plan::Bus;
use crate::plan::gates::Metric;

/// Budget for the 99th percentile of the latency from publish to receive, nanoseconds.
const DELIVERY_P99_NS: f64 = 1_000_000.0;

/// One absolute budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// What is limited, in words.
    pub what: &'static str,
    /// The limit, nanoseconds.
    pub limit_ns: f64,
    /// How it stands.
    pub state: BudgetState,
}

/// How a budget stands on this host.
#[derive(Debug, Clone, PartialEq)]
pub enum BudgetState {
    /// Below the limit in every case that measures it; the largest figure, nanoseconds.
    Met(f64),
    /// Not below it in some case; the largest figure, nanoseconds.
    Missed(f64),
    /// Not measured in this run; where it is.
    Open(&'static str),
}

/// The documents' budgets for one bus.
pub fn budgets(run: &Run, bus: Bus) -> Vec<Budget> {
    vec![
        Budget {
            what: "delivery, p99 of every paced case",
            limit_ns: DELIVERY_P99_NS,
            state: delivery(run, bus),
        },
        Budget {
            what: "matching a topic (T9)",
            limit_ns: 100_000.0,
            state: BudgetState::Open("measured by the benches"),
        },
        Budget {
            what: "checking access (A6)",
            limit_ns: 10_000.0,
            state: BudgetState::Open("measured by the benches"),
        },
    ]
}

fn delivery(run: &Run, bus: Bus) -> BudgetState {
    let own = run.performance.iter().filter(|row| {
        let judged = &row.judgement;
        row.metric == Metric::LatencyP99
            && judged.quantile == Some(Quantile::P99)
            && row.candidate == bus
    });
    let largest = own.filter_map(|row| row.judgement.candidate).max_by(f64::total_cmp);
    match largest {
        None => BudgetState::Open("no trial had samples enough"),
        Some(figure) if figure < DELIVERY_P99_NS => BudgetState::Met(figure),
        Some(figure) => BudgetState::Missed(figure),
    }
}
