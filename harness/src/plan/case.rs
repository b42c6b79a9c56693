//! One case: a scenario at one point of its matrix.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chaos::Chaos;
use super::control::Control;
use super::{Claim, Curve, Expectation, Phase, Topology};

/// One case, ready to be driven on any bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Stable id: `ordering/two-publishers[payload=1KiB,subs=8]`.
    pub id: String,
    /// The scenario's name, the id without the matrix point.
    pub scenario: String,
    /// Why the scenario exists.
    pub summary: String,
    /// Whether safety alone is judged: nothing is waited for after its first fault.
    pub wild: bool,
    /// Contract numbers it shows.
    pub claims: Vec<Claim>,
    /// What is judged.
    pub kind: TrialKind,
    /// Where it stands on a curve, if its scenario is one: it is then judged with the other points,
    /// and not by the gates.
    #[serde(default)]
    pub curve: Option<Curve>,
    /// Who takes part.
    pub topology: Topology,
    /// What happens, in order.
    pub phases: Vec<Phase>,
    /// The control plane and what is done with it; empty but for its own kind.
    pub control: Control,
    /// The collector and what its sources do; empty but for its own kind.
    #[serde(default)]
    pub chaos: Chaos,
    /// What must come out, beyond the contract.
    pub expect: Expectation,
    /// Buses the case does not apply to, with the reason: not applicable, never a pass.
    pub not_applicable: Vec<(super::Bus, String)>,
    /// Brokers of others that it is compared with, each in turn, in the place of the run's baseline;
    /// empty for a case that asks how the new bus stands to the old.
    pub beside: Vec<super::Bus>,
    /// Departures of single buses that are declared, hence no failures.
    pub divergences: Vec<super::Divergence>,
    /// How long one trial may take from start to tear-down, milliseconds.
    pub budget_ms: u64,
    /// Seed of everything random in the case.
    pub seed: u64,
}

/// What a trial is for; kinds are never mixed (METHOD §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrialKind {
    /// Histories are checked, nothing is timed.
    Behaviour,
    /// Closed loop with a fixed number of events in flight: throughput.
    Saturation,
    /// Open loop at a fixed rate: latency, CPU, memory.
    Paced,
    /// Real agent and collectors on this host's data; histories are checked.
    Host,
    /// Real agent and collectors on one bus, on the other and back; what they told is compared.
    Switch,
    /// Requests, replies, health, tasks: what the control plane did is checked.
    Control,
    /// A real collector whose sources misbehave by a script; what it does and counts is checked.
    Chaos,
}

impl TrialKind {
    /// Every kind, what is judged before what is measured.
    pub const ALL: [Self; 7] = [
        Self::Behaviour,
        Self::Host,
        Self::Switch,
        Self::Control,
        Self::Chaos,
        Self::Saturation,
        Self::Paced,
    ];

    /// As a scenario writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Behaviour => "behaviour",
            Self::Host => "host",
            Self::Switch => "switch",
            Self::Control => "control",
            Self::Chaos => "chaos",
            Self::Saturation => "saturation",
            Self::Paced => "paced",
        }
    }

    /// Whether the real agent and collectors take part, in the place of actors.
    pub fn has_agent(self) -> bool {
        matches!(self, Self::Host | Self::Switch)
    }

    /// Whether two buses are compared by what was measured.
    pub fn is_performance(self) -> bool {
        matches!(self, Self::Saturation | Self::Paced)
    }
}

/// The scenario of a case, by the id of the case; what is no case's id is a scenario's name.
pub fn scenario_of(case: &str) -> &str {
    case.split_once('[').map_or(case, |(scenario, _)| scenario)
}
