//! From a case to a sketch, from a sketch to a file, and from the file to the case it means.

use super::sketch::{Sketch, Unsaid};
use super::text;
use crate::plan::{Bus, Case, TrialKind, expand};
use crate::scenario::{Problems, Profile, Scenario, Source};

impl Sketch {
    /// The sketch of a case, its expectations left out.
    pub fn of_case(case: &Case) -> Result<Self, Unsaid> {
        if case.kind != TrialKind::Behaviour {
            return Err(Unsaid::Kind { case: case.id.clone(), kind: case.kind });
        }
        if case.topology.publishers.iter().any(|publisher| publisher.replay.is_some()) {
            return Err(Unsaid::Replay { case: case.id.clone() });
        }
        let sketch = Self {
            name: case.scenario.clone(),
            claims: case.claims.clone(),
            summary: case.summary.clone(),
            topology: case.topology.clone(),
            phases: case.phases.clone(),
            wild: case.wild,
            not_applicable: said(case),
            budget_ms: case.budget_ms,
        };
        sketch.case(0)?;
        Ok(sketch)
    }

    /// The scenario file.
    pub fn text(&self) -> String {
        text::of(self)
    }

    /// The case of the scenario file in a run with this seed.
    pub fn case(&self, seed: u64) -> Result<Case, Unsaid> {
        let source = Source { path: format!("{}.toml", self.name), text: self.text() };
        let invalid = |problems: Problems| Unsaid::Invalid(problems.to_string());
        let scenario = Scenario::parse(source).map_err(invalid)?;
        let mut cases = expand(&scenario, Profile::Pr, seed).map_err(invalid)?;
        let case = cases.pop().ok_or(Unsaid::Lost("there is no case"))?;
        if case.topology != self.topology {
            return Err(Unsaid::Lost("the topology differs"));
        }
        if case.phases != self.phases {
            return Err(Unsaid::Lost("the phases differ"));
        }
        if case.wild != self.wild {
            return Err(Unsaid::Lost("what is judged differs"));
        }
        Ok(case)
    }
}

/// The buses a case itself says it does not apply to; those its faults rule out, and those that lack
/// what it asks for, need no word.
fn said(case: &Case) -> Vec<(Bus, String)> {
    let of_itself = |(bus, why): &&(Bus, String)| {
        !bus.is_peer()
            && case.shares_a_process(*bus).as_ref() != Some(why)
            && case.why_lacking(*bus).as_ref() != Some(why)
    };
    case.not_applicable.iter().filter(of_itself).cloned().collect()
}
